// Checks the matrices that users pass and turns them into a Matrix, without a copy if possible.

import { argumentError, blasnetError } from './errors';
import { type Role, tableHint } from './hints';
import { bufferOf } from './intrinsics';
import { allocateShared, Matrix, matrixOf, overlap, rowsReading, typedReading } from './matrix';
import {
  type Dtype,
  dtypeOf,
  type FloatArray,
  isFloatArray,
  isTypedNumbers,
  type LabelArray,
  lengthOf,
  type NumbersLike,
  type TypedNumbers,
} from './number-kinds';
import { checkBuffer } from './pinning';
import { type Reading, readNow, unlessShort } from './reading';

/**
 * Samples, one per row: a Matrix, a typed array (its length gives the number of rows), or rows, each an array or a typed
 * array of numbers. A Matrix or a typed array of the network's dtype is read in place. All else is converted on every
 * call.
 */
export type MatrixLike = Matrix | TypedNumbers | readonly NumbersLike[];

/** The rule for a matrix that a user passes. */
export interface MatrixRule {
  /** The dtype that all is converted to, except what holds floats already. @default 'float64' */
  readonly dtype?: Dtype;
  /** The number of columns. Without it, any number is allowed, and a bare typed array is refused. */
  readonly cols?: number;
  /** The origin of `cols`, for the errors: `the network's inputDim`. */
  readonly origin?: string;
  /** The largest number of columns if `cols` is not given. */
  readonly mostCols?: number;
  /** What the values are for: errors say what to write. @default 'numbers' */
  readonly role?: Role;
  /** Why `cols` is not given, for the error about a bare typed array. */
  readonly noCols?: string;
}

/** A checked matrix. If it stands for many numbers that are converted, it is empty until these are read. */
export interface MatrixInput {
  readonly matrix: Matrix;
  readonly unread?: Reading | undefined;
}

/** @param name the argument's name, for the errors */
export function asMatrix(name: string, value: unknown, rule: MatrixRule = {}): Matrix {
  const { matrix, unread } = matrixInput(name, value, rule);
  readNow(unread);
  return matrix;
}

/** Like `asMatrix`, but leaves many numbers to be read later. */
export function matrixInput(name: string, value: unknown, rule: MatrixRule = {}): MatrixInput {
  const given = matrixOf(name, value);
  const input = given === undefined ? fromLoose(name, value, rule) : { matrix: given };
  checkMatrix(name, input.matrix, rule);
  return input;
}

/** Throws for a matrix that native code must not touch, or that breaks the rule. */
export function checkMatrix(name: string, matrix: Matrix, rule: MatrixRule): void {
  checkBuffer(name, matrix.data);
  if (matrix.rows === 0) {
    throw blasnetError('ERR_BLASNET_SHAPE', `Expected ${name} to have at least one row, got 0`);
  }
  const { cols, origin, mostCols = Number.POSITIVE_INFINITY } = rule;
  if (cols === undefined ? matrix.cols < 1 || matrix.cols > mostCols : matrix.cols !== cols) {
    const needed =
      cols === undefined ? `from 1 to ${mostCols} columns` : withOrigin(`${cols} columns`, origin);
    throw blasnetError('ERR_BLASNET_SHAPE', `Expected ${name} to have ${needed}, got ${matrix.cols}`);
  }
}

/** A matrix for rows of any lengths that are equal; many of them are read later. */
export function rowsInput(name: string, rows: unknown, dtype: Dtype, role?: Role): MatrixInput {
  const { matrix, reading } = rowsReading(name, rows, dtype, role);
  return { matrix, unread: unlessShort(reading) };
}

/** A copy of a matrix of another kind; many numbers are read later. */
export function convertedInput(
  name: string,
  data: TypedNumbers,
  rows: number,
  cols: number,
  dtype: Dtype,
): MatrixInput {
  const converted = allocateShared(rows * cols, dtype);
  const unread = unlessShort(typedReading(name, data, converted));
  return { matrix: new Matrix<FloatArray>(converted, rows, cols), unread };
}

function fromLoose(
  name: string,
  value: unknown,
  { dtype = 'float64', cols, origin, role, noCols = '' }: MatrixRule,
): MatrixInput {
  if (Array.isArray(value)) return rowsInput(name, value, dtype, role);
  if (!isTypedNumbers(value) || cols === undefined) {
    const rule =
      cols === undefined
        ? 'a Matrix or an array of rows'
        : 'a Matrix, a typed array of numbers or an array of rows';
    const hint = isTypedNumbers(value) ? noCols : tableHint(value, role);
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value, hint);
  }
  checkBuffer(name, value);
  const length = lengthOf(value);
  if (length % cols !== 0) {
    const rule = withOrigin(`of a length that is a multiple of ${cols}`, origin);
    throw argumentError('ERR_BLASNET_SHAPE', name, rule, value);
  }
  const rows = length / cols;
  if (isFloatArray(value)) return { matrix: new Matrix(value, rows, cols) };
  return convertedInput(name, value, rows, cols, dtype);
}

/** Throws unless the array is of the dtype. `reason` says in the error why. */
export function checkDtype(name: string, data: FloatArray, dtype: Dtype, reason: string): void {
  if (dtypeOf(data) === dtype) return;
  const needed = dtype === 'float64' ? 'a Float64Array' : 'a Float32Array';
  throw argumentError('ERR_BLASNET_DTYPE', name, needed + reason, data);
}

/** The matrix `out`. Throws unless it is one that shares no memory with the arrays of X. */
export function outputOf(
  given: unknown,
  X: LabelArray,
  codes: LabelArray | null = null,
  own: ReadArrays | undefined = undefined,
): Matrix {
  const out = matrixOf('out', given);
  if (out === undefined) throw argumentError('ERR_BLASNET_ARG_TYPE', 'out', 'a Matrix', given);
  const { data } = out;
  const buffer = bufferOf(data);
  if (overlap(data, X, buffer) || (codes !== null && overlap(data, codes, buffer))) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'out', 'a matrix that shares no memory with X', out);
  }
  if (own !== undefined && (overlap(data, own.parameters, buffer) || overlap(data, own.statistics, buffer))) {
    const rule = 'a matrix that shares no memory with the parameters of the network';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'out', rule, out);
  }
  return out;
}

/** The arrays that a network reads when it predicts. */
export interface ReadArrays {
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
}

function withOrigin(rule: string, origin: string | undefined): string {
  return origin === undefined ? rule : `${rule} (${origin})`;
}
