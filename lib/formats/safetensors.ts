import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { endianness } from 'node:os';
import { Sha256 } from '../addon/arrays';
import { argumentError } from '../base/errors';
import { writeCalls } from './atomic';
import type { Calls } from './file-calls';
import { quote } from './file-error';
import { BytesTarget, type ByteTarget, lengthOf, type PlaceRest, writeHashed } from './hashed-bytes';

// The format (https://huggingface.co/docs/safetensors) has three parts: 8 bytes with the header's length,
// little-endian; the header, JSON that begins with a brace and may end in spaces; the tensors' elements, little-endian
// and row-major, one after another without holes.

/**
 * The element types, each with its bytes per element and its typed array. Types that no typed array has are raw bytes.
 * (The format's complex type and its types of less than a byte are not supported.)
 */
export const dtypes = {
  F64: { size: 8, array: Float64Array },
  F32: { size: 4, array: Float32Array },
  I64: { size: 8, array: BigInt64Array },
  U64: { size: 8, array: BigUint64Array },
  I32: { size: 4, array: Int32Array },
  U32: { size: 4, array: Uint32Array },
  I16: { size: 2, array: Int16Array },
  U16: { size: 2, array: Uint16Array },
  I8: { size: 1, array: Int8Array },
  U8: { size: 1, array: Uint8Array },
  BOOL: { size: 1, array: Uint8Array },
  F16: { size: 2, array: Uint8Array },
  BF16: { size: 2, array: Uint8Array },
  F8_E4M3: { size: 1, array: Uint8Array },
  F8_E5M2: { size: 1, array: Uint8Array },
  F8_E8M0: { size: 1, array: Uint8Array },
} as const;

export type TensorDtype = keyof typeof dtypes;
export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface Tensor {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  /** The elements, row-major. */
  readonly data: TensorData;
}

export type Metadata = Readonly<Record<string, string>>;

export interface Safetensors {
  /** In the order of their bytes in the file. */
  readonly tensors: readonly Tensor[];
  /** It has no prototype, so every key comes from the file. */
  readonly metadata: Metadata;
}

// The format's own limit.
export const longestHeader = 100_000_000;

// A tensor needs some 1000 bytes of memory. So a header has a limit of lists, objects and fields, too.
export const mostHeaderParts = 2 ** 17;
// An object with its name, three fields and two lists.
const partsOfTensor = 7;

export const metadataKey = '__metadata__';

// The format has no checksum, so the library puts one into the metadata: the SHA-256 of the whole file, computed with
// zeros in place of its own 64 characters. It is the first entry, so its place is known in advance.
export const digestKey = 'blasnet.sha256';
export const noDigest = '0'.repeat(64);
const digestStart = 8 + `{"${metadataKey}":{"${digestKey}":"`.length;

// A file of this library must have a digest. Two marks tell such a file: the format, and keys that begin with blasnet.
// With one mark, damage to the digest's key could make the file look like one that needs no digest.
export const formatKey = 'format';
export const ourFormat = 'blasnet';

/** A safetensors file: its header, with zeros in place of the digest, and the bytes of its tensors. */
export interface EncodedFile {
  readonly header: Buffer;
  /** The memory of the tensors, without copies. */
  readonly chunks: readonly Uint8Array[];
}

/**
 * Writes a safetensors file, as `encodeSafetensors` makes it. If a tensor changes while it is being written, the file
 * has some elements from before and some from after the change.
 *
 * @param place may copy the rest of the bytes while they are being written
 * @throws like encodeSafetensors(); like writeCalls()
 */
export function* writeSafetensors(
  path: string,
  { tensors, metadata }: Safetensors,
  place?: PlaceRest,
): Calls<void> {
  const { header, chunks } = encodeSafetensors(tensors, metadata);
  const parts = [header, ...chunks];
  // A slow disk then keeps nobody waiting.
  const placed = place === undefined ? parts : yield* place(parts);
  yield* writeCalls(path, (file) => writeParts(file, placed, place));
}

/** Makes the bytes that `writeSafetensors` writes, in memory of their own. @throws like encodeSafetensors() */
export function* safetensorsBytes(
  { tensors, metadata }: Safetensors,
  place?: PlaceRest,
): Calls<Uint8Array<ArrayBuffer>> {
  const { header, chunks } = encodeSafetensors(tensors, metadata);
  const parts = [header, ...chunks];
  const target = new BytesTarget(lengthOf(parts));
  yield* writeParts(target, parts, place);
  return target.bytes;
}

function* writeParts(target: ByteTarget, parts: readonly Uint8Array[], place?: PlaceRest): Calls<void> {
  const hash = new Sha256();
  yield* writeHashed(target, parts, hash, place);
  yield* target.replace(Buffer.from(hash.digest(), 'latin1'), digestStart);
}

/**
 * Makes a safetensors file. Tensors are sorted by element size, the largest first, and then by name. So each tensor is
 * aligned, and equal content gives equal bytes.
 *
 * @param metadata format ('blasnet') and blasnet.sha256 are added to it
 * @throws TypeError ERR_BLASNET_ARG_TYPE when data has another type than its dtype; RangeError ERR_BLASNET_ARG_VALUE
 *   for names and metadata; ERR_BLASNET_SHAPE when the length of data differs from its shape
 */
