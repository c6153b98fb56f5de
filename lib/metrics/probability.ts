import type { Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import { kindOf } from '../base/number-kinds';
import { boolean, optional } from '../base/validate';
import {
  type Comparison,
  checkNumbers,
  type Labels,
  type Predictions,
  type WeightOptions,
  weightConstraints,
} from './comparison';
import { areClasses } from './confusion';
import { here, type Measure } from './measure';
import { firstBad, sumsOf } from './native';

export interface ProbabilityOptions extends WeightOptions {
  /**
   * Whether several columns are independent labels, such as sigmoid outputs; otherwise they are the classes of one
   * distribution. @default false; in a training, true for several sigmoid outputs
   */
  readonly multiLabel?: boolean;
}

export const logLossMeasure: Measure<ProbabilityOptions> = {
  constraints: { ...weightConstraints, multiLabel: optional(boolean) },
  *work(comparison, options) {
    if (!(yield* checkProbabilities(comparison))) return Number.NaN;
    const { cols, predictions } = comparison;
    const epsilon = kindOf(predictions) === 'Float32Array' ? 2 ** -23 : Number.EPSILON;
    const rule = { classes: areClasses(cols, options), epsilon };
    const { sums, weight } = yield* sumsOf(comparison, 'logLoss', rule);
    return (sums[0] as number) / weight;
  },
};

export const brierMeasure: Measure<WeightOptions> = {
  constraints: weightConstraints,
  *work(comparison) {
    if (!(yield* checkProbabilities(comparison))) return Number.NaN;
    const { sums, weight } = yield* sumsOf(comparison, 'brier');
    return (sums[0] as number) / weight;
  },
};

/**
 * Computes the cross-entropy, like scikit-learn's `log_loss`: the mean over the samples of -sum(y log p) for classes,
 * and of -sum(y log p + (1 - y) log(1 - p)) for one column or for labels, summed over the labels as in the loss.
 * Probabilities are first kept at least epsilon away from 0 and 1 (epsilon of float32 for a Float32Array, else of
 * float64). Those of classes are then scaled to the sum 1.
 *
 * @returns NaN when a number is not finite or all weights are zero
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_SHAPE,
 *   ERR_BLASNET_ARG_VALUE, also for probabilities outside [0, 1]
 */
export function logLoss(yTrue: Labels, yPredicted: Predictions, options: ProbabilityOptions = {}): number {
  return here(logLossMeasure, yTrue, yPredicted, options);
}

/**
 * Computes Brier's score (Brier, 1950): the mean over the samples of the squared differences between probability and
 * label, summed over the columns. With one column, it is scikit-learn's `brier_score_loss`, half the score of two
 * columns.
 *
 * @returns NaN when a number is not finite or all weights are zero
 * @throws like logLoss()
 */
export function brier(yTrue: Labels, yPredicted: Predictions, options: WeightOptions = {}): number {
  return here(brierMeasure, yTrue, yPredicted, options);
}

/** Checks that labels and predictions are from 0 to 1. Returns whether all numbers are finite. */
export function* checkProbabilities(comparison: Comparison): Work<boolean> {
  if (!(yield* checkNumbers(comparison))) return false;
  const { labels, indices, predictions, cols } = comparison;
  for (const [name, data] of Object.entries({ yTrue: labels, yPredicted: predictions })) {
    if (data === labels && indices) continue;
    const bad = yield* firstBad(data, 'unitInterval');
    if (bad === undefined) continue;
    const place = `row ${Math.floor(bad / cols)}, column ${bad % cols}`;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected ${name} to hold numbers from 0 to 1, got ${data[bad]} at ${place}`,
    );
  }
  return true;
}
