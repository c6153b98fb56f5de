// The native classes for work that goes through rows.

import type { FloatArray, LabelArray, NumberArray } from '../base/matrix';
import type { Callback, NativeOperations } from './operations';

/** The columns to learn from, as native/engine/columns.h describes them. */
export interface ColumnsArguments {
  readonly X: FloatArray;
  readonly rows: number;
  /** The columns of X. */
  readonly width: number;
  /** The selected columns, ascending. */
  readonly columns: Uint32Array;
  /** Whether to leave NaN out. */
  readonly skipMissing: boolean;
}

/** Learns from the columns of a matrix; its outcome says which element is bad. All results have one entry a column. */
export interface NativeColumns extends NativeOperations {
  moments(
    given: ColumnsArguments & { means: Float64Array; variances: Float64Array; present: Float64Array },
    callback?: Callback,
  ): void;
  extremes(given: ColumnsArguments & { least: Float64Array; most: Float64Array }, callback?: Callback): void;
  /** quantiles (columns x percentiles): the percentiles, from 0 to 100. */
  quantiles(
    given: ColumnsArguments & { percentiles: Float64Array; quantiles: Float64Array },
    callback?: Callback,
  ): void;
  /** orders (columns x 5): present, median, the percentiles `low` and `high`, mode. */
  orders(
    given: ColumnsArguments & { low: number; high: number; orders: Float64Array },
    callback?: Callback,
  ): void;
  /**
   * The edges of the bins of a tree on the target, at most `bins` bins of at least `least` rows. edges (columns x (bins
   * + 1)), counts: how many edges each column has. The target is `classes` (rows), codes below `count`, or `targets`,
   * each (rows).
   */
  splits(
    given: ColumnsArguments & {
      classes: Int32Array | null;
      count: number;
      targets: readonly Float64Array[];
      bins: number;
      least: number;
      edges: Float64Array;
      counts: Float64Array;
    },
    callback?: Callback,
  ): void;
  /** Finds at most `most` categories, of all columns together. */
  categories(given: ColumnsArguments & { most: number; counts: Float64Array }, callback?: Callback): void;
  /** Copies the categories of the i-th selected column of the last operation. */
  copyCategories(i: number, out: Float64Array): void;
}

/** A fitted step of the library, as native/engine/pipeline.h describes it. */
export type NativeStep =
  | {
      readonly columns: Uint32Array;
      readonly center: Float64Array;
      readonly scale: Float64Array;
      readonly offset: number;
      readonly clip: Float64Array | null;
    }
  | { readonly columns: Uint32Array; readonly fill: Float64Array; readonly indicators: Uint32Array }
  | {
      readonly columns: Uint32Array;
      readonly categories: readonly Float64Array[];
      readonly refuseUnknown: boolean;
    };

/** Transforms rows by steps, in one pass; its outcome says which element is bad. */
export interface NativePipeline extends NativeOperations {
  transform(X: FloatArray, rows: number, out: FloatArray, callback?: Callback): void;
  inverse(X: FloatArray, rows: number, out: FloatArray, callback?: Callback): void;
}

/** Bulk draws of NumPy's legacy generator. A draw that is stopped leaves the state unchanged. */
export interface NativeGenerator extends NativeOperations {
  /**
   * Writes orders of the numbers 0 to size - 1, one after another, until `orders` is full. Each begins as a copy of
   * `from`, or ascending without it. Then its first `count` elements are shuffled.
   */
  orders(
    given: {
      /** (625) the words of the Mersenne Twister, and how many of them are used */
      readonly state: Uint32Array;
      readonly from: Uint32Array | null;
      readonly size: number;
      readonly count: number;
      readonly orders: Uint32Array;
    },
    callback?: Callback,
  ): void;
  /** Fills `out` with low + range * random(). */
  uniform(
    given: { readonly state: Uint32Array; low: number; range: number; out: FloatArray },
    callback?: Callback,
  ): void;
  /** Fills `out` with mean + deviation * randn(). Normals whose absolute value is above `limit` are left out. */
  normal(
    given: NormalState & {
      readonly mean: number;
      readonly deviation: number;
      /** At least 1. */
      readonly limit: number;
      readonly out: FloatArray;
    },
    callback?: Callback,
  ): void;
  /** Fills `out` with a matrix whose rows (or columns, if there are fewer) are orthogonal and of length `gain`. */
  orthogonal(
    given: NormalState & {
      readonly rows: number;
      readonly cols: number;
      readonly gain: number;
      /** (rows x cols) */
      readonly out: FloatArray;
    },
    callback?: Callback,
  ): void;
}

