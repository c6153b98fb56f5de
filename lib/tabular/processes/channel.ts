// Tasks in worker processes of this machine.

import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../addon/package-root';
import { blasnetError } from '../../base/errors';
import { nodeChildProcess } from '../../base/lazy-modules';
import { Dispatcher, type Place } from './dispatcher';
import type { FromWorker, JobMessage, ToWorker } from './messages';

// How often the worker of a task may die. A task that needs more memory than there is would do so for ever.
const mostDeaths = 3;

class Worker implements Place {
  readonly process: ChildProcess;
  ready = false;

  constructor(child: ChildProcess) {
    this.process = child;
  }

  send(message: ToWorker): void {
    // A worker that has died says so by its exit.
    if (this.process.connected) this.process.send(message, () => {});
  }
}

export class ProcessChannel extends Dispatcher<Worker> {
  readonly #size: number;
  readonly #job: JobMessage;
  readonly #workers = new Set<Worker>();
  #closed = false;
  // Workers that died before they were ready, one after another.
  #badStarts = 0;

  constructor(size: number, job: JobMessage) {
    super();
    this.#size = size;
    this.#job = job;
  }

  /** Ends the workers, and all tasks. */
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

  protected override need(count: number): void {
    if (this.#closed) return;
    const starting = [...this.#workers].filter(({ ready }) => !ready).length;
    for (let i = starting; i < count && this.#workers.size < this.#size; i++) this.#start();
  }

  #start(): void {
    const file = join(packageRoot, 'dist/trial-worker.js');
    const child = nodeChildProcess().fork(file, [], {
      // Without the flags of this process, which may load programs first.
      ...{ execArgv: [], serialization: 'advanced' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker = new Worker(child);
    this.#workers.add(worker);
    child.on('message', (message) => this.#hear(worker, message as FromWorker));
    child.once('error', (error) => this.#died(worker, error.message));
    child.once('exit', (code, signal) => this.#died(worker, signal ?? `code ${code}`));
    worker.send(this.#job);
  }

  #hear(worker: Worker, message: FromWorker): void {
    if (this.#closed) return;
    if (message.type === 'ready') {
      worker.ready = true;
      this.#badStarts = 0;
      this.add(worker);
    } else this.answer(worker, message);
  }

  #died(worker: Worker, how: string): void {
    if (!this.#workers.delete(worker) || this.#closed) return;
    const running = this.remove(worker);
    if (running !== undefined) {
      if (running.losses < mostDeaths) this.again(running);
      else running.reject(deathError(running.task.name, running.losses, how));
    }
    if (!worker.ready && ++this.#badStarts >= mostDeaths) {
      for (const pending of this.takeWaiting()) {
        const reason = `${this.#badStarts} worker processes have ended before they were ready (${how})`;
        pending.reject(blasnetError('ERR_BLASNET_WORKER', `Cannot run ${pending.task.name}: ${reason}`));
      }
    }
    this.next();
  }
}

function deathError(name: string, deaths: number, how: string): Error {
  const message = `Cannot run ${name}: its worker process has died ${deaths} times (${how})`;
  return blasnetError('ERR_BLASNET_WORKER', message);
}
