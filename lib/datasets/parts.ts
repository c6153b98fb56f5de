// X and Y of a split, in the forms that `fit` takes, and copies of some of their rows in the same form.

import { takeRowsOf } from '../addon/rows';
import { inSlices, type Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { type Role, tableHint } from '../base/hints';
import { type FloatArray, Matrix, matrixOf } from '../base/matrix';
import { type MatrixLike, rowsInput } from '../base/matrix-input';
import { newArray } from '../base/memory';
import {
  isTypedNumbers,
  kindOf,
  lengthOf,
  type NumberArray,
  type NumbersLike,
  type TypedNumbers,
} from '../base/number-kinds';
import { checkBuffer } from '../base/pinning';
import type { Reading } from '../base/reading';

/** X as `fit` takes it: numbers, or numbers and categories. */
export type SplitInputs =
  | MatrixLike
  | { readonly numbers?: MatrixLike; readonly categories: Matrix | TypedNumbers | readonly NumbersLike[] };

/** Y as `fit` takes it: rows of numbers, one number or one name for each sample. */
export type SplitLabels = MatrixLike | readonly unknown[];

/** A part of T's rows: a matrix for a matrix or for rows of numbers, otherwise a T. */
export type PartOf<T> =
  T extends Matrix<infer A>
    ? Matrix<A extends Float64Array ? Float64Array : A extends Float32Array ? Float32Array : FloatArray>
    : T extends ArrayBufferView
      ? T
      : T extends readonly NumbersLike[]
        ? Matrix<Float64Array>
        : T extends readonly (infer E)[]
          ? E[]
          : { [key in keyof T]: PartOf<T[key]> };

/** Rows of one value or several. */
export type Part = MatrixPart | TypedPart | ListPart;

interface MatrixPart {
  readonly form: 'matrix';
  readonly matrix: Matrix;
  readonly unread: Reading | undefined;
}

interface TypedPart {
  readonly form: 'typed';
  readonly values: TypedNumbers;
}

interface ListPart {
  readonly form: 'list';
  readonly values: readonly unknown[];
}

/** Checks a value. A list has one value for each sample: only labels may be one. */
export function partOf(name: string, value: unknown, role: Role): Part {
  const matrix = matrixOf(name, value);
  if (matrix !== undefined) {
    checkBuffer(name, matrix.data);
    return { form: 'matrix', matrix, unread: undefined };
  }
  if (isTypedNumbers(value)) {
    checkBuffer(name, value);
    return { form: 'typed', values: value };
  }
  if (!Array.isArray(value)) {
    const rule =
      role === 'labels'
        ? 'a Matrix, a typed array of numbers, an array of rows, or an array of numbers or names'
        : 'a Matrix, a typed array of numbers or an array of rows';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value, tableHint(value, role));
  }
  const [first] = value;
  if (role === 'labels' && value.length > 0 && (!isRow(first) || typeof first[0] === 'string'))
    return { form: 'list', values: value };
  return { form: 'matrix', ...rowsInput(name, value, 'float64', role) } as MatrixPart;
}

function isRow(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isTypedNumbers(value);
}

/** The number of rows; undefined for a typed array, which may have several numbers for each. */
export function rowsOf(part: Part): number | undefined {
  if (part.form === 'matrix') return part.matrix.rows;
  return part.form === 'list' ? part.values.length : undefined;
}

/** The numbers of a row. @throws RangeError ERR_BLASNET_SHAPE unless the part has as many rows as `other` */
export function widthOf(name: string, part: Part, rows: number, other: string): number {
  const own = rowsOf(part);
  const length = part.form === 'typed' ? lengthOf(part.values) : (own as number);
  const fits = part.form === 'typed' ? length > 0 && length % rows === 0 : own === rows;
  if (!fits) {
    const message = `Expected ${name} to have as many rows as ${other} (${rows}), got ${length}`;
    throw blasnetError('ERR_BLASNET_SHAPE', message);
  }
  if (part.form === 'matrix') return part.matrix.cols;
  return length / rows;
}

/** The arrays of the caller's that native code reads. */
export function arraysOf(part: Part): NumberArray[] {
  if (part.form === 'matrix') return [part.matrix.data];
  return part.form === 'typed' ? [part.values as NumberArray] : [];
}

/** A copy of some of the `rows` rows, in the part's form. */
export function* takePart(part: Part, rows: number, index: Uint32Array): Work<unknown> {
  if (part.form === 'list') {
    const taken = new Array<unknown>(index.length);
    yield* inSlices(index.length, (from, to) => {
      for (let i = from; i < to; i++) taken[i] = part.values[index[i] as number];
    });
    return taken;
  }
  if (part.form === 'typed') return yield* takeTyped(part.values, rows, index);
  const { data, cols, dtype } = part.matrix;
  const out = Matrix.zeros(index.length, cols, dtype);
  yield* takeRowsOf(data, rows, cols, index, out.data);
  return out;
}

function* takeTyped(values: TypedNumbers, rows: number, index: Uint32Array): Work<TypedNumbers> {
  const kind = kindOf(values) as string;
  const width = lengthOf(values) / rows;
  type Kind = new (length: number) => TypedNumbers;
  const Kind = (globalThis as unknown as Record<string, Kind>)[kind] as Kind & typeof Float64Array;
  const out = newArray(Kind, index.length * width);
  if (nativeKinds.includes(kind)) {
    yield* takeRowsOf(values as Float64Array, rows, width, index, out);
    return out;
  }
  yield* inSlices(
    index.length,
    (from, to) => {
      for (let i = from; i < to; i++) {
        const start = width * (index[i] as number);
        for (let c = 0; c < width; c++) out[i * width + c] = values[start + c] as number;
      }
    },
    width,
  );
  return out;
}

// Those whose rows native code copies.
const nativeKinds = ['Float64Array', 'Float32Array', 'Int32Array', 'Uint32Array'];
