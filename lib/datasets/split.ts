import {
  type AsyncOptions,
  asyncConstraints,
  pinnedWork,
  readInSlices,
  type Work,
  workHere,
} from '../addon/work';
import { argumentError } from '../base/errors';
import type { Role } from '../base/hints';
import type { FloatArray, Matrix, NumberArray } from '../base/matrix';
import { lengthOf } from '../base/number-kinds';
import { anything, boolean, checkOptions, optional, seed } from '../base/validate';
import { RandomState } from '../random/random-state';
import type { Dataset } from './dataset';
import {
  arraysOf,
  type Part,
  type PartOf,
  partOf,
  rowsOf,
  type SplitInputs,
  type SplitLabels,
  takePart,
  widthOf,
} from './parts';
import { type Indices, stratified } from './stratify';
import { plainIndices, testCountOf, testSizeConstraint } from './test-rows';

export interface SplitOptions {
  /**
   * The size of the test set. Below 1 it is a share of the rows, rounded up to a whole row; from 1 on it is a number of
   * rows. At least one row must remain for training. @default 0.25
   */
  readonly testSize?: number;
  /** Whether to draw the test rows at random; otherwise they are the last ones. @default true */
  readonly shuffle?: boolean;
  /** An integer from 0 to 2^32 - 1. @default a new one on every call, from the system's entropy */
  readonly seed?: number;
  /**
   * Gives every class the same share of both sets, as far as whole rows allow: `true` for the classes of Y, or other
   * labels, one for each row. Rows of several numbers are classes, too: equal rows are of one class. Every class needs two
   * rows. Not with `shuffle: false`. @default false
   */
  readonly stratify?: boolean | SplitLabels;
}

export interface SplitAsyncOptions extends SplitOptions, AsyncOptions {}

/** The two parts of a data set. */
export interface Split<T extends FloatArray = FloatArray, U extends FloatArray = T> extends SplitIndices {
  readonly train: Dataset<T, U>;
  readonly test: Dataset<T, U>;
}

interface SplitIndices {
  /** For each row of `train`, its row in X and Y. */
  readonly trainIndex: Uint32Array;
  /** For each row of `test`, its row in X and Y. */
  readonly testIndex: Uint32Array;
}

/** The two parts of data in any form that `fit` takes: each has the form of the data. Rows of numbers become a Matrix. */
export interface SplitOf<X, Y> extends SplitIndices {
  readonly train: { readonly X: PartOf<X>; readonly Y: PartOf<Y> };
  readonly test: { readonly X: PartOf<X>; readonly Y: PartOf<Y> };
}

type Rows = readonly (readonly number[])[];

/** The type of a copy of T, which has its own buffer. */
type Copy<T extends FloatArray> = T extends Float64Array ? Float64Array : Float32Array;

const constraints = {
  testSize: optional(testSizeConstraint),
  shuffle: optional(boolean),
  seed: optional(seed),
  stratify: anything,
};

/**
 * Splits samples into a training set and a test set. X and Y may have any form that `fit` takes, and Y may be left out.
 * Both sets are copies in the same form; rows of numbers become a Matrix in float64. The rows and their order are those
 * of scikit-learn's `train_test_split(X, Y, test_size=..., shuffle=..., stratify=..., random_state=seed)`: the first rows
 * of a permutation are the test set, and the others the training set.
 *
 * @param X (m, any number of columns), m at least 2. The rows of a typed array follow from Y
 * @param Y (m, any number of columns), or one value for each row
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION, ERR_BLASNET_DETACHED
 * @throws RangeError ERR_BLASNET_SHAPE when X and Y have different numbers of rows, or fewer than 2;
 *   ERR_BLASNET_ARG_VALUE, also for a class that has a single row, with `stratify`; ERR_BLASNET_NOT_FINITE
 */
export function trainTestSplit<T extends FloatArray, U extends FloatArray>(
  X: Matrix<T>,
  Y: Matrix<U>,
  options?: SplitOptions,
): Split<Copy<T>, Copy<U>>;
export function trainTestSplit(X: Matrix | Rows, Y: Matrix | Rows, options?: SplitOptions): Split;
export function trainTestSplit<X extends SplitInputs, Y extends SplitLabels | undefined = undefined>(
  X: X,
  Y?: Y,
  options?: SplitOptions,
): SplitOf<X, Y>;
export function trainTestSplit(X: unknown, Y?: unknown, options: SplitOptions = {}): unknown {
  checkOptions('', options, constraints);
  return workHere(split(new SplitData(X, Y, options), options));
}

/**
 * Like `trainTestSplit`, but works on other threads. Arrays of rows or names, and the classes of `stratify`, are read on
 * the calling thread, in slices of some milliseconds. Until the promise settles, X and Y must keep their contents, and
 * their memory cannot be transferred.
 *
 * @throws like trainTestSplit(); AbortError when the signal ends the split
 */