interface NormalState {
  readonly state: Uint32Array;
  /** (1) the second normal of a pair, until it is used; otherwise NaN */
  readonly spare: Float64Array;
}

/** Work with whole arrays. */
export interface NativeArrays extends NativeOperations {
  /** Sets all elements to one number. */
  fill(given: { readonly value: number; readonly out: FloatArray }, callback?: Callback): void;
  /**
   * Copies numbers into an array of another type. The outcome's `index` is the first number that an Int32Array does not
   * take as a class, an integer from 0 to 2^31 - 1; or the length.
   */
  convert(given: { readonly from: NumberArray; readonly out: LabelArray }, callback?: Callback): void;
  /** Writes each column of a matrix (rows x cols) to an array of its own (rows). */
  columns(
    given: {
      readonly from: NumberArray;
      readonly rows: number;
      readonly cols: number;
      readonly out: readonly Float64Array[];
    },
    callback?: Callback,
  ): void;
  /** Adds bytes to a hash. */
  hash(
    given: {
      /** (26) the state that beginHash made */
      readonly state: Uint32Array;
      readonly bytes: Uint8Array;
    },
    callback?: Callback,
  ): void;
  /** Copies the bytes of `from`, one array after another, to those of `to`, which has equally many. */
  copy(
    given: { readonly from: readonly AnyArray[]; readonly to: readonly AnyArray[] },
    callback?: Callback,
  ): void;
  /** The outcome's `index` is that of the first NaN or infinity, or the number of elements. */
  checkFinite(data: FloatArray, callback?: Callback): void;
  /** Makes the state of an empty SHA-256. */
  beginHash(state: Uint32Array): void;
  /** Writes the 32 bytes of the SHA-256. */
  endHash(state: Uint32Array, digest: Uint8Array): void;
}

