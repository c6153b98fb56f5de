// IDX, the format of MNIST: big-endian numbers with their dimensions (http://yann.lecun.com/exdb/mnist).

import { type ArrayRequest, arrayParts, wholeOf } from './array-parts';
import { flowingRows } from './array-rows';
import type { CsvOptions } from './csv';
import { type ArrayHeader, failed } from './npy-header';
import type { Columns, Request } from './request';
import type { Source } from './source';

// By the third byte of the file: the kind of its elements, and their bytes.
const types: Readonly<Record<number, { readonly kind: string; readonly bytes: number }>> = {
  8: { kind: 'u', bytes: 1 },
  9: { kind: 'i', bytes: 1 },
  11: { kind: 'i', bytes: 2 },
  12: { kind: 'i', bytes: 4 },
  13: { kind: 'f', bytes: 4 },
  14: { kind: 'f', bytes: 8 },
};

/** Reads an IDX file: its first dimension are the rows; the elements of a row are columns. */
export function readIdx(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  return wholeOf((whole) => idxParts(source, options, whole), request);
}

/** Reads it part by part. */
export async function* idxParts(
  source: Source,
  options: CsvOptions,
  request: ArrayRequest,
): AsyncGenerator<Columns> {
  const blocks = source.blocks(request.onBytes, request.signal);
  const array = await flowingRows(blocks, source.name, idxHeader);
  yield* arrayParts([{ name: 'column', array }], source.name, options, request);
}

// The bytes that are read for it are more than it has.
function idxHeader(bytes: Uint8Array, file: string): ArrayHeader {
  const type = types[bytes[2] ?? 0];
  const dimensions = bytes[3] ?? 0;
  const start = 4 + 4 * dimensions;
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || dimensions < 1 || bytes.length < start) {
    throw failed(file, 'it does not begin as an IDX file does');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements === 0) throw failed(file, `it has no elements: its shape is (${shape.join(', ')})`);
  return {
    fields: [{ name: '', type: { ...type, bigEndian: true, unit: '' } }],
    columnMajor: false,
    shape,
    start,
    size: elements * type.bytes,
  };
}
