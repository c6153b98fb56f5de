// Runs the built library in a new Node process, to test the end of a process or a worker, memory, and libuv's pool.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export type Library = typeof import('../../lib/index');

/** The library that `npm run build:lib` makes. */
export const dist = join(__dirname, '../../dist');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a function in another process, and waits until the process ends by itself; a test that waits too long fails. The
 * process gets the function as text: it can use only its arguments and Node's globals (including require).
 */
export function inChild<A>(
  body: (library: string, argument: A) => unknown,
  argument: A,
  options?: ChildOptions,
): Promise<Ended> {
  return runScript(`(${body})(${JSON.stringify(dist)}, ${JSON.stringify(argument)})`, options);
}

/** Runs a program in another process, and waits until it ends by itself. */
export function runScript(script: string, { flags = [], env = {} }: ChildOptions = {}): Promise<Ended> {
  return run([...flags, '-e', script], env);
}

/** Runs Node with these arguments, and waits until it ends by itself. */
export function run(args: readonly string[], env: ChildOptions['env'] = {}): Promise<Ended> {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}

/** Runs a program that never ends, kills it when it has printed this number of lines, and returns its lines. */
export function killedAfter(lines: number, script: string, ...args: string[]): Promise<string[]> {
  const child = spawn(process.execPath, ['-e', script, ...args]);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const output = { stdout: '', stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    output.stderr += part;
  });
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output.stdout += part;
    if (output.stdout.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_, signal) => {
      if (signal === 'SIGKILL' && output.stderr === '') resolve(output.stdout.trimEnd().split('\n'));
      else reject(new Error(`The process ended by ${signal}: ${output.stderr}`));
    });
  });
}

/** The result of a process that prints this line and ends without an error. */
export function endedWell(line: string): Ended {
  return { code: 0, signal: null, stdout: `${line}\n`, stderr: '' };
}
