// Checks the matrices that users pass and turns them into a Matrix, without a copy if possible.

import { argumentError, blasnetError } from './errors';
import {
  type Dtype,
  type FloatArray,
  isFloatArray,
  type LabelArray,
  Matrix,
  overlap,
  rowsReading,
} from './matrix';
import { checkBuffer } from './pinning';
import { type Reading, readNow, unlessShort } from './reading';

/**
 * Samples, one per row: a Matrix, a typed array of the network's dtype (its length gives the number of rows), or arrays
 * of numbers (converted on every call).
 */
export type MatrixLike = Matrix | Float64Array | Float32Array | readonly (readonly number[])[];

/** The rule for a matrix that a user passes. */
export interface MatrixRule {
  /** The dtype that arrays of numbers are converted to. @default 'float64' */
  readonly dtype?: Dtype;
  /** The number of columns. Without it, any number is allowed, and a bare typed array is refused. */
  readonly cols?: number;
  /** The origin of `cols`, for the errors: `the network's inputDim`. */
  readonly origin?: string;
  /** The largest number of columns if `cols` is not given. */
  readonly mostCols?: number;
}

/** A checked matrix. If it stands for many arrays of numbers, it is empty until these are read. */
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

/** Like `asMatrix`, but leaves many arrays of numbers to be read later. */
export function matrixInput(name: string, value: unknown, rule: MatrixRule = {}): MatrixInput {
  const input = value instanceof Matrix ? { matrix: value } : fromLoose(name, value, rule);
  const { matrix } = input;
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
  return input;
}

/** A matrix for arrays of numbers of any lengths that are equal; many of them are read later. */
export function rowsInput(name: string, rows: unknown, dtype: Dtype): MatrixInput {
  const { matrix, reading } = rowsReading(name, rows, dtype);
  return { matrix, unread: unlessShort(reading) };
}

function fromLoose(
  name: string,
  value: unknown,
  { dtype = 'float64', cols, origin }: MatrixRule,
): MatrixInput {
  if (Array.isArray(value)) return rowsInput(name, value, dtype);
  if (!isFloatArray(value) || cols === undefined) {
    const rule =
      cols === undefined ? 'a Matrix or an array of rows' : 'a Matrix, a typed array or an array of rows';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value);
  }
  checkBuffer(name, value);
  if (value.length % cols !== 0) {
    const rule = withOrigin(`of a length that is a multiple of ${cols}`, origin);
    throw argumentError('ERR_BLASNET_SHAPE', name, rule, value);
  }
  return { matrix: new Matrix(value, value.length / cols, cols) };
}

/** Throws unless the array is of the dtype. `reason` says in the error why. */
export function checkDtype(name: string, data: FloatArray, dtype: Dtype, reason: string): void {
  if (data instanceof Float64Array === (dtype === 'float64')) return;
  const needed = dtype === 'float64' ? 'a Float64Array' : 'a Float32Array';
  throw argumentError('ERR_BLASNET_DTYPE', name, needed + reason, data);
}

/** Throws unless `out` is a matrix that shares no memory with the arrays of X. */
export function checkOutput(
  out: unknown,
  X: LabelArray,
  codes: LabelArray | null = null,
  own: ReadArrays | undefined = undefined,
): asserts out is Matrix {
  if (!(out instanceof Matrix)) throw argumentError('ERR_BLASNET_ARG_TYPE', 'out', 'a Matrix', out);
  if (overlap(out.data, X) || (codes !== null && overlap(out.data, codes))) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'out', 'a matrix that shares no memory with X', out);
  }
  if (own !== undefined && (overlap(out.data, own.parameters) || overlap(out.data, own.statistics))) {
    const rule = 'a matrix that shares no memory with the parameters of the network';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'out', rule, out);
  }
}

/** The arrays that a network reads when it predicts. */
export interface ReadArrays {
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
}

function withOrigin(rule: string, origin: string | undefined): string {
  return origin === undefined ? rule : `${rule} (${origin})`;
}
