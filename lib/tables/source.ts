// Where a table's bytes come from: a file, bytes in memory, a stream.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { fileURLToPath } from 'node:url';
import { onAbort, throwIfAborted } from '../base/aborts';
import { AbortError, argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { nodeFs } from '../base/lazy-modules';
import { gathered, resumed } from './blocks';
import { openFile, readError } from './file';
import { gunzipBlocks } from './gzip';

/**
 * A file (its path, or a URL with the scheme `file:`), bytes, or what yields blocks of bytes or texts: a Readable, an
 * async iterable or an iterable.
 */
export type TableSource = string | URL | Uint8Array | ArrayBuffer | TableStream;

/** Blocks of bytes or texts, such as a Readable. */
export type TableStream = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** A source that can be gone through again: `open` makes the stream anew. */
export type ScanSource = TableSource | (() => TableStream | Promise<TableStream>);

/** Bytes that can be read twice, unless the source is one of a scan and flows once. */
export interface Source {
  /** What errors call it: the file's name, in quotes, or `the data`. */
  readonly name: string;
  /** For the format: the file's name without .gz, in lower case. */
  readonly file: string;
  /** Where the file is; undefined for other sources. */
  readonly path?: string;
  /** The bytes to be read, for progress; undefined if that is not known. */
  readonly size: () => Promise<number | undefined>;
  /** Whether it is a stream that flows once. */
  readonly flowsOnce: boolean;
  /** What tells whether a file has changed; undefined for others. */
  readonly stamp: () => Promise<string | undefined>;
  /**
   * The blocks, decompressed. `onRead` gets the number of bytes that were read, compressed ones if they are. If the signal
   * is aborted, a stream is no longer waited for.
   */
  blocks(onRead?: (bytes: number) => void, signal?: AbortSignal): AsyncGenerator<Uint8Array>;
}

const blockSize = 2 ** 20;

// Memory for blocks of files. A large file would otherwise leave behind tens of megabytes, which wait to be collected.
const free: Buffer[] = [];
const mostFree = 4;
const blockOf = new WeakMap<ArrayBufferLike, Buffer>();

function newBlock(): Buffer {
  const block = Buffer.from(new ArrayBuffer(blockSize));
  blockOf.set(block.buffer, block);
  return block;
}

/** Gives back a block that is no longer needed. Its memory may be that of a later block. */
export function giveBack({ buffer }: Uint8Array): void {
  const block = blockOf.get(buffer);
  if (block !== undefined && free.length < mostFree && !free.includes(block)) free.push(block);
}

/** The source of a table that is read as a whole. The blocks of a stream are kept, so that they can be read twice. */
export function sourceOf(given: unknown): Source {
  const source = storedSource(given) ?? (isIterable(given) ? keptStream(given) : undefined);
  if (source !== undefined) return source;
  const rule = 'a path, a file: URL, bytes, a Readable or an async iterable of bytes';
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'source', rule, given);
}

/** The source of a table that is read part by part. Nothing is kept. */
export function scanSourceOf(given: unknown): Source {
  const stored = storedSource(given);
  if (stored !== undefined) return stored;
  if (typeof given === 'function') return openedAnew(given as () => unknown);
  if (isIterable(given)) return flowingOnce(given);
  const rule =
    'a path, a file: URL, bytes, or a function that returns a Readable or an async iterable of bytes';
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'source', rule, given);
}

