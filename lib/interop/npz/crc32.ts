import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { inSlices, type Work } from '../../addon/work';

// zip's checksum: https://www.w3.org/TR/png/#D-CRCAppendix. Four tables let a loop take four bytes at once. node:zlib has
// it from Node 20.15 on only.
const [first, ...others] = [0, 1, 2, 3].map(() => new Uint32Array(256)) as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0xedb88320;
  first[byte] = value;
}
for (let byte = 0; byte < 256; byte++) {
  let value = first[byte] as number;
  for (const table of others) {
    value = (value >>> 8) ^ (first[value & 0xff] as number);
    table[byte] = value;
  }
}
const [second, third, fourth] = others as [Uint32Array, Uint32Array, Uint32Array];

// Bytes that are summed at a stretch, within a tenth of a millisecond.
const block = 2 ** 16;

/** The checksum of all parts, one after another. */
export function* crc32(parts: readonly Uint8Array[]): Work<number> {
  let sum = 0xffffffff;
  for (const part of parts) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const add = (from: number, to: number) => {
      sum = added(sum, bytes, from * block, Math.min(bytes.length, to * block));
    };
    yield* inSlices(Math.ceil(bytes.length / block), add, block);
  }
  return ~sum >>> 0;
}

function added(before: number, bytes: Buffer, start: number, end: number): number {
  let sum = before;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    sum ^= bytes.readInt32LE(at);
    sum =
      (fourth[sum & 0xff] as number) ^
      (third[(sum >>> 8) & 0xff] as number) ^
      (second[(sum >>> 16) & 0xff] as number) ^
      (first[sum >>> 24] as number);
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ (first[(sum ^ (bytes[at] as number)) & 0xff] as number);
  return sum;
}
