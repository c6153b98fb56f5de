import { inOrder, readInSlices, type Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { rowHint, tableHint } from '../base/hints';
import { elementError, type Matrix, matrixOf, numberError, sharedZeros } from '../base/matrix';
import { type MatrixInput, type MatrixLike, matrixInput } from '../base/matrix-input';
import { newSharedArray } from '../base/memory';
import {
  type Dtype,
  isInt32,
  isTypedNumbers,
  lengthOf,
  type NumbersLike,
  type TypedNumbers,
} from '../base/number-kinds';
import { checkBuffer } from '../base/pinning';
import { type Reading, unlessShort } from '../base/reading';
import { checkNames, checkObject } from '../base/validate';
import { type Architecture, embeddingsIn, inputDimOf } from '../layers/architecture';
import { unknownCode } from '../layers/embeddings';
import type { Preprocessing } from '../preprocessing';
import { trainingInput } from '../preprocessing/matrices';
import { keepColumns } from '../preprocessing/step';
import { networkMatrix } from './network-matrix';
import { joined, type Pending } from './pending';

/**
 * Codes of categories, with one row per sample and one column per embedding. An Int32Array holds them row by row and is
 * read in place; another typed array, a Matrix, or rows are converted. A code is from 0 to categories - 1; -1 stands for an unknown category.
 */
export type CategoriesLike = Matrix | TypedNumbers | readonly NumbersLike[];

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
  /** Whether inputDim is not known yet; that of `architecture` is then only a stand-in. */
  readonly undecided?: boolean;
}

/** Inputs in the form that native code takes. */
export interface Inputs {
  /** (rows x inputDim) */
  readonly X: Matrix;
  /** (rows x embeddings); null without embeddings */
  readonly codes: Int32Array | null;
  /** Fills X and the codes, which are empty before: reads many plain arrays, and preprocesses. */
  readonly pending?: Pending;
  /** If inputDim is not known: X has no columns, and the pending work puts the inputs here. */
  readonly late?: { X?: Matrix };
}

/** Preprocessing that learns from the training data, before it transforms these and the validation data. */
export interface Learning {
  /** The columns of the training data. */
  columns?: number;
  /**
   * Says from which rows it learns, in this order: those that train; undefined if these are all. Labels and weights are
   * there by then.
   */
  trainedRows?: () => Work<Uint32Array | undefined>;
  /** Makes the network's parameters, when inputDim is known. */
  build?: (inputDim: number) => Work<void>;
}

/**
 * Checks X and returns it as inputs of the network. It copies only plain arrays, and X with preprocessing. Many plain
 * arrays are still to be read.
 *
 * @param learning given in a training whose preprocessing has not learned: the first X is what it learns from
 */
export function networkInputs(kind: InputKind, X: InputsLike, learning?: Learning): Inputs {
  const { length } = embeddingsIn(kind.architecture);
  if (length === 0) {
    if (kind.preprocessing !== undefined) return preprocessed(kind, 'X', X as MatrixLike, null, learning);
    return matrixInputs(networkMatrix('X', X, inputDimOf(kind.architecture), inputDim, kind.dtype));
  }
  const { numbers, categories } = mixed(X);
  const { codes, rows, unread } = codesOf(categories, length);
  const columns = inputDimOf(kind.architecture);
  let inputs: Inputs;
  // Preprocessing always needs columns.
  if (kind.preprocessing !== undefined) {
    inputs = preprocessed(kind, 'X.numbers', numbers as MatrixLike, codes, learning);
  } else if (columns === 0) {
    inputs = { X: noNumbers(numbers, rows, kind.dtype), codes };
  } else {
    inputs = matrixInputs(networkMatrix('X.numbers', numbers, columns, inputDim, kind.dtype), codes);
  }
  checkRows(inputs.X.rows, rows);
  return unread === undefined ? inputs : { ...inputs, ...joined([toBeRead(unread), inputs.pending]) };
}

const inputDim = "the network's inputDim";

function matrixInputs({ matrix, unread }: MatrixInput, codes: Int32Array | null = null): Inputs {
  return unread === undefined ? { X: matrix, codes } : { X: matrix, codes, pending: toBeRead(unread) };
}

function toBeRead(unread: Reading): Pending {
  return { work: readInSlices(unread), arrays: [] };
}