export function trainTestSplitAsync<T extends FloatArray, U extends FloatArray>(
  X: Matrix<T>,
  Y: Matrix<U>,
  options?: SplitAsyncOptions,
): Promise<Split<Copy<T>, Copy<U>>>;
export function trainTestSplitAsync(
  X: Matrix | Rows,
  Y: Matrix | Rows,
  options?: SplitAsyncOptions,
): Promise<Split>;
export function trainTestSplitAsync<X extends SplitInputs, Y extends SplitLabels | undefined = undefined>(
  X: X,
  Y?: Y,
  options?: SplitAsyncOptions,
): Promise<SplitOf<X, Y>>;
export async function trainTestSplitAsync(
  X: unknown,
  Y?: unknown,
  options: SplitAsyncOptions = {},
): Promise<unknown> {
  checkOptions('', options, { ...constraints, ...asyncConstraints });
  const data = new SplitData(X, Y, options);
  return pinnedWork(split(data, options), data.arrays, options);
}

/** The checked arguments of a split. */
export class SplitData {
  readonly rows: number;
  readonly testRows: number;
  readonly parts: readonly NamedPart[];
  /** What to stratify by, and its name. */
  readonly strata: NamedPart | undefined;
  readonly #form: 'samples' | 'mixed';

  constructor(X: unknown, Y: unknown, { testSize, shuffle = true, stratify = false }: SplitOptions) {
    const mixed = isMixed(X);
    this.#form = mixed ? 'mixed' : 'samples';
    const given: [string, unknown, Role][] = mixed
      ? [
          ['X.numbers', X.numbers, 'inputs'],
          ['X.categories', X.categories, 'inputs'],
        ]
      : [['X', X, 'inputs']];
    const inputs = given
      .filter(([name, value]) => name !== 'X.numbers' || value !== undefined)
      .map(([name, value, role]): NamedPart => [name, partOf(name, value, role)]);
    const labels: NamedPart[] = Y === undefined ? [] : [['Y', partOf('Y', Y, 'labels')]];
    this.parts = [...inputs, ...labels];
    const [rowsName, rows] = rowsIn(this.parts, labels);
    if (rows === undefined) {
      const rule = 'a Matrix or an array of rows, since nothing else says how many rows there are';
      throw argumentError('ERR_BLASNET_ARG_TYPE', rowsName, rule, X);
    }
    for (const [name, part] of this.parts) if (name !== rowsName) widthOf(name, part, rows, rowsName);
    this.rows = rows;
    this.testRows = testCountOf(rows, testSize, 'row', 'X');
    if (stratify === false) return;
    if (!shuffle)
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'stratify', 'left out without shuffle', stratify);
    if (stratify === true) {
      this.strata = labels[0];
      if (labels.length > 0) return;
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'stratify', 'the labels, since Y is left out', stratify);
    }
    this.strata = ['stratify', partOf('stratify', stratify, 'labels')];
    widthOf('stratify', this.strata[1], rows, 'X');
  }

  get arrays(): NumberArray[] {
    return this.#all.flatMap(([, part]) => arraysOf(part));
  }

  *read(): Work<void> {
    for (const [, part] of this.#all) {
      if (part.form === 'matrix' && part.unread !== undefined) yield* readInSlices(part.unread);
    }
  }

  /** Some rows of X and Y, in their form. */
  *take(index: Uint32Array): Work<{ X: unknown; Y?: unknown }> {
    const taken: Record<string, unknown> = {};
    for (const [name, part] of this.parts) taken[name] = yield* takePart(part, this.rows, index);
    if (this.#form === 'samples') return taken as { X: unknown };
    const { 'X.numbers': numbers, 'X.categories': categories, ...labels } = taken;
    return { X: numbers === undefined ? { categories } : { numbers, categories }, ...labels };
  }

  get #all(): readonly NamedPart[] {
    return this.strata?.[0] === 'stratify' ? [...this.parts, this.strata] : this.parts;
  }
}

type NamedPart = [name: string, part: Part];

function isMixed(X: unknown): X is { readonly numbers?: unknown; readonly categories: unknown } {
  return typeof X === 'object' && X !== null && 'categories' in X;
}

// The part that tells the number of rows. Among typed arrays alone, it is Y, with one number for each row.
function rowsIn(parts: readonly NamedPart[], labels: readonly NamedPart[]): [string, number | undefined] {
  for (const [name, part] of parts) {
    const rows = rowsOf(part);
    if (rows !== undefined) return [name, rows];
  }
  const [name, part] = labels[0] ?? (parts[0] as NamedPart);
  return [name, labels.length > 0 && part.form === 'typed' ? lengthOf(part.values) : undefined];
}

function* split(data: SplitData, options: SplitOptions): Work<unknown> {
  yield* data.read();
  const { trainIndex, testIndex } = yield* indicesOf(data, options);
  const train = yield* data.take(trainIndex);
  const test = yield* data.take(testIndex);
  return { train, test, trainIndex, testIndex };
}

/** The rows of both parts. */
export function* indicesOf({ rows, testRows, strata }: SplitData, options: SplitOptions): Work<Indices> {
  const { shuffle = true } = options;
  // Without a shuffle, the random numbers do not matter.
  const random = new RandomState(shuffle ? options.seed : 0);
  if (strata !== undefined) return yield* stratified(...strata, rows, testRows, random);
  return yield* plainIndices(rows, testRows, shuffle, random);
}
