// A file that is opened to be read.

import type { FileHandle } from 'node:fs/promises';
import { type BlasnetError, blasnetError } from '../base/errors';
import { nodeFs } from '../base/lazy-modules';

/** @throws Error ERR_BLASNET_FILE, in which the file is called by `name` */
export async function openFile(path: string, name: string): Promise<FileHandle> {
  try {
    return await nodeFs().promises.open(path, 'r');
  } catch (cause) {
    throw readError(name, cause);
  }
}

/** The error for what the system says of a file. */
export function readError(name: string, cause: unknown): BlasnetError {
  return blasnetError('ERR_BLASNET_FILE', `Cannot read ${name}: ${(cause as Error).message}`, { cause });
}
