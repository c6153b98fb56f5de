import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import type { BlasnetError } from '../../base/errors';
import { fileError } from '../../formats/file-error';

// HDF5 writes a length of 32 bits here, and all bits set for an address that there is none.
const noAddress = (1n << 64n) - 1n;

/**
 * The bytes of an HDF5 file. Every read is checked: one that lies outside the file throws an error that names the place.
 * Numbers are little-endian. The format is
 * https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
 */
export class Hdf5Bytes {
  readonly bytes: Buffer;
  readonly file: string;
  /** What is still allowed to be copied out of the file. Many objects could else share the same bytes. */
  #left: number;
  readonly #visited = new Set<number>();

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.file = file;
    this.#left = bytes.byteLength;
  }

  error(place: string, rule: string, got: string | number): BlasnetError {
    return fileError(this.file, place, rule, got);
  }

  /** The bytes [at, at + length), without a copy. */
  part(at: number, length: number, place: string): Buffer {
    const { length: size } = this.bytes;
    if (at >= 0 && length >= 0 && at + length <= size) return this.bytes.subarray(at, at + length);
    throw this.error(place, `within the ${size} bytes of the file`, `bytes ${at} to ${at + length}`);
  }

  number(at: number, length: 1 | 2 | 4, place: string): number {
    return this.part(at, length, place).readUIntLE(0, length);
  }

  /** A length of 64 bits. */
  length(at: number, place: string): number {
    const value = this.part(at, 8, place).readBigUInt64LE();
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw this.error(place, 'a length of at most 2^53 - 1', `${value} at byte ${at}`);
  }

  /** An address of 64 bits; undefined if there is none. */
  address(at: number, place: string): number | undefined {
    if (this.part(at, 8, place).readBigUInt64LE() === noAddress) return undefined;
    return this.length(at, place);
  }

  /** Checks the four letters that a structure of the file begins with. */
  expect(at: number, signature: string, place: string): void {
    const found = this.part(at, signature.length, place).toString('latin1');
    if (found === signature) return;
    throw this.error(place, `a structure that begins with ${signature}`, JSON.stringify(found));
  }

  /** Refuses a node that was read before: nodes that name each other would never end. */
  enter(at: number, place: string): void {
    if (this.#visited.has(at)) {
      throw this.error(place, 'in one place of the file only', `byte ${at} a second time`);
    }
    this.#visited.add(at);
  }

  /** Counts bytes that are copied out of the file. */
  take(length: number, place: string): void {
    this.#left -= length;
    if (this.#left >= 0) return;
    throw this.error(place, 'bytes that belong to no other part of the file', `${length} bytes`);
  }
}
