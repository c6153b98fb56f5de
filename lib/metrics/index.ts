import { calibration, calibrationMeasure } from './calibration';
import {
  accuracy,
  accuracyMeasure,
  f1,
  f1Measure,
  precision,
  precisionMeasure,
  recall,
  recallMeasure,
  topKAccuracy,
  topKMeasure,
} from './classification';
import { confusionMatrix, confusionMeasure } from './confusion';
import { elsewhere } from './measure';
import { brier, brierMeasure, logLoss, logLossMeasure } from './probability';
import { prAuc, prAucMeasure, rocAuc, rocAucMeasure } from './ranking';
import {
  meanAbsoluteError,
  meanAbsoluteErrorMeasure,
  meanSquaredError,
  meanSquaredErrorMeasure,
  r2,
  r2Measure,
  rootMeanSquaredError,
  rootMeanSquaredErrorMeasure,
} from './regression';

export type { Calibration, CalibrationBin, CalibrationOptions } from './calibration';
export type { TopKOptions } from './classification';
export type { Labels, Predictions, WeightOptions } from './comparison';
export type { AveragedOptions, ConfusionOptions, DecisionOptions } from './confusion';
export type { AsyncMetric } from './measure';
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
 * The functions of `metrics` without blocking the calling thread: `await metrics.async.f1(yTrue, yPredicted)`. They also
 * take `signal`, `threads` and `priority`, and a bad argument rejects the promise. Do not write to the arrays until the promise has
 * settled. Arrays of numbers and arrays of rows are first read on the calling thread, in slices of some milliseconds.
 */
const asyncMetrics = Object.freeze({
  accuracy: elsewhere(accuracyMeasure),
  topKAccuracy: elsewhere(topKMeasure),
  precision: elsewhere(precisionMeasure),
  recall: elsewhere(recallMeasure),
  f1: elsewhere(f1Measure),
  rocAuc: elsewhere(rocAucMeasure),
  prAuc: elsewhere(prAucMeasure),
  confusionMatrix: elsewhere(confusionMeasure),
  logLoss: elsewhere(logLossMeasure),
  brier: elsewhere(brierMeasure),
  calibration: elsewhere(calibrationMeasure),
  meanSquaredError: elsewhere(meanSquaredErrorMeasure),
  rootMeanSquaredError: elsewhere(rootMeanSquaredErrorMeasure),
  meanAbsoluteError: elsewhere(meanAbsoluteErrorMeasure),
  r2: elsewhere(r2Measure),
});

/**
 * Functions that compare predictions with labels: `metrics.f1(yTrue, yPredicted)`. Their results equal scikit-learn's.
 * They block the calling thread; `metrics.async` has their asynchronous twins. For a metric in a training, see `metric`.
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
  calibration,
  meanSquaredError,
  rootMeanSquaredError,
  meanAbsoluteError,
  r2,
  async: asyncMetrics,
});
