import { type AsyncOptions, type Work, workElsewhere, workHere } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { type Dtype, elementError, type LabelArray, Matrix } from '../base/matrix';
import { asMatrix, type MatrixLike } from '../base/matrix-input';
import { checkBuffer, pin } from '../base/pinning';
import { checkNames, checkObject } from '../base/validate';
import { type Architecture, embeddingsIn, inputDimOf } from '../layers/architecture';
import { unknownCode } from '../layers/embeddings';
import type { Preprocessing } from '../preprocessing';
import { trainingMatrix } from '../preprocessing/pipeline';
import { networkMatrix } from './network-matrix';

/**
 * Codes of categories, with one row per sample and one column per embedding. An Int32Array holds them row by row and is
 * read in place; arrays of rows are converted. A code is from 0 to categories - 1; -1 stands for an unknown category.
 */
export type CategoriesLike = Int32Array | readonly (readonly number[])[];

/** The samples of a network with embeddings. */
export interface MixedInputs {
  /** (samples x inputDim); leave it out if inputDim is 0 */
  readonly numbers?: MatrixLike;
  /** (samples x embeddings) */
  readonly categories: CategoriesLike;
}

/** The X of a network's methods: numbers, or numbers and categories if the network has embeddings. */
export type InputsLike = MatrixLike | MixedInputs;

/** The properties of a network that its inputs depend on. */
export interface InputKind {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly preprocessing: Preprocessing | undefined;
}

/** Inputs in the form that native code takes. */
export interface Inputs {
  /** (rows x inputDim) */
  readonly X: Matrix;
  /** (rows x embeddings); null without embeddings */
  readonly codes: Int32Array | null;
  /** Fills X, which is empty before: the preprocessing. */
  readonly pending?: Pending;
}

/** Work to be done before inputs are used, once. */
export interface Pending {
  readonly work: Work<void>;
  /** The arrays that it reads. They must stay in place. */
  readonly arrays: readonly LabelArray[];
}

/** Preprocessing that learns from the training data, before it transforms these and the validation data. */
export interface Learning {
  /** The columns of the training data. */
  columns?: number;
}

/**
 * Checks X and returns it as inputs of the network. It copies only plain arrays, and X with preprocessing.
 *
 * @param learning given in a training whose preprocessing has not learned: the first X is what it learns from
 */
export function networkInputs(kind: InputKind, X: InputsLike, learning?: Learning): Inputs {
  const { length } = embeddingsIn(kind.architecture);
  if (length === 0) {
    if (kind.preprocessing !== undefined) return preprocessed(kind, 'X', X as MatrixLike, null, learning);
    return { X: networkMatrix('X', X, inputDimOf(kind.architecture), inputDim, kind.dtype), codes: null };
  }
  const { numbers, categories } = mixed(X);
  const { codes, rows } = codesOf(categories, length);
  const columns = inputDimOf(kind.architecture);
  let inputs: Inputs;
  // Preprocessing always needs columns.
  if (kind.preprocessing !== undefined) {
    inputs = preprocessed(kind, 'X.numbers', numbers as MatrixLike, codes, learning);
  } else if (columns === 0) {
    return { X: noNumbers(numbers, rows, kind.dtype), codes };
  } else {
    inputs = { X: networkMatrix('X.numbers', numbers, columns, inputDim, kind.dtype), codes };
  }
  checkRows(inputs.X.rows, rows);
  return inputs;
}

/** Fills inputs whose preprocessing is pending, on the calling thread. */
export function fillHere({ pending }: Inputs): void {
  if (pending !== undefined) workHere(pending.work);
}

/** Fills inputs on threads of the addon. @throws AbortError */
export async function fillElsewhere(pending: Pending, options: AsyncOptions): Promise<void> {
  const unpin = pin(pending.arrays);
  try {
    await workElsewhere(pending.work, options);
  } finally {
    unpin();
  }
}

const inputDim = "the network's inputDim";

// X with its preprocessing pending. The columns stay as they came until then, arrays of numbers as doubles.
function preprocessed(
  { architecture, dtype, preprocessing: given }: InputKind,
  name: string,
  X: MatrixLike,
  codes: Int32Array | null,
  learning: Learning | undefined,
): Inputs {
  const preprocessing = given as Preprocessing;
  const columns = inputDimOf(architecture);
  const learns = learning !== undefined && learning.columns === undefined;
  const raw = learns
    ? inPart(name, () => trainingMatrix(X))
    : asMatrix(name, X, {
        dtype: 'float64',
        cols: learning?.columns ?? preprocessing.inputColumns,
        origin: "the network's preprocessing",
      });
  if (learns) learning.columns = raw.cols;
  else if (learning === undefined) checkColumns(preprocessing.outputColumns, columns);
  const out = Matrix.zeros(raw.rows, columns, dtype);
  const work = learns
    ? preprocessing.fitWork(raw, (outputColumns) => {
        checkColumns(outputColumns, columns);
        return out;
      })
    : preprocessing.transformWork(raw, out);
  return { X: out, codes, pending: { work: inPartOf(name, work), arrays: [raw.data] } };
}

