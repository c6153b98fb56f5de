import { argumentError, type BlasnetError, blasnetError } from './errors';
import type { FilePath } from './file-path';
import { elementHint, type Role, rowHint } from './hints';
import { bufferOf, copyNumbers, partOf, placeOf } from './intrinsics';
import { memoryError, newSharedArray } from './memory';
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
import { type Reading, readNow } from './reading';
import { type Constraint, check, integerFrom, oneOf } from './validate';

export type { Dtype, FloatArray, LabelArray, NumberArray, NumbersLike, TypedNumbers } from './number-kinds';
export { isFloatArray } from './number-kinds';

export const dtypeName: Constraint = oneOf(['float64', 'float32'] satisfies Dtype[]);

/** The options of `Matrix.map`. */
export interface MapOptions {
  /** The dtype that the file must have. @default that of the file */
  readonly dtype?: Dtype;
}

/**
 * A row-major matrix. It is a view of a typed array, never a copy. Element (r, c) is `data[r * cols + c]`.
 */
export class Matrix<T extends FloatArray = FloatArray> {
  readonly data: T;
  readonly rows: number;
  readonly cols: number;

  /**
   * @param data rows * cols elements, not copied
   * @throws TypeError ERR_BLASNET_ARG_TYPE when data is not a Float64Array or Float32Array
   * @throws RangeError ERR_BLASNET_SHAPE when its length is not rows * cols
   */
  constructor(data: T, rows: number, cols: number) {
    if (!isFloatArray(data)) {
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'data', 'a Float64Array or Float32Array', data);
    }
    checkSize(rows, cols);
    if (lengthOf(data) !== rows * cols) {
      throw argumentError('ERR_BLASNET_SHAPE', 'data', `of length ${rows} * ${cols} = ${rows * cols}`, data);
    }
    this.data = data;
    this.rows = rows;
    this.cols = cols;
  }

  /** Makes a matrix of zeros. The default dtype is 'float64'. */
  static zeros(rows: number, cols: number, dtype?: 'float64'): Matrix<Float64Array>;
  static zeros(rows: number, cols: number, dtype: Dtype): Matrix;
  static zeros(rows: number, cols: number, dtype: Dtype = 'float64'): Matrix {
    checkSize(rows, cols);
    check('dtype', dtype, dtypeName, 'ERR_BLASNET_UNKNOWN_NAME');
    return new Matrix(allocate(rows * cols, dtype), rows, cols);
  }

  /**
   * Copies rows of numbers, arrays or typed arrays, into a matrix. The rows must have equal lengths. The default dtype is 'float64'.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE when `rows` is not an array of rows of numbers
   * @throws RangeError ERR_BLASNET_SHAPE when `rows` is empty or the lengths differ
   */
  static from(rows: readonly NumbersLike[], dtype?: 'float64'): Matrix<Float64Array>;
  static from(rows: readonly NumbersLike[], dtype: Dtype): Matrix;
  static from(rows: readonly NumbersLike[], dtype: Dtype = 'float64'): Matrix {
    check('dtype', dtype, dtypeName, 'ERR_BLASNET_UNKNOWN_NAME');
    return matrixFromRows('rows', rows, dtype);
  }

  /**
   * Makes a matrix of the array in an NPY file, whose memory is the file's: nothing is copied, and the system reads a
   * part when it is first used, and may forget it again. So the file may be larger than the memory. Its array must have
   * one or two dimensions, the type `<f4` or `<f8`, and C order; one with one dimension becomes a column.
   *
   * The file is only read: what you write to the matrix stays in this process. If the file becomes shorter meanwhile, each
   * operation that reads the matrix rejects with ERR_BLASNET_FILE, a training without the step that would have used it, and
   * your own reads find zeros. The file is released when the matrix is collected.
   *
   * @throws Error ERR_BLASNET_FILE for a file that cannot be mapped; TypeError ERR_BLASNET_DTYPE;
   *   TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME;
   *   TypeError ERR_BLASNET_UNKNOWN_OPTION
   */
  static map(path: FilePath, options: { readonly dtype: 'float64' }): Promise<Matrix<Float64Array>>;
  static map(path: FilePath, options: { readonly dtype: 'float32' }): Promise<Matrix<Float32Array>>;
  static map(path: FilePath, options?: MapOptions): Promise<Matrix>;
  static async map(path: FilePath, options: MapOptions = {}): Promise<Matrix> {
    // The type is stated for the declarations, as in lib/network/exportable.ts.
    const { mapNpy }: typeof import('../mapping/index.js') = await import('../mapping/index.js');
    return mapNpy(path, options);
  }

  get dtype(): Dtype {
    return dtypeOf(this.data);
  }

  /** Returns the element at row r, column c. @throws RangeError ERR_BLASNET_ARG_VALUE outside the matrix */
  get(r: number, c: number): number {
    return this.data[this.#offset(r, c)] as number;
  }

  /** Sets the element at row r, column c. @throws RangeError ERR_BLASNET_ARG_VALUE outside the matrix */
  set(r: number, c: number, value: number): void {
    this.data[this.#offset(r, c)] = value;
  }

  /** Returns row r as a view of length cols. @throws RangeError ERR_BLASNET_ARG_VALUE outside the matrix */
  row(r: number): T {
    const start = this.#offset(r, 0);
    return partOf(this.data, start, start + this.cols);
  }

  /** Returns a transposed copy. It turns (samples x features) into the article's (features x samples). */
  transpose(): Matrix<T> {
    const { data, rows, cols } = this;
    const out = allocate(data.length, this.dtype) as T;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) out[c * rows + r] = data[r * cols + c] as number;
    }
    return new Matrix(out, cols, rows);
  }

  /** Copies the rows into arrays of numbers. */
  toArray(): number[][] {
    return Array.from({ length: this.rows }, (_, r) => Array.from(this.row(r)));
  }

  #offset(r: number, c: number): number {
    if (!(Number.isInteger(r) && r >= 0 && r < this.rows)) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'row', `an integer from 0 to ${this.rows - 1}`, r);
    }
    if (!(Number.isInteger(c) && c >= 0 && c < this.cols)) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'column', `an integer from 0 to ${this.cols - 1}`, c);
    }
    return r * this.cols + c;
  }
}

