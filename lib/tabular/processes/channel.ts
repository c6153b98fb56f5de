// Where tasks run: a channel takes a task and promises its result. Worker processes of this machine are one.

import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../addon/package-root';
import { onAbort } from '../../base/aborts';
import { AbortError, blasnetError, type ErrorCode, errorClasses } from '../../base/errors';
import { nodeChildProcess } from '../../base/lazy-modules';
import type { FromWorker, JobMessage, SentError, Task, TaskResult, ToWorker } from './messages';

/** Runs tasks somewhere else. All results are equal wherever a task runs, and however often it begins again. */
export interface TaskChannel {
  /** How many tasks run at a time. */
  readonly size: number;
  /**
   * Runs a task. One whose run a worker knows goes on there.
   *
   * @throws Error ERR_BLASNET_WORKER when its workers have died too often; AbortError; the task's own error
   */
  run(task: Task, signal: AbortSignal): Promise<TaskResult>;
  /** Ends a run that waits, and forgets it. */
  end(run: number): void;
  /** Ends the workers, and all tasks. */
  close(): Promise<void>;
}

// How often the worker of a task may die. A task that needs more memory than there is would do so for ever.
const mostDeaths = 3;

interface Pending {
  readonly task: Task;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (error: unknown) => void;
  deaths: number;
}

interface Worker {
  readonly process: ChildProcess;
  ready: boolean;
  running: Pending | undefined;
  /** The runs that wait there. */
  readonly runs: Set<number>;
}

export class ProcessChannel implements TaskChannel {
  readonly size: number;
  readonly #job: JobMessage;
  readonly #workers = new Set<Worker>();
  readonly #homes = new Map<number, Worker>();
  #pending: Pending[] = [];
  #closed = false;
  // Workers that died before they were ready, one after another.
  #badStarts = 0;

  constructor(size: number, job: JobMessage) {
    this.size = size;
    this.#job = job;
  }

  run(task: Task, signal: AbortSignal): Promise<TaskResult> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new AbortError(signal.reason));
      const unlisten = onAbort(signal, () => {
        this.#pending = this.#pending.filter((each) => each !== pending);
        this.end(task.run);
        pending.reject(new AbortError(signal.reason));
      });
      const pending: Pending = {
        ...{ task, deaths: 0 },
        resolve: (result) => {
          unlisten();
          resolve(result);
        },
        reject: (error) => {
          unlisten();
          reject(error);
        },
      };
      this.#pending.push(pending);
      this.#next();
    });
  }

  end(run: number): void {
    const home = this.#homes.get(run);
    if (home !== undefined) send(home, { type: 'end', run });
    home?.runs.delete(run);
    this.#homes.delete(run);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const ends = [...this.#workers].map(({ process: child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      const end = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      return end;
    });
    await Promise.all(ends);
  }

  // Gives tasks to idle workers, in their order; one whose run waits in a worker goes there.
  #next(): void {
    if (this.#closed) return;
    for (const worker of this.#workers) {
      if (!worker.ready || worker.running !== undefined) continue;
      const i = this.#pending.findIndex(({ task: { run } }) => (this.#homes.get(run) ?? worker) === worker);
      const [pending] = i === -1 ? [] : this.#pending.splice(i, 1);
      if (pending === undefined) continue;
      worker.running = pending;
      const { run } = pending.task;
      this.#homes.set(run, worker);
      worker.runs.add(run);
      send(worker, { type: 'task', task: pending.task });
    }
    const starting = [...this.#workers].filter(({ ready }) => !ready).length;
    const free = this.#pending.filter(({ task: { run } }) => !this.#homes.has(run)).length;
    for (let i = starting; i < free && this.#workers.size < this.size; i++) this.#start();
  }

  #start(): void {
    const file = join(packageRoot, 'dist/trial-worker.js');
    const child = nodeChildProcess().fork(file, [], {
      // Without the flags of this process, which may load programs first.
      ...{ execArgv: [], serialization: 'advanced' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker: Worker = { process: child, ready: false, running: undefined, runs: new Set() };
    this.#workers.add(worker);
    child.on('message', (message) => this.#answer(worker, message as FromWorker));
    child.once('error', (error) => this.#died(worker, error.message));
    child.once('exit', (code, signal) => this.#died(worker, signal ?? `code ${code}`));
    send(worker, this.#job);
  }

  #answer(worker: Worker, message: FromWorker): void {
    if (this.#closed) return;
    if (message.type === 'ready') {
      worker.ready = true;
      this.#badStarts = 0;
    } else {
      const { running } = worker;
      worker.running = undefined;
      if (message.type === 'result') running?.resolve(message.result);
      else running?.reject(errorOf(message.error));
    }
    this.#next();
  }

  #died(worker: Worker, how: string): void {
    if (!this.#workers.delete(worker) || this.#closed) return;
    // Its runs begin anew elsewhere.
    for (const run of worker.runs) if (this.#homes.get(run) === worker) this.#homes.delete(run);
    const { running } = worker;
    if (running !== undefined) {
      running.deaths++;
      if (running.deaths < mostDeaths) this.#pending.unshift(running);
      else running.reject(deathError(running.task.name, running.deaths, how));
    }
    if (!worker.ready && ++this.#badStarts >= mostDeaths) {
      for (const pending of this.#pending.splice(0)) {
        const reason = `${this.#badStarts} worker processes have ended before they were ready (${how})`;
        pending.reject(blasnetError('ERR_BLASNET_WORKER', `Cannot run ${pending.task.name}: ${reason}`));
      }
    }
    this.#next();
  }
}

function send({ process: child }: Worker, message: ToWorker): void {
  // A worker that has died says so by its exit.
  if (child.connected) child.send(message, () => {});
}

function deathError(name: string, deaths: number, how: string): Error {
  const message = `Cannot run ${name}: its worker process has died ${deaths} times (${how})`;
  return blasnetError('ERR_BLASNET_WORKER', message);
}

function errorOf({ name, message, code, stack }: SentError): Error {
  if (code === 'ABORT_ERR') return new AbortError(message);
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  if (code !== undefined && code in errorClasses) return blasnetError(code as ErrorCode, message, { cause });
  return Object.assign(cause, { name, ...(code !== undefined && { code }) });
}
