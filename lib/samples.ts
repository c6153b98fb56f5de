import { type Architecture, inputDimOf, outputLayerOf } from './architecture';
import { argumentError, type BlasnetError, blasnetError } from './errors';
import { type Dtype, type FloatArray, isFloatArray, Matrix, matrixFromRows } from './matrix';
import { checkBuffer } from './pinning';

/**
 * Samples as users have them, one a row: a Matrix, a typed array of the network's dtype (the rows follow
 * from its length), or arrays of numbers (converted once).
 */
export type MatrixLike = Matrix | Float64Array | Float32Array | readonly (readonly number[])[];

/** What an operation reads: X (rows x inputDim) and, but for predictions, Y (rows x outputDim). */
export interface Samples {
  readonly X: Matrix;
  readonly Y?: Matrix;
}

/** The error for one element of a matrix. */
export function elementError(
  name: string,
  { data, cols }: Matrix,
  index: number,
  rule: string,
): BlasnetError {
  const value = data[index] as number;
  const code = Number.isFinite(value) ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_NOT_FINITE';
  const place = `row ${Math.floor(index / cols)}, column ${index % cols}`;
  return blasnetError(code, `Expected ${name} to hold ${rule}, got ${value} at ${place}`);
}

/** X as a matrix of inputDim columns; nothing is copied, but for arrays of numbers. */
export function inputMatrix(architecture: Architecture, dtype: Dtype, X: MatrixLike): Matrix {
  return asMatrix('X', X, inputDimOf(architecture), 'inputDim', dtype);
}

/** X and Y as matrices of as many rows, of inputDim and outputDim columns. */
export function labelledSamples(
  architecture: Architecture,
  dtype: Dtype,
  X: MatrixLike,
  Y: MatrixLike,
): Required<Samples> {
  const inputs = inputMatrix(architecture, dtype, X);
  const labels = asMatrix('Y', Y, outputLayerOf(architecture).outputDim, 'outputDim', dtype);
  if (inputs.rows !== labels.rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected Y to have as many rows as X (${inputs.rows}), got ${labels.rows}`,
    );
  }
  return { X: inputs, Y: labels };
}

/** The caller's matrix for the results of X: as many rows, outputDim columns; or a new one. */
export function outputMatrix(architecture: Architecture, dtype: Dtype, X: Matrix, out?: Matrix): Matrix {
  const { rows } = X;
  const { outputDim } = outputLayerOf(architecture);
  if (out === undefined) return Matrix.zeros(rows, outputDim, dtype);
  if (!(out instanceof Matrix)) throw argumentError('ERR_BLASNET_ARG_TYPE', 'out', 'a Matrix', out);
  const matrix = asMatrix('out', out, outputDim, 'outputDim', dtype);
  if (matrix.rows !== rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected out to have as many rows as X (${rows}), got ${matrix.rows}`,
    );
  }
  if (overlap(matrix.data, X.data)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'out', 'a matrix that shares no memory with X', out);
  }
  return matrix;
}

/** Whether two arrays share memory. */
export function overlap(a: FloatArray, b: FloatArray): boolean {
  if (a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

function asMatrix(name: string, value: MatrixLike, cols: number, colsName: string, dtype: Dtype): Matrix {
  const matrix = value instanceof Matrix ? value : fromLoose(name, value, cols, colsName, dtype);
  checkDtype(name, matrix, dtype);
  checkBuffer(name, matrix.data);
  if (matrix.cols !== cols) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected ${name} to have ${cols} columns (the network's ${colsName}), got ${matrix.cols}`,
    );
  }
  if (matrix.rows === 0) {
    throw blasnetError('ERR_BLASNET_SHAPE', `Expected ${name} to have at least one row, got 0`);
  }
  return matrix;
}

function fromLoose(
  name: string,
  value: Exclude<MatrixLike, Matrix>,
  cols: number,
  colsName: string,
  dtype: Dtype,
): Matrix {
  if (Array.isArray(value)) return matrixFromRows(name, value, dtype);
  if (!isFloatArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a Matrix, a typed array or an array of rows', value);
  }
  checkBuffer(name, value);
  if (value.length % cols !== 0) {
    const rule = `of a length that is a multiple of ${cols} (the network's ${colsName})`;
    throw argumentError('ERR_BLASNET_SHAPE', name, rule, value);
  }
  return new Matrix(value, value.length / cols, cols);
}

function checkDtype(name: string, matrix: Matrix, dtype: Dtype): void {
  if (matrix.dtype === dtype) return;
  const needed = dtype === 'float64' ? 'a Float64Array' : 'a Float32Array';
  throw argumentError(
    'ERR_BLASNET_DTYPE',
    name,
    `${needed} (the network's dtype is '${dtype}')`,
    matrix.data,
  );
}