function checkColumns(outputColumns: number, columns: number): void {
  if (outputColumns === columns) return;
  throw blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected the preprocessing to output ${columns} columns (the network's inputDim), got ${outputColumns}`,
  );
}

/** The error for the code at `index`. */
export function codeError(
  name: string,
  { codes }: Inputs,
  architecture: Architecture,
  index: number,
): BlasnetError {
  const embeddings = embeddingsIn(architecture);
  const { categories = 0 } = embeddings[index % embeddings.length] ?? {};
  const rule = `codes from 0 to ${categories - 1}, or ${unknownCode} for unknown categories, in this column`;
  return elementError(name, { data: codes as Int32Array, cols: embeddings.length }, index, rule);
}

function mixed(X: unknown): MixedInputs {
  const isObject = typeof X === 'object' && X !== null && !ArrayBuffer.isView(X) && !Array.isArray(X);
  if (!isObject || X instanceof Matrix) {
    const rule = '{ numbers, categories }, since the network has embeddings';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'X', rule, X);
  }
  checkObject('X', X);
  checkNames('X', X, ['numbers', 'categories']);
  return X as unknown as MixedInputs;
}

// X (rows, 0): the numbers are left out, or a matrix without columns, such as a predictor's input.
function noNumbers(numbers: unknown, rows: number, dtype: Dtype): Matrix {
  if (numbers === undefined) return Matrix.zeros(rows, 0, dtype);
  if (!(numbers instanceof Matrix && numbers.cols === 0)) {
    const rule = "left out, since the network's inputDim is 0";
    throw argumentError('ERR_BLASNET_SHAPE', 'X.numbers', rule, numbers);
  }
  checkRows(numbers.rows, rows);
  return numbers;
}

function checkRows(numbers: number, categories: number): void {
  if (numbers === categories) return;
  throw blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected X.categories to have as many rows as X.numbers (${numbers}), got ${categories}`,
  );
}

// Errors of preprocessing call a part of X just X. This adds the name of the part.
function* inPartOf(name: string, work: Work<void>): Work<void> {
  try {
    yield* work;
  } catch (error) {
    throw named(name, error);
  }
}

function inPart<T>(name: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw named(name, error);
  }
}

function named(name: string, error: unknown): unknown {
  if (name !== 'X' && error instanceof Error) error.message = `In ${name}: ${error.message}`;
  return error;
}

function codesOf(value: unknown, cols: number): { codes: Int32Array; rows: number } {
  const name = 'X.categories';
  if (value instanceof Int32Array) {
    checkBuffer(name, value);
    if (value.length % cols !== 0) {
      const rule = `of a length that is a multiple of ${cols} (the network's embeddings)`;
      throw argumentError('ERR_BLASNET_SHAPE', name, rule, value);
    }
    return { codes: value, rows: nonEmpty(value.length / cols) };
  }
  if (!Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'an Int32Array or an array of rows', value);
  }
  const codes = new Int32Array(new SharedArrayBuffer(4 * nonEmpty(value.length) * cols));
  for (let r = 0; r < value.length; r++) {
    const row: unknown = value[r];
    if (!Array.isArray(row))
      throw argumentError('ERR_BLASNET_ARG_TYPE', `${name}[${r}]`, 'an array of codes', row);
    if (row.length !== cols) {
      const rule = `of length ${cols} (the network's embeddings)`;
      throw argumentError('ERR_BLASNET_SHAPE', `${name}[${r}]`, rule, row);
    }
    for (let c = 0; c < cols; c++) codes[r * cols + c] = codeOf(`${name}[${r}][${c}]`, row[c]);
  }
  return { codes, rows: value.length };
}

// Native code checks a code against the number of categories of its column.
function codeOf(name: string, code: unknown): number {
  if (typeof code !== 'number') throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a number', code);
  if (!Number.isInteger(code) || code < unknownCode || code >= 2 ** 31) {
    const rule = `a code, an integer from ${unknownCode} to 2^31 - 1`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, code);
  }
  return code;
}

function nonEmpty(rows: number): number {
  if (rows > 0) return rows;
  throw blasnetError('ERR_BLASNET_SHAPE', 'Expected X.categories to have at least one row, got 0');
}