/** Work with the rows of samples. `labels` are (rows x cols); an Int32Array has one class number per row. */
export interface NativeRows extends NativeOperations {
  /** Copies the rows of `index` from `from` (rows x cols) to `out`, which has its type. */
  take(
    given: {
      readonly from: LabelArray | Uint32Array | Int8Array;
      readonly rows: number;
      readonly cols: number;
      readonly index: Uint32Array;
      readonly out: LabelArray | Uint32Array | Int8Array;
    },
    callback?: Callback,
  ): void;
  /**
   * Counts the rows of each class, without those of weight 0. The outcome's `index` is the first such row without a class,
   * or `rows`.
   */
  countClasses(
    given: {
      readonly labels: LabelArray;
      readonly rows: number;
      readonly cols: number;
      /** (rows), or null: all 1 */
      readonly weights: FloatArray | null;
      readonly counts: Float64Array;
    },
    callback?: Callback,
  ): void;
  /** Moves the first quotas[c] rows of each class c, in the order of `order`, to its end. The others keep their order. */
  stratify(
    given: {
      readonly labels: LabelArray;
      readonly rows: number;
      readonly cols: number;
      readonly quotas: Float64Array;
      readonly order: Uint32Array;
    },
    callback?: Callback,
  ): void;
  /** The outcome's `index` is that of the first element that is no row or repeats another, or the number of elements. */
  checkOrder(order: Uint32Array, callback?: Callback): void;
  /** Writes `on` in the column of a row's class, `off` in the others. The last column is that of the last class. */
  encodeClasses(
    given: {
      /** (rows) class numbers */
      readonly numbers: Int32Array;
      readonly rows: number;
      readonly classes: number;
      /** The columns of `out`: as many as classes, or fewer. */
      readonly cols: number;
      readonly off: number;
      readonly on: number;
      /** (rows x cols) */
      readonly out: FloatArray;
    },
    callback?: Callback,
  ): void;
  /**
   * Writes the class numbers of rows of outputs: the columns of the largest; or, with a threshold, whether the only
   * output is above it. The outcome's `index` is the first output that is NaN, or rows * cols.
   */
  decideClasses(
    given: {
      readonly outputs: FloatArray;
      readonly rows: number;
      readonly cols: number;
      readonly threshold: number | null;
      readonly numbers: Int32Array;
    },
    callback?: Callback,
  ): void;
  /** The outcome's `index` is the first weight that is negative or not finite, or the length; `loss` is the sum. */
  checkWeights(weights: FloatArray, callback?: Callback): void;
  /** order (length of weights): first the rows whose weight is not 0; the outcome's `index` is their number. */
  listPresent(
    given: { readonly weights: FloatArray; readonly order: Uint32Array },
    callback?: Callback,
  ): void;
  /**
   * Multiplies the weights of rows by those of their classes. The outcome's `loss` is the sum of the products, `index` the
   * first row whose product is beyond the range of `out`, or the number of rows, and `hits` how many are not 0.
   */
  weigh(given: WeighArguments, callback?: Callback): void;
}

export interface WeighArguments {
  /** (rows), or null: all 1 */
  readonly weights: FloatArray | null;
  /** (rows x cols), or null: no weights of classes. A row of weight 0 may belong to no class. */
  readonly labels: LabelArray | null;
  readonly cols: number;
  /** (classes) */
  readonly ofClass: Float64Array | null;
  readonly rows: number;
  /** A factor of all products. */
  readonly scale: number;
  /** (rows) */
  readonly out: FloatArray;
}

/** The arguments of a comparison of labels with predictions: see native/binding/metrics.cc. */
export interface ComparisonArguments {
  /** The record `comparison`. */
  readonly numbers: Float64Array;
  /** (rows x cols); or, with `indices`, (rows) the column that is 1 while the others are 0 */
  readonly labels: NumberArray;
  /** (rows x cols) */
  readonly predictions: NumberArray;
  /** (rows) the samples' weights; null: all 1 */
  readonly weights: FloatArray | null;
  /** (cols) for sumDeviations only */
  readonly means: Float64Array | null;
  /** Written. */
  readonly results: Float64Array;
}

/** Compares labels with predictions. With a callback, an operation runs on another thread. */
export interface NativeMetrics extends NativeOperations {
  /** The outcome has the status labelOutside, and the index, if a number breaks the rule. */
  check(
    given: { readonly data: NumberArray; readonly rule: number; readonly classes: number },
    callback?: Callback,
  ): void;
  /** results (1 + values of a row): the sum of the weights, then the weighted sums of the values. */
  sumRows(given: ComparisonArguments, callback?: Callback): void;
  /** results (cols x deviation) */
  sumDeviations(given: ComparisonArguments, callback?: Callback): void;
  /** results (cols x count) */
  countDecisions(given: ComparisonArguments, callback?: Callback): void;
  /** results (classes x classes): the confusion matrix. */
  countConfusions(given: ComparisonArguments, callback?: Callback): void;
  /** results (k x bin) */
  countBins(given: ComparisonArguments, callback?: Callback): void;
  /** results (cols x ranking) */
  rankColumns(given: ComparisonArguments, callback?: Callback): void;
}

/** A typed array with elements of any type. */
export type AnyArray =
  | NumberArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array;