/**
 * The value as a new matrix on its data, if it is one: also that of another copy of this library, or a clone without its
 * methods.
 *
 * @param name the argument's name, for the errors
 */
export function matrixOf(name: string, value: unknown): Matrix | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // Read once: a getter, or a proxy, may answer otherwise the next time; and a caller may change them while native code works.
  const { data, rows, cols } = value as { readonly [name in 'data' | 'rows' | 'cols']?: unknown };
  if (!isFloatArray(data) || !Number.isSafeInteger(rows) || !Number.isSafeInteger(cols)) return undefined;
  if (lengthOf(data) !== (rows as number) * (cols as number)) {
    checkBuffer(name, data);
    const rule = 'a Matrix whose data have rows * cols elements';
    throw argumentError('ERR_BLASNET_SHAPE', name, rule, data, `, ${rows} rows and ${cols} columns`);
  }
  return new Matrix(data, rows as number, cols as number);
}

/** Whether two arrays share memory. `buffer` is that of a, for callers that ask often. */
export function overlap(a: LabelArray, b: LabelArray, buffer = bufferOf(a)): boolean {
  if (buffer !== bufferOf(b)) return false;
  const [one, other] = [placeOf(a), placeOf(b)];
  return one.start < other.end && other.start < one.end;
}

/** The error for the element of a matrix at `index` of its data. */
export function elementError(
  name: string,
  { data, cols }: { readonly data: LabelArray; readonly cols: number },
  index: number,
  rule: string,
): BlasnetError {
  return valueError(name, data[index] as number, Math.floor(index / cols), index % cols, rule);
}

/** The error for the element of a matrix that is `value`. */
export function valueError(
  name: string,
  value: number,
  row: number,
  column: number,
  rule: string,
): BlasnetError {
  const code = Number.isFinite(value) ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_NOT_FINITE';
  return blasnetError(code, `Expected ${name} to hold ${rule}, got ${value} at row ${row}, column ${column}`);
}

/**
 * Zeros for a result, on a buffer that its owner may transfer. While native code works on it on another thread, no code
 * of the user's may see it, unless it is pinned.
 */
export function allocate(length: number, dtype: 'float64'): Float64Array;
export function allocate(length: number, dtype: Dtype): FloatArray;
export function allocate(length: number, dtype: Dtype): FloatArray {
  try {
    return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
  } catch (cause) {
    throw memoryError(cause);
  }
}

/**
 * Zeros on a SharedArrayBuffer, which cannot be detached: for what native code keeps, and for what the user's code may
 * see while native code still needs it.
 */
export function allocateShared(length: number, dtype: 'float64'): Float64Array<SharedArrayBuffer>;
export function allocateShared(
  length: number,
  dtype: Dtype,
): Float64Array<SharedArrayBuffer> | Float32Array<SharedArrayBuffer>;
export function allocateShared(length: number, dtype: Dtype): FloatArray {
  return dtype === 'float64' ? newSharedArray(Float64Array, length) : newSharedArray(Float32Array, length);
}

