import type { ActivationName } from './activations';
import { type Architecture, inputDimOf, outputActivationOf, outputLayerOf } from './architecture';
import { argumentError, type BlasnetError, blasnetError } from './errors';
import type { LossName } from './losses';
import { type Dtype, type FloatArray, isFloatArray, Matrix, matrixFromRows } from './matrix';
import type { LabelArray } from './native';
import { checkBuffer } from './pinning';
import type { Label, LabelEncoder, Preprocessing } from './preprocessing';

/**
 * Samples as users have them, one a row: a Matrix, a typed array of the network's dtype (the rows follow
 * from its length), or arrays of numbers (converted once).
 */
export type MatrixLike = Matrix | Float64Array | Float32Array | readonly (readonly number[])[];

/**
 * Labels as users have them: one row a sample, as for `MatrixLike`; numbers one by one, for a single output; one
 * class a sample, from 0, for sparseCategoricalCrossEntropy, where an Int32Array is read in place; or, with a
 * network's `labels`, class names.
 */
export type LabelsLike = MatrixLike | Int32Array | Uint8Array | Uint16Array | Uint32Array | readonly Label[];

/** What the samples of a network have to be. */
export interface SampleKind {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: LabelEncoder | undefined;
}

/** Labels as native code takes them: (rows x outputDim), or (rows x 1) of classes. */
export interface Labels {
  readonly data: LabelArray;
  readonly rows: number;
  readonly cols: number;
}

/** What an operation reads: X (rows x inputDim) and, but for predictions, Y; weights (rows) of mean 1, where there are any. */
export interface Samples {
  readonly X: Matrix;
  readonly Y?: Labels;
  readonly weights?: FloatArray;
  /** Those without the classes' weights, which a held-out share is judged by. */
  readonly ownWeights?: FloatArray;
}

export type LabelledSamples = Samples & { readonly Y: Labels };

/** The error for one element of a matrix. */
export function elementError(
  name: string,
  { data, cols }: Labels,
  index: number,
  rule: string,
): BlasnetError {
  const value = data[index] as number;
  const code = Number.isFinite(value) ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_NOT_FINITE';
  const place = `row ${Math.floor(index / cols)}, column ${index % cols}`;
  return blasnetError(code, `Expected ${name} to hold ${rule}, got ${value} at ${place}`);
}

/** X as a matrix of inputDim columns. Nothing is copied, but for arrays of numbers, and by the preprocessing. */
export function inputMatrix({ architecture, dtype, preprocessing }: SampleKind, X: MatrixLike): Matrix {
  const inputDim = inputDimOf(architecture);
  if (preprocessing === undefined) return asMatrix('X', X, inputDim, 'inputDim', dtype);
  const raw = asMatrix('X', X, preprocessing.inputColumns, 'preprocessing', dtype);
  if (preprocessing.outputColumns !== inputDim) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected the preprocessing to make ${inputDim} columns (the network's inputDim), got ${preprocessing.outputColumns}`,
    );
  }
  return preprocessing.transform(raw);
}

