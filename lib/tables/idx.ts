// IDX, the format of MNIST: big-endian numbers with their dimensions (http://yann.lecun.com/exdb/mnist).

import { splitColumns } from '../addon/arrays';
import { inSlices, pinnedWork, type Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { NumberArray } from '../base/number-kinds';
import { wholeBytes } from './blocks';
import { chosen } from './choose';
import { columnOf } from './column';
import type { CsvOptions } from './csv';
import { manyColumnsError, mostColumns } from './limits';
import type { Columns, Request } from './request';
import type { Source } from './source';

interface ElementType {
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

interface Header {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The product of the shape, and where the elements begin. */
  readonly elements: number;
  readonly start: number;
}

// By the third byte of the file: the bytes of an element, and how it is read.
const types: Readonly<Record<number, ElementType>> = {
  8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  9: { bytes: 1, read: (view, at) => view.getInt8(at) },
  11: { bytes: 2, read: (view, at) => view.getInt16(at) },
  12: { bytes: 4, read: (view, at) => view.getInt32(at) },
  13: { bytes: 4, read: (view, at) => view.getFloat32(at) },
  14: { bytes: 8, read: (view, at) => view.getFloat64(at) },
};

/** Reads an IDX file: its first dimension are the rows; the elements of a row are columns. */
export async function readIdx(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  const bytes = await wholeBytes(source.blocks(request.onBytes), idxBytes);
  const failed = (reason: string) =>
    blasnetError('ERR_BLASNET_FILE', `Cannot read ${source.name}: ${reason}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = headerOf(bytes);
  if (header === undefined) throw failed('it does not begin as an IDX file does');
  const { type, shape, start, elements } = header;
  const size = elements * type.bytes;
  if (bytes.length !== start + size) {
    const got = bytes.length > start + size ? 'more' : String(bytes.length - start);
    throw failed(`expected ${size} bytes of elements for the shape (${shape.join(', ')}), got ${got}`);
  }
  const [rows = 0] = shape;
  const cols = rows === 0 ? 0 : elements / rows;
  if (cols === 0) throw failed('it has no elements');
  if (cols > mostColumns) throw manyColumnsError(source.name);

  const out = Array.from({ length: cols }, () => new Float64Array(rows));
  function* read(): Work<void> {
    let numbers: NumberArray = bytes.subarray(start);
    if (bytes[2] !== 8) {
      const doubles = new Float64Array(elements);
      yield* inSlices(elements, (from, to) => {
        for (let i = from; i < to; i++) doubles[i] = type.read(view, start + i * type.bytes);
      });
      numbers = doubles;
    }
    yield* splitColumns(numbers, rows, out);
  }
  await pinnedWork(read(), [bytes], request);
  const columns = new Map(out.map((values, i) => [`column${i + 1}`, columnOf('number', values)]));
  request.onRows(rows);
  return { columns: chosen(columns, source.name, options.header, request), rows };
}

function headerOf(bytes: Uint8Array): Header | undefined {
  const type = types[bytes[2] ?? 0];
  const dimensions = bytes[3] ?? 0;
  const start = 4 + 4 * dimensions;
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || dimensions < 1 || bytes.length < start) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  return { type, shape, start, elements: shape.reduce((product, size) => product * size, 1) };
}

// The bytes of a file that begins so; none if it is no IDX file.
function idxBytes(first: Uint8Array): number {
  const header = headerOf(first);
  return header === undefined ? 0 : header.start + header.elements * header.type.bytes;
}