/** A matrix of zeros on a SharedArrayBuffer: see `allocateShared`. */
export function sharedZeros(rows: number, cols: number, dtype: Dtype): Matrix {
  checkSize(rows, cols);
  return new Matrix<FloatArray>(allocateShared(rows * cols, dtype), rows, cols);
}

/** Converts rows of numbers to a matrix. `name` is the argument's name, for the errors. */
export function matrixFromRows(name: string, rows: unknown, dtype: Dtype): Matrix {
  const { matrix, reading } = rowsReading(name, rows, dtype, 'numbers', allocate);
  readNow(reading);
  return matrix;
}

/** A matrix for rows of numbers, and how to read it. Its columns are those of the first row. */
export function rowsReading(
  name: string,
  value: unknown,
  dtype: Dtype,
  role: Role = 'numbers',
  zeros: typeof allocate = allocateShared,
): { readonly matrix: Matrix; readonly reading: Reading } {
  if (!Array.isArray(value)) throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'an array of rows', value);
  const rows: readonly unknown[] = value;
  const { length } = rows;
  if (length === 0) throw argumentError('ERR_BLASNET_SHAPE', name, 'a non-empty array of rows', rows);
  const cols = checkRow(name, rows, 0, role).length;
  if (cols === 0) throw argumentError('ERR_BLASNET_SHAPE', `${name}[0]`, 'a non-empty row', rows[0]);
  const data = zeros(length * cols, dtype);
  const read = (from: number, to: number) => {
    for (let r = from; r < to; r++) {
      const row = rows[r];
      if (!Array.isArray(row)) {
        readTyped(name, rows, r, role, cols, data);
        continue;
      }
      if (row.length !== cols) throw rowError(name, r, row, cols);
      for (let c = 0; c < cols; c++) {
        const number: unknown = row[c];
        if (typeof number !== 'number') throw numberError(`${name}[${r}][${c}]`, number, role);
        data[r * cols + c] = number;
      }
    }
  };
  return { matrix: new Matrix(data, length, cols), reading: { length, width: cols, read } };
}

function readTyped(
  name: string,
  rows: readonly unknown[],
  r: number,
  role: Role,
  cols: number,
  out: FloatArray,
): void {
  const row = checkRow(name, rows, r, role) as TypedNumbers;
  if (lengthOf(row) !== cols) throw rowError(name, r, row, cols);
  copyNumbers(row, out, r * cols);
}

/** How to read a typed array of any kind into `out`, which is as long. */
export function typedReading(name: string, from: TypedNumbers, out: LabelArray): Reading {
  const numbers = from as Float64Array;
  const read = (start: number, end: number) => {
    if (lengthOf(from) < end) {
      throw argumentError('ERR_BLASNET_DETACHED', name, 'an array whose buffer is not detached', from);
    }
    copyNumbers(partOf(numbers, start, end), out, start);
  };
  return { length: out.length, width: 1, read };
}

/** How to read plain numbers into `out`, which is as long. `wrong` makes the error for what is no number. */
export function numbersReading(
  name: string,
  values: ArrayLike<unknown>,
  out: LabelArray,
  wrong: (i: number, value: unknown) => BlasnetError = (i, value) =>
    numberError(`${name}[${i}]`, value, 'labels'),
): Reading {
  const read = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const value = values[i];
      if (typeof value !== 'number') throw wrong(i, value);
      out[i] = value;
    }
  };
  return { length: out.length, width: 1, read };
}

/** The error for an element that is no number. */
export function numberError(name: string, value: unknown, role: Role): BlasnetError {
  return argumentError('ERR_BLASNET_ARG_TYPE', name, 'a number', value, elementHint(value, role));
}

function checkRow(name: string, rows: readonly unknown[], r: number, role: Role): ArrayLike<unknown> {
  const row = rows[r];
  if (Array.isArray(row) || isTypedNumbers(row)) return row;
  const hint = rowHint(rows, row, role);
  throw argumentError('ERR_BLASNET_ARG_TYPE', `${name}[${r}]`, 'an array of numbers', row, hint);
}

function rowError(name: string, r: number, row: unknown, cols: number): BlasnetError {
  return argumentError('ERR_BLASNET_SHAPE', `${name}[${r}]`, `of length ${cols}, like the first row`, row);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function checkSize(rows: number, cols: number): void {
  // Predictions of one row make matrices, and the rules below take longer than the rest of the work.
  if (isSize(rows) && isSize(cols) && rows * cols <= 2 ** 32) return;
  check('rows', rows, integerFrom(0));
  check('cols', cols, integerFrom(0));
  if (rows * cols > 2 ** 32) {
    throw blasnetError('ERR_BLASNET_SHAPE', `Expected rows * cols to be at most 2^32, got ${rows} * ${cols}`);
  }
}
