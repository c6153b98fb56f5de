import type { RowValue } from '../addon/binding';
import type { Work } from '../addon/work';
import {
  type Comparison,
  checkNumbers,
  type Labels,
  type Predictions,
  type WeightOptions,
  weightConstraints,
} from './comparison';
import { here, type Measure } from './measure';
import { deviationsOf, sumsOf } from './native';

export const meanSquaredErrorMeasure = overColumns((comparison) => meansOf(comparison, 'squaredError'));

export const rootMeanSquaredErrorMeasure = overColumns(function* (comparison) {
  return (yield* meansOf(comparison, 'squaredError')).map(Math.sqrt);
});

export const meanAbsoluteErrorMeasure = overColumns((comparison) => meansOf(comparison, 'absoluteError'));

export const r2Measure = overColumns(function* (comparison) {
  const means = yield* meansOf(comparison, 'label');
  if (comparison.rows < 2) return means.fill(Number.NaN);
  const deviations = yield* deviationsOf(comparison, means);
  return deviations.map(({ residual, spread, differ }, column) => {
    if (Number.isNaN(means[column])) return Number.NaN;
    if (residual === 0) return 1;
    // Rounding may move the mean of equal labels away from them, and their spread away from zero.
    return differ === 0 || spread === 0 ? 0 : 1 - residual / spread;
  });
});

/**
 * Computes the mean of the squared errors over samples and columns, like scikit-learn's `mean_squared_error`.
 *
 * @returns NaN when a number is not finite or all weights are zero
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_SHAPE,
 *   ERR_BLASNET_ARG_VALUE
 */
export function meanSquaredError(
  yTrue: Labels,
  yPredicted: Predictions,
  options: WeightOptions = {},
): number {
  return here(meanSquaredErrorMeasure, yTrue, yPredicted, options);
}

/**
 * Computes the root of the mean squared error, in the unit of the labels. With several columns, it is the mean of the
 * columns' roots. It equals scikit-learn's `root_mean_squared_error` (in older versions,
 * `mean_squared_error(..., squared=False)`).
 *
 * @returns NaN when a number is not finite or all weights are zero
 * @throws like meanSquaredError()
 */
export function rootMeanSquaredError(
  yTrue: Labels,
  yPredicted: Predictions,
  options: WeightOptions = {},
): number {
  return here(rootMeanSquaredErrorMeasure, yTrue, yPredicted, options);
}

/**
 * Computes the mean of the absolute errors over samples and columns, like scikit-learn's `mean_absolute_error`.
 *
 * @returns NaN when a number is not finite or all weights are zero
 * @throws like meanSquaredError()
 */
export function meanAbsoluteError(
  yTrue: Labels,
  yPredicted: Predictions,
  options: WeightOptions = {},
): number {
  return here(meanAbsoluteErrorMeasure, yTrue, yPredicted, options);
}

/**
 * Computes the coefficient of determination, 1 - sum(error^2) / sum((y - mean y)^2), like scikit-learn's `r2_score`. 1
 * is perfect; 0 is as good as the labels' mean. If all labels are equal, it is 1 if all predictions are right, else 0.
 * With several columns, it is the mean over the columns.
 *
 * @returns NaN for a single sample, when a number is not finite, or when all weights are zero
 * @throws like meanSquaredError()
 */
export function r2(yTrue: Labels, yPredicted: Predictions, options: WeightOptions = {}): number {
  return here(r2Measure, yTrue, yPredicted, options);
}

// The mean of one result per column.
function overColumns(
  resultsOf: (comparison: Comparison) => Work<readonly number[] | Float64Array>,
): Measure<WeightOptions> {
  return {
    constraints: weightConstraints,
    columns: 'numbers',
    *work(comparison) {
      if (!(yield* checkNumbers(comparison))) return Number.NaN;
      let sum = 0;
      for (const result of yield* resultsOf(comparison)) sum += result;
      return sum / comparison.cols;
    },
  };
}

// The weighted mean of a value, for each column.
function* meansOf(comparison: Comparison, value: RowValue): Work<Float64Array> {
  const { sums, weight } = yield* sumsOf(comparison, value);
  return sums.subarray(0, comparison.cols).map((sum) => sum / weight);
}
