// What the steps learn from the columns of X, by native code: native/engine/columns.h says how.

import { type ColumnsArguments, type NativeCall, type NativeColumns, native } from '../addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../addon/outcome';
import { Idle, type Work } from '../addon/work';
import { allocateShared } from '../base/matrix';
import { newArray } from '../base/memory';
import { type LearnedMatrix, notFinite } from './step';

// Elements that an operation goes through within a millisecond.
const briefElements = 2 ** 13;

interface Learner {
  readonly native: NativeColumns;
  readonly outcome: Float64Array;
}

const learners = new Idle<Learner>(() => {
  const outcome = newOutcome();
  return { native: new native.Columns(outcome), outcome };
});

/** The columns of X to learn from. */
export interface LearnedColumns extends LearnedMatrix {
  /** Their numbers, ascending. */
  readonly columns: readonly number[];
  /** Whether NaN is left out; otherwise it is refused, like infinities. */
  readonly skipMissing: boolean;
}

/** Arrays with one entry for each column. */
export interface Moments {
  readonly means: Float64Array;
  /** The variances over the number of elements. */
  readonly variances: Float64Array;
  /** How many elements are there. */
  readonly present: Float64Array;
}

/** @throws RangeError ERR_BLASNET_NOT_FINITE */
export function* learnMoments(from: LearnedColumns): Work<Moments> {
  const numbers = () => allocateShared(from.columns.length, 'float64');
  const moments = { means: numbers(), variances: numbers(), present: numbers() };
  yield* learn(from, (columns, given) => (callback) => columns.moments({ ...given, ...moments }, callback));
  return moments;
}

/** The least and the largest number of each column. @throws like learnMoments() */
export function* learnExtremes(from: LearnedColumns): Work<{ least: Float64Array; most: Float64Array }> {
  const { length } = from.columns;
  const extremes = { least: allocateShared(length, 'float64'), most: allocateShared(length, 'float64') };
  yield* learn(from, (columns, given) => (callback) => columns.extremes({ ...given, ...extremes }, callback));
  return extremes;
}

/** The numbers that sorting a column tells; NaN for a column without elements. */
export interface Order {
  readonly present: number;
  readonly median: number;
  /** The two percentiles, linear between neighbours. */
  readonly low: number;
  readonly high: number;
  /** The most frequent element, of equally frequent ones the smallest. */
  readonly mode: number;
}

/** @param percentiles from 0 to 100 @throws like learnMoments() */
export function* learnOrders(
  from: LearnedColumns,
  [low, high]: readonly [number, number] = [25, 75],
): Work<Order[]> {
  const fields = 5;
  const orders = allocateShared(fields * from.columns.length, 'float64');
  yield* learn(
    from,
    (columns, given) => (callback) => columns.orders({ ...given, low, high, orders }, callback),
  );
  return from.columns.map((_, i) => {
    const [present, median, lower, higher, mode] = orders.subarray(fields * i, fields * (i + 1));
    return { present, median, low: lower, high: higher, mode } as Order;
  });
}

/** The percentiles of one column, linear between neighbours; NaN for a column without elements. @throws like learnMoments() */
export function* learnQuantiles(from: LearnedColumns, percentiles: readonly number[]): Work<Float64Array> {
  const given = { percentiles: Float64Array.from(percentiles) };
  const quantiles = allocateShared(percentiles.length * from.columns.length, 'float64');
  yield* learn(
    from,
    (columns, of) => (callback) => columns.quantiles({ ...of, ...given, quantiles }, callback),
  );
  return quantiles;
}

/** What a tree predicts: the class of each row, or numbers. */
export type SplitTarget =
  /** The codes of the classes, from 0 to count - 1. Rows with another code, such as -1, are left out. */
  | { readonly classes: Int32Array; readonly count: number }
  /** The numbers of each target. Rows with a number that is not finite are left out. */
  | { readonly values: readonly Float64Array[] };

/**
 * The edges of the bins that a decision tree of one column on the target has, ascending: at most `bins` bins, each of at
 * least `least` rows. None without rows, one if all numbers are equal. The tree grows best first, by Gini's impurity or
 * by the squared error, in which each target counts equally.
 *
 * @throws like learnMoments()
 */
export function* learnSplits(
  from: LearnedColumns,
  target: SplitTarget,
  { bins, least }: { readonly bins: number; readonly least: number },
): Work<Float64Array> {
  const edges = allocateShared(bins + 1, 'float64');
  const counts = allocateShared(1, 'float64');
  const told =
    'classes' in target ? { ...target, targets: [] } : { classes: null, count: 0, targets: target.values };
  yield* learn(
    from,
    (columns, of) => (callback) => columns.splits({ ...of, ...told, bins, least, edges, counts }, callback),
  );
  return edges.slice(0, counts[0]);
}

/** The distinct numbers of each column, ascending; undefined if they are more than `most`, then the number of all. */
export function* learnCategories(
  from: LearnedColumns,
  most: number,
): Work<{ readonly count: number; readonly categories: number[][] | undefined }> {
  const counts = allocateShared(from.columns.length, 'float64');
  let categories: number[][] | undefined;
  let count = 0;
  yield* learn(
    from,
    (columns, given) => (callback) => columns.categories({ ...given, most, counts }, callback),
    (columns) => {
      count = counts.reduce((sum, one) => sum + one, 0);
      if (count > most) return;
      categories = Array.from(counts, (size, i) => {
        const known = newArray(Float64Array, size);
        columns.copyCategories(i, known);
        return [...known];
      });
    },
  );
  return { count, categories };
}

function* learn(
  { name, X, rows, columns, skipMissing }: LearnedColumns,
  start: (columns: NativeColumns, given: ColumnsArguments) => NativeCall['start'],
  finish?: (columns: NativeColumns) => void,
): Work<void> {
  const learner = learners.take();
  try {
    const given = {
      X: X.data,
      rows: X.rows,
      width: X.cols,
      columns: Uint32Array.from(columns), // native code copies it
      skipMissing,
    };
    const brief = X.rows * columns.length <= briefElements;
    yield { object: learner.native, start: start(learner.native, given), brief };
    const { status, index } = readOutcome(learner.outcome);
    if (status === statusCodes.inputNotFinite) {
      const row = Math.floor(index / X.cols);
      throw notFinite(name, X.data[index] as number, rows?.[row] ?? row, index % X.cols);
    }
    finish?.(learner.native);
  } finally {
    learners.giveBack(learner);
  }
}
