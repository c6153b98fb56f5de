import { argumentError, blasnetError } from '../base/errors';
import { type FloatArray, isFloatArray, Matrix, matrixFromRows } from '../base/matrix';
import type { MatrixLike } from '../base/matrix-input';
import { checkBuffer } from '../base/pinning';
import { type Constraint, optional } from '../base/validate';

/** A flat array of numbers, one per sample. */
export type Column = readonly number[] | FloatArray | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** The outputs of a model: (m, outputs). A flat array is one column. */
export type Predictions = MatrixLike | Column;

/**
 * The true values, in the shape of the predictions. If these have several columns, metrics of classes also take class
 * indices from 0, in a flat array or one column.
 */
export type Labels = MatrixLike | Column;

export interface WeightOptions {
  /** The weight of each sample, in the order of the rows: finite and not negative. @default 1 each */
  readonly sampleWeight?: FloatArray | readonly number[];
}

/** Checked labels and predictions, both (rows, cols), row-major. */
export interface Comparison {
  readonly rows: number;
  readonly cols: number;
  readonly labels: FloatArray;
  readonly predictions: FloatArray;
  readonly weights: ArrayLike<number> | undefined;
}

export const weightConstraints: Readonly<Record<'sampleWeight', Constraint>> = {
  sampleWeight: optional({
    rule: 'an array of finite numbers, none of them negative',
    accepts: (value) => Array.isArray(value) || isFloatArray(value),
    holds: (value: ArrayLike<unknown>) => {
      for (let i = 0; i < value.length; i++) {
        const weight = value[i];
        if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) return false;
      }
      return true;
    },
  }),
};

/**
 * Checks labels and predictions and returns them as arrays of one shape. With columns of classes, class indices become
 * one-hot rows. Apart from that, a Matrix or a typed array of floats is not copied.
 */
export function compare(
  yTrue: Labels,
  yPredicted: Predictions,
  options: WeightOptions,
  columns: 'classes' | 'numbers' = 'classes',
): Comparison {
  const predicted = asMatrix('yPredicted', yPredicted);
  const { rows, cols } = predicted;
  if (rows === 0) {
    throw blasnetError('ERR_BLASNET_SHAPE', 'Expected yPredicted to have at least one row, got 0');
  }
  const given = asMatrix('yTrue', yTrue);
  if (given.rows !== rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected yTrue to have as many rows as yPredicted (${rows}), got ${given.rows}`,
    );
  }
  const indices = columns === 'classes' && given.cols === 1 && cols > 1;
  const labels = indices ? oneHot(given, cols) : given;
  if (labels.cols !== cols) {
    const or = columns === 'classes' && cols > 1 ? ', or one of class indices' : '';
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected yTrue to have as many columns as yPredicted (${cols})${or}, got ${labels.cols}`,
    );
  }
  const weights = options.sampleWeight;
  if (weights !== undefined && weights.length !== rows) {
    throw argumentError(
      'ERR_BLASNET_SHAPE',
      'sampleWeight',
      `of length ${rows}, one weight per row`,
      weights,
    );
  }
  return { rows, cols, labels: labels.data, predictions: predicted.data, weights };
}

/** The comparison of one column. */
export function columnOf(comparison: Comparison, column: number): Comparison {
  const { rows, cols, labels, predictions, weights } = comparison;
  if (cols === 1) return comparison;
  const pick = (data: FloatArray) =>
    Float64Array.from({ length: rows }, (_, r) => data[r * cols + column] as number);
  return { rows, cols: 1, labels: pick(labels), predictions: pick(predictions), weights };
}

export function weightOf({ weights }: Comparison, row: number): number {
  return weights === undefined ? 1 : (weights[row] as number);
}

/** Whether all labels and predictions are finite. */
export function allFinite({ labels, predictions }: Comparison): boolean {
  return labels.every(Number.isFinite) && predictions.every(Number.isFinite);
}

/** The column of the largest number of a row; the first of equals, as in np.argmax. */
export function argmax(data: FloatArray, cols: number, row: number): number {
  let best = 0;
  for (let c = 1; c < cols; c++) {
    if ((data[row * cols + c] as number) > (data[row * cols + best] as number)) best = c;
  }
  return best;
}

/** The weighted mean of one number per row; NaN when all weights are zero. */
export function meanOverRows(comparison: Comparison, valueAt: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < comparison.rows; row++) {
    const weight = weightOf(comparison, row);
    sum += weight * valueAt(row);
    total += weight;
  }
  return sum / total;
}

/** The mean of a metric over the columns. */
export function meanOverColumns(comparison: Comparison, measure: (column: Comparison) => number): number {
  let sum = 0;
  for (let c = 0; c < comparison.cols; c++) sum += measure(columnOf(comparison, c));
  return sum / comparison.cols;
}

function asMatrix(name: string, value: unknown): Matrix {
  if (value instanceof Matrix) {
    checkBuffer(name, value.data);
    return value;
  }
  if (isFloatArray(value)) {
    checkBuffer(name, value);
    return new Matrix(value, value.length, 1);
  }
  if (Array.isArray(value) && value.some(Array.isArray)) return matrixFromRows(name, value, 'float64');
  if (!Array.isArray(value) && !isIntegerArray(value)) {
    throw argumentError(
      'ERR_BLASNET_ARG_TYPE',
      name,
      'a Matrix, a typed array, an array of rows or an array of numbers',
      value,
    );
  }
  const column = new Float64Array(value.length);
  for (let row = 0; row < column.length; row++) {
    const number: unknown = value[row];
    if (typeof number !== 'number') {
      throw argumentError('ERR_BLASNET_ARG_TYPE', `${name}[${row}]`, 'a number', number);
    }
    column[row] = number;
  }
  return new Matrix(column, column.length, 1);
}

function isIntegerArray(value: unknown): value is Int32Array | Uint32Array | Uint16Array | Uint8Array {
  return [Int32Array, Uint32Array, Uint16Array, Uint8Array].some((kind) => value instanceof kind);
}

function oneHot(indices: Matrix, cols: number): Matrix {
  const data = new Float64Array(indices.rows * cols);
  for (let row = 0; row < indices.rows; row++) {
    const index = indices.data[row] as number;
    if (!(Number.isInteger(index) && index >= 0 && index < cols)) {
      throw blasnetError(
        Number.isFinite(index) ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_NOT_FINITE',
        `Expected yTrue to hold class indices from 0 to ${cols - 1}, got ${index} at row ${row}`,
      );
    }
    data[row * cols + index] = 1;
  }
  return new Matrix(data, indices.rows, cols);
}
