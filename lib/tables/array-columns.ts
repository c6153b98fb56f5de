// From the bytes of an array, or of some rows of it, to columns.

import { splitColumns } from '../addon/arrays';
import { inSlices, type Work } from '../addon/work';
import type { NumberArray } from '../base/number-kinds';
import { ColumnBuilder, placeOf } from './build';
import { type Column, columnOf } from './column';
import { manyColumnsError, mostColumns } from './limits';
import { elementReader, WrongElement } from './npy-elements';
import { type ArrayHeader, type ElementType, failed } from './npy-header';

/** Rows of an array. */
export interface ArrayPart {
  readonly header: ArrayHeader;
  /** How many rows there are, and how many come before. */
  readonly rows: number;
  readonly before: number;
  /** Their elements, in the order of the array. */
  readonly data: Uint8Array;
}

/** The names of the columns of an array of this name. @throws Error ERR_BLASNET_FILE for an array that is no table */
export function columnNames(
  { fields, shape, columnMajor }: ArrayHeader,
  name: string,
  file: string,
): string[] {
  if (isStructured(fields)) {
    if (shape.length > 1)
      throw failed(file, `expected one dimension of records, got the shape (${shape.join(', ')})`);
    const names = fields.map((field) => field.name);
    const twice = names.find((field, i) => names.indexOf(field) < i);
    if (twice === undefined) return names;
    throw failed(file, `expected fields of different names, got ${JSON.stringify(twice)} twice`);
  }
  if (columnMajor && shape.length > 2)
    throw failed(file, 'expected at most two dimensions in column-major order');
  const columns = widthOf(shape);
  if (columns > mostColumns) throw manyColumnsError(file);
  if (shape.length < 2) return [name === 'column' ? 'column1' : name];
  return Array.from({ length: columns }, (_, i) => `${name}${i + 1}`);
}

function isStructured(fields: ArrayHeader['fields']): boolean {
  return fields[0]?.name !== '' || fields.length > 1;
}

/** The elements of a row. */
function widthOf(shape: readonly number[]): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}

/** The bytes of a row. */
export function rowBytesOf({ fields, shape }: ArrayHeader): number {
  return widthOf(shape) * fields.reduce((sum, { type }) => sum + type.bytes, 0);
}

/** The columns of these names. */
export function* columnsOf(
  part: ArrayPart,
  names: readonly string[],
  file: string,
): Work<Map<string, Column>> {
  const { header, rows, data } = part;
  const { fields, columnMajor } = header;
  const columns = new Map<string, Column>();
  if (isStructured(fields)) {
    const step = rowBytesOf(header);
    let offset = 0;
    for (const { name, type } of fields) {
      columns.set(name, yield* readColumn(name, { type, offset, step }, part, file));
      offset += type.bytes;
    }
    return columns;
  }
  const { type } = fields[0] as ArrayHeader['fields'][number];
  const numbers = columnMajor ? undefined : (nativeNumbers(type, data) ?? (yield* plainNumbers(type, data)));
  if (numbers !== undefined) {
    const out = names.map(() => new Float64Array(rows));
    yield* splitColumns(numbers, rows, out);
    for (const [i, name] of names.entries()) columns.set(name, columnOf('number', out[i] as Float64Array));
    return columns;
  }
  for (const [i, name] of names.entries()) {
    const { first, step } = columnMajor ? { first: i * rows, step: 1 } : { first: i, step: names.length };
    const stored = { type, offset: first * type.bytes, step: step * type.bytes };
    columns.set(name, yield* readColumn(name, stored, part, file));
  }
  return columns;
}

// Numbers that native code reads as they are.
function nativeNumbers({ kind, bytes, bigEndian }: ElementType, data: Uint8Array): NumberArray | undefined {
  const types: Readonly<
    Record<string, new (buffer: ArrayBufferLike, offset: number, length: number) => NumberArray>
  > = {
    f8: Float64Array,
    f4: Float32Array,
    i4: Int32Array,
    u4: Uint32Array,
    u2: Uint16Array,
    u1: Uint8Array,
  };
  const type = types[`${kind}${bytes}`];
  if (type === undefined || (bigEndian && bytes > 1)) return undefined;
  const aligned = data.byteOffset % bytes === 0 ? data : Uint8Array.from(data);
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / bytes);
}

// Other numbers that a double holds, whatever they are.
function* plainNumbers(type: ElementType, data: Uint8Array): Work<Float64Array | undefined> {
  const { kind, bytes } = type;
  if (!(kind === 'f' || ((kind === 'i' || kind === 'u') && bytes < 8))) return undefined;
  const read = elementReader(type, new DataView(data.buffer, data.byteOffset, data.byteLength));
  const numbers = new Float64Array(data.length / bytes);
  yield* inSlices(numbers.length, (from, to) => {
    for (let i = from; i < to; i++) numbers[i] = read(i * bytes) as number;
  });
  return numbers;
}

/** Elements of a column: the first is at `offset`, each `step` bytes behind the one before. */
interface Stored {
  readonly type: ElementType;
  readonly offset: number;
  readonly step: number;
}

function* readColumn(
  name: string,
  { type, offset, step }: Stored,
  { data, rows, before }: ArrayPart,
  file: string,
): Work<Column> {
  const read = elementReader(type, new DataView(data.buffer, data.byteOffset, data.byteLength));
  const kinds = { b: 'boolean', U: 'category', S: 'category', M: 'time' } as const;
  const builder = new ColumnBuilder(name, rows, kinds[type.kind as keyof typeof kinds] ?? 'number', before);
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = read(offset + row * step);
      if (value instanceof WrongElement) {
        const place = `${placeOf(before + row, name)} of ${file}`;
        const error = failed(place, `expected ${value.rule}, got ${value.actual}`);
        throw Object.assign(error, { row: before + row, column: name });
      }
      builder.set(row, value);
    }
  });
  return builder.done();
}
