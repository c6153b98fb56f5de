// Starts the example service as a process of its own, and asks it by HTTP.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const folder = join(__dirname, '../../examples/server');

export const customer = {
  ...{ Age: 30, Marital: 'married', Home: 'rent', Job: 'partime', Seniority: 1, Records: 'no' },
  ...{ Income: null, Expenses: 73, Assets: 0, Debt: 0, Amount: 800, Price: 846, Time: 60 },
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what it must be
  readonly body: any;
}

export interface Told {
  readonly id: number;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what it must be
  readonly data: any;
}

// A test that fails does not come to its end.
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

export class Service {
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals>;
  url = '';
  stdout = '';
  stderr = '';

  private constructor(program: string, env: NodeJS.ProcessEnv) {
    this.child = fork(program, { env: { ...process.env, PORT: '0', ...env }, silent: true });
    running.add(this.child);
    this.child.once('exit', () => running.delete(this.child));
    this.child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.ended = once(this.child, 'close').then(([code, signal]) => code ?? signal);
  }

  /** Starts it, and resolves when it listens. */
  static async start(env: NodeJS.ProcessEnv = {}, program = join(folder, 'main.mjs')): Promise<Service> {
    const service = new Service(program, env);
    const [url] = await service.said(/^Listening on (.+)$/m);
    service.url = url as string;
    return service;
  }

  /** Starts it, and resolves when a model is live. */
  static async startReady(env: NodeJS.ProcessEnv = {}): Promise<Service> {
    const service = await Service.start(env);
    await service.said(/^Version 1 is live.*$/m);
    return service;
  }

  /** Resolves with the groups of the pattern when the process has printed it. */
  async said(pattern: RegExp): Promise<string[]> {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found) return found.slice(1);
      const more = once(this.child.stdout as NodeJS.ReadableStream, 'data');
      const over = this.ended.then(() => Promise.reject(new Error(`Ended: ${this.stdout}${this.stderr}`)));
      await Promise.race([more, over]);
    }
  }

  async ask(method: string, path: string, body?: unknown, options: RequestInit = {}): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(this.url + path, { method, headers, body: text ?? null, ...options });
    const { status } = response;
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return {
      status,
      headers: response.headers,
      body: isJson ? await response.json() : await response.text(),
    };
  }

  get = (path: string) => this.ask('GET', path);
  post = (path: string, body?: unknown) => this.ask('POST', path, body);

  /** The events of trainings, as they come; the stream ends when the service does, or with the loop. */
  async *events(headers: Record<string, string> = {}): AsyncGenerator<Told> {
    const controller = new AbortController();
    const response = await fetch(`${this.url}/training/events`, { headers, signal: controller.signal });
    try {
      let text = '';
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        const blocks = (text + Buffer.from(chunk).toString()).split('\n\n');
        text = blocks.pop() as string;
        for (const block of blocks) {
          const found = /^id: (\d+)\nevent: (\w+)\ndata: (.+)$/.exec(block);
          if (found === null) continue; // a comment
          const [, id, event = '', data = ''] = found;
          yield { id: Number(id), event, data: JSON.parse(data) };
        }
      }
    } finally {
      controller.abort();
    }
  }

  /** The events from now on until this one. */
  async until(event: string, headers?: Record<string, string>): Promise<Told[]> {
    const all: Told[] = [];
    for await (const told of this.events(headers)) {
      all.push(told);
      if (told.event === event) break;
    }
    return all;
  }

  /** Ends it, unless it has ended, and returns its exit code. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}
