// Work that goes through rows: native operations, and what happens between them on this thread. It is written once, as
// a generator that yields native calls, and runs on this thread or, without blocking it, on threads of the addon.

import { AbortError } from '../base/errors';
import type { NumberArray } from '../base/matrix';
import { pin } from '../base/pinning';
import { abortSignal, optional, positiveInteger } from '../base/validate';
import type { Callback, NativeCall, NativeOperations } from './binding';

/** Yields native calls, and continues when each has ended. */
export type Work<T> = Generator<NativeCall, T, void>;

/** The options of asynchronous methods. */
export interface AsyncOptions {
  /** Ends the operation early. It then rejects with an AbortError. @default none */
  readonly signal?: AbortSignal;
  /** The most threads to compute with. At least 1. Results do not depend on it. @default the number of setThreads */
  readonly threads?: number;
}

export const asyncConstraints = { signal: optional(abortSignal), threads: optional(positiveInteger) };

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  /** How many threads a call may use; 0: all that setThreads allows. @default 0 */
  readonly threads?: number | undefined;
}

/** Runs the work on the calling thread, and returns its result. */
export function workHere<T>(work: Work<T>, threads = 0): T {
  try {
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      runHere(step.value, threads);
    }
  } finally {
    // After an error, the work returns what it borrowed.
    work.return(undefined as T);
  }
}

/**
 * Runs the work's calls on threads of the addon, and returns its result. The arrays of the calls must stay in place
 * until then: see `pin`.
 *
 * @throws AbortError if the signal is aborted before the work is done
 */
export async function workElsewhere<T>(work: Work<T>, options: WorkOptions): Promise<T> {
  return workAnywhere(work, options);
}

/** Like `workElsewhere`, but keeps arrays in place until the work is done. */
export async function pinnedWork<T>(
  work: Work<T>,
  arrays: readonly NumberArray[],
  options: WorkOptions,
): Promise<T> {
  const unpin = pin(arrays);
  try {
    return await workElsewhere(work, options);
  } finally {
    unpin();
  }
}

/** Like `workElsewhere`, but returns the result itself if all calls are brief. */
export function workAnywhere<T>(work: Work<T>, options: WorkOptions): T | Promise<T> {
  const { signal, threads = 0 } = options;
  let goesOn = false;
  try {
    for (;;) {
      const step = nextUnlessAborted(work, signal);
      if (step.done) return step.value;
      if (step.value.brief === true) runHere(step.value, threads);
      else {
        goesOn = true;
        return continueElsewhere(work, step.value, options);
      }
    }
  } finally {
    // Ends unfinished work, so that it returns what it borrowed.
    if (!goesOn) work.return(undefined as T);
  }
}

async function continueElsewhere<T>(work: Work<T>, first: NativeCall, options: WorkOptions): Promise<T> {
  const { signal, threads = 0 } = options;
  try {
    for (let call = first; ; ) {
      if (call.brief === true) runHere(call, threads);
      else {
        call.object.limitThreads(threads);
        await settled(call.object, call.start, signal);
      }
      const step = nextUnlessAborted(work, signal);
      if (step.done) return step.value;
      call = step.value;
    }
  } finally {
    work.return(undefined as T);
  }
}

function nextUnlessAborted<T>(work: Work<T>, signal: AbortSignal | undefined): IteratorResult<NativeCall, T> {
  if (signal?.aborted) throw new AbortError(signal.reason);
  return work.next();
}

function runHere({ object, start }: NativeCall, threads: number): void {
  object.limitThreads(threads);
  start();
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
    // The object may be used again, on this thread, too.
    object.clearStop();
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
