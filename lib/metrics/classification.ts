import { argumentError } from '../base/errors';
import { type Constraint, optional, positiveInteger } from '../base/validate';
import {
  checkNumbers,
  type Labels,
  type Predictions,
  type WeightOptions,
  weightConstraints,
} from './comparison';
import {
  type AveragedOptions,
  averagedConstraints,
  checkDecision,
  type DecisionOptions,
  decisionConstraints,
  decisionRule,
} from './confusion';
import { here, type Measure } from './measure';
import { countsOf, sumsOf } from './native';

export interface TopKOptions extends WeightOptions {
  /** How many of the largest outputs count. From 1 to the number of columns. @default 2, as in scikit-learn */
  readonly k?: number;
}

export const accuracyMeasure: Measure<DecisionOptions> = {
  constraints: decisionConstraints,
  checkColumns: checkDecision,
  *work(comparison, options) {
    if (!(yield* checkNumbers(comparison))) return Number.NaN;
    const { sums, weight } = yield* sumsOf(comparison, 'hit', decisionRule(comparison.cols, options));
    return (sums[0] as number) / weight;
  },
};

export const topKMeasure: Measure<TopKOptions> = {
  constraints: { ...weightConstraints, k: optional(positiveInteger) } satisfies Record<string, Constraint>,
  checkColumns: checkTopK,
  *work(comparison, { k = 2 }) {
    if (!(yield* checkNumbers(comparison))) return Number.NaN;
    const { sums, weight } = yield* sumsOf(comparison, 'topKHit', { k });
    return (sums[0] as number) / weight;
  },
};

export const precisionMeasure = averaged(({ hits, predicted }) => ratio(hits, predicted));
export const recallMeasure = averaged(({ hits, actual }) => ratio(hits, actual));
export const f1Measure = averaged(({ hits, predicted, actual }) => ratio(2 * hits, predicted + actual));

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
  return here(accuracyMeasure, yTrue, yPredicted, options);
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
  return here(topKMeasure, yTrue, yPredicted, options);
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
  return here(precisionMeasure, yTrue, yPredicted, options);
}

/**
 * Computes recall, like scikit-learn's `recall_score`: of the samples in a class, the share that was predicted to be in
 * it. It is hits / actual, or 0 if the class has no sample. Columns are treated as in `precision`.
 *
 * @returns NaN when a number is not finite
 * @throws like precision()
 */
export function recall(yTrue: Labels, yPredicted: Predictions, options: AveragedOptions = {}): number {
  return here(recallMeasure, yTrue, yPredicted, options);
}

/**
 * Computes the harmonic mean of precision and recall, like scikit-learn's `f1_score`. It is
 * 2 hits / (predicted + actual), or 0 if both counts are 0. Columns are treated as in `precision`.
 *
 * @returns NaN when a number is not finite
 * @throws like precision()
 */
export function f1(yTrue: Labels, yPredicted: Predictions, options: AveragedOptions = {}): number {
  return here(f1Measure, yTrue, yPredicted, options);
}

/** Throws if k does not suit the number of columns. In the error, `where` precedes the option. */
export function checkTopK(cols: number, { k = 2 }: TopKOptions, where?: string): void {
  if (cols > 1 && k <= cols) return;
  const rule =
    cols === 1 ? 'used only with several columns of predictions' : `at most ${cols}, the number of columns`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', where === undefined ? 'k' : `${where}.k`, rule, k);
}

interface Count {
  readonly hits: number;
  readonly predicted: number;
  readonly actual: number;
}

function averaged(measure: (count: Count) => number): Measure<AveragedOptions> {
  return {
    constraints: averagedConstraints,
    checkColumns: checkDecision,
    *work(comparison, options) {
      if (!(yield* checkNumbers(comparison))) return Number.NaN;
      const all = yield* countsOf(comparison, decisionRule(comparison.cols, options));
      const counts = all.filter(({ occurs }) => occurs === 1);
      if (options.average === 'micro')
        return measure(counts.reduce<Count>(add, { hits: 0, predicted: 0, actual: 0 }));
      const weighted = options.average === 'weighted';
      let sum = 0;
      let total = 0;
      for (const count of counts) {
        const weight = weighted ? count.actual : 1;
        sum += weight * measure(count);
        total += weight;
      }
      return ratio(sum, total);
    },
  };
}

function add(a: Count, b: Count): Count {
  return { hits: a.hits + b.hits, predicted: a.predicted + b.predicted, actual: a.actual + b.actual };
}

// 0 / 0 is 0, as with scikit-learn's zero_division=0.
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
