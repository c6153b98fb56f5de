// Work that goes through rows: native operations, and what happens between them on this thread. It is written once, as
// a generator that yields native calls, and runs on this thread or, without blocking it, on threads of the addon.

import { AbortError } from '../base/errors';
import type { NumberArray } from '../base/matrix';
import { pin } from '../base/pinning';
import { abortSignal, optional, positiveInteger } from '../base/validate';
import type { Callback, NativeCall, NativeOperations } from './binding';

/** Yields native calls, and continues when each has ended. */
export type Work<T> = Generator<NativeCall, T, void>;

/** Options of asynchronous methods. */
export interface AsyncOptions {
  /** Ends the operation early. It then rejects with an AbortError. @default none */
  readonly signal?: AbortSignal;
  /** The most threads to compute with. At least 1. Results do not depend on it. @default the number of setThreads */
  readonly threads?: number;
}

export const asyncConstraints = { signal: optional(abortSignal), threads: optional(positiveInteger) };

/** Runs the work on the calling thread, and returns its result. */
export function workHere<T>(work: Work<T>, threads = 0): T {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return step.value;
    const { object, start } = step.value;
    // An aborted operation may have left the stop flag up.
    object.clearStop();
    object.limitThreads(threads);
    start();
  }
}

/**
 * Runs the work's calls on threads of the addon, and returns its result. The arrays of the calls must stay in place
 * until then: see `pin`.
 *
 * @throws AbortError if the signal is aborted before the work is done
 */
export async function workElsewhere<T>(work: Work<T>, { signal, threads = 0 }: AsyncOptions): Promise<T> {
  try {
    for (;;) {
      if (signal?.aborted) throw new AbortError(signal.reason);
      const step = work.next();
      if (step.done) return step.value;
      const { object, start } = step.value;
      object.limitThreads(threads);
      await settled(object, start, signal);
    }
  } finally {
    // Ends unfinished work, so that it returns what it borrowed.
    work.return(undefined as T);
  }
}

/** Like `workElsewhere`, but keeps arrays in place while the work reads them. */
export async function pinnedWork<T>(
  work: Work<T>,
  arrays: readonly NumberArray[],
  options: AsyncOptions,
): Promise<T> {
  const unpin = pin(arrays);
  try {
    return await workElsewhere(work, options);
  } finally {
    unpin();
  }
}

/** Starts an operation on a thread of the addon. An abort makes it end early. Resolves when it has ended. */
export async function settled(
  object: NativeOperations,
  start: (callback: Callback) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  object.clearStop();
  const stop = () => object.stop();
  signal?.addEventListener('abort', stop);
  try {
    await new Promise<void>((resolve, reject) => {
      start((error) => (error === undefined ? resolve() : reject(error)));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * Native objects that wait for work. They are kept, since Node frees dropped native objects only when the event loop
 * turns.
 */
export class Idle<T> {
  readonly #make: () => T;
  readonly #idle: T[] = [];

  constructor(make: () => T) {
    this.#make = make;
  }

  /** Takes an object, or makes one. Give it back when its operation has ended. */
  take(): T {
    return this.#idle.pop() ?? this.#make();
  }

  giveBack(object: T): void {
    this.#idle.push(object);
  }
}
