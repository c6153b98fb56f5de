// Rows as the file of a model has them: each column as bytes in one text, which takes less time to write and to read than
// lists of numbers.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { inSlices, type Work } from '../../addon/work';
import { newArray } from '../../base/memory';
import {
  type Column,
  type ColumnKind,
  columnKindNames,
  columnOf,
  givenCategories,
  newValues,
} from '../../tables/column';
import { Table } from '../../tables/table';

/** The elements that values are stored in: the narrowest ones that hold them exactly. */
const elements = { i1: Int8Array, i2: Int16Array, i4: Int32Array, f8: Float64Array } as const;

type ElementName = keyof typeof elements;

/** The least integer of each: in a column of numbers or times it stands for a gap, as NaN does among floats. */
const gaps = { i1: -128, i2: -32_768, i4: -2_147_483_648, f8: Number.NaN } as const;

export interface StoredColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly elements: ElementName;
  /** The elements in base64: numbers, times in milliseconds, codes, or 0 and 1; a gap is -1 among the latter two. */
  readonly values: string;
  readonly texts?: readonly string[];
}

/** The columns of a table, for JSON. */
export function* storeRows(table: Table): Work<StoredColumn[]> {
  const stored: StoredColumn[] = [];
  for (const name of table.names) {
    const { kind, values: given, categories } = table.column(name);
    const { values, texts } = kind === 'category' ? yield* compact(given, categories) : { values: given };
    const type = yield* narrowest(kind, values);
    const cells = newArray(elements[type] as Float64ArrayConstructor, values.length);
    const isNumber = kind === 'number' || kind === 'time';
    yield* inSlices(values.length, (from, to) => {
      for (let row = from; row < to; row++) {
        const value = values[row] as number;
        cells[row] = isNumber && Number.isNaN(value) ? gaps[type] : value;
      }
    });
    const bytes = Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength).toString('base64');
    stored.push({ name, kind, elements: type, values: bytes, ...(texts && { texts }) });
  }
  return stored;
}

// The codes and texts without those that no row has.
function* compact(codes: ArrayLike<number>, categories: readonly string[]) {
  const texts: string[] = [];
  const places = new Int32Array(categories.length).fill(-1);
  const values = newArray(Int32Array, codes.length);
  yield* inSlices(codes.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const code = codes[row] as number;
      if (code >= 0 && places[code] === -1) places[code] = texts.push(categories[code] as string) - 1;
      values[row] = code < 0 ? -1 : (places[code] as number);
    }
  });
  return { values, texts };
}

function* narrowest(kind: ColumnKind, values: ArrayLike<number>): Work<ElementName> {
  let [least, most, whole] = [0, 0, true];
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to && whole; row++) {
      const value = values[row] as number;
      if (Number.isNaN(value)) continue;
      // An integer has no -0.
      if (!Number.isInteger(value) || Object.is(value, -0)) whole = false;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  });
  if (kind === 'boolean') return 'i1';
  if (!whole) return 'f8';
  return (['i1', 'i2', 'i4'] as const).find((name) => least > gaps[name] && most < -gaps[name]) ?? 'f8';
}

/** The table of what `storeRows` wrote; undefined for what it cannot have written. */
export function* readRows(stored: readonly StoredColumn[]): Work<Table | undefined> {
  const columns = new Map<string, Column>();
  let rows: number | undefined;
  for (const { name, kind, elements: type, values, texts = [] } of stored) {
    const fits =
      typeof name === 'string' &&
      columnKindNames.includes(kind) &&
      Object.hasOwn(elements, type) &&
      typeof values === 'string' &&
      Array.isArray(texts) &&
      texts.every((text) => typeof text === 'string');
    if (!fits || columns.has(name)) return undefined;
    const Elements = elements[type];
    // A copy, whose bytes begin where an element may.
    const bytes = Uint8Array.from(Buffer.from(values, 'base64'));
    rows ??= bytes.length / Elements.BYTES_PER_ELEMENT;
    if (rows === 0 || bytes.length !== rows * Elements.BYTES_PER_ELEMENT || !Number.isInteger(rows))
      return undefined;
    const cells = new Elements(bytes.buffer);
    const out = newValues(kind, rows);
    const isCode = kind === 'category' || kind === 'boolean';
    const codes = kind === 'category' ? texts.length : 2;
    let isWhole = true;
    yield* inSlices(rows, (from, to) => {
      for (let row = from; row < to; row++) {
        const value = cells[row] as number;
        if (isCode && !(Number.isInteger(value) && value >= -1 && value < codes)) isWhole = false;
        const cell = !isCode && value === gaps[type] ? Number.NaN : value;
        if (cell === Number.POSITIVE_INFINITY || cell === Number.NEGATIVE_INFINITY) isWhole = false;
        out[row] = cell;
      }
    });
    if (!isWhole) return undefined;
    columns.set(name, columnOf(kind, out, kind === 'category' ? givenCategories(texts) : undefined));
  }
  return rows === undefined ? undefined : new Table(columns, rows);
}