function storedSource(given: unknown): Source | undefined {
  const path = pathOf(given);
  if (path !== undefined) return fileSource(path);
  if (given instanceof Uint8Array) return bytesSource(given);
  return given instanceof ArrayBuffer ? bytesSource(new Uint8Array(given)) : undefined;
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

function isIterable(given: unknown): given is TableStream {
  if (typeof given !== 'object' || given === null) return false;
  return Symbol.asyncIterator in given || Symbol.iterator in given;
}

function fileSource(path: string): Source {
  const name = JSON.stringify(path.length > 200 ? `...${path.slice(-197)}` : path);
  const stat = () =>
    nodeFs()
      .promises.stat(path)
      .catch(() => undefined);
  return {
    name,
    path,
    file: path.toLowerCase().replace(/\.gz$/, ''),
    flowsOnce: false,
    size: async () => (await stat())?.size,
    async stamp() {
      const stats = await stat();
      return stats && `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    },
    blocks: (onRead) => gunzipBlocks(name, fileBlocks(path, name, onRead)),
  };
}

async function* fileBlocks(
  path: string,
  name: string,
  onRead?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const file = await openFile(path, name);
  const read = async () => {
    const block = free.pop() ?? newBlock();
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
    throw readError(name, cause);
  } finally {
    await next?.catch(() => {});
    await file.close();
  }
}

// What errors call a source without a file.
const name = 'the data';

function unnamed(blocks: Source['blocks']): Source {
  return {
    name,
    file: '',
    size: async () => undefined,
    flowsOnce: false,
    stamp: async () => undefined,
    blocks: (onRead, signal) => gunzipBlocks(name, blocks(onRead, signal)),
  };
}

function bytesSource(bytes: Uint8Array): Source {
  const source = unnamed(async function* (onRead) {
    for (let at = 0; at < bytes.length; at += blockSize) {
      const block = bytes.subarray(at, at + blockSize);
      onRead?.(block.length);
      yield block;
    }
  });
  return { ...source, size: async () => bytes.length };
}

// A stream flows once, so its blocks are kept until the table is complete.
function keptStream(stream: TableStream): Source {
  const kept: Uint8Array[] = [];
  let flowed = false;
  return unnamed(async function* (onRead, signal) {
    if (flowed) {
      yield* kept;
      return;
    }
    flowed = true;
    for await (const block of streamBlocks(stream, signal)) {
      kept.push(block);
      onRead?.(block.length);
      yield block;
    }
  });
}

function openedAnew(open: () => unknown): Source {
  return unnamed(async function* (onRead, signal) {
    const stream = await open();
    if (!isIterable(stream)) {
      const rule = 'a Readable or an async iterable of bytes';
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'what source() returns', rule, stream);
    }
    for await (const block of streamBlocks(stream, signal)) {
      onRead?.(block.length);
      yield block;
    }
  });
}

function flowingOnce(stream: TableStream): Source {
  let flowed = false;
  const source = openedAnew(() => {
    if (flowed) throw onceError();
    flowed = true;
    return stream;
  });
  return { ...source, flowsOnce: true };
}

/** The error for a stream that would have to flow twice. */
export function onceError(): BlasnetError {
  return blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    'Expected source to be gone through once, since it is a stream: to read it again, pass a function that opens it, such as () => createReadStream(path); to read it in one pass, state the kinds of all columns in types',
  );
}

// The blocks of a stream, copied: the stream may use its memory again. An abort ends the wait for the next one.
async function* streamBlocks(
  stream: TableStream,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const parts = Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
  let waits = false;
  try {
    for (;;) {
      throwIfAborted(signal);
      waits = true;
      const { done, value } = await unlessAborted(Promise.resolve(parts.next()), signal);
      waits = false;
      if (done) return;
      const block: unknown = typeof value === 'string' ? Buffer.from(value) : value;
      if (!(block instanceof Uint8Array)) {
        throw argumentError('ERR_BLASNET_ARG_TYPE', 'source', 'an iterable of Uint8Arrays or strings', value);
      }
      yield Uint8Array.from(block);
    }
  } finally {
    // An iterator that waits for its next block would answer only then. A Readable can be ended all the same.
    const ending = Promise.resolve(parts.return?.());
    if (!waits) await ending;
    else {
      ending.catch(() => {});
      (stream as { destroy?: () => void }).destroy?.();
    }
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  let unlisten = () => {};
  const aborted = new Promise<never>((_, reject) => {
    unlisten = onAbort(signal, () => reject(new AbortError(signal?.reason)));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    unlisten();
  }
}

/** Opens a source, so that its first bytes can be looked at. The first call of `blocks` then goes on behind them. */
export async function opened(
  source: Source,
  size: number,
  onRead: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<{ readonly sample: Uint8Array; readonly source: Source; close(): Promise<void> }> {
  let blocks: AsyncGenerator<Uint8Array> | undefined = gathered(source.blocks(onRead, signal), size);
  const sample = (await blocks.next()).value as Uint8Array;
  return {
    sample,
    source: {
      ...source,
      blocks(onReadAgain, signalAgain) {
        const rest = blocks;
        blocks = undefined;
        return rest === undefined ? source.blocks(onReadAgain, signalAgain) : resumed(sample, rest);
      },
    },
    async close() {
      await blocks?.return(undefined);
    },
  };
}