// X with its preprocessing pending. The columns stay as they came until then, arrays of numbers as doubles.
function preprocessed(
  { architecture, dtype, preprocessing: given, undecided = false }: InputKind,
  name: string,
  X: MatrixLike,
  codes: Int32Array | null,
  learning: Learning | undefined,
): Inputs {
  const preprocessing = given as Preprocessing;
  const columns = inputDimOf(architecture);
  const learns = learning !== undefined && learning.columns === undefined;
  const columnsAreKnown = !undecided && keepColumns(preprocessing.steps);
  if (learning === undefined && !preprocessing.fitted) {
    const rule =
      'fitted before the network is used: call fit. The network has a copy of its own, net.preprocessing';
    throw blasnetError('ERR_BLASNET_NOT_FITTED', `Expected preprocessing to be ${rule}`);
  }
  const { matrix: raw, unread } = learns
    ? inPart(name, () => trainingInput(X, columnsAreKnown ? columns : undefined))
    : matrixInput(name, X, {
        dtype: 'float64',
        role: 'inputs',
        cols: learning?.columns ?? preprocessing.inputColumns,
        origin: "the network's preprocessing",
      });
  if (learns) learning.columns = raw.cols;
  else if (learning === undefined) checkColumns(preprocessing.outputColumns, columns);
  const late: { X?: Matrix } | undefined = undecided ? {} : undefined;
  const out = sharedZeros(raw.rows, undecided ? 0 : columns, dtype);
  const outOf: MakeOut = (outputColumns) => {
    if (late !== undefined) {
      late.X = sharedZeros(raw.rows, outputColumns, dtype);
      return late.X;
    }
    checkColumns(outputColumns, columns);
    return out;
  };
  const reading = unread === undefined ? [] : [readInSlices(unread)];
  // trainingInput() calls the part X.
  const read = learns ? reading.map((work) => inPartOf(name, work)) : reading;
  const work = learns
    ? learningWork(name, preprocessing, raw, outOf, learning)
    : inPartOf(name, transformed(preprocessing, raw, outOf));
  const pending = inOrder([...read, work]);
  return { X: out, codes, pending: { work: pending, arrays: [raw.data] }, ...(late && { late }) };
}

/** The matrix for inputs of this number of columns. Throws if the network does not take so many. */
type MakeOut = (columns: number) => Matrix;

function* transformed(preprocessing: Preprocessing, X: Matrix, outOf: MakeOut): Work<void> {
  yield* preprocessing.transformWork(X, outOf(preprocessing.outputColumns));
}

// Learns from X, or from its rows that train, and transforms all of it.
function* learningWork(
  name: string,
  preprocessing: Preprocessing,
  X: Matrix,
  outOf: MakeOut,
  learning: Learning,
): Work<void> {
  const rows = learning.trainedRows && (yield* learning.trainedRows());
  if (rows === undefined) {
    yield* inPartOf(name, preprocessing.fitWork(X, outOf));
    if (learning.build !== undefined) yield* learning.build(preprocessing.outputColumns);
    return;
  }
  yield* inPartOf(name, preprocessing.fitRowsWork(X, rows));
  const out = outOf(preprocessing.outputColumns);
  if (learning.build !== undefined) yield* learning.build(out.cols);
  // The rows that it learned from are fit to be transformed.
  yield* after('In the rows that do not train', inPartOf(name, preprocessing.transformWork(X, out)));
}

/** Throws unless the preprocessing gives as many columns as the network takes. @throws RangeError ERR_BLASNET_SHAPE */
export function checkColumns(outputColumns: number, columns: number): void {
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
  if (!isObject || matrixOf('X', X) !== undefined) {
    const rule = '{ numbers, categories }, since the network has embeddings';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'X', rule, X);
  }
  checkObject('X', X);
  checkNames('X', X, ['numbers', 'categories']);
  return X as unknown as MixedInputs;
}

// X (rows, 0): the numbers are left out, or a matrix without columns, such as a predictor's input.
function noNumbers(numbers: unknown, rows: number, dtype: Dtype): Matrix {
  if (numbers === undefined) return sharedZeros(rows, 0, dtype);
  const matrix = matrixOf('X.numbers', numbers);
  if (matrix?.cols !== 0) {
    const rule = "left out, since the network's inputDim is 0";
    throw argumentError('ERR_BLASNET_SHAPE', 'X.numbers', rule, numbers);
  }
  checkRows(matrix.rows, rows);
  return matrix;
}

