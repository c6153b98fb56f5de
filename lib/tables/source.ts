// Where a table's bytes come from: a file, bytes in memory, a stream.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { fileURLToPath } from 'node:url';
import { argumentError, blasnetError } from '../base/errors';
import { nodeFs } from '../base/lazy-modules';
import { gathered } from './blocks';
import { gunzipBlocks } from './gzip';

/**
 * A file (its path, or a URL with the scheme `file:`), bytes, or what yields blocks of bytes or texts: a Readable, an
 * async iterable or an iterable.
 */
export type TableSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** Bytes that can be read twice. */
export interface Source {
  /** What errors call it: the file's name, in quotes, or `the data`. */
  readonly name: string;
  /** For the format: the file's name without .gz, in lower case. */
  readonly file: string;
  /** Where the file is; undefined for other sources. */
  readonly path?: string;
  /** The bytes to be read, for progress; undefined if that is not known. */
  readonly size: () => Promise<number | undefined>;
  /** The blocks, decompressed. `onRead` gets the number of bytes that were read, compressed ones if they are. */
  blocks(onRead?: (bytes: number) => void): AsyncGenerator<Uint8Array>;
}

const blockSize = 2 ** 22;

export function sourceOf(given: unknown): Source {
  const path = pathOf(given);
  if (path !== undefined) return fileSource(path);
  if (given instanceof Uint8Array) return bytesSource(given);
  if (given instanceof ArrayBuffer) return bytesSource(new Uint8Array(given));
  if (isIterable(given)) return streamSource(given);
  throw argumentError(
    'ERR_BLASNET_ARG_TYPE',
    'source',
    'a path, a file: URL, bytes, a Readable or an async iterable of bytes',
    given,
  );
}

function pathOf(given: unknown): string | undefined {
  if (given instanceof URL) {
    if (given.protocol !== 'file:') {
      const hint = '; for others, pass the body: (await fetch(url)).body';
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'source', 'a URL with the scheme file:', given.href, hint);
    }
    return fileURLToPath(given);
  }
  if (typeof given !== 'string') return undefined;
  if (given === '' || given.includes('\0') || given.includes('\n')) {
    const hint = given.includes('\n') ? '; for a text, pass Buffer.from(text)' : '';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'source', 'a non-empty path', given, hint);
  }
  return given;
}

function isIterable(given: unknown): given is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof given !== 'object' || given === null) return false;
  return Symbol.asyncIterator in given || Symbol.iterator in given;
}

function fileSource(path: string): Source {
  const name = JSON.stringify(path.length > 200 ? `...${path.slice(-197)}` : path);
  return {
    name,
    path,
    file: path.toLowerCase().replace(/\.gz$/, ''),
    async size() {
      return (
        await nodeFs()
          .promises.stat(path)
          .catch(() => undefined)
      )?.size;
    },
    blocks: (onRead) => gunzipBlocks(name, fileBlocks(path, name, onRead)),
  };
}

async function* fileBlocks(
  path: string,
  name: string,
  onRead?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const failed = (cause: unknown) =>
    blasnetError('ERR_BLASNET_FILE', `Cannot read ${name}: ${(cause as Error).message}`, { cause });
  const file = await nodeFs()
    .promises.open(path, 'r')
    .catch((cause: unknown) => {
      throw failed(cause);
    });
  const read = async () => {
    const block = Buffer.allocUnsafe(blockSize);
    const { bytesRead } = await file.read(block, 0, blockSize, null);
    return block.subarray(0, bytesRead);
  };
  let next: Promise<Uint8Array> | undefined;
  try {
    next = read();
    for (;;) {
      const block = await next;
      if (block.length === 0) return;
      onRead?.(block.length);
      // The next block is read while this one is parsed.
      next = read();
      next.catch(() => {});
      yield block;
    }
  } catch (cause) {
    throw failed(cause);
  } finally {
    await next?.catch(() => {});
    await file.close();
  }
}

function bytesSource(bytes: Uint8Array): Source {
  const name = 'the data';
  async function* blocks(onRead?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += blockSize) {
      const block = bytes.subarray(at, at + blockSize);
      onRead?.(block.length);
      yield block;
    }
  }
  return {
    name,
    file: '',
    size: async () => bytes.length,
    blocks: (onRead) => gunzipBlocks(name, blocks(onRead)),
  };
}

// A stream flows once, so its blocks are kept until the table is complete.
function streamSource(stream: AsyncIterable<unknown> | Iterable<unknown>): Source {
  const name = 'the data';
  const kept: Uint8Array[] = [];
  let flowed = false;
  async function* blocks(onRead?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    if (flowed) {
      yield* kept;
      return;
    }
    flowed = true;
    for await (const part of stream as AsyncIterable<unknown>) {
      const block = typeof part === 'string' ? Buffer.from(part) : part;
      if (!(block instanceof Uint8Array)) {
        throw argumentError('ERR_BLASNET_ARG_TYPE', 'source', 'an iterable of Uint8Arrays or strings', part);
      }
      // The stream may use its memory again.
      const copy = Uint8Array.from(block);
      kept.push(copy);
      onRead?.(copy.length);
      yield copy;
    }
  }
  return {
    name,
    file: '',
    size: async () => undefined,
    blocks: (onRead) => gunzipBlocks(name, blocks(onRead)),
  };
}

/** Opens a source, so that its first bytes can be looked at. The first call of `blocks` then goes on behind them. */
export async function opened(
  source: Source,
  size: number,
  onRead: (bytes: number) => void,
): Promise<{ readonly sample: Uint8Array; readonly source: Source; close(): Promise<void> }> {
  let blocks: AsyncGenerator<Uint8Array> | undefined = gathered(source.blocks(onRead), size);
  const sample = (await blocks.next()).value as Uint8Array;
  async function* goOn(rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield sample;
      yield* rest;
    } finally {
      await rest.return(undefined);
    }
  }
  return {
    sample,
    source: {
      ...source,
      blocks(onReadAgain) {
        const rest = blocks;
        blocks = undefined;
        return rest === undefined ? source.blocks(onReadAgain) : goOn(rest);
      },
    },
    async close() {
      await blocks?.return(undefined);
    },
  };
}
