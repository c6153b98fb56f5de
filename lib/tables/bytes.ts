// The bytes of a file, read by ranges, or those of memory.

import type { FileHandle } from 'node:fs/promises';
import { wholeBytes } from './blocks';
import { openFile, readError } from './file';
import { isGzip } from './gzip';
import type { Source } from './source';

export interface Bytes {
  /** What errors call the file. */
  readonly name: string;
  readonly size: number;
  /** The file, for those who read it themselves. */
  readonly handle: FileHandle | undefined;
  /** The bytes from `start` up to `end`, in a buffer of their own. Those of a directory need not count as progress. */
  read(start: number, end: number, counts?: boolean): Promise<Uint8Array>;
  close(): Promise<void>;
}

async function fileBytes(path: string, name: string, onRead: (bytes: number) => void): Promise<Bytes> {
  const handle = await openFile(path, name);
  const { size } = await handle.stat();
  return {
    name,
    size,
    handle,
    async read(start, end, counts = true) {
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle
          .read(bytes, at, bytes.length - at, start + at)
          .catch((cause: unknown) => {
            throw readError(name, cause);
          });
        if (bytesRead === 0) throw readError(name, new Error('it has become shorter while it was read'));
        at += bytesRead;
        if (counts) onRead(bytesRead);
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

export function memoryBytes(bytes: Uint8Array, name: string): Bytes {
  return {
    name,
    size: bytes.length,
    handle: undefined,
    // The method of a Buffer would give a view.
    read: async (start, end) => Uint8Array.prototype.slice.call(bytes, start, end),
    close: async () => {},
  };
}

/** The bytes of a file, by ranges; undefined for a compressed one, and for other sources. @throws Error ERR_BLASNET_FILE */
export async function rangesOf(
  { path, name }: Pick<Source, 'path' | 'name'>,
  onRead: (bytes: number) => void,
): Promise<Bytes | undefined> {
  if (path === undefined) return undefined;
  const file = await fileBytes(path, name, onRead);
  let packed = true;
  try {
    packed = isGzip(await file.read(0, Math.min(2, file.size), false));
    return packed ? undefined : file;
  } finally {
    if (packed) await file.close();
  }
}

/** The bytes of a file, by ranges, unless it is compressed; those of other sources as a whole. */
export async function bytesOf(
  source: Pick<Source, 'path' | 'name' | 'blocks'>,
  onRead: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Bytes> {
  const file = await rangesOf(source, onRead);
  return file ?? memoryBytes(await wholeBytes(source.blocks(onRead, signal)), source.name);
}
