// The bytes of a file, read by ranges, or those of memory.

import type { FileHandle } from 'node:fs/promises';
import { blasnetError } from '../base/errors';
import { nodeFs } from '../base/lazy-modules';

export interface Bytes {
  /** What errors call the file. */
  readonly name: string;
  readonly size: number;
  /** The file, for those who read it themselves. */
  readonly handle: FileHandle | undefined;
  /** The bytes from `start` up to `end`, in a buffer of their own. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @throws Error ERR_BLASNET_FILE */
export async function fileBytes(path: string, name: string, onRead: (bytes: number) => void): Promise<Bytes> {
  const failed = (cause: unknown) =>
    blasnetError('ERR_BLASNET_FILE', `Cannot read ${name}: ${(cause as Error).message}`, { cause });
  const handle = await nodeFs()
    .promises.open(path, 'r')
    .catch((cause: unknown) => {
      throw failed(cause);
    });
  const { size } = await handle.stat();
  return {
    name,
    size,
    handle,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle
          .read(bytes, at, bytes.length - at, start + at)
          .catch((cause: unknown) => {
            throw failed(cause);
          });
        if (bytesRead === 0) throw failed(new Error('it has become shorter while it was read'));
        at += bytesRead;
        onRead(bytesRead);
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
