// Native work with the rows of samples: copies of some rows, classes, weights. Results do not depend on the number of
// threads.

import { lengthOf } from '../base/intrinsics';
import type { FloatArray, LabelArray } from '../base/matrix';
import { type Callback, type NativeRows, native, type WeighArguments } from './binding';
import { newOutcome, readOutcome } from './outcome';
import { Idle, type Work } from './work';

/** Labels (rows x cols); an Int32Array holds one class number per row. */
export interface LabelRows {
  readonly data: LabelArray;
  readonly rows: number;
  readonly cols: number;
}

// Elements that an operation goes through within half a millisecond.
const briefElements = 2 ** 16;

interface Worker {
  readonly object: NativeRows;
  readonly outcome: Float64Array;
}

const workers = new Idle<Worker>(() => {
  const outcome = newOutcome();
  return { object: new native.Rows({ outcome }), outcome };
});

/** Copies rows of `from` (rows x cols) to `out` (index.length x cols), which has the type of `from`. */
export function* takeRowsOf<T extends LabelArray | Uint32Array | Int8Array>(
  from: T,
  rows: number,
  cols: number,
  index: Uint32Array,
  out: T,
): Work<void> {
  const given = { from, rows, cols, index, out };
  yield* run(index.length * cols, (object, callback) => object.take(given, callback));
}

/**
 * Counts the rows of each class; with weights, those whose weight is not 0. `bad` is the first such row without a class, or
 * the number of rows.
 */
export function* countClasses(
  { data, rows, cols }: LabelRows,
  classes: number,
  weights: FloatArray | null,
): Work<{ readonly counts: Float64Array; readonly bad: number }> {
  const counts = new Float64Array(classes);
  const given = { labels: data, rows, cols, weights, counts };
  const { index } = yield* run(rows * cols, (object, callback) => object.countClasses(given, callback));
  return { counts, bad: index };
}

/** Moves the first quotas[c] rows of each class c, as they come in `order`, to its end. The others keep their order. */
export function* stratify(
  { data, rows, cols }: LabelRows,
  quotas: readonly number[],
  order: Uint32Array,
): Work<void> {
  const given = { labels: data, rows, cols, quotas: Float64Array.from(quotas), order };
  yield* run(rows * cols, (object, callback) => object.stratify(given, callback));
}

/** The index of the first element that is no row or repeats another, or -1 if it is an order of all rows. */
export function* firstMisplaced(order: Uint32Array): Work<number> {
  const { index } = yield* run(order.length, (object, callback) => object.checkOrder(order, callback));
  return index === order.length ? -1 : index;
}

/** The labels of class numbers: see `NativeRows.encodeClasses`. */
export function* encodeClasses(given: Parameters<NativeRows['encodeClasses']>[0]): Work<void> {
  yield* run(given.rows * given.cols, (object, callback) => object.encodeClasses(given, callback));
}

/** Writes the class numbers of outputs. Returns the index of the first output that is NaN; undefined if none is. */
export function* decideClasses(given: Parameters<NativeRows['decideClasses']>[0]): Work<number | undefined> {
  const size = given.rows * given.cols;
  const { index } = yield* run(size, (object, callback) => object.decideClasses(given, callback));
  return index < size ? index : undefined;
}

/** The first weight that is negative or not finite, or the number of weights; and their sum, if there is none. */
export function* checkWeights(weights: FloatArray): Work<{ readonly bad: number; readonly sum: number }> {
  const { index, sum } = yield* run(lengthOf(weights), (object, callback) =>
    object.checkWeights(weights, callback),
  );
  return { bad: index, sum };
}

/** Lists all rows in `order`: first those whose weight is not 0, then the others. Returns the number of the first ones. */
export function* listPresent(weights: FloatArray, order: Uint32Array): Work<number> {
  const { index } = yield* run(weights.length, (object, callback) =>
    object.listPresent({ weights, order }, callback),
  );
  return index;
}

/** What `weigh` has found. */
export interface Weighed {
  /** The sum of the weights, without the scale. */
  readonly sum: number;
  /** The first row whose weight is beyond the range of the dtype, or the number of rows. */
  readonly bad: number;
  /** The number of rows whose weight is not 0. */
  readonly present: number;
}

/** Writes the weights of rows, as `WeighArguments` says. */
export function* weigh(given: Partial<WeighArguments> & Pick<WeighArguments, 'rows' | 'out'>): Work<Weighed> {
  const all = { weights: null, labels: null, cols: 1, ofClass: null, scale: 1, ...given };
  const { sum, index, hits } = yield* run(given.rows * all.cols, (object, callback) =>
    object.weigh(all, callback),
  );
  return { sum, bad: index, present: hits };
}

function* run(
  elements: number,
  start: (object: NativeRows, callback?: Callback) => void,
): Work<{ readonly index: number; readonly sum: number; readonly hits: number }> {
  const worker = workers.take();
  const { object, outcome } = worker;
  try {
    yield { object, start: (callback) => start(object, callback), brief: elements <= briefElements };
    const { index, loss: sum, hits } = readOutcome(outcome);
    return { index, sum, hits };
  } finally {
    workers.giveBack(worker);
  }
}
