import { argumentError } from '../base/errors';
import { type FloatArray, Matrix } from '../base/matrix';
import type { RandomState } from '../random/random-state';
import type { Labels } from '../samples/labels';
import type { LabelledSamples } from '../samples/samples';
import { classCounts, classOf, meanOne } from '../samples/weights';

/** The number of rows to hold out for validation. Training and validation get at least one row each. */
export function validationRows(rows: number, share: number): number {
  if (rows < 2) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'validationSplit', 'left out for a single sample', share);
  }
  return Math.min(rows - 1, Math.max(1, Math.round(rows * share)));
}

/**
 * The rows in random order: first those for training, then `held` rows for validation. With `stratify`, the shares of
 * the classes are equal in both parts, to within one row.
 */
export function splitRows(
  labels: Labels,
  classes: number,
  held: number,
  stratify: boolean,
  random: RandomState,
): Uint32Array<SharedArrayBuffer> {
  const { rows } = labels;
  const order = new Uint32Array(new SharedArrayBuffer(4 * rows));
  order.set(random.permutation(rows));
  if (!stratify) return order;
  const quotas = shares(classCounts(labels, classes), held);
  const training: number[] = [];
  const validation: number[] = [];
  for (const row of order) {
    const label = classOf(labels, row);
    if ((quotas[label] as number) > 0) {
      quotas[label] = (quotas[label] as number) - 1;
      validation.push(row);
    } else {
      training.push(row);
    }
  }
  order.set(training);
  order.set(validation, training.length);
  return order;
}

// Divides `held` among the classes in proportion to their counts, by largest remainders.
function shares(counts: readonly number[], held: number): number[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const exact = counts.map((count) => (count * held) / rows);
  const quotas = exact.map(Math.floor);
  const byRemainder = exact
    .map((share, label) => ({ label, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.label - b.label);
  let left = held - quotas.reduce((sum, quota) => sum + quota, 0);
  for (const { label } of byRemainder) {
    if (left-- <= 0) break;
    quotas[label] = (quotas[label] as number) + 1;
  }
  return quotas;
}

/** A copy of some samples. Their weights are those of sampleWeight alone, scaled to a mean of 1. */
export function takeRows({ X, codes, Y, ownWeights }: LabelledSamples, rows: Uint32Array): LabelledSamples {
  const inputs = Matrix.zeros(rows.length, X.cols, X.dtype);
  const data =
    Y.data instanceof Int32Array
      ? new Int32Array(new SharedArrayBuffer(4 * rows.length * Y.cols))
      : Matrix.zeros(rows.length, Y.cols, X.dtype).data;
  const columns = codes === null ? 0 : codes.length / X.rows;
  const taken = codes && new Int32Array(new SharedArrayBuffer(4 * rows.length * columns));
  for (const [i, row] of rows.entries()) {
    inputs.data.set(X.data.subarray(row * X.cols, (row + 1) * X.cols), i * X.cols);
    if (codes !== null) taken?.set(codes.subarray(row * columns, (row + 1) * columns), i * columns);
    data.set(Y.data.subarray(row * Y.cols, (row + 1) * Y.cols), i * Y.cols);
  }
  const labels: Labels = { data, rows: rows.length, cols: Y.cols };
  const weights =
    ownWeights && meanOne("the held-out samples' sampleWeight", pick(ownWeights, rows), X.dtype);
  return { X: inputs, codes: taken, Y: labels, ...(weights && { weights }) };
}

/** The samples, with the weights of these rows scaled to a mean of 1. */
export function reweighted(samples: LabelledSamples, rows: Uint32Array): LabelledSamples {
  if (samples.weights === undefined) return samples;
  const taken = meanOne("the training samples' weights", pick(samples.weights, rows), samples.X.dtype);
  const weights = samples.weights.slice();
  for (const [i, row] of rows.entries()) weights[row] = taken[i] as number;
  return { ...samples, weights };
}

function pick(values: FloatArray, rows: Uint32Array): Float64Array {
  return Float64Array.from(rows, (row) => values[row] as number);
}
