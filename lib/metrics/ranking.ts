import type { NumericRecords } from '../addon/binding';
import {
  checkNumbers,
  type Labels,
  type Predictions,
  type WeightOptions,
  weightConstraints,
} from './comparison';
import { here, type Measure } from './measure';
import { rankingsOf } from './native';

export const rocAucMeasure = ranked(({ positives, negatives, area }) => area / (positives * negatives));

export const prAucMeasure = ranked(({ positives, negatives, precisions }) => {
  if (positives === 0) return negatives === 0 ? Number.NaN : 0;
  return precisions / positives;
});

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
  return here(rocAucMeasure, yTrue, yPredicted, options);
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
  return here(prAucMeasure, yTrue, yPredicted, options);
}

type Ranking = Readonly<Record<NumericRecords['ranking'], number>>;

// The mean over the columns.
function ranked(measure: (ranking: Ranking) => number): Measure<WeightOptions> {
  return {
    constraints: weightConstraints,
    *work(comparison) {
      if (!(yield* checkNumbers(comparison))) return Number.NaN;
      const rankings = yield* rankingsOf(comparison);
      return rankings.reduce((sum, ranking) => sum + measure(ranking), 0) / rankings.length;
    },
  };
}
