// NumPy's arrays: NPY, and NPZ, which is a zip archive of them.

import { splitColumns } from '../addon/arrays';
import { inSlices, pinnedWork, type Work } from '../addon/work';
import type { NumberArray } from '../base/number-kinds';
import { wholeBytes } from './blocks';
import { ColumnBuilder, placeOf } from './build';
import { chosen } from './choose';
import { type Column, columnOf } from './column';
import type { CsvOptions } from './csv';
import { manyColumnsError, mostColumns } from './limits';
import { elementReader, WrongElement } from './npy-elements';
import { type ElementType, failed, type NpyHeader, npyHeader } from './npy-header';
import type { Columns, Request } from './request';
import type { Source } from './source';
import { unzip } from './zip';

interface NpyArray extends NpyHeader {
  readonly data: Uint8Array;
}

/** Reads an NPY file: a column for each column of a matrix, or for each field of a structured array. */
export async function readNpy(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  const { name } = source;
  const array = await readArray(source.blocks(request.onBytes), name);
  const columns = await pinnedWork(columnsOf(array, 'column', name), [array.data], request);
  return finish(columns, source, options, request);
}

/** Reads an NPZ file: the columns of all its arrays, each under the array's name. */
export async function readNpz(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  const bytes = await wholeBytes(source.blocks(request.onBytes));
  const found = new Map<string, Column>();
  for (const { name, blocks } of unzip(bytes, source.name)) {
    if (!name.endsWith('.npy')) continue;
    const place = `${JSON.stringify(name)} of ${source.name}`;
    const array = await readArray(blocks(), place);
    const work = columnsOf(array, name.slice(0, -4), place);
    for (const [column, values] of await pinnedWork(work, [array.data], request)) {
      if (found.has(column)) {
        throw failed(source.name, `expected different names, got ${JSON.stringify(column)} twice`);
      }
      found.set(column, values);
    }
    if (found.size > mostColumns) throw manyColumnsError(source.name);
  }
  return finish(found, source, options, request);
}

// Bytes beyond those that the header promises are not waited for: they could fill the memory.
async function readArray(blocks: AsyncGenerator<Uint8Array>, file: string): Promise<NpyArray> {
  const whole = await wholeBytes(blocks, (first) => {
    const header = npyHeader(first, file);
    return header === undefined ? undefined : header.start + header.size;
  });
  const header = npyHeader(whole, file);
  if (header === undefined) throw failed(file, 'its header is longer than the file');
  const data = whole.subarray(header.start);
  const { size, shape } = header;
  if (data.length === size) return { ...header, data };
  const got = data.length > size ? 'more' : String(data.length);
  throw failed(file, `expected ${size} bytes of elements for the shape (${shape.join(', ')}), got ${got}`);
}

function finish(
  columns: Map<string, Column>,
  source: Source,
  options: CsvOptions,
  request: Request,
): Columns {
  const [first] = columns;
  if (first === undefined) throw failed(source.name, 'it holds no arrays');
  const rows = first[1].length;
  for (const [name, { length }] of columns) {
    if (length === rows) continue;
    throw failed(
      source.name,
      `expected arrays of equally many rows, got ${rows} in ${JSON.stringify(first[0])} and ${length} in ${JSON.stringify(name)}`,
    );
  }
  request.onRows(rows);
  return { columns: chosen(columns, source.name, options.header, request), rows };
}

function* columnsOf(array: NpyArray, name: string, file: string): Work<Map<string, Column>> {
  const { fields, shape, data, columnMajor } = array;
  const [rows = 1, ...others] = shape;
  if (fields[0]?.name !== '' || fields.length > 1) {
    if (shape.length > 1)
      throw failed(file, `expected one dimension of records, got the shape (${shape.join(', ')})`);
    return yield* recordColumns(array, rows, file);
  }
  const cols = others.reduce((product, size) => product * size, 1);
  if (cols > mostColumns) throw manyColumnsError(file);
  if (columnMajor && shape.length > 2)
    throw failed(file, 'expected at most two dimensions in column-major order');
  const { type } = fields[0];
  const names =
    shape.length < 2
      ? [name === 'column' ? 'column1' : name]
      : Array.from({ length: cols }, (_, i) => `${name}${i + 1}`);
  const columns = new Map<string, Column>();
  const numbers = nativeNumbers(type, data);
  if (numbers !== undefined && !columnMajor) {
    const out = names.map(() => new Float64Array(rows));
    yield* splitColumns(numbers, rows, out);
    for (const [i, column] of names.entries())
      columns.set(column, columnOf('number', out[i] as Float64Array));
    return columns;
  }
  for (const [i, column] of names.entries()) {
    const place = columnMajor ? { first: i * rows, step: 1 } : { first: i, step: cols };
    const stored = { type, data, offset: place.first * type.bytes, step: place.step * type.bytes };
    columns.set(column, yield* readColumn(column, stored, rows, file));
  }
  return columns;
}

function* recordColumns({ fields, data }: NpyArray, rows: number, file: string): Work<Map<string, Column>> {
  const columns = new Map<string, Column>();
  const step = fields.reduce((sum, { type }) => sum + type.bytes, 0);
  let offset = 0;
  for (const { name, type } of fields) {
    if (columns.has(name))
      throw failed(file, `expected fields of different names, got ${JSON.stringify(name)} twice`);
    columns.set(name, yield* readColumn(name, { type, data, offset, step }, rows, file));
    offset += type.bytes;
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

/** Elements of a column: the first is at `offset`, each `step` bytes behind the one before. */
interface Stored {
  readonly type: ElementType;
  readonly data: Uint8Array;
  readonly offset: number;
  readonly step: number;
}

function* readColumn(
  name: string,
  { type, data, offset, step }: Stored,
  rows: number,
  file: string,
): Work<Column> {
  const read = elementReader(type, new DataView(data.buffer, data.byteOffset, data.byteLength));
  const kinds = { b: 'boolean', U: 'category', S: 'category', M: 'time' } as const;
  const builder = new ColumnBuilder(name, rows, kinds[type.kind as keyof typeof kinds] ?? 'number');
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = read(offset + row * step);
      if (value instanceof WrongElement) {
        const error = failed(
          `${placeOf(row, name)} of ${file}`,
          `expected ${value.rule}, got ${value.actual}`,
        );
        throw Object.assign(error, { row, column: name });
      }
      builder.set(row, value);
    }
  });
  return builder.done();
}
