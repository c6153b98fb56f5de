import { checkOptions } from '../base/validate';
import {
  allFinite,
  type Comparison,
  compare,
  type Labels,
  meanOverColumns,
  type Predictions,
  type WeightOptions,
  weightConstraints,
  weightOf,
} from './comparison';
import { yes } from './confusion';

/**
 * The area under the receiver operating characteristic: how often a positive is ranked above a negative, a tie
 * being half. With several columns the mean over them, each class (or label) against the rest; then
 * scikit-learn's `roc_auc_score(..., multi_class='ovr', average='macro')`. A label is positive above 1/2.
 *
 * @returns NaN when a column has no positives or no negatives of weight (scikit-learn raises an error), or a number
 *   is not finite
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_SHAPE,
 *   ERR_BLASNET_ARG_VALUE
 */
export function rocAuc(yTrue: Labels, yPredicted: Predictions, options: WeightOptions = {}): number {
  return ranked(yTrue, yPredicted, options, (thresholds) => {
    let area = 0;
    let [positives, negatives] = [0, 0];
    for (const threshold of thresholds) {
      area += ((threshold.negatives - negatives) * (threshold.positives + positives)) / 2;
      ({ positives, negatives } = threshold);
    }
    return area / (positives * negatives);
  });
}

/**
 * The area under the precision-recall curve as average precision: the sum over the thresholds of the
 * precision there times the recall gained, without interpolation. With several columns the mean over them. A
 * column without positives makes 0. scikit-learn's `average_precision_score`.
 *
 * @returns NaN when all weights are zero or a number is not finite
 * @throws as rocAuc()
 */
export function prAuc(yTrue: Labels, yPredicted: Predictions, options: WeightOptions = {}): number {
  return ranked(yTrue, yPredicted, options, (thresholds) => {
    let sum = 0;
    let found = 0;
    for (const { positives, negatives } of thresholds) {
      sum += (positives - found) * (positives / (positives + negatives));
      found = positives;
    }
    if (thresholds.length === 0) return Number.NaN;
    return found === 0 ? 0 : sum / found;
  });
}

/** The weight of the positives and negatives that stand at a threshold or above. */
interface Threshold {
  readonly positives: number;
  readonly negatives: number;
}

function ranked(
  yTrue: Labels,
  yPredicted: Predictions,
  options: WeightOptions,
  measure: (thresholds: readonly Threshold[]) => number,
): number {
  checkOptions('', options, weightConstraints);
  const comparison = compare(yTrue, yPredicted, options);
  if (!allFinite(comparison)) return Number.NaN;
  return meanOverColumns(comparison, (column) => measure(thresholdsOf(column)));
}

// From the highest score down, one for each score that differs; samples without weight make none. Sorting the numbers
// alone and looking each row's up is several times faster than sorting rows by a comparison.
function thresholdsOf(column: Comparison): Threshold[] {
  const { labels, predictions, rows } = column;
  const sorted = Float64Array.from(predictions)
    .filter((_, row) => weightOf(column, row) > 0)
    .sort();
  const scores = sorted.filter((score, i) => score !== sorted[i - 1]);
  const positiveAt = new Float64Array(scores.length);
  const negativeAt = new Float64Array(scores.length);
  for (let row = 0; row < rows; row++) {
    const weight = weightOf(column, row);
    if (weight === 0) continue;
    const weights = yes(labels[row]) ? positiveAt : negativeAt;
    const place = placeOf(predictions[row] as number, scores);
    weights[place] = (weights[place] as number) + weight;
  }
  const thresholds: Threshold[] = [];
  let positives = 0;
  let negatives = 0;
  for (let i = scores.length - 1; i >= 0; i--) {
    positives += positiveAt[i] as number;
    negatives += negativeAt[i] as number;
    thresholds.push({ positives, negatives });
  }
  return thresholds;
}

/** Where a score stands among ascending ones that it is one of. */
function placeOf(score: number, scores: Float64Array): number {
  let low = 0;
  let high = scores.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((scores[middle] as number) < score) low = middle + 1;
    else high = middle;
  }
  return low;
}
