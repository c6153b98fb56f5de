// Native work with whole arrays, such as hashing and copying them. Results do not depend on the number of threads.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { lengthOf } from '../base/intrinsics';
import type { FloatArray, LabelArray, NumberArray } from '../base/matrix';
import { type AnyArray, type Callback, type NativeArrays, native } from './binding';
import { newOutcome, readOutcome } from './outcome';
import { Idle, type Work } from './work';

// Bytes that an operation goes through within half a millisecond.
const briefBytes = 2 ** 18;
// The 8 words of the hash, a block of 64 bytes, and the 64-bit length.
const hashWords = 26;

interface Worker {
  readonly object: NativeArrays;
  readonly outcome: Float64Array;
}

const workers = new Idle<Worker>(() => {
  const outcome = newOutcome();
  return { object: new native.Arrays({ outcome }), outcome };
});

/** The SHA-256 of bytes that come in parts. */
export class Sha256 {
  readonly #state = new Uint32Array(hashWords);

  constructor() {
    const worker = workers.take();
    worker.object.beginHash(this.#state);
    workers.giveBack(worker);
  }

  /** Adds bytes to the hash. An abort leaves it of no use. */
  *add(bytes: Uint8Array): Work<void> {
    yield* run(bytes.byteLength, (object, callback) => object.hash({ state: this.#state, bytes }, callback));
  }

  /** The hash of all bytes so far, as hexadecimal digits. */
  digest(): string {
    const worker = workers.take();
    const digest = Buffer.alloc(32);
    worker.object.endHash(this.#state, digest);
    workers.giveBack(worker);
    return digest.toString('hex');
  }
}

/**
 * Copies the bytes of `from`, one array after another, to those of `to`, which has equally many. An abort leaves `to`
 * half written.
 */
export function* copyArrays(from: readonly AnyArray[], to: readonly AnyArray[]): Work<void> {
  const bytes = to.reduce((sum, { byteLength }) => sum + byteLength, 0);
  yield* run(bytes, (object, callback) => object.copy({ from, to }, callback));
}

/** Writes each column of a matrix (rows x out.length) to an array of its own (rows). */
export function* splitColumns(from: NumberArray, rows: number, out: readonly Float64Array[]): Work<void> {
  const given = { from, rows, cols: out.length, out };
  yield* run(8 * rows * out.length, (object, callback) => object.columns(given, callback));
}

/** Sets all elements of `out` to one number. */
export function* fillArray(out: FloatArray, value: number): Work<void> {
  yield* run(out.byteLength, (object, callback) => object.fill({ value, out }, callback));
}

/** Copies numbers. Returns the index of the first one that an Int32Array does not take; undefined if there is none. */
export function* convertNumbers(from: NumberArray, out: LabelArray): Work<number | undefined> {
  const index = yield* run(out.byteLength, (object, callback) => object.convert({ from, out }, callback));
  return index < lengthOf(from) ? index : undefined;
}

/** The index of the first NaN or infinity, or -1. */
export function* firstNotFinite(data: FloatArray): Work<number> {
  const index = yield* run(8 * lengthOf(data), (object, callback) => object.checkFinite(data, callback));
  return index === lengthOf(data) ? -1 : index;
}

function* run(bytes: number, start: (object: NativeArrays, callback?: Callback) => void): Work<number> {
  const worker = workers.take();
  const { object, outcome } = worker;
  try {
    yield { object, start: (callback) => start(object, callback), brief: bytes <= briefBytes };
    return readOutcome(outcome).index;
  } finally {
    workers.giveBack(worker);
  }
}
