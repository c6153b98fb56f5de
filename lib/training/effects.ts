// A training is written once, as a generator that yields effects: native operations, other work, calls of the user's
// code, files. `drive.ts` answers them one at a time, on this thread or without blocking it.

import type { Work, WorkOptions } from '../addon/work';
import type { Matrix } from '../base/matrix';
import type { Operation, Outcome } from '../engine/plan';
import type { ResolvedMetric } from '../metrics/metric';
import type { LabelledSamples } from '../samples/samples';
import type { EpochReport } from './history';

/** Runs effects. Each method returns the answer, or a promise of it. */
export interface Workplace {
  /** Runs a native operation that changes the parameters. */
  write(operation: Operation): Outcome | Promise<Outcome>;
  /** Runs a native operation that only reads the parameters. */
  read(operation: Operation): Outcome | Promise<Outcome>;
  /** Does work that does not change the parameters. */
  work<T>(work: Work<T>): T | Promise<T>;
  /** Does work that changes the parameters, to its end: no abort stops it. */
  change(work: Work<void>): void | Promise<void>;
  /** Computes metrics of predictions for samples. */
  measure(
    metrics: readonly ResolvedMetric[],
    samples: LabelledSamples,
    predictions: Matrix,
  ): Record<string, number> | Promise<Record<string, number>>;
  /** Calls the user's code. Error messages contain the name. */
  call(name: string, call: () => unknown): unknown;
  file(file: FileEffect): unknown;
}

/** Work with files, in a blocking form and an asynchronous one. */
export interface FileEffect {
  sync(): unknown;
  async(options: WorkOptions): Promise<unknown>;
}

export type Effect<T> = (at: Workplace) => T | Promise<T>;

/** A running training. It yields effects, which the driver answers, and the report of each epoch. */
export type Training<T = void> = Generator<Effect<unknown> | EpochReport, T, unknown>;

/** Asks for an effect: `const outcome = yield* ask((at) => at.write(operation))`. */
export function* ask<T>(effect: Effect<T>): Training<T> {
  // The driver answers a yield with the result of its effect. The types cannot say this.
  return (yield effect) as T;
}
