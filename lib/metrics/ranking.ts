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
 * Computes the area under the receiver operating characteristic: the share of pairs in which a positive sample has a
 * larger output than a negative one; a tie counts 1/2. A label above 1/2 is positive. With several columns, it is the
 * mean over the columns, each class (or label) against the others, like scikit-learn's
 * `roc_auc_score(..., multi_class='ovr', average='macro')`.
 *
 * @returns NaN when a column has no positives or no negatives with a weight above 0 (scikit-learn raises an error), or
 *   when a number is not finite
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
 * Computes the area under the precision-recall curve as average precision, like scikit-learn's
 * `average_precision_score`: the sum over the thresholds of precision times the gain in recall, without interpolation.
 * With several columns, it is the mean over the columns. A column without positives has the result 0.
 *
 * @returns NaN when all weights are zero or a number is not finite
 * @throws like rocAuc()
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

/** The weights of the positives and negatives with a score at or above a threshold. */
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

// One threshold per distinct score, from the highest down; samples of weight 0 are left out. Sorting the numbers and
// looking up each row's number is several times faster than sorting rows with a comparison function.
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

/** The index of a score in ascending scores that contain it. */
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
