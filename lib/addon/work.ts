// Work that goes through rows: native operations, and what happens between them on this thread. It is written once, as
// a generator that yields native calls, and runs on this thread or, without blocking it, on threads of the addon. What
// only this thread can do, such as reading strings, is cut into slices, and the event loop turns between them.

import { onAbort } from '../base/aborts';
import { AbortError } from '../base/errors';
import type { NumberArray } from '../base/matrix';
import { pin } from '../base/pinning';
import type { Reading } from '../base/reading';
import { abortSignal, oneOf, optional, positiveInteger } from '../base/validate';
import type { Callback, NativeCall, NativeOperations } from './binding';

/** A place where the event loop may turn, if work has held it for some time. */
export const pause = Symbol('pause');

type Step = NativeCall | typeof pause;

/** Yields native calls and pauses, and continues when each has ended. */
export type Work<T> = Generator<Step, T, void>;

/** The priority of the threads that compute. */
export type Priority = 'normal' | 'low';

export const priority = optional(oneOf(['normal', 'low']));

/** The options of asynchronous methods. */
export interface AsyncOptions {
  /** Ends the operation early. It then rejects with an AbortError. @default none */
  readonly signal?: AbortSignal;
  /** The most threads to compute with. At least 1. Results do not depend on it. @default the number of setThreads */
  readonly threads?: number;
  /**
   * 'low' computes on threads that have the lowest priority of the system, so that it slows down other work as little as
   * possible. Results do not depend on it. @default 'normal'
   */
  readonly priority?: Priority;
}

export const asyncConstraints = {
  signal: optional(abortSignal),
  threads: optional(positiveInteger),
  priority,
};

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  /** How many threads a call may use; 0: all that setThreads allows. @default 0 */
  readonly threads?: number | undefined;
  /** The priority of calls on threads of the addon. @default 'normal' */
  readonly priority?: Priority | undefined;
}

/** The options that say how asynchronous work is done, out of all options of a call. */
export function howOf({ signal, threads, priority }: WorkOptions): AsyncOptions {
  return {
    ...(signal !== undefined && { signal }),
    ...(threads !== undefined && { threads }),
    ...(priority !== undefined && { priority }),
  };
}

// Numbers that are read within a millisecond, even if each is in a place of its own.
const briefNumbers = 2 ** 11;

/** Reads values, with pauses. */
export function* readInSlices({ length, width, read }: Reading): Work<void> {
  yield* inSlices(length, read, width);
}

/** Calls body(from, to) for one part of the numbers from 0 to length after another, with pauses between them. */
export function* inSlices(length: number, body: (from: number, to: number) => void, width = 1): Work<void> {
  const part = Math.max(1, Math.floor(briefNumbers / width));
  for (let from = 0; from < length; from += part) {
    if (from > 0) yield pause;
    body(from, Math.min(length, from + part));
  }
}

/** Does one piece of work after another. */
export function* inOrder(works: readonly Work<void>[]): Work<void> {
  try {
    for (const work of works) yield* work;
  } finally {
    for (const work of works) work.return();
  }
}

/** Runs the work on the calling thread, and returns its result. */
export function workHere<T>(work: Work<T>, threads = 0): T {
  try {
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      if (step.value !== pause) runHere(step.value, threads);
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
  arrays: readonly (NumberArray | Int8Array)[],
  options: WorkOptions,
): Promise<T> {
  const unpin = pin(arrays);
  try {
    return await workElsewhere(work, options);
  } finally {
    unpin();
  }
}

/** Like `workElsewhere`, but returns the result itself if all of the work is brief. */
export function workAnywhere<T>(work: Work<T>, options: WorkOptions): T | Promise<T> {
  const { signal, threads = 0 } = options;
  const slice = new Slice();
  let goesOn = false;
  try {
    for (;;) {
      const step = nextUnlessAborted(work, signal);
      if (step.done) return step.value;
      if (runIfBrief(step.value, slice, threads)) continue;
      goesOn = true;
      return continueElsewhere(work, step.value, slice, options);
    }
  } finally {
    // Ends unfinished work, so that it returns what it borrowed.
    if (!goesOn) work.return(undefined as T);
  }
}

/** Does work on this thread, up to a pause or a long call. Returns the rest, or undefined if the work is done. */
export function begun(work: Work<void>): Work<void> | undefined {
  let goesOn = false;
  try {
    for (;;) {
      const step = work.next();
      if (step.done) return undefined;
      if (step.value !== pause && step.value.brief === true) {
        runHere(step.value, 0);
        continue;
      }
      goesOn = true;
      return rest(step.value, work);
    }
  } finally {
    if (!goesOn) work.return(undefined);
  }
}

function* rest(step: Step, work: Work<void>): Work<void> {
  try {
    yield step;
    yield* work;
  } finally {
    work.return();
  }
}

async function continueElsewhere<T>(
  work: Work<T>,
  first: Step,
  slice: Slice,
  options: WorkOptions,
): Promise<T> {
  const { signal, threads = 0 } = options;
  try {
    for (let step = first; ; ) {
      if (!runIfBrief(step, slice, threads)) {
        if (step === pause) await turnOfEventLoop();
        else {
          step.object.limitThreads(threads, options.priority === 'low');
          await settled(step.object, step.start, signal);
        }
        slice.begin();
      }
      const next = nextUnlessAborted(work, signal);
      if (next.done) return next.value;
      step = next.value;
    }
  } finally {
    work.return(undefined as T);
  }
}

// An abort by the work itself, in a getter of the user's data, counts, too, unless the work is done.
function nextUnlessAborted<T>(work: Work<T>, signal: AbortSignal | undefined): IteratorResult<Step, T> {
  if (signal?.aborted) throw new AbortError(signal.reason);
  const step = work.next();
  if (signal?.aborted && !step.done) throw new AbortError(signal.reason);
  return step;
}

/** Returns false for a step that would take long on this thread, or that comes after many brief ones. */
function runIfBrief(step: Step, slice: Slice, threads: number): boolean {
  if (slice.over || (step !== pause && step.brief !== true)) return false;
  if (step !== pause) runHere(step, threads);
  return true;
}

// The milliseconds that a piece of work may hold the event loop.
const sliceTime = 4;

/** The time since the event loop last turned, as far as a piece of work knows. */
class Slice {
  #start = performance.now();

  get over(): boolean {
    return performance.now() - this.#start > sliceTime;
  }

  begin(): void {
    this.#start = performance.now();
  }
}

// When brief work began in this turn of the event loop; undefined before.
let turnBegan: number | undefined;

/**
 * Whether this thread may take on another brief piece of work before the event loop turns. Code that awaits such work
 * again and again would hold the loop for ever.
 */
export function mayWorkHere(): boolean {
  const now = performance.now();
  if (turnBegan === undefined) {
    turnBegan = now;
    setImmediate(() => {
      turnBegan = undefined;
    });
  }
  return now - turnBegan <= sliceTime;
}

// Pieces of work that wait for the event loop. Each turn continues one of them, so that many at once hold it no longer.
const waiting: (() => void)[] = [];

/** Resolves when the event loop has turned. */
export function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(continueNext);
  });
}

function continueNext(): void {
  const resolve = waiting.shift() as () => void;
  if (waiting.length > 0) setImmediate(continueNext);
  resolve();
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
  const unlisten = onAbort(signal, () => object.stop());
  try {
    await new Promise<void>((resolve, reject) => {
      start((error) => (error === undefined ? resolve() : reject(error)));
    });
  } finally {
    unlisten();
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
