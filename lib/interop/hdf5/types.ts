import type { FloatArray } from '../../base/matrix';
import { littleEndian } from '../../formats/safetensors';
import type { Hdf5Bytes } from './bytes';

/** What the elements of a data set or of an attribute are. */
export interface ElementType {
  readonly kind: 'float' | 'text' | 'texts' | 'other';
  /** The bytes of an element. */
  readonly size: number;
  /** The class of the type, for errors. */
  readonly name: string;
}

const classNames = [
  'integers',
  'floating-point numbers',
  'times',
  'texts',
  'bit fields',
  'opaque values',
  'compound values',
  'references',
  'enumerations',
  'sequences',
  'arrays',
];

/** The message of a datatype. A float is one of IEEE 754 in little-endian order. */
export function readType(bytes: Hdf5Bytes, at: number, place: string): ElementType {
  const classAndVersion = bytes.number(at, 1, place);
  const flags = bytes.number(at + 1, 1, place);
  const size = bytes.number(at + 4, 4, place);
  const code = classAndVersion & 0x0f;
  const name = `${classNames[code] ?? `elements of class ${code}`} of ${size} bytes`;
  if (size === 0) throw bytes.error(`the type of ${place}`, 'one with a size', 0);
  if (code === 3) return { kind: 'text', size, name };
  // A sequence of characters is a text of any length; its element says where it is.
  if (code === 9 && (flags & 0x0f) === 1 && size === 16) return { kind: 'texts', size, name };
  if (code === 1 && (size === 4 || size === 8) && isIeee(bytes, at, size, place)) {
    return { kind: 'float', size, name };
  }
  return { kind: 'other', size, name };
}

// The bits of float32 and float64 as HDF5 describes them: byte order, sign, exponent and mantissa.
const ieee = {
  4: [0, 32, 23, 8, 0, 23, 127, 31],
  8: [0, 64, 52, 11, 0, 52, 1023, 63],
} as const;

function isIeee(bytes: Hdf5Bytes, at: number, size: 4 | 8, place: string): boolean {
  const order = bytes.number(at + 1, 1, place) & 0x41;
  const found = [
    bytes.number(at + 8, 2, place),
    bytes.number(at + 10, 2, place),
    bytes.number(at + 12, 1, place),
    bytes.number(at + 13, 1, place),
    bytes.number(at + 14, 1, place),
    bytes.number(at + 15, 1, place),
    bytes.number(at + 16, 4, place),
    bytes.number(at + 2, 1, place),
  ];
  return order === 0 && found.every((value, i) => value === ieee[size][i]);
}

/** The message of a dataspace: the sizes of an array; [] of a single value, undefined of none. */
export function readShape(bytes: Hdf5Bytes, at: number, place: string): number[] | undefined {
  const version = bytes.number(at, 1, place);
  const rank = bytes.number(at + 1, 1, place);
  if (version !== 1 && version !== 2) {
    throw bytes.error(`the shape of ${place}`, 'version 1 or 2 of the format', version);
  }
  if (rank > 32) throw bytes.error(`the shape of ${place}`, 'one of at most 32 dimensions', rank);
  if (version === 2 && bytes.number(at + 3, 1, place) === 2) return undefined;
  const start = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, i) => bytes.length(start + 8 * i, `the shape of ${place}`));
}

/** The elements at an address. They are copied only if they do not begin at a multiple of their size. */
export function readFloats(
  bytes: Hdf5Bytes,
  { size }: ElementType,
  at: number,
  count: number,
  place: string,
): FloatArray {
  const part = bytes.part(at, count * size, place);
  bytes.take(part.length, place);
  const aligned = part.byteOffset % size === 0 ? part : Uint8Array.prototype.slice.call(part);
  const { buffer, byteOffset } = littleEndian(aligned, size);
  return size === 4
    ? new Float32Array(buffer, byteOffset, count)
    : new Float64Array(buffer, byteOffset, count);
}

/** Texts at an address: of equal length and filled up, or each elsewhere in the file. */
export function readTexts(
  bytes: Hdf5Bytes,
  { kind, size }: ElementType,
  at: number,
  count: number,
  place: string,
): string[] {
  const part = bytes.part(at, count * size, place);
  bytes.take(part.length, place);
  return Array.from({ length: count }, (_, i) => {
    const element = part.subarray(i * size, (i + 1) * size);
    if (kind === 'text') return textOf(element);
    const length = element.readUInt32LE(0);
    if (length === 0) return '';
    const collection = bytes.address(at + i * size + 4, place);
    if (collection === undefined) throw bytes.error(place, 'texts with an address', 'none');
    const content = heapObject(bytes, collection, element.readUInt32LE(12), place);
    if (length > content.length) {
      throw bytes.error(place, `at most ${content.length} bytes long, as its place is`, length);
    }
    bytes.take(length, place);
    return textOf(content.subarray(0, length));
  });
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

// An object of a global heap. Each object takes 16 bytes at least, so the search ends.
function heapObject(bytes: Hdf5Bytes, at: number, wanted: number, place: string): Buffer {
  const heap = `the heap at byte ${at} for ${place}`;
  bytes.expect(at, 'GCOL', heap);
  const end = at + bytes.length(at + 8, heap);
  for (let object = at + 16; object + 16 <= end; ) {
    const index = bytes.number(object, 2, heap);
    const length = bytes.length(object + 8, heap);
    if (index === wanted) return bytes.part(object + 16, length, heap);
    // The space that is left comes last.
    if (index === 0) break;
    object += 16 + Math.ceil(length / 8) * 8;
    bytes.take(16, heap);
  }
  throw bytes.error(heap, `one with object ${wanted}`, 'none');
}
