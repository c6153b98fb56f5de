// Which task runs where: the places of a channel are worker processes, or ranks.

import { onAbort } from '../../base/aborts';
import { AbortError } from '../../base/errors';
import type { FromWorker, Task, TaskMessage, TaskResult } from './messages';
import { errorOf } from './sent-error';

/** Runs tasks somewhere else. All results are equal wherever a task runs, and however often it begins again. */
export interface TaskChannel {
  /**
   * Runs a task. One whose run a place knows goes on there.
   *
   * @throws Error ERR_BLASNET_WORKER when its workers have died too often; AbortError; the task's own error
   */
  run(task: Task, signal: AbortSignal): Promise<TaskResult>;
  /** Ends a run that waits, and forgets it. */
  end(run: number): void;
}

/** Where one task runs at a time. */
export interface Place {
  send(message: TaskMessage): void;
}

/** A task that has no result yet. */
export interface Pending {
  readonly task: Task;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (error: unknown) => void;
  /** How often its place was lost. */
  losses: number;
}

interface State {
  running: Pending | undefined;
  /** The runs that wait there. */
  readonly runs: Set<number>;
}

export class Dispatcher<P extends Place> implements TaskChannel {
  readonly #places = new Map<P, State>();
  readonly #homes = new Map<number, P>();
  #pending: Pending[] = [];

  run(task: Task, signal: AbortSignal): Promise<TaskResult> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new AbortError(signal.reason));
      const unlisten = onAbort(signal, () => {
        this.#pending = this.#pending.filter((each) => each !== pending);
        this.end(task.run);
        pending.reject(new AbortError(signal.reason));
      });
      const pending: Pending = {
        ...{ task, losses: 0 },
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
      this.next();
    });
  }

  end(run: number): void {
    const home = this.#homes.get(run);
    home?.send({ type: 'end', run });
    if (home !== undefined) this.#places.get(home)?.runs.delete(run);
    this.#homes.delete(run);
  }

  /** Gives tasks to a new place. */
  protected add(place: P): void {
    this.#places.set(place, { running: undefined, runs: new Set() });
    this.next();
  }

  /** Settles the task of a place, and gives it the next one. */
  protected answer(place: P, message: FromWorker): void {
    const state = this.#places.get(place);
    if (state === undefined || message.type === 'ready') return;
    const { running } = state;
    state.running = undefined;
    if (message.type === 'result') running?.resolve(message.result);
    else running?.reject(errorOf(message.error));
    this.next();
  }

  /** Forgets a place: its runs begin anew elsewhere. @returns the task that ran there */
  protected remove(place: P): Pending | undefined {
    const state = this.#places.get(place);
    this.#places.delete(place);
    for (const run of state?.runs ?? []) if (this.#homes.get(run) === place) this.#homes.delete(run);
    if (state?.running !== undefined) state.running.losses++;
    return state?.running;
  }

  /** Runs a task before the others that wait. */
  protected again(pending: Pending): void {
    this.#pending.unshift(pending);
  }

  /** Takes the tasks that wait for a place. */
  protected takeWaiting(): readonly Pending[] {
    return this.#pending.splice(0);
  }

  /** Is called when so many tasks wait that any new place could run. */
  protected need(_count: number): void {}

  // Gives tasks to idle places, in their order; one whose run waits at a place goes there.
  protected next(): void {
    for (const [place, state] of this.#places) {
      if (state.running !== undefined) continue;
      const i = this.#pending.findIndex(({ task: { run } }) => (this.#homes.get(run) ?? place) === place);
      const [pending] = i === -1 ? [] : this.#pending.splice(i, 1);
      if (pending === undefined) continue;
      state.running = pending;
      const { run } = pending.task;
      this.#homes.set(run, place);
      state.runs.add(run);
      place.send({ type: 'task', task: pending.task });
    }
    this.need(this.#pending.filter(({ task: { run } }) => !this.#homes.has(run)).length);
  }
}
