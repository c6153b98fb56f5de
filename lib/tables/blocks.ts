import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { setImmediate } from 'node:timers/promises';

/** The same bytes, with a first block of at least `size` bytes, unless there are fewer. */
export async function* gathered(
  blocks: AsyncGenerator<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  const first: Uint8Array[] = [];
  let bytes = 0;
  try {
    while (bytes < size) {
      const next = await blocks.next();
      if (next.done) break;
      first.push(next.value);
      bytes += next.value.length;
    }
    yield first.length === 1 ? (first[0] as Uint8Array) : Buffer.concat(first);
    yield* blocks;
  } finally {
    await blocks.return(undefined);
  }
}

/** What has been taken already, and the rest. */
export async function* resumed<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** All bytes. */
export async function wholeBytes(blocks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const block of blocks) parts.push(block);
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

/** The bytes of blocks, some at a time, copied. `release` gets the blocks that are no longer needed. */
export class ByteQueue {
  readonly #blocks: AsyncGenerator<Uint8Array>;
  readonly #release: (block: Uint8Array) => void;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(blocks: AsyncGenerator<Uint8Array>, release: (block: Uint8Array) => void = () => {}) {
    this.#blocks = blocks;
    this.#release = release;
  }

  /** The next bytes: so many, or fewer at the end. Memory is taken only for bytes that have come. */
  async take(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    const done: Uint8Array[] = [];
    let length = 0;
    while (length < count) {
      if (this.#at === this.#block.length) {
        done.push(this.#block);
        const next = await this.#blocks.next();
        this.#block = next.done ? new Uint8Array(0) : next.value;
        this.#at = 0;
        if (next.done) break;
      }
      const part = this.#block.subarray(this.#at, this.#at + count - length);
      parts.push(part);
      length += part.length;
      this.#at += part.length;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const [i, part] of parts.entries()) {
      // A block of a file is copied within a millisecond.
      if (i > 0 && i % 4 === 0) await setImmediate();
      bytes.set(part, at);
      at += part.length;
    }
    for (const block of done) this.#release(block);
    return bytes;
  }

  /** Like `take`, but the bytes stay. */
  async peek(count: number): Promise<Uint8Array> {
    const bytes = await this.take(count);
    const rest = this.#block.subarray(this.#at);
    this.#block = Buffer.concat([bytes, rest]);
    this.#at = 0;
    return bytes;
  }

  async close(): Promise<void> {
    await this.#blocks.return(undefined);
  }
}
