// The bytes of a file in slices. A slice is hashed while it is written, and while the next one is read.

import { copyArrays, type Sha256 } from '../addon/arrays';
import type { Work } from '../addon/work';
import type { NewFile } from './atomic';
import { type Calls, together } from './file-calls';

// The bytes of a slice. An abort ends within a slice.
const [readSlice, writtenSlice] = [2 ** 22, 2 ** 23];

/** Where bytes come from. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Reads the next bytes. Returns how many there were; fewer than asked for only at the end. */
  read(into: Uint8Array): Calls<number>;
}

/**
 * Decides, before each slice, where the rest of the bytes is read from: where it is, or a copy. It is called with no
 * parts when all are read.
 */
export type PlaceRest = (rest: readonly Uint8Array[]) => Calls<readonly Uint8Array[]>;

/** Writes the bytes of the parts, one after another, and adds them to the hash. */
export function* writeHashed(
  file: NewFile,
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
      [file.write(slice.parts), ...(unflushed ? [file.flush()] : [])],
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
