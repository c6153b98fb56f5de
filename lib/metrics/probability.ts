import { blasnetError } from '../base/errors';
import { boolean, type Constraint, checkOptions, optional } from '../base/validate';
import {
  allFinite,
  type Comparison,
  compare,
  type Labels,
  meanOverRows,
  type Predictions,
  type WeightOptions,
  weightConstraints,
} from './comparison';
import { areClasses } from './confusion';

export interface ProbabilityOptions extends WeightOptions {
  /**
   * Whether several columns are independent labels, such as sigmoid outputs; otherwise they are the classes of one
   * distribution. @default false; in a training, true for several sigmoid outputs
   */
  readonly multiLabel?: boolean;
}

export const probabilityConstraints: Readonly<Record<keyof ProbabilityOptions, Constraint>> = {
  ...weightConstraints,
  multiLabel: optional(boolean),
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
  checkOptions('', options, probabilityConstraints);
  return overProbabilities(yTrue, yPredicted, options, ({ cols, labels, predictions }, row) => {
    const epsilon = predictions instanceof Float32Array ? 2 ** -23 : Number.EPSILON;
    const clipped = (i: number) => Math.min(Math.max(predictions[i] as number, epsilon), 1 - epsilon);
    const classes = areClasses(cols, options);
    let total = 0;
    for (let i = row * cols; i < (row + 1) * cols; i++) total += clipped(i);
    let loss = 0;
    for (let i = row * cols; i < (row + 1) * cols; i++) {
      const label = labels[i] as number;
      // Clipped values are never 0, so no logarithm is infinite.
      if (classes) loss -= label * Math.log(clipped(i) / total);
      else loss -= label * Math.log(clipped(i)) + (1 - label) * Math.log(1 - clipped(i));
    }
    return loss;
  });
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
  checkOptions('', options, weightConstraints);
  return overProbabilities(yTrue, yPredicted, options, ({ cols, labels, predictions }, row) => {
    let sum = 0;
    for (let i = row * cols; i < (row + 1) * cols; i++) {
      sum += ((predictions[i] as number) - (labels[i] as number)) ** 2;
    }
    return sum;
  });
}

function overProbabilities(
  yTrue: Labels,
  yPredicted: Predictions,
  options: WeightOptions,
  valueAt: (comparison: Comparison, row: number) => number,
): number {
  const comparison = compare(yTrue, yPredicted, options);
  if (!allFinite(comparison)) return Number.NaN;
  checkProbabilities('yTrue', comparison.labels, comparison.cols);
  checkProbabilities('yPredicted', comparison.predictions, comparison.cols);
  return meanOverRows(comparison, (row) => valueAt(comparison, row));
}

function checkProbabilities(name: string, data: Comparison['labels'], cols: number): void {
  const index = data.findIndex((value) => value < 0 || value > 1);
  if (index === -1) return;
  const place = `row ${Math.floor(index / cols)}, column ${index % cols}`;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    `Expected ${name} to hold numbers from 0 to 1, got ${data[index]} at ${place}`,
  );
}
