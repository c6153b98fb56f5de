import type { Architecture } from '../architecture';
import { outputLayerOf } from '../architecture';
import { argumentError } from '../errors';
import { type LossName, resolveLoss } from '../losses';
import { type Optimizer, resolveOptimizer } from '../optimizers';
import {
  abortSignal,
  boolean,
  type Constraint,
  checkOptions,
  optional,
  positiveInteger,
  seed,
} from '../validate';

export interface FitOptions {
  /** How many times to go through the samples, at most: lbfgs() may end earlier. At least 1. */
  readonly epochs: number;
  /**
   * Samples a step; the last batch of an epoch may be smaller. 'full' takes one step an epoch, from all
   * samples, and so does a size beyond their number. @default 32; 'full', and nothing less, with lbfgs()
   */
  readonly batchSize?: number | 'full';
  /** Whether to go through the samples in another order every epoch. No matter with full batches. @default true */
  readonly shuffle?: boolean;
  /** Starts the shuffles' generator anew. @default the network's own generator goes on */
  readonly seed?: number;
  /** @default sgd() */
  readonly optimizer?: Optimizer;
  /**
   * What to minimise. @default by the output activation: sigmoid binaryCrossEntropy, softmax
   * categoricalCrossEntropy, otherwise meanSquaredError
   */
  readonly loss?: LossName;
  /** How many threads to compute with, at most. Results do not depend on it. @default as setThreads says */
  readonly threads?: number;
  /** Ends the training early: it rejects with an AbortError, the parameters being those of the last finished step. */
  readonly signal?: AbortSignal;
}

/** Options with the defaults filled in. */
export interface CompletedFitOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number | undefined;
  readonly optimizer: Optimizer;
  readonly loss: LossName;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

const batchSize: Constraint = {
  rule: "a positive integer or 'full'",
  accepts: (value) => typeof value === 'number' || value === 'full',
  holds: (value: number | 'full') => value === 'full' || (Number.isSafeInteger(value) && value >= 1),
};

// Checked by their own tables.
const anything: Constraint = { rule: 'anything', accepts: () => true };

const constraints = {
  epochs: positiveInteger,
  batchSize: optional(batchSize),
  shuffle: optional(boolean),
  seed: optional(seed),
  optimizer: anything,
  loss: anything,
  threads: optional(positiveInteger),
  signal: optional(abortSignal),
};

/** Checks fit's options and fills in their defaults, for a set of so many samples. */
export function completeFitOptions(
  options: FitOptions,
  architecture: Architecture,
  rows: number,
): CompletedFitOptions {
  checkOptions('', options, constraints);
  const optimizer = resolveOptimizer(options.optimizer);
  const size = options.batchSize ?? (optimizer.name === 'lbfgs' ? 'full' : 32);
  const fullBatch = size === 'full' || size >= rows;
  if (optimizer.name === 'lbfgs' && !fullBatch) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'batchSize', "'full' with lbfgs", size);
  }
  return {
    epochs: options.epochs,
    batchSize: fullBatch ? rows : size,
    // In a full batch the order changes nothing but rounding.
    shuffle: (options.shuffle ?? true) && !fullBatch,
    seed: options.seed,
    optimizer,
    loss: resolveLoss(options.loss, outputLayerOf(architecture).activation),
    threads: options.threads ?? 0,
    signal: options.signal,
  };
}
