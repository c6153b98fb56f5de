import { copyArrays } from '../addon/arrays';
import { takeRowsOf } from '../addon/rows';
import {
  type AsyncOptions,
  asyncConstraints,
  pinnedWork,
  readInSlices,
  type Work,
  workHere,
} from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { type FloatArray, Matrix, matrixOf } from '../base/matrix';
import { type MatrixInput, rowsInput } from '../base/matrix-input';
import { newArray } from '../base/memory';
import { checkBuffer } from '../base/pinning';
import { boolean, type Constraint, checkOptions, optional, seed } from '../base/validate';
import { drawOrders, RandomState } from '../random/random-state';
import type { Dataset } from './dataset';

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
}

export interface SplitAsyncOptions extends SplitOptions, AsyncOptions {}

/** The two parts of a data set. */
export interface Split<T extends FloatArray = FloatArray, U extends FloatArray = T> {
  readonly train: Dataset<T, U>;
  readonly test: Dataset<T, U>;
  /** For each row of `train`, its row in X and Y. */
  readonly trainIndex: Uint32Array;
  /** For each row of `test`, its row in X and Y. */
  readonly testIndex: Uint32Array;
}

type Rows = readonly (readonly number[])[];

/** The type of a copy of T, which has its own buffer. */
type Copy<T extends FloatArray> = T extends Float64Array ? Float64Array : Float32Array;

const testSizeConstraint: Constraint = {
  rule: 'a share of the rows between 0 and 1, or a positive whole number of them',
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => value > 0 && (value < 1 || Number.isSafeInteger(value)),
};

const constraints = {
  testSize: optional(testSizeConstraint),
  shuffle: optional(boolean),
  seed: optional(seed),
};
/**
 * Splits samples into a training set and a test set. Both are copies; number[][] becomes float64.
 * The rows and their order are those of scikit-learn's
 * `train_test_split(X, Y, test_size=..., shuffle=..., random_state=seed)`: the first rows of a permutation are the test
 * set, and the others the training set.
 *
 * @param X (m, any number of columns), m at least 2
 * @param Y (m, any number of columns)
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION, ERR_BLASNET_DETACHED
 * @throws RangeError ERR_BLASNET_SHAPE when X and Y have different numbers of rows, or fewer than 2;
 *   ERR_BLASNET_ARG_VALUE
 */
export function trainTestSplit<T extends FloatArray, U extends FloatArray>(
  X: Matrix<T>,
  Y: Matrix<U>,
  options?: SplitOptions,
): Split<Copy<T>, Copy<U>>;
export function trainTestSplit(X: Matrix | Rows, Y: Matrix | Rows, options?: SplitOptions): Split;
export function trainTestSplit(X: Matrix | Rows, Y: Matrix | Rows, options: SplitOptions = {}): Split {
  const [inputs, labels] = [toMatrix('X', X), toMatrix('Y', Y)];
  checkOptions('', options, constraints);
  return workHere(split(inputs, labels, testRowsOf(inputs.matrix, labels.matrix, options), options));
}

/**
 * Like `trainTestSplit`, but works on other threads. Arrays of rows are read on the calling thread, in slices of some
 * milliseconds. Until the promise settles, X and Y must keep their numbers, and their memory cannot be transferred.
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
export async function trainTestSplitAsync(
  X: Matrix | Rows,
  Y: Matrix | Rows,
  options: SplitAsyncOptions = {},
): Promise<Split> {
  const [inputs, labels] = [toMatrix('X', X), toMatrix('Y', Y)];
  checkOptions('', options, { ...constraints, ...asyncConstraints });
  const testRows = testRowsOf(inputs.matrix, labels.matrix, options);
  const arrays = [inputs.matrix.data, labels.matrix.data];
  return pinnedWork(split(inputs, labels, testRows, options), arrays, options);
}

/** The number of test rows. Throws for sizes that do not fit. */
function testRowsOf({ rows }: Matrix, labels: Matrix, { testSize = 0.25 }: SplitOptions): number {
  if (labels.rows !== rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected Y to have as many rows as X (${rows}), got ${labels.rows}`,
    );
  }
  if (rows < 2) throw blasnetError('ERR_BLASNET_SHAPE', `Expected X to have at least 2 rows, got ${rows}`);
  const testRows = testSize < 1 ? Math.ceil(testSize * rows) : testSize;
  if (testRows >= rows) {
    const rule = `small enough to leave one of ${rows} rows for training`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'testSize', rule, testSize);
  }
  return testRows;
}

function* split(
  inputs: MatrixInput,
  labels: MatrixInput,
  testRows: number,
  options: SplitOptions,
): Work<Split> {
  for (const { unread } of [inputs, labels]) if (unread !== undefined) yield* readInSlices(unread);
  const [X, Y] = [inputs.matrix, labels.matrix];
  const { rows } = X;
  const { shuffle = true } = options;
  // Without a shuffle, the random numbers do not matter.
  const random = new RandomState(shuffle ? options.seed : 0);
  const order = newArray(Uint32Array, rows);
  yield* drawOrders(random, order, rows, { count: shuffle ? rows : 0 });
  const testStart = shuffle ? 0 : rows - testRows;
  const testIndex = yield* copyOf(order.subarray(testStart, testStart + testRows));
  const trainIndex = yield* copyOf(shuffle ? order.subarray(testRows) : order.subarray(0, testStart));
  return {
    train: { X: yield* select(X, trainIndex), Y: yield* select(Y, trainIndex) },
    test: { X: yield* select(X, testIndex), Y: yield* select(Y, testIndex) },
    trainIndex,
    testIndex,
  };
}

// Each result has a buffer of its own, so that a transfer takes no other with it.
function* copyOf(order: Uint32Array): Work<Uint32Array> {
  const copy = newArray(Uint32Array, order.length);
  yield* copyArrays([order], [copy]);
  return copy;
}

function toMatrix(name: string, value: unknown): MatrixInput {
  if (Array.isArray(value)) return rowsInput(name, value, 'float64', name === 'Y' ? 'labels' : 'inputs');
  const matrix = matrixOf(name, value);
  if (matrix === undefined) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a Matrix or an array of rows', value);
  }
  checkBuffer(name, matrix.data);
  return { matrix };
}

function* select({ data, rows, cols, dtype }: Matrix, index: Uint32Array): Work<Matrix> {
  const out = Matrix.zeros(index.length, cols, dtype);
  yield* takeRowsOf(data, rows, cols, index, out.data);
  return out;
}