function checkRows(numbers: number, categories: number): void {
  if (numbers === categories) return;
  throw blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected X.categories to have as many rows as X.numbers (${numbers}), got ${categories}`,
  );
}

// Errors of preprocessing call a part of X just X. This adds the name of the part.
function inPartOf(name: string, work: Work<void>): Work<void> {
  return name === 'X' ? work : after(`In ${name}`, work);
}

// Puts words before the messages of errors.
function* after(words: string, work: Work<void>): Work<void> {
  try {
    yield* work;
  } catch (error) {
    throw prefixed(words, error);
  }
}

function inPart<T>(name: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw name === 'X' ? error : prefixed(`In ${name}`, error);
  }
}

function prefixed(words: string, error: unknown): unknown {
  if (error instanceof Error) error.message = `${words}: ${error.message}`;
  return error;
}

interface Codes {
  readonly codes: Int32Array;
  readonly rows: number;
  readonly unread?: Reading | undefined;
}

function codesOf(value: unknown, cols: number): Codes {
  const name = 'X.categories';
  const matrix = matrixOf(name, value);
  if (matrix !== undefined) {
    if (matrix.cols === cols) return flatCodes(name, matrix.data, cols);
    throw argumentError('ERR_BLASNET_SHAPE', name, `of ${cols} columns (the network's embeddings)`, value);
  }
  if (isTypedNumbers(value)) return flatCodes(name, value, cols);
  if (!Array.isArray(value)) {
    const rule = 'a Matrix, a typed array of codes or an array of rows';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value, tableHint(value));
  }
  const rows: readonly unknown[] = value;
  const codes = newSharedArray(Int32Array, nonEmpty(rows.length) * cols);
  const read = (from: number, to: number) => {
    for (let r = from; r < to; r++) {
      const row = rows[r] as readonly unknown[];
      if (!isRow(row) || row.length !== cols) throw codesError(`${name}[${r}]`, rows, row, cols);
      for (let c = 0; c < cols; c++) {
        const code: unknown = row[c];
        if (!isCode(code)) throw codeTypeError(`${name}[${r}][${c}]`, code);
        codes[r * cols + c] = code;
      }
    }
  };
  const reading = { length: rows.length, width: cols, read };
  return { codes, rows: rows.length, unread: unlessShort(reading) };
}

function flatCodes(name: string, values: TypedNumbers, cols: number): Codes {
  checkBuffer(name, values);
  const length = lengthOf(values);
  if (length % cols !== 0) {
    const rule = `of a length that is a multiple of ${cols} (the network's embeddings)`;
    throw argumentError('ERR_BLASNET_SHAPE', name, rule, values);
  }
  const rows = nonEmpty(length / cols);
  if (isInt32(values)) return { codes: values, rows };
  const codes = newSharedArray(Int32Array, length);
  const read = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const code = values[i];
      if (!isCode(code)) throw codeTypeError(`${name}[${i}]`, code);
      codes[i] = code;
    }
  };
  return { codes, rows, unread: unlessShort({ length, width: 1, read }) };
}

function isRow(value: unknown): boolean {
  return Array.isArray(value) || isTypedNumbers(value);
}

function codesError(name: string, rows: readonly unknown[], row: unknown, cols: number): BlasnetError {
  if (!isRow(row)) {
    const hint = rowHint(rows, row, 'codes');
    return argumentError('ERR_BLASNET_ARG_TYPE', name, 'an array of codes', row, hint);
  }
  return argumentError('ERR_BLASNET_SHAPE', name, `of length ${cols} (the network's embeddings)`, row);
}

// Native code checks a code against the number of categories of its column.
function isCode(code: unknown): code is number {
  return Number.isInteger(code) && (code as number) >= unknownCode && (code as number) < 2 ** 31;
}

function codeTypeError(name: string, code: unknown): BlasnetError {
  if (typeof code !== 'number') return numberError(name, code, 'codes');
  const rule = `a code, an integer from ${unknownCode} to 2^31 - 1`;
  return argumentError('ERR_BLASNET_ARG_VALUE', name, rule, code);
}

function nonEmpty(rows: number): number {
  if (rows > 0) return rows;
  throw blasnetError('ERR_BLASNET_SHAPE', 'Expected X.categories to have at least one row, got 0');
}
