import { checkOptions } from '../base/validate';
import {
  allFinite,
  type Comparison,
  compare,
  type Labels,
  meanOverColumns,
  meanOverRows,
  type Predictions,
  type WeightOptions,
  weightConstraints,
  weightOf,
} from './comparison';

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
  return overColumns(yTrue, yPredicted, options, squaredError);
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
  return overColumns(yTrue, yPredicted, options, (column) => Math.sqrt(squaredError(column)));
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
  return overColumns(yTrue, yPredicted, options, (column) =>
    meanOverRows(column, (row) => Math.abs(errorAt(column, row))),
  );
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
  return overColumns(yTrue, yPredicted, options, (column) => {
    const { labels, rows } = column;
    if (rows < 2) return Number.NaN;
    const mean = meanOverRows(column, (row) => labels[row] as number);
    if (Number.isNaN(mean)) return Number.NaN;
    let residual = 0;
    let spread = 0;
    let constant = true;
    for (let row = 0; row < rows; row++) {
      const weight = weightOf(column, row);
      residual += weight * errorAt(column, row) ** 2;
      spread += weight * ((labels[row] as number) - mean) ** 2;
      constant &&= labels[row] === labels[0];
    }
    if (residual === 0) return 1;
    // Rounding may move the mean of equal labels away from them, and their spread away from zero.
    return constant || spread === 0 ? 0 : 1 - residual / spread;
  });
}

function overColumns(
  yTrue: Labels,
  yPredicted: Predictions,
  options: WeightOptions,
  measure: (column: Comparison) => number,
): number {
  checkOptions('', options, weightConstraints);
  const comparison = compare(yTrue, yPredicted, options, 'numbers');
  return allFinite(comparison) ? meanOverColumns(comparison, measure) : Number.NaN;
}

function squaredError(column: Comparison): number {
  return meanOverRows(column, (row) => errorAt(column, row) ** 2);
}

function errorAt({ labels, predictions }: Comparison, row: number): number {
  return (labels[row] as number) - (predictions[row] as number);
}
