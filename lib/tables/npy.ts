// NumPy's arrays: NPY, and NPZ, which is a zip archive of them. The format is
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { splitColumns } from '../addon/arrays';
import { inSlices, pinnedWork, type Work } from '../addon/work';
import { type BlasnetError, blasnetError } from '../base/errors';
import type { NumberArray } from '../base/number-kinds';
import { wholeBytes } from './blocks';
import { ColumnBuilder } from './build';
import { chosen } from './choose';
import { type Column, columnOf } from './column';
import type { CsvOptions } from './csv';
import type { Source } from './source';
import type { Columns, Request } from './text-pass';
import { unzip } from './zip';

/** How the elements of an array, or of one field of it, are stored. */
interface ElementType {
  /** f, i, u: numbers; b: truth values; U: UTF-32; S: bytes; M: times */
  readonly kind: string;
  readonly bytes: number;
  readonly bigEndian: boolean;
  /** The unit of times: ms, D, ... */
  readonly unit: string;
}

interface NpyArray {
  /** Fields of a structured array; one without a name otherwise. */
  readonly fields: readonly { readonly name: string; readonly type: ElementType }[];
  readonly columnMajor: boolean;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Reads an NPY file: a column for each column of a matrix, or for each field of a structured array. */
export async function readNpy(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  const bytes = await wholeBytes(source.blocks(request.onBytes));
  const work = columnsOf(parseNpy(bytes, source.name), 'column', source.name);
  return finish(await pinnedWork(work, [bytes], request), source, options, request);
}

/** Reads an NPZ file: the columns of all its arrays, each under the array's name. */
export async function readNpz(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  const bytes = await wholeBytes(source.blocks(request.onBytes));
  const found = new Map<string, Column>();
  for (const { name, content } of await unzip(bytes, source.name)) {
    if (!name.endsWith('.npy')) continue;
    const array = name.slice(0, -4);
    const place = `${JSON.stringify(name)} of ${source.name}`;
    const work = columnsOf(parseNpy(content, place), array, place);
    for (const [column, values] of await pinnedWork(work, [content], request)) {
      found.set(column, values);
    }
  }
  return finish(found, source, options, request);
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

const magic = Buffer.from('\x93NUMPY', 'latin1');

function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  if (bytes.length < 10 || !magic.equals(bytes.subarray(0, 6)))
    throw failed(file, 'it does not begin as an NPY file does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6] as number;
  const start = version === 1 ? 10 : 12;
  if (version < 1 || version > 3 || bytes.length < start)
    throw failed(file, `expected version 1 to 3 of the format, got ${version}`);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > 2 ** 20 || start + length > bytes.length)
    throw failed(file, 'its header is longer than the file');
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');

  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  const fields = fieldsOf(header, file);
  if (order === undefined || shape === undefined) throw failed(file, 'its header has no shape');
  const sizes = shape
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(Number);
  const elements = sizes.reduce((product, size) => product * size, 1);
  const elementBytes = fields.reduce((sum, { type }) => sum + type.bytes, 0);
  const data = bytes.subarray(start + length);
  if (elements === 0) throw failed(file, `it has no elements: its shape is (${sizes.join(', ')})`);
  if (!Number.isSafeInteger(elements * elementBytes) || data.length !== elements * elementBytes) {
    throw failed(
      file,
      `expected ${elements * elementBytes} bytes of elements for the shape (${sizes.join(', ')}), got ${data.length}`,
    );
  }
  return { fields, columnMajor: order === 'True', shape: sizes, data };
}

function fieldsOf(header: string, file: string): NpyArray['fields'] {
  const simple = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  if (simple !== undefined) return [{ name: '', type: elementType(simple, file) }];
  const list = /'descr':\s*\[(.*?)\]/s.exec(header)?.[1] ?? '';
  const fields = [...list.matchAll(/\('([^']*)',\s*'([^']*)'\)/g)];
  if (fields.length === 0) throw failed(file, 'its header has no type of elements that a table can hold');
  return fields.map(([, name = '', type = '']) => ({ name, type: elementType(type, file) }));
}

function elementType(text: string, file: string): ElementType {
  const [, endian = '', kind = '', size = '', unit = ''] =
    /^([<>|=]?)([fiubUSM?])(\d*)(?:\[(\w+)\])?$/.exec(text) ?? [];
  const count = kind === '?' || kind === 'b' ? 1 : Number(size);
  const bytes = kind === 'U' ? 4 * count : count;
  const known =
    (kind === 'f' && [2, 4, 8].includes(bytes)) ||
    ('iu'.includes(kind) && kind !== '' && [1, 2, 4, 8].includes(bytes)) ||
    kind === 'b' ||
    kind === '?' ||
    ('US'.includes(kind) && kind !== '' && count > 0) ||
    (kind === 'M' && bytes === 8 && unit in milliseconds);
  if (!known)
    throw failed(
      file,
      `expected elements that are numbers, truth values, texts or times, got the type ${JSON.stringify(text)}`,
    );
  return { kind: kind === '?' ? 'b' : kind, bytes, bigEndian: endian === '>', unit };
}

const milliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
  D: 8.64e7,
  W: 6.048e8,
};

