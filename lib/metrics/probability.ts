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
   * Whether several columns are labels of their own, as sigmoid outputs are; otherwise they are the classes of
   * one distribution. @default false; in a training, true for several sigmoid outputs
   */
  readonly multiLabel?: boolean;
}

export const probabilityConstraints: Readonly<Record<keyof ProbabilityOptions, Constraint>> = {
  ...weightConstraints,
  multiLabel: optional(boolean),
};

/**
 * The mean negative logarithm of the probability that was given to what is right (cross-entropy): -sum(y log p)
 * for classes, -sum(y log p + (1 - y) log(1 - p)) for one column, and for labels, summed over them as the loss
 * does. Probabilities are first kept epsilon away from 0 and 1 (the epsilon of float32 for Float32Array, of
 * float64 otherwise), and those of classes scaled to the sum 1, as in scikit-learn's `log_loss`.
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
      // 0 log 0 is 0, and is not reached, since nothing clipped is 0.
      if (classes) loss -= label * Math.log(clipped(i) / total);
      else loss -= label * Math.log(clipped(i)) + (1 - label) * Math.log(1 - clipped(i));
    }
    return loss;
  });
}

/**
 * Brier's score: the mean over the samples of the squared differences between probability and label, summed over
 * the columns (Brier, 1950). With one column scikit-learn's `brier_score_loss`, half of what two columns make.
 *
 * @returns NaN when a number is not finite or all weights are zero
 * @throws as logLoss()
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
