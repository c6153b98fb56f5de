// NumPy's arrays: NPY, and NPZ, which is a zip archive of them.

import { type ArrayRequest, arrayParts, type NamedRows, wholeOf } from './array-parts';
import { type ArrayRows, flowingRows, isByColumns, peekedHeader, rowsByColumns } from './array-rows';
import { bytesOf, rangesOf } from './bytes';
import type { CsvOptions } from './csv';
import { npyHeader } from './npy-header';
import type { Columns, Request } from './request';
import type { Source } from './source';
import { unzip } from './zip';

/** Reads an NPY file: a column for each column of a matrix, or for each field of a structured array. */
export function readNpy(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  return wholeOf((whole) => npyParts(source, options, whole), request);
}

/** Reads it part by part. */
export async function* npyParts(
  source: Source,
  options: CsvOptions,
  request: ArrayRequest,
): AsyncGenerator<Columns> {
  const array =
    (await storedByColumns(source, request)) ??
    (await flowingRows(source.blocks(request.onBytes, request.signal), source.name, npyHeader));
  yield* arrayParts([{ name: 'column', array }], source.name, options, request);
}

// Reads a file by ranges if it is stored by columns, as that of a data frame often is.
async function storedByColumns(source: Source, { onBytes }: ArrayRequest): Promise<ArrayRows | undefined> {
  const bytes = await rangesOf(source, onBytes);
  if (bytes === undefined) return undefined;
  let array: ArrayRows | undefined;
  try {
    const peek = (count: number) => bytes.read(0, Math.min(count, bytes.size), false);
    const header = await peekedHeader(peek, source.name, npyHeader);
    if (isByColumns(header)) array = rowsByColumns(bytes, header);
    return array;
  } finally {
    if (array === undefined) await bytes.close();
  }
}

/** Reads an NPZ file: the columns of all its arrays, each under the array's name. */
export function readNpz(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  return wholeOf((whole) => npzParts(source, options, whole), request);
}

/** Reads it part by part. The arrays are decompressed side by side. */
export async function* npzParts(
  source: Source,
  options: CsvOptions,
  request: ArrayRequest,
): AsyncGenerator<Columns> {
  const bytes = await bytesOf(source, request.onBytes, request.signal);
  const arrays: NamedRows[] = [];
  try {
    const entries = (await unzip(bytes)).filter(({ name }) => name.endsWith('.npy'));
    // All arrays together hold some megabytes.
    const blockSize = Math.max(2 ** 16, Math.min(2 ** 20, Math.floor(2 ** 22 / entries.length)));
    for (const { name, blocks } of entries) {
      const place = `${JSON.stringify(name)} of ${source.name}`;
      const array = await flowingRows(blocks(blockSize), place, npyHeader);
      arrays.push({ name: name.slice(0, -4), array });
    }
    yield* arrayParts(arrays, source.name, options, request);
  } finally {
    for (const { array } of arrays) await array.close();
    await bytes.close();
  }
}