function* columnsOf(array: NpyArray, name: string, file: string): Work<Map<string, Column>> {
  const { fields, shape, data, columnMajor } = array;
  const [rows = 1, ...others] = shape;
  if (fields[0]?.name !== '') {
    if (shape.length > 1)
      throw failed(file, `expected one dimension of records, got the shape (${shape.join(', ')})`);
    return yield* recordColumns(array, rows, file);
  }
  const cols = others.reduce((product, size) => product * size, 1);
  if (columnMajor && shape.length > 2)
    throw failed(file, 'expected at most two dimensions in column-major order');
  const { type } = fields[0] as (typeof fields)[number];
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
    columns.set(
      column,
      yield* readColumn(column, type, data, rows, place.first * type.bytes, place.step * type.bytes),
    );
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
    columns.set(name, yield* readColumn(name, type, data, rows, offset, step));
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

function* readColumn(
  name: string,
  type: ElementType,
  data: Uint8Array,
  rows: number,
  offset: number,
  step: number,
): Work<Column> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = elementReader(type, view);
  const kind = { b: 'boolean', U: 'category', S: 'category', M: 'time' }[type.kind] ?? 'number';
  const builder = new ColumnBuilder(name, rows, kind as 'number');
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) builder.set(row, read(offset + row * step));
  });
  return builder.done();
}

function elementReader(
  { kind, bytes, bigEndian, unit }: ElementType,
  view: DataView,
): (at: number) => unknown {
  const little = !bigEndian;
  switch (`${kind}${bytes}`) {
    case 'f2':
      return (at) => halfOf(view.getUint16(at, little));
    case 'f4':
      return (at) => view.getFloat32(at, little);
    case 'f8':
      return (at) => view.getFloat64(at, little);
    case 'i1':
      return (at) => view.getInt8(at);
    case 'i2':
      return (at) => view.getInt16(at, little);
    case 'i4':
      return (at) => view.getInt32(at, little);
    case 'i8':
      return (at) => view.getBigInt64(at, little);
    case 'u1':
      return (at) => view.getUint8(at);
    case 'u2':
      return (at) => view.getUint16(at, little);
    case 'u4':
      return (at) => view.getUint32(at, little);
    case 'u8':
      return (at) => view.getBigUint64(at, little);
    case 'b1':
      return (at) => view.getUint8(at) !== 0;
    default:
      break;
  }
  if (kind === 'M') {
    const scale = milliseconds[unit] as number;
    // The least integer is NaT.
    return (at) => {
      const count = view.getBigInt64(at, little);
      return count === -(2n ** 63n) ? null : new Date(Number(count) * scale);
    };
  }
  const text = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  if (kind === 'S') return (at) => text.toString('utf8', at, at + bytes).replace(/\0+$/, '');
  return (at) => {
    let string = '';
    for (let i = 0; i < bytes; i += 4) {
      const code = view.getUint32(at + i, little);
      if (code > 0 && code <= 0x10ffff) string += String.fromCodePoint(code);
    }
    return string;
  };
}

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function failed(file: string, reason: string): BlasnetError {
  return blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: ${reason}`);
}
