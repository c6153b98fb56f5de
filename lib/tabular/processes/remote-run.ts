import { onAbort } from '../../base/aborts';
import { shownBy } from '../../tables/aligned-table';
import type { TrialRun } from '../fold-run';
import type { TaskChannel } from './dispatcher';
import type { Task, TaskResult } from './messages';

/** A training with one fold, in another process. */
export class RemoteRun implements TrialRun {
  /** The bytes of the model's file, if they are wanted. */
  model: unknown;
  evaluation: object | undefined;
  epochs = 0;
  seconds = 0;
  /** What the last task has found. */
  result: TaskResult | undefined;
  readonly #channel: TaskChannel;
  readonly #task: Omit<Task, 'epoch'>;
  readonly #signal: AbortSignal;
  #ended = false;

  constructor(channel: TaskChannel, task: Omit<Task, 'epoch'>, signal: AbortSignal) {
    this.#channel = channel;
    this.#task = task;
    this.#signal = signal;
    // A training that waits in a worker has no task that could hear of it.
    onAbort(signal, () => channel.end(task.run));
  }

  async advance(epoch?: number): Promise<void> {
    if (this.#ended) return;
    const start = performance.now();
    const result = await this.#channel.run({ ...this.#task, epoch }, this.#signal);
    this.seconds += (performance.now() - start) / 1000;
    this.#ended = epoch === undefined;
    this.result = result;
    // The way to print it stays behind.
    this.evaluation = shownBy({ ...result.evaluation }, () => result.text);
    this.epochs = result.epochs;
    this.model = result.model;
  }

  async stop(): Promise<void> {
    this.#channel.end(this.#task.run);
  }
}
