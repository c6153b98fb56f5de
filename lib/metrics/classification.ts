import { argumentError } from '../base/errors';
import { type Constraint, checkOptions, optional, positiveInteger } from '../base/validate';
import {
  allFinite,
  argmax,
  compare,
  type Labels,
  meanOverRows,
  type Predictions,
  type WeightOptions,
  weightConstraints,
} from './comparison';
import {
  type AveragedOptions,
  areClasses,
  averagedConstraints,
  type Count,
  checkDecision,
  countDecisions,
  type DecisionOptions,
  decisionConstraints,
  yes,
} from './confusion';

export interface TopKOptions extends WeightOptions {
  /** How many of the largest outputs count. From 1 to the number of columns. @default 2, as in scikit-learn */
  readonly k?: number;
}

export const topKConstraints: Readonly<Record<keyof TopKOptions, Constraint>> = {
  ...weightConstraints,
  k: optional(positiveInteger),
};

/**
 * Computes the share of samples that are predicted right, like scikit-learn's `accuracy_score`. With one column, a
 * sample is right if label and output both mean yes or both mean no. With several columns, it is right if the largest
 * output (the first of equals) is in the column of the largest label; with `multiLabel`, if all its labels are right.
 *
 * @returns NaN when a number is not finite or all weights are zero
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_SHAPE,
 *   ERR_BLASNET_ARG_VALUE
 */
export function accuracy(yTrue: Labels, yPredicted: Predictions, options: DecisionOptions = {}): number {
  checkOptions('', options, decisionConstraints);
  const comparison = compare(yTrue, yPredicted, options);
  const { cols, labels, predictions } = comparison;
  checkDecision(cols, options);
  if (!allFinite(comparison)) return Number.NaN;
  return meanOverRows(comparison, (row) => {
    if (areClasses(cols, options))
      return Number(argmax(labels, cols, row) === argmax(predictions, cols, row));
    for (let i = row * cols; i < (row + 1) * cols; i++) {
      if (yes(labels[i]) !== yes(predictions[i], options.threshold)) return 0;
    }
    return 1;
  });
}

/**
 * Computes the share of samples whose class is among the k largest outputs, like scikit-learn's `top_k_accuracy_score`.
 * Of equal outputs, the later column ranks first. It needs at least two columns.
 *
 * @returns NaN when a number is not finite or all weights are zero
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_SHAPE,
 *   ERR_BLASNET_ARG_VALUE when k exceeds the columns
 */
export function topKAccuracy(yTrue: Labels, yPredicted: Predictions, options: TopKOptions = {}): number {
  checkOptions('', options, topKConstraints);
  const comparison = compare(yTrue, yPredicted, options);
  const { cols, labels, predictions } = comparison;
  const { k = 2 } = options;
  checkTopK(cols, options);
  if (!allFinite(comparison)) return Number.NaN;
  return meanOverRows(comparison, (row) => {
    const label = argmax(labels, cols, row);
    const own = predictions[row * cols + label] as number;
    let before = 0;
    for (let c = 0; c < cols; c++) {
      const other = predictions[row * cols + c] as number;
      if (other > own || (other === own && c > label)) before++;
    }
    return Number(before < k);
  });
}

/**
 * Computes precision, like scikit-learn's `precision_score`: of the samples predicted to be in a class, the share that
 * is in it. It is hits / predicted, or 0 if no sample was predicted. With one column, the class is the yes. With
 * several columns, the results of the classes (or labels) are averaged.
 *
 * @returns NaN when a number is not finite
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_SHAPE,
 *   ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME
 */
export function precision(yTrue: Labels, yPredicted: Predictions, options: AveragedOptions = {}): number {
  return averaged(yTrue, yPredicted, options, ({ hits, predicted }) => ratio(hits, predicted));
}

/**
 * Computes recall, like scikit-learn's `recall_score`: of the samples in a class, the share that was predicted to be in
 * it. It is hits / actual, or 0 if the class has no sample. Columns are treated as in `precision`.
 *
 * @returns NaN when a number is not finite
 * @throws like precision()
 */
export function recall(yTrue: Labels, yPredicted: Predictions, options: AveragedOptions = {}): number {
  return averaged(yTrue, yPredicted, options, ({ hits, actual }) => ratio(hits, actual));
}

/**
 * Computes the harmonic mean of precision and recall, like scikit-learn's `f1_score`. It is
 * 2 hits / (predicted + actual), or 0 if both counts are 0. Columns are treated as in `precision`.
 *
 * @returns NaN when a number is not finite
 * @throws like precision()
 */
export function f1(yTrue: Labels, yPredicted: Predictions, options: AveragedOptions = {}): number {
  return averaged(yTrue, yPredicted, options, ({ hits, predicted, actual }) =>
    ratio(2 * hits, predicted + actual),
  );
}

/** Throws if k does not suit the number of columns. In the error, `where` precedes the option. */
export function checkTopK(cols: number, { k = 2 }: TopKOptions, where?: string): void {
  if (cols > 1 && k <= cols) return;
  const rule =
    cols === 1 ? 'used only with several columns of predictions' : `at most ${cols}, the number of columns`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', where === undefined ? 'k' : `${where}.k`, rule, k);
}

function averaged(
  yTrue: Labels,
  yPredicted: Predictions,
  options: AveragedOptions,
  measure: (count: Count) => number,
): number {
  checkOptions('', options, averagedConstraints);
  const comparison = compare(yTrue, yPredicted, options);
  checkDecision(comparison.cols, options);
  if (!allFinite(comparison)) return Number.NaN;
  const counts = countDecisions(comparison, options).filter(({ occurs }) => occurs);
  if (options.average === 'micro') return measure(counts.reduce(add));
  const weighted = options.average === 'weighted';
  let sum = 0;
  let total = 0;
  for (const count of counts) {
    const weight = weighted ? count.actual : 1;
    sum += weight * measure(count);
    total += weight;
  }
  return ratio(sum, total);
}

function add(a: Count, b: Count): Count {
  return {
    hits: a.hits + b.hits,
    predicted: a.predicted + b.predicted,
    actual: a.actual + b.actual,
    occurs: true,
  };
}

// 0 / 0 is 0, as with scikit-learn's zero_division=0.
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
