import { type Dtype, dtypeName } from '../base/matrix';
import {
  abortSignal,
  anything,
  type Constraint,
  optional,
  positiveInteger,
  seed as seedConstraint,
} from '../base/validate';
import type { InitializerOption } from '../layers/initializers';
import type { LossOption } from '../layers/losses';
import type { MetricOption } from '../metrics/metric';
import { LabelEncoder, type LoadOptions, Preprocessing } from '../preprocessing';
import type { SampleWeight } from '../samples/weights';
import type { FitOptions } from '../training/options';

export interface NetworkOptions {
  /** The type of parameters and data. @default 'float64' */
  readonly dtype?: Dtype;
  /**
   * Starts the generator that draws the initial parameters and then the shuffles; np.random.seed takes the
   * same. From 0 to 2^32 - 1. @default a random one, kept in `net.seed`
   */
  readonly seed?: number;
  /** How the parameters begin: a name, or one such as initializers.orthogonal({ gain: 1.4 }). @default 'auto' */
  readonly initializer?: InitializerOption;
  /**
   * What is done to every X before the network sees it, in a copy. One that has not learned yet learns from the
   * first X that is given to fit, all of it, what validationSplit holds out included. It is saved with the network.
   */
  readonly preprocessing?: Preprocessing;
  /** The classes' names: labels may then be names, and `classify` answers with them. Saved with the network. */
  readonly labels?: LabelEncoder;
}

export interface EvaluateOptions {
  /** @default by the output activation and the labels, as in fit */
  readonly loss?: LossOption;
  /** What else to compute, under their names. @default none */
  readonly metrics?: readonly MetricOption[];
  /** Only ratios matter. The accuracy counts samples, whatever their weights. @default 1 each */
  readonly sampleWeight?: SampleWeight;
}

export interface AsyncOptions {
  /** Ends the operation early: it rejects with an AbortError. */
  readonly signal?: AbortSignal;
  /** How many threads to compute with, at most. Results do not depend on it. @default as setThreads says */
  readonly threads?: number;
}

/** The mean loss over the samples, and the share of them predicted right where the loss knows it; and metrics. */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy?: number;
  readonly [metric: string]: number | undefined;
}

/**
 * The options of the training that goes on. `epochs` is that of the whole training, those before included, and may be
 * more than it was (schedules without an `over` then take the new length), or as many as are done: then nothing is
 * left but to bring back the best parameters, if early stopping does that. A training that early stopping has ended
 * goes on with a larger patience only; one that a callback has ended goes on.
 *
 * These have to be as they were: the number of X's rows, batchSize, accumulate, shuffle, the rows that
 * validationSplit holds out, stratify, clipValue, clipNorm, loss, optimizer and schedule with their hyperparameters,
 * sampleWeight, classWeight, earlyStopping but for its patience, and the names of the history's series, of validation
 * and metrics. These are the caller's to keep, since nothing compares them: the numbers in X, Y and validationData,
 * the metrics' options, and what the caller's own functions do. `seed` has had its effect. `checkpoint` may be left
 * out, or lead to another folder.
 */
export interface ResumeOptions extends FitOptions, LoadOptions {
  /** In a folder: whether to go on from the newest that is whole when newer ones are damaged. @default false */
  readonly skipDamaged?: boolean;
}

const instanceOf = (kind: abstract new (...args: never[]) => unknown, rule: string): Constraint => ({
  rule,
  accepts: (value) => value instanceof kind,
  optional: true,
});

export const networkConstraints = {
  dtype: optional(dtypeName),
  seed: optional(seedConstraint),
  initializer: anything,
  preprocessing: instanceOf(Preprocessing, 'what preprocessing() makes'),
  labels: instanceOf(LabelEncoder, 'what labelEncoder() makes'),
};

export const evaluateConstraints = { loss: anything, metrics: anything, sampleWeight: anything };
export const asyncConstraints = { signal: optional(abortSignal), threads: optional(positiveInteger) };
