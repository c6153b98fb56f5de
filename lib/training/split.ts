import { stratify as moveQuotas, takeRowsOf } from '../addon/rows';
import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { allocateShared, type LabelArray, Matrix } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import { drawOrders, type RandomState } from '../random/random-state';
import type { Labels } from '../samples/labels';
import type { LabelledSamples } from '../samples/samples';
import { classCounts, type PresentRows } from '../samples/weights';

/** The number of rows to hold out for validation. Training and validation get at least one row each. */
export function validationRows(rows: number, share: number): number {
  if (rows < 2) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'validationSplit', 'left out for a single sample', share);
  }
  return Math.min(rows - 1, Math.max(1, Math.round(rows * share)));
}

/**
 * - inOrder: the last rows are for validation, and all keep their order
 * - random: rows drawn at random
 * - stratified: rows drawn at random, with equal shares of the classes in both parts, to within one row
 */
export type SplitKind = 'inOrder' | 'random' | 'stratified';

/**
 * The rows in an order: first those for training, then `held` rows for validation, then those that are not present.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE if a stratified split would leave a class without a row for training
 */
export function* splitRows(
  labels: Labels,
  classes: number,
  held: number,
  kind: SplitKind,
  random: RandomState,
  present?: PresentRows,
): Work<Uint32Array<SharedArrayBuffer>> {
  if (present === undefined) return yield* splitAll(labels, classes, held, kind, random);
  // As if the other rows were not there.
  const { order, count } = present;
  const { rows, cols } = labels;
  const data = yield* take(labels.data, rows, cols, order.subarray(0, count));
  const places = yield* splitAll({ data, rows: count, cols }, classes, held, kind, random);
  const split = newSharedArray<Uint32Array<SharedArrayBuffer>>(Uint32Array, rows);
  split.set(order);
  yield* takeRowsOf(order, rows, 1, places, split.subarray(0, count));
  return split;
}

function* splitAll(
  labels: Labels,
  classes: number,
  held: number,
  kind: SplitKind,
  random: RandomState,
): Work<Uint32Array<SharedArrayBuffer>> {
  const { rows } = labels;
  const order = newSharedArray<Uint32Array<SharedArrayBuffer>>(Uint32Array, rows);
  if (kind === 'inOrder') {
    for (let row = 0; row < rows; row++) order[row] = row;
    return order;
  }
  yield* drawOrders(random, order, rows);
  if (kind === 'stratified') {
    yield* moveQuotas(labels, shares(yield* classCounts(labels, classes), held), order);
  }
  return order;
}

// Divides `held` among the classes in proportion to their counts, by largest remainders. Each class keeps a row.
function shares(counts: readonly number[], held: number): number[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const single = counts.indexOf(1);
  if (single !== -1) {
    const message =
      `Expected Y to have at least two rows of each class, since stratify puts classes into both parts, got one row of ` +
      `class ${single}`;
    throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
  }
  const present = counts.filter((count) => count > 0).length;
  if (held > rows - present) {
    const message =
      `Expected validationSplit to leave one row of each class, so at most ${rows - present} of ${rows} rows with ` +
      `${present} classes, got ${held} rows to hold out`;
    throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
  }
  const exact = counts.map((count) => (count * held) / rows);
  const quotas = exact.map(Math.floor);
  const byRemainder = exact
    .map((share, label) => ({ label, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.label - b.label);
  let left = held - quotas.reduce((sum, quota) => sum + quota, 0);
  // A second round, if classes that keep their last row have passed their turn on.
  while (left > 0) {
    for (const { label } of byRemainder) {
      const quota = quotas[label] as number;
      if (left === 0 || quota + 1 >= (counts[label] as number)) continue;
      quotas[label] = quota + 1;
      left--;
    }
  }
  return quotas;
}

/** A copy of some samples. Their weights are those of sampleWeight alone. */
export function* takeRows(
  { X, codes, Y, targets, ownWeights }: LabelledSamples,
  rows: Uint32Array,
): Work<LabelledSamples> {
  const { length } = rows;
  const inputs = new Matrix(yield* take(X.data, X.rows, X.cols, rows), length, X.cols);
  const columns = codes === null ? 0 : codes.length / X.rows;
  const taken = codes && (yield* take(codes, X.rows, columns, rows));
  const samples = {
    X: inputs,
    codes: taken,
    Y: yield* takeLabels(Y, rows),
    ...(targets && { targets: yield* takeLabels(targets, rows) }),
  };
  if (ownWeights === undefined) return samples;
  return { ...samples, weights: yield* take(ownWeights, X.rows, 1, rows) };
}

/** A copy of the labels of some rows. */
export function* takeLabels({ data, rows, cols }: Labels, index: Uint32Array): Work<Labels> {
  return { data: yield* take(data, rows, cols, index), rows: index.length, cols };
}

/** The rows of `index`, from an array (rows x cols), on a SharedArrayBuffer. */
export function* take<T extends LabelArray>(
  from: T,
  rows: number,
  cols: number,
  index: Uint32Array,
): Work<T> {
  const length = index.length * cols;
  const out =
    from instanceof Int32Array
      ? newSharedArray(Int32Array, length)
      : allocateShared(length, from instanceof Float64Array ? 'float64' : 'float32');
  yield* takeRowsOf(from, rows, cols, index, out as T);
  return out as T;
}
