import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { type Dtype, elementError, Matrix } from '../base/matrix';
import type { MatrixLike } from '../base/matrix-input';
import { checkBuffer } from '../base/pinning';
import { checkNames, checkObject } from '../base/validate';
import { type Architecture, embeddingsIn, inputDimOf } from '../layers/architecture';
import { unknownCode } from '../layers/embeddings';
import type { Preprocessing } from '../preprocessing';
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
}

/** Checks X and returns it as inputs of the network. It copies only plain arrays, and X with preprocessing. */
export function networkInputs(kind: InputKind, X: InputsLike): Inputs {
  const { length } = embeddingsIn(kind.architecture);
  if (length === 0) return { X: numberInputs(kind, 'X', X as MatrixLike), codes: null };
  const { numbers, categories } = mixed(X);
  const { codes, rows } = codesOf(categories, length);
  // Preprocessing always needs columns.
  if (inputDimOf(kind.architecture) === 0 && kind.preprocessing === undefined) {
    return { X: noNumbers(numbers, rows, kind.dtype), codes };
  }
  const matrix = numberInputs(kind, 'X.numbers', numbers as MatrixLike);
  checkRows(matrix.rows, rows);
  return { X: matrix, codes };
}

/** Lets the preprocessing learn from the numbers of X. */
export function learnInputs({ architecture }: InputKind, preprocessing: Preprocessing, X: InputsLike): void {
  if (embeddingsIn(architecture).length === 0) preprocessing.fit(X as Matrix);
  else {
    const { numbers } = mixed(X);
    inPart('X.numbers', () => preprocessing.fit(numbers as Matrix));
  }
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

// Errors from `work` call a part of X just X. This adds the name of the part.
function inPart<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error) error.message = `In ${name}: ${error.message}`;
    throw error;
  }
}

function numberInputs(
  { architecture, dtype, preprocessing }: InputKind,
  name: string,
  X: MatrixLike,
): Matrix {
  const inputDim = inputDimOf(architecture);
  if (preprocessing === undefined) return networkMatrix(name, X, inputDim, "the network's inputDim", dtype);
  const raw = networkMatrix(name, X, preprocessing.inputColumns, "the network's preprocessing", dtype);
  if (preprocessing.outputColumns !== inputDim) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected the preprocessing to output ${inputDim} columns (the network's inputDim), got ${preprocessing.outputColumns}`,
    );
  }
  const transform = () => preprocessing.transform(raw);
  return name === 'X' ? transform() : inPart(name, transform);
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
