// What a training asks for, one thing at a time. A training is written once, as a generator that yields effects: native
// operations, calls of somebody's code, files. `drive.ts` answers them, on this thread or without blocking it.

import type { Operation, Outcome } from '../engine/plan';
import type { EpochReport } from './history';

/** Where effects take place: each method answers at once, or by a promise. */
export interface Workplace {
  /** A native operation that changes the parameters. */
  write(operation: Operation): Outcome | Promise<Outcome>;
  /** A native operation that only reads them. */
  read(operation: Operation): Outcome | Promise<Outcome>;
  /** Somebody's own code, under the name that errors call it by. */
  call(name: string, call: () => unknown): unknown;
  file(file: FileEffect): unknown;
}

/** The same work with files in two ways. */
export interface FileEffect {
  sync(): unknown;
  async(): Promise<unknown>;
}

export type Effect<T> = (at: Workplace) => T | Promise<T>;

/** A training under way: it yields effects, is answered, and yields the report of each epoch for whoever looks on. */
export type Training<T = void> = Generator<Effect<unknown> | EpochReport, T, unknown>;

/** Asks for an effect: `const outcome = yield* ask((at) => at.write(operation))`. */
export function* ask<T>(effect: Effect<T>): Training<T> {
  // The answer to a yield is what its effect returned; only here a type says so.
  return (yield effect) as T;
}
