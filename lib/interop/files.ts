// The files of exports and imports.

import { basename, dirname, extname, isAbsolute, join, relative, sep } from 'node:path';
import { types } from 'node:util';
import { copyArrays } from '../addon/arrays';
import { pinnedWork, type WorkOptions } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import { newArray } from '../base/memory';
import { checkBuffer } from '../base/pinning';
import { readCalls, writeCalls } from '../formats/atomic';
import { type Calls, call, runCalls, unlessAborted } from '../formats/file-calls';
import { fileError, quote } from '../formats/file-error';
import { lengthOf } from '../formats/hashed-bytes';
import type { FileBytes } from '../network/load';
import type { ExportedFile, ImportSource } from './format';

/** The extension of a path, with the point, in small letters. */
export function extensionOf(path: string): string {
  return extname(path).toLowerCase();
}

/** The name of a file without its folder and extension. */
export function stemOf(path: string): string {
  return basename(path, extname(path));
}

/** Writes the files of an export. The main file is the last one, so that it never leads to missing files. */
export async function writeFiles(
  path: string,
  files: readonly ExportedFile[],
  options: WorkOptions,
): Promise<void> {
  await runCalls(
    (function* (): Calls<void> {
      for (const { name, parts } of [...files].reverse()) {
        yield* unlessAborted();
        const place = name === undefined ? path : join(dirname(path), name);
        yield* writeCalls(place, function* (file) {
          yield* file.write(parts);
          yield* file.flush();
        });
      }
    })(),
    options,
  );
}

/** The bytes of a file, in memory of their own. */
export async function joined(
  parts: readonly Uint8Array[],
  options: WorkOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = newArray<Uint8Array<ArrayBuffer>>(Uint8Array, lengthOf(parts));
  await pinnedWork(copyArrays(parts, [bytes]), [...parts, bytes], options);
  return bytes;
}

/** Whether an import was given bytes. Whether they are of the right kind is checked by `openSource`. */
export function isBytes(from: unknown): from is FileBytes {
  return types.isAnyArrayBuffer(from) || ArrayBuffer.isView(from);
}

/**
 * Opens what `Network.import` was given.
 * @throws Error ERR_BLASNET_FILE; TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_DETACHED, ERR_BLASNET_RESIZABLE
 */
export async function openSource(from: FilePath | FileBytes, options: WorkOptions): Promise<ImportSource> {
  if (isBytes(from)) {
    const bytes = viewOf(from);
    return {
      file: 'bytes',
      bytes: await joined([bytes], options),
      async neighbour(name) {
        const hint = 'import the path of the main file';
        throw fileError(
          'bytes',
          'the content',
          'complete',
          `one that needs the file ${quote(name)}; ${hint}`,
        );
      },
    };
  }
  const path = pathOf('path', from);
  return {
    file: path,
    bytes: await read(path, options),
    neighbour: (name) => neighbourOf(path, name, options),
  };
}

function viewOf(bytes: unknown): Uint8Array {
  const view = types.isAnyArrayBuffer(bytes) ? new Uint8Array(bytes) : bytes;
  if (!types.isUint8Array(view)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'bytes', 'a Uint8Array or an ArrayBuffer', bytes);
  }
  checkBuffer('bytes', view);
  return view;
}

async function read(path: string, options: WorkOptions): Promise<Uint8Array<ArrayBuffer>> {
  return runCalls(
    readCalls(path, function* (file) {
      yield* unlessAborted();
      const bytes = newArray<Uint8Array<ArrayBuffer>>(Uint8Array, file.size);
      const count = yield* file.read(bytes);
      if (count === file.size) return bytes;
      throw fileError(path, 'the length', `${file.size} bytes, as it was`, count);
    }),
    options,
  );
}

// A file may name any path. Only those in the folder of the main file are read.
async function neighbourOf(
  path: string,
  name: string,
  options: WorkOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const folder = dirname(path);
  const inside = (place: string) =>
    place !== '' && !isAbsolute(place) && place.split(/[\\/]/)[0] !== '..' && !place.includes('\0');
  const place = join(folder, name);
  if (!inside(name) || !inside(relative(folder, place))) throw outside(path, name);
  try {
    await runCalls(
      (function* (): Calls<void> {
        const real = relative(yield* call('realpath', folder), yield* call('realpath', place));
        if (!inside(real.split(sep).join('/'))) throw outside(path, name);
      })(),
      options,
    );
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ENOENT') throw cause;
    throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${quote(place)}, which ${quote(path)} needs`, {
      cause,
    });
  }
  return read(place, options);
}

function outside(path: string, name: string): Error {
  return fileError(path, 'each file that it needs', 'in its folder or below', quote(name));
}
