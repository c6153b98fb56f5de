// The bytes of a file in slices. A slice is hashed while it is written, and while the next one is read.

import { copyArrays, type Sha256 } from '../addon/arrays';
import type { Work } from '../addon/work';
import { lengthOf as arrayLength, partOf } from '../base/intrinsics';
import { newArray } from '../base/memory';
import { type Calls, rest, together, working } from './file-calls';

// The bytes of a slice. An abort ends within a slice.
const [readSlice, writtenSlice] = [2 ** 22, 2 ** 23];

/** Where bytes come from. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Reads the next bytes. Returns how many there were; fewer than asked for only at the end. */
  read(into: Uint8Array): Calls<number>;
}

/** Where bytes go. */
export interface ByteTarget {
  /** Writes the bytes of the parts after those before. */
  write(parts: readonly Uint8Array[]): Calls<void>;
  /** Replaces bytes that are written. */
  replace(bytes: Uint8Array, position: number): Calls<void>;
  /** Brings what is written to where it stays. */
  flush(): Calls<void>;
}

/** Memory that bytes go to. */
export class BytesTarget implements ByteTarget {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #position = 0;

  /** @throws Error ERR_BLASNET_MEMORY */
  constructor(size: number) {
    this.bytes = newArray<Uint8Array<ArrayBuffer>>(Uint8Array, size);
  }

  *write(parts: readonly Uint8Array[]): Calls<void> {
    const end = this.#position + lengthOf(parts);
    const to = this.bytes.subarray(this.#position, end);
    this.#position = end;
    yield* working(copyArrays(parts, [to]));
  }

  *replace(bytes: Uint8Array, position: number): Calls<void> {
    yield* [];
    this.bytes.set(bytes, position);
  }

  *flush(): Calls<void> {}
}

/** Bytes that a user has. They are copied on the calling thread, part by part: their owner may change or detach them. */
export class BytesSource implements ByteSource {
  readonly size: number;
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = arrayLength(bytes);
  }

  *read(into: Uint8Array): Calls<number> {
    let done = 0;
    while (done < into.byteLength) {
      if (done > 0) yield* rest(0);
      // A detached array has no bytes.
      const left = arrayLength(this.#bytes) - this.#position;
      if (left <= 0) break;
      const count = Math.min(readSlice, left, into.byteLength - done);
      const part = partOf(this.#bytes, this.#position, this.#position + count);
      into.set(part, done);
      done += part.byteLength;
      this.#position += part.byteLength;
    }
    return done;
  }
}

/**
 * Decides, before each slice, where the rest of the bytes is read from: where it is, or a copy. It is called with no
 * parts when all are read.
 */
export type PlaceRest = (rest: readonly Uint8Array[]) => Calls<readonly Uint8Array[]>;

/** Writes the bytes of the parts, one after another, and adds them to the hash. */
export function* writeHashed(
  target: ByteTarget,
  parts: readonly Uint8Array[],
  hash: Sha256,
  place?: PlaceRest,
): Calls<void> {
  // The disk writes the last slice while the next one is hashed.
  let unflushed = false;
  for (let rest = parts; ; unflushed = true) {
    if (place !== undefined) rest = yield* place(rest);
    if (rest.length === 0) return;
    const slice = cut(rest, writtenSlice);
    rest = slice.rest;
    yield* together(
      [hashOf(slice.parts, hash)],
      [target.write(slice.parts), ...(unflushed ? [target.flush()] : [])],
    );
  }
}

function* hashOf(parts: readonly Uint8Array[], hash: Sha256): Work<void> {
  for (const part of parts) yield* hash.add(part);
}

/**
 * Reads the next bytes into the parts, one after another, and adds them to the hash. Returns how many there were; fewer
 * than the parts have only at the end.
 */
export function* readHashed(source: ByteSource, parts: readonly Uint8Array[], hash: Sha256): Calls<number> {
  const buffers = buffersFor(parts);
  let works: Work<void>[] = [];
  let total = 0;
  for (let rest = parts; rest.length > 0; ) {
    const slice = cut(rest, readSlice);
    rest = slice.rest;
    const free = buffers.next(slice.parts);
    const [count] = yield* together(works, [source.read(free)]);
    total += count;
    if (count < free.byteLength) return total;
    works = [hash.add(free), copyArrays([free], slice.parts)];
  }
  yield* together(works, []);
  return total;
}

// Two buffers, in turns.
function buffersFor(parts: readonly Uint8Array[]) {
  const size = Math.min(readSlice, lengthOf(parts));
  let [one, other] = [new Uint8Array(size), new Uint8Array(size)];
  return {
    next(slice: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
      [one, other] = [other, one];
      return one.subarray(0, lengthOf(slice));
    },
  };
}

/** Cuts a slice from the start of the parts. */
function cut(
  parts: readonly Uint8Array[],
  size: number,
): { parts: Uint8Array[]; rest: readonly Uint8Array[] } {
  const slice: Uint8Array[] = [];
  let left = size;
  for (const [i, part] of parts.entries()) {
    slice.push(part.subarray(0, left));
    left -= Math.min(left, part.byteLength);
    if (left > 0) continue;
    const cutPart = part.subarray((slice.at(-1) as Uint8Array).byteLength);
    return { parts: slice, rest: [...(cutPart.byteLength > 0 ? [cutPart] : []), ...parts.slice(i + 1)] };
  }
  return { parts: slice, rest: [] };
}

/** The number of bytes of all parts. */
export function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
