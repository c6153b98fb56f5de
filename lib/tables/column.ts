import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { describeColumn } from '../addon/table-columns';
import { workHere } from '../addon/work';
import { argumentError } from '../base/errors';
import { recognise } from '../base/recognise';

/** The last millisecond of a Date, and the first one below zero. */
export const mostTime = 8.64e15;

/** What a column holds. A `category` is text. */
export type ColumnKind = 'number' | 'category' | 'boolean' | 'time';

export const columnKindNames = ['number', 'category', 'boolean', 'time'] as const satisfies ColumnKind[];

/** A value of a column: a time is a Date, and a missing value is null. */
export type Cell = number | string | boolean | Date | null;

interface ColumnValues {
  readonly number: Float64Array;
  readonly category: Int32Array;
  readonly boolean: Int8Array;
  readonly time: Float64Array;
}

/** The texts of a category. They may be decoded only when they are first needed. */
export interface Categories {
  readonly size: number;
  readonly texts: readonly string[];
}

/**
 * A column of a table. Its values are a typed array:
 *
 * - `number`: a Float64Array; NaN where a value is missing.
 * - `category`: an Int32Array of codes, the index of each value in `categories`; -1 where a value is missing.
 * - `boolean`: an Int8Array of 0 and 1; -1 where a value is missing.
 * - `time`: a Float64Array of milliseconds since 1970, as in a Date; NaN where a value is missing.
 */
export class Column<K extends ColumnKind = ColumnKind> {
  static {
    recognise(Column, 'Column');
  }

  readonly kind: K;
  readonly values: ColumnValues[K];
  readonly #categories: Categories | undefined;

  /** Use `Table.from` or `readTable`: they make the columns. */
  constructor(kind: K, values: ColumnValues[K], categories?: Categories) {
    this.kind = kind;
    this.values = values;
    this.#categories = categories;
  }

  /** The number of values, missing ones included. */
  get length(): number {
    return this.values.length;
  }

  /** The texts of a category, in the order in which they first came; empty for other kinds. */
  get categories(): readonly string[] {
    return this.#categories?.texts ?? [];
  }

  /** @internal The texts, perhaps not decoded yet. */
  get dictionary(): Categories | undefined {
    return this.#categories;
  }

  /** How many values are missing. */
  get missing(): number {
    return this.length - workHere(describeColumn(this.values)).present;
  }

  /**
   * The value of a row; null if it is missing.
   *
   * @throws RangeError ERR_BLASNET_ARG_VALUE outside the column
   */
  at(row: number): Cell {
    if (!(Number.isInteger(row) && row >= 0 && row < this.length)) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'row', `an integer from 0 to ${this.length - 1}`, row);
    }
    return this.#cell(this.values[row] as number);
  }

  /** The values as an array; null where a value is missing. */
  toArray(): Cell[] {
    return Array.from(this.values, (value) => this.#cell(value));
  }

  #cell(value: number): Cell {
    switch (this.kind) {
      case 'category':
        return value < 0 ? null : (this.categories[value] as string);
      case 'boolean':
        return value < 0 ? null : value === 1;
      case 'time':
        return Number.isNaN(value) ? null : new Date(value);
      default:
        return Number.isNaN(value) ? null : value;
    }
  }
}

/** Texts that are given. */
export function givenCategories(texts: readonly string[]): Categories {
  return { size: texts.length, texts };
}

/** Texts as UTF-8, one behind the other; `ends` says where each ends. */
export function encodedCategories(bytes: Uint8Array, ends: Float64Array): Categories {
  let texts: string[] | undefined;
  return {
    size: ends.length,
    get texts() {
      texts ??= decode(bytes, ends);
      return texts;
    },
  };
}

function decode(bytes: Uint8Array, ends: Float64Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts = new Array<string>(ends.length);
  let start = 0;
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i] as number;
    texts[i] = buffer.toString('utf8', start, end);
    start = end;
  }
  return texts;
}

/** An array for the values of a column. */
export function newValues(kind: ColumnKind, length: number): Float64Array | Int32Array | Int8Array {
  if (kind === 'category') return new Int32Array(length);
  return kind === 'boolean' ? new Int8Array(length) : new Float64Array(length);
}

/** An array for the values of a column, all missing. */
export function missingValues(kind: ColumnKind, length: number): Float64Array | Int32Array | Int8Array {
  const values = newValues(kind, length);
  return values.fill(values instanceof Float64Array ? Number.NaN : -1);
}

/** A column of values that fit its kind. */
export function columnOf(
  kind: ColumnKind,
  values: Float64Array | Int32Array | Int8Array,
  categories?: Categories,
): Column {
  return new Column(kind, values as never, categories);
}
