import { Matrix } from '../base/matrix';
import type { Metric } from '../metrics';
import type { Labels } from '../samples/labels';
import type { LabelledSamples } from '../samples/samples';

/** Computes a metric of predictions. Y is in the form that the loss takes. */
export function measure(metric: Metric, { Y, weights }: LabelledSamples, predictions: Matrix): number {
  return metric.compute(labelMatrix(Y, predictions), predictions, weights);
}

// Metrics take one row of labels for each sample, so class numbers become one-hot rows.
function labelMatrix({ data, rows, cols }: Labels, { cols: outputs, dtype }: Matrix): Matrix {
  if (!(data instanceof Int32Array)) return new Matrix(data, rows, cols);
  const labels = Matrix.zeros(rows, outputs, dtype);
  for (let row = 0; row < rows; row++) labels.data[row * outputs + (data[row] as number)] = 1;
  return labels;
}