export function encodeSafetensors(tensors: readonly Tensor[], metadata: Metadata = {}): EncodedFile {
  const { infos, chunks } = layOut(tensors, metadata);
  return { header: headerBytes(headerText(infos, noDigest, metadata)), chunks };
}

/** Makes a safetensors file for other programs, with this metadata alone. @throws like encodeSafetensors() */
export function plainSafetensors(tensors: readonly Tensor[], metadata: Metadata): EncodedFile {
  const { infos, chunks } = layOut(tensors, metadata);
  return { header: headerBytes(textOf(infos, Object.entries(metadata))), chunks };
}

function layOut(tensors: readonly Tensor[], metadata: Metadata) {
  const sorted = [...tensors].sort(
    (a, b) => dtypes[b.dtype].size - dtypes[a.dtype].size || (a.name < b.name ? -1 : 1),
  );
  checkTensors(sorted);
  checkCount(sorted.length, Object.keys(metadata).length);
  for (const entry of Object.entries(metadata)) for (const text of entry) checkText('the metadata', text);
  const chunks: Uint8Array[] = [];
  const infos: TensorInfo[] = [];
  let offset = 0;
  for (const { name, dtype, shape, data } of sorted) {
    infos.push({ name, dtype, shape, offsets: [offset, offset + data.byteLength] });
    chunks.push(littleEndian(bytesOf(data), dtypes[dtype].size));
    offset += data.byteLength;
  }
  return { infos, chunks };
}

/** The JSON of a header with this digest; the tensors are in the order of their bytes. */
export function headerText(tensors: readonly TensorInfo[], digest: string, metadata: Metadata): string {
  const entries = Object.entries(metadata)
    .filter(([key]) => key !== formatKey && key !== digestKey)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return textOf(tensors, [[digestKey, digest], [formatKey, ourFormat], ...entries]);
}

function textOf(tensors: readonly TensorInfo[], lines: readonly (readonly string[])[]): string {
  const fields = tensors.map(
    ({ name, dtype, shape, offsets }) => `${json(name)}:${json({ dtype, shape, data_offsets: offsets })}`,
  );
  const metadataField = `"${metadataKey}":{${lines.map(([key, value]) => `${json(key)}:${json(value)}`).join()}}`;
  return `{${[metadataField, ...fields].join()}}`;
}

/**
 * Converts between the machine's byte order and little-endian. If they agree, it returns `bytes`; otherwise a copy with
 * each element's bytes reversed.
 */
export function littleEndian(bytes: Uint8Array, size: number, order = endianness()): Uint8Array {
  if (order === 'LE' || size === 1) return bytes;
  const copy = Buffer.from(bytes);
  return size === 8 ? copy.swap64() : size === 4 ? copy.swap32() : copy.swap16();
}

/** A tensor, as the header describes it. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly offsets: readonly number[];
}

/** The product of the sizes; NaN as soon as a partial product is beyond exact integers, even before a size of 0. */
export function productOf(shape: readonly number[]): number {
  return shape.reduce(
    (product, size) => (product * size <= Number.MAX_SAFE_INTEGER ? product * size : Number.NaN),
    1,
  );
}

/** A shape in few characters. */
export function abbreviate(shape: readonly number[]): string {
  return shape.length > 8 ? `${shape.slice(0, 8).join(', ')}, ...` : shape.join(', ');
}

function checkTensors(tensors: readonly Tensor[]): void {
  const names = new Set<string>();
  for (const { name, dtype, shape, data } of tensors) {
    checkText('the name of a tensor', name);
    if (names.has(name) || name === metadataKey) {
      const rule = `different from "${metadataKey}" and from the names of the other tensors`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'the name of a tensor', rule, name);
    }
    names.add(name);
    const { array, size } = dtypes[dtype];
    const tensor = `tensor ${quote(name)}`;
    if (!(data instanceof array)) {
      throw argumentError('ERR_BLASNET_ARG_TYPE', tensor, `of type ${array.name}, for ${dtype}`, data);
    }
    if (productOf(shape) * size !== data.byteLength) {
      throw argumentError('ERR_BLASNET_SHAPE', tensor, `of ${dtype} [${abbreviate(shape)}]`, data);
    }
  }
}

function checkCount(tensors: number, lines: number): void {
  // The header and the metadata are objects, too, and two lines are added.
  const parts = partsOfTensor * tensors + lines + 5;
  if (parts <= mostHeaderParts) return;
  const rule = `at most ${mostHeaderParts} lists, objects and fields long`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'the header', rule, parts);
}

// A lone surrogate has no UTF-8.
function checkText(name: string, text: string): void {
  if (/\p{Surrogate}/u.test(text)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'a string without lone surrogates', text);
  }
}

// The elements begin at a multiple of 8, like in files of the format's own library.
function headerBytes(text: string): Buffer {
  const length = Math.ceil(Buffer.byteLength(text) / 8) * 8;
  if (length > longestHeader) {
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      'the length of the header',
      `at most ${longestHeader} bytes`,
      length,
    );
  }
  const header = Buffer.alloc(8 + length, ' ');
  header.writeBigUInt64LE(BigInt(length));
  header.write(text, 8);
  return header;
}

/** The memory of an array. */
export function bytesOf({ buffer, byteOffset, byteLength }: TensorData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
