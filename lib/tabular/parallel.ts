// Tasks that run beside each other, such as the trainings of several folds.

import { getThreads } from '../addon/threads';
import { type AsyncOptions, howOf, type Priority, priority } from '../addon/work';
import { onAbort } from '../base/aborts';
import { argumentError } from '../base/errors';
import type { Constraint } from '../base/validate';
import { abortSignal, optional, positiveInteger } from '../base/validate';
import { type Distribution, distributed, groupGiven, type RankGroup } from '../training/distribution';

/** The options of calls that train several models. */
export interface ParallelOptions {
  /**
   * How many models train at a time. Results do not depend on it. @default as many as there are threads
   */
  readonly parallel?: number;
  /**
   * How many processes of this machine the models train in, one at a time in each: see docs/search.md. Not with `parallel`.
   * Results do not depend on it. @default none: they train in this process
   */
  readonly workers?: number;
  /**
   * Trains the models in the processes that mpirun started, one at a time in each: the group that `mpi` of
   * 'blasnet/distributed' returns. All of them must make the call, with equal arguments. Not with `workers` or `parallel`.
   * Results do not depend on the number of processes: see docs/search.md. @default none
   */
  readonly distributed?: RankGroup;
  /** The most threads to compute with, over all models. Results do not depend on it. @default the number of setThreads */
  readonly threads?: number;
  /** 'low' computes on threads that have the lowest priority of the system: see `fit`. @default 'normal' */
  readonly priority?: Priority;
  /** Ends all trainings early. The call then rejects with an AbortError. @default none */
  readonly signal?: AbortSignal;
}

export const parallelConstraints: Readonly<Record<keyof ParallelOptions, Constraint>> = {
  parallel: optional(positiveInteger),
  workers: optional(positiveInteger),
  distributed: optional(distributed),
  threads: optional(positiveInteger),
  priority,
  signal: optional(abortSignal),
};

/** How one of several tasks computes. */
export interface TaskHow {
  readonly signal: AbortSignal;
  readonly threads: number;
  readonly priority?: Priority;
}

/** How many tasks run at a time, and how each computes. */
export function shareOf(
  tasks: number,
  { workers, distributed: ranks, parallel = workers, threads = getThreads(), priority }: ParallelOptions,
): { readonly parallel: number; readonly how: Omit<TaskHow, 'signal'> } {
  const others = ranks === undefined || ranks.size === 1 ? undefined : ranks.size;
  const atOnce = Math.max(1, Math.min(tasks, others ?? parallel ?? threads));
  // Each rank has threads of its own.
  const share = others === undefined ? Math.max(1, Math.floor(threads / atOnce)) : threads;
  return { parallel: atOnce, how: { threads: share, ...(priority !== undefined && { priority }) } };
}

/** Checks the options that say where models train. */
export function checkPlaces({ workers, distributed: ranks, parallel }: ParallelOptions): void {
  groupGiven(ranks);
  const place = ranks === undefined ? 'workers' : 'distributed';
  const [name, value] =
    ranks === undefined || workers === undefined ? ['parallel', parallel] : ['workers', workers];
  if ((workers ?? ranks) === undefined || value === undefined) return;
  throw argumentError('ERR_BLASNET_ARG_VALUE', name as string, `left out with ${place}`, value);
}

/** The ranks that share the trainings; undefined if this process is alone. */
export function ranksOf({ distributed: ranks }: ParallelOptions): Distribution | undefined {
  const group = groupGiven(ranks);
  return group !== undefined && group.size > 1 ? group : undefined;
}

/** How a call computes beside its tasks. */
export function wholeHow(options: ParallelOptions): AsyncOptions {
  return howOf({ ...options, ...shareOf(1, options).how });
}

/** A signal that follows another one, and can be aborted by itself. */
export class Ending {
  readonly #controller = new AbortController();
  readonly #unlisten: () => void;

  constructor(signal: AbortSignal | undefined) {
    this.#unlisten = onAbort(signal, () => this.abort(signal?.reason));
    if (signal?.aborted) this.abort(signal.reason);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** Stops following the other signal. */
  done(): void {
    this.#unlisten();
  }
}

/**
 * Runs a task for each number from 0 to count - 1, at most `parallel` at a time, in this order. If one fails, the others
 * are aborted; when all have ended, the first failure is thrown.
 */
export async function runTasks(
  count: number,
  parallel: number,
  ending: Ending,
  task: (i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  let failure: unknown;
  const work = async () => {
    while (next < count && !failed) {
      try {
        await task(next++);
      } catch (error) {
        // The others then end with an AbortError, which says less.
        if (!failed) failure = error;
        failed = true;
        ending.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, work));
  if (failed) throw failure;
}
