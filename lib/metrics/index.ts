import { accuracy, f1, precision, recall, topKAccuracy } from './classification';
import { confusionMatrix } from './confusion';
import { brier, logLoss } from './probability';
import { prAuc, rocAuc } from './ranking';
import { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from './regression';

export type { TopKOptions } from './classification';
export type { Labels, Predictions, WeightOptions } from './comparison';
export type { AveragedOptions, DecisionOptions } from './confusion';
export {
  type Metric,
  type MetricFunction,
  type MetricName,
  type MetricOption,
  type MetricOptions,
  metric,
} from './metric';
export type { ProbabilityOptions } from './probability';

/**
 * Functions that compare predictions with labels: `metrics.f1(yTrue, yPredicted)`. Their results equal scikit-learn's.
 * For a metric in a training, see `metric`.
 */
export const metrics = Object.freeze({
  accuracy,
  topKAccuracy,
  precision,
  recall,
  f1,
  rocAuc,
  prAuc,
  confusionMatrix,
  logLoss,
  brier,
  meanSquaredError,
  rootMeanSquaredError,
  meanAbsoluteError,
  r2,
});
