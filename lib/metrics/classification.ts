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
  /** How many of the largest outputs count, at most the number of columns. @default 2, as in scikit-learn */
  readonly k?: number;
}

export const topKConstraints: Readonly<Record<keyof TopKOptions, Constraint>> = {
  ...weightConstraints,
  k: optional(positiveInteger),
};

/**
 * The share of samples predicted right: with one column, label and output are on the same side; with several,
 * the largest output (the first of equals) is where the largest label is, or with `multiLabel` all of a sample's
 * labels are right. scikit-learn's `accuracy_score`.
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
 * The share of samples whose class is among the k largest outputs; of equal outputs the later ones come
 * first, as in scikit-learn's `top_k_accuracy_score`. At least two columns.
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
 * Of what was predicted, the share that is right: hits / predicted, 0 where nothing was predicted. With one
 * column for the yes; otherwise by class, or by label, averaged. scikit-learn's `precision_score`.
 *
 * @returns NaN when a number is not finite
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_SHAPE,
 *   ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME
 */
export function precision(yTrue: Labels, yPredicted: Predictions, options: AveragedOptions = {}): number {
  return averaged(yTrue, yPredicted, options, ({ hits, predicted }) => ratio(hits, predicted));
}

/**
 * Of what there is, the share that was predicted: hits / actual, 0 where there is nothing. Otherwise as
 * `precision`; scikit-learn's `recall_score`.
 *
 * @returns NaN when a number is not finite
 * @throws as precision()
 */
export function recall(yTrue: Labels, yPredicted: Predictions, options: AveragedOptions = {}): number {
  return averaged(yTrue, yPredicted, options, ({ hits, actual }) => ratio(hits, actual));
}

/**
 * The harmonic mean of precision and recall: 2 hits / (predicted + actual), 0 where both are 0. Otherwise as
 * `precision`; scikit-learn's `f1_score`.
 *
 * @returns NaN when a number is not finite
 * @throws as precision()
 */
export function f1(yTrue: Labels, yPredicted: Predictions, options: AveragedOptions = {}): number {
  return averaged(yTrue, yPredicted, options, ({ hits, predicted, actual }) =>
    ratio(2 * hits, predicted + actual),
  );
}

/** Throws for a k that so many columns do not have; `where` stands before the option in the error. */
export function checkTopK(cols: number, { k = 2 }: TopKOptions, where?: string): void {
  if (cols > 1 && k <= cols) return;
  const rule = cols === 1 ? 'used with several columns only' : `at most ${cols}, the number of columns`;
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

// Zero of nothing is zero: scikit-learn's zero_division=0.
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
