import { encodeClasses } from '../addon/rows';
import { type AsyncOptions, pinnedWork, type Work, workHere } from '../addon/work';
import { Matrix, sharedZeros } from '../base/matrix';
import type { Comparison } from '../metrics/comparison';
import type { ResolvedMetric } from '../metrics/metric';
import type { Labels } from '../samples/labels';
import type { LabelledSamples } from '../samples/samples';
import { presentRows } from '../samples/weights';
import { take, takeLabels } from './split';

// Computes metrics of predictions, by name. Those of this library are native work. A metric of the user's own runs on
// the calling thread, between the native calls. Y is in the form that the loss takes, or with a targetScaler the targets
// as they came. Samples of weight 0 are left out.
function* measure(
  metrics: readonly ResolvedMetric[],
  samples: LabelledSamples,
  outputs: Matrix,
): Work<Record<string, number>> {
  const { Y, weights, predictions } = yield* withoutAbsent(samples, outputs);
  const values: Record<string, number> = {};
  for (const { name, work, compute } of metrics) {
    values[name] =
      work === undefined
        ? compute(yield* labelMatrix(Y, predictions), predictions, weights)
        : yield* work(comparisonOf(Y, predictions, weights));
  }
  return values;
}

/** Computes metrics on the calling thread. */
export function measureHere(
  metrics: readonly ResolvedMetric[],
  samples: LabelledSamples,
  predictions: Matrix,
  threads?: number,
): Record<string, number> {
  return workHere(measure(metrics, samples, predictions), threads);
}

/** Computes metrics without blocking the calling thread, apart from those of the user's own. */
export function measureElsewhere(
  metrics: readonly ResolvedMetric[],
  samples: LabelledSamples,
  predictions: Matrix,
  options: AsyncOptions,
): Promise<Record<string, number>> {
  const { Y, targets = Y, weights } = samples;
  const arrays = [targets.data, predictions.data, ...(weights === undefined ? [] : [weights])];
  return pinnedWork(measure(metrics, samples, predictions), arrays, options);
}

interface Measured {
  readonly Y: Labels;
  readonly weights: LabelledSamples['weights'];
  readonly predictions: Matrix;
}

function* withoutAbsent(
  { Y: learned, targets: Y = learned, weights }: LabelledSamples,
  predictions: Matrix,
): Work<Measured> {
  const present = yield* presentRows(weights);
  if (weights === undefined || present === undefined) return { Y, weights, predictions };
  const rows = present.order.subarray(0, present.count);
  const all = weights.length;
  const { cols } = predictions;
  return {
    Y: yield* takeLabels(Y, rows),
    weights: yield* take(weights, all, 1, rows),
    predictions: new Matrix(yield* take(predictions.data, all, cols, rows), rows.length, cols),
  };
}

function comparisonOf(
  { data: labels }: Labels,
  { data: predictions, rows, cols }: Matrix,
  weights: LabelledSamples['weights'],
): Comparison {
  return { rows, cols, labels, indices: labels instanceof Int32Array, predictions, weights: weights ?? null };
}

// A user's metric takes one row of labels for each sample, so class numbers become one-hot rows.
function* labelMatrix({ data, rows, cols }: Labels, { cols: outputs, dtype }: Matrix): Work<Matrix> {
  if (!(data instanceof Int32Array)) return new Matrix(data, rows, cols);
  const labels = sharedZeros(rows, outputs, dtype);
  const sizes = { rows, classes: outputs, cols: outputs };
  yield* encodeClasses({ numbers: data, ...sizes, off: 0, on: 1, out: labels.data });
  return labels;
}
