import { boolean, type Constraint, optional } from '../base/validate';
import { type Labels, type Predictions, weightConstraints } from './comparison';
import { areClasses } from './confusion';
import { here, type Measure } from './measure';
import { binsOf } from './native';
import { checkProbabilities, type ProbabilityOptions } from './probability';

export interface CalibrationOptions extends ProbabilityOptions {
  /** The number of bins of equal width, from 1 to 65,536. @default 10 */
  readonly bins?: number;
}

/** The predictions whose probability is in one bin. */
export interface CalibrationBin {
  /** The bin has the probabilities above `from`, the first bin also 0, up to `to`. */
  readonly from: number;
  readonly to: number;
  /** The number of predictions, or the sum of their weights. */
  readonly weight: number;
  /** The mean of the probabilities; NaN in an empty bin. */
  readonly predicted: number;
  /** The share of the predictions that came true; NaN in an empty bin. */
  readonly observed: number;
}

/** How well probabilities agree with what came true. */
export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /** The mean of |observed - predicted| over the predictions: the expected calibration error. */
  readonly expectedError: number;
  /** The largest |observed - predicted| of a bin that is not empty. */
  readonly maximumError: number;
}

const mostBins = 2 ** 16;

export const binCount: Constraint = {
  rule: `an integer from 1 to ${mostBins}`,
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => Number.isInteger(value) && value >= 1 && value <= mostBins,
};

export const calibrationMeasure: Measure<CalibrationOptions, Calibration> = {
  constraints: { ...weightConstraints, multiLabel: optional(boolean), bins: optional(binCount) },
  *work(comparison, options) {
    const { bins = 10 } = options;
    const finite = yield* checkProbabilities(comparison);
    const counts = finite ? yield* binsOf(comparison, bins, areClasses(comparison.cols, options)) : [];
    const width = 1 / bins;
    const total = counts.reduce((sum, { weight }) => sum + weight, 0);
    const made = Array.from({ length: bins }, (_, i): CalibrationBin => {
      const { weight = Number.NaN, predicted = Number.NaN, observed = Number.NaN } = counts[i] ?? {};
      const to = i === bins - 1 ? 1 : (i + 1) * width;
      return { from: i * width, to, weight, predicted: predicted / weight, observed: observed / weight };
    });
    const filled = made.filter(({ weight }) => weight > 0);
    const gaps = filled.map(({ predicted, observed }) => Math.abs(observed - predicted));
    const sum = filled.reduce((all, { weight }, i) => all + weight * (gaps[i] as number), 0);
    return {
      bins: made,
      expectedError: sum / total,
      maximumError: gaps.length === 0 ? Number.NaN : Math.max(...gaps),
    };
  },
};

/**
 * Compares probabilities with what came true, in bins of equal width. With one column, each row's prediction is the
 * probability of yes: the bins that are not empty are those of scikit-learn's `calibration_curve`. With several
 * columns, it is the largest one, and comes true if the row is of that class (Guo et al. 2017). With `multiLabel`, each
 * column is a prediction.
 *
 * @returns NaN in every place when a number is not finite, and NaN as errors when all weights are zero
 * @throws like logLoss()
 */
export function calibration(
  yTrue: Labels,
  yPredicted: Predictions,
  options: CalibrationOptions = {},
): Calibration {
  return here(calibrationMeasure, yTrue, yPredicted, options);
}
