// The rows of an array in a file, some at a time.

import type { ArrayPart } from './array-columns';
import { rowBytesOf } from './array-columns';
import { ByteQueue } from './blocks';
import { type Bytes, memoryBytes } from './bytes';
import { type ArrayHeader, failed } from './npy-header';
import { giveBack } from './source';

export interface ArrayRows {
  readonly header: ArrayHeader;
  /** What errors call it. */
  readonly file: string;
  /** The next rows. @throws Error ERR_BLASNET_FILE for an array that is shorter */
  take(rows: number): Promise<ArrayPart>;
  /** Throws if bytes follow behind the rows. */
  end(): Promise<void>;
  close(): Promise<void>;
}

/** Reads a header at the beginning of these bytes; undefined if they end before it does. */
export type HeaderReader = (first: Uint8Array, file: string) => ArrayHeader | undefined;

export function rowsOf({ shape: [rows = 1] }: ArrayHeader): number {
  return rows;
}

/** Whether the values of a column, not those of a row, stand one behind the other. */
export function isByColumns({ columnMajor, shape }: ArrayHeader): boolean {
  return columnMajor && shape.length > 1;
}

/** The rows of an array that comes in blocks. One that is stored by columns is then read as a whole. */
export async function flowingRows(
  blocks: AsyncGenerator<Uint8Array>,
  file: string,
  readHeader: HeaderReader,
): Promise<ArrayRows> {
  const queue = new ByteQueue(blocks, giveBack);
  try {
    const header = await peekedHeader((count) => queue.peek(count), file, readHeader);
    await queue.take(header.start);
    let before = 0;
    const take = async (rows: number): Promise<ArrayPart> => {
      const bytes = rows * rowBytesOf(header);
      const data = await queue.take(bytes);
      if (data.length < bytes) {
        throw sizeError(header, file, before * rowBytesOf(header) + data.length);
      }
      before += rows;
      return { header, rows, before: before - rows, data };
    };
    const end = async () => {
      if ((await queue.take(1)).length > 0) throw sizeError(header, file, header.size + 1);
    };
    const flowing = { header, file, take, end, close: () => queue.close() };
    if (!isByColumns(header)) return flowing;
    const { data } = await take(rowsOf(header));
    await end();
    await queue.close();
    return rowsByColumns(memoryBytes(data, file), { ...header, start: 0 });
  } catch (error) {
    await queue.close();
    throw error;
  }
}

/** The rows of an array that is stored by columns, by ranges. Closes the bytes. */
export function rowsByColumns(bytes: Bytes, header: ArrayHeader): ArrayRows {
  const { name: file, size } = bytes;
  const [rowsOfAll = 1, columns = 1] = header.shape;
  const elementBytes = rowBytesOf(header) / columns;
  if (size !== header.start + header.size) throw sizeError(header, file, size - header.start);
  let before = 0;
  return {
    header,
    file,
    async take(rows) {
      const data = new Uint8Array(rows * rowBytesOf(header));
      for (let column = 0; column < columns; column++) {
        const start = header.start + (column * rowsOfAll + before) * elementBytes;
        data.set(await bytes.read(start, start + rows * elementBytes), column * rows * elementBytes);
      }
      before += rows;
      return { header, rows, before: before - rows, data };
    },
    end: async () => {},
    close: () => bytes.close(),
  };
}

/** The header of an array; `peek` gives the first bytes of its file. */
export async function peekedHeader(
  peek: (count: number) => Promise<Uint8Array>,
  file: string,
  readHeader: HeaderReader,
): Promise<ArrayHeader> {
  for (let count = 2 ** 12; ; count *= 8) {
    const first = await peek(count);
    const header = readHeader(first, file);
    if (header !== undefined) return header;
    if (first.length < count) throw failed(file, 'its header is longer than the file');
  }
}

function sizeError({ size, shape }: ArrayHeader, file: string, got: number): Error {
  const given = got > size ? 'more' : String(got);
  return failed(file, `expected ${size} bytes of elements for the shape (${shape.join(', ')}), got ${given}`);
}