/** X and Y of as many rows, Y as the loss takes it. */
export function labelledSamples(
  kind: SampleKind,
  X: MatrixLike,
  Y: LabelsLike,
  loss: LossName,
): LabelledSamples {
  const inputs = inputMatrix(kind, X);
  const labels = asLabels(kind, Y, loss);
  if (inputs.rows !== labels.rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected Y to have as many rows as X (${inputs.rows}), got ${labels.rows}`,
    );
  }
  return { X: inputs, Y: labels };
}

/** The arrays that native code reads. */
export function arraysOf({ X, Y, weights }: Samples): LabelArray[] {
  return [X.data, ...(Y === undefined ? [] : [Y.data]), ...(weights === undefined ? [] : [weights])];
}

/** Whether labels are one class a sample, by their type alone. */
export function areClasses(Y: unknown): boolean {
  return (
    Y instanceof Int32Array ||
    Y instanceof Uint8Array ||
    Y instanceof Uint16Array ||
    Y instanceof Uint32Array ||
    (Array.isArray(Y) && typeof Y[0] === 'number')
  );
}

function asLabels(kind: SampleKind, Y: LabelsLike, loss: LossName): Labels {
  const { architecture, dtype, labels } = kind;
  const { outputDim } = outputLayerOf(architecture);
  if (labels !== undefined && Array.isArray(Y) && !Array.isArray(Y[0])) {
    return encoded(kind, labels, Y as readonly Label[], loss);
  }
  if (loss === 'sparseCategoricalCrossEntropy') return classLabels(Y);
  if (outputDim === 1 && areClasses(Y)) return column(Y as ArrayLike<unknown>, dtype);
  return asMatrix('Y', Y as MatrixLike, outputDim, 'outputDim', dtype);
}

// Numbers one by one, for a single output; converted once.
function column(values: ArrayLike<unknown>, dtype: Dtype): Matrix {
  const matrix = Matrix.zeros(values.length, 1, dtype);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value !== 'number')
      throw argumentError('ERR_BLASNET_ARG_TYPE', `Y[${row}]`, 'a number', value);
    matrix.data[row] = value;
  }
  return matrix;
}

// Class names as the loss takes them.
function encoded(
  { architecture, dtype }: SampleKind,
  labels: LabelEncoder,
  names: readonly Label[],
  loss: LossName,
): Labels {
  const { outputDim } = outputLayerOf(architecture);
  const { length } = labels.classes;
  if (length !== Math.max(outputDim, 2)) {
    const rule = `${Math.max(outputDim, 2)} classes, as the network's outputDim is ${outputDim}`;
    throw blasnetError('ERR_BLASNET_SHAPE', `Expected labels to have ${rule}, got ${length}`);
  }
  if (loss === 'sparseCategoricalCrossEntropy') {
    return { data: labels.indices(names), rows: names.length, cols: 1 };
  }
  const signs = loss === 'hinge' || classThreshold(outputActivationOf(architecture)) === 0;
  if (outputDim === 1) return signs ? labels.signs(names, dtype) : labels.binary(names, dtype);
  const rows = labels.oneHot(names, dtype);
  if (loss === 'hinge') for (const [i, one] of rows.data.entries()) rows.data[i] = 2 * one - 1;
  return rows;
}

const neverNegative: readonly ActivationName[] = [
  'sigmoid',
  'hardSigmoid',
  'relu',
  'softplus',
  'exponential',
];

/** What a single output is above for the second of two classes: the labels are 0 and 1, or -1 and 1. */
export function classThreshold(output: ActivationName): number {
  return neverNegative.includes(output) ? 0.5 : 0;
}

function classLabels(Y: LabelsLike): Labels {
  if (Y instanceof Int32Array) {
    checkBuffer('Y', Y);
    return { data: nonEmpty(Y), rows: Y.length, cols: 1 };
  }
  if (!areClasses(Y)) {
    const rule = 'an Int32Array or an array of classes, from 0 (the loss is sparseCategoricalCrossEntropy)';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'Y', rule, Y);
  }
  const values = Y as ArrayLike<unknown>;
  const data = new Int32Array(new SharedArrayBuffer(4 * values.length));
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw argumentError('ERR_BLASNET_ARG_TYPE', `Y[${i}]`, 'a number', value);
    if (!Number.isInteger(value) || value < 0 || value > 2 ** 31 - 1) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', `Y[${i}]`, 'a class, an integer from 0 on', value);
    }
    data[i] = value;
  }
  return { data: nonEmpty(data), rows: data.length, cols: 1 };
}

function nonEmpty(data: Int32Array): Int32Array {
  if (data.length > 0) return data;
  throw blasnetError('ERR_BLASNET_SHAPE', 'Expected Y to have at least one row, got 0');
}

/** What turns outputs into names of classes: see Network.classify. @throws Error ERR_BLASNET_NOT_FITTED */
export function classDecoder(
  { architecture, labels }: SampleKind,
  method: string,
): (outputs: Matrix) => Label[] {
  if (labels === undefined) {
    throw argumentError('ERR_BLASNET_NOT_FITTED', 'labels', `given to the network for ${method}`, undefined);
  }
  const threshold = classThreshold(outputActivationOf(architecture));
  return (outputs) => labels.decode(outputs, { threshold });
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
