import { endianness } from 'node:os';
import { Sha256 } from '../addon/arrays';
import { argumentError, blasnetError } from '../base/errors';
import { allocateShared } from '../base/matrix';
import { readCalls, writeCalls } from './atomic';
import { type Calls, working } from './file-calls';
import { fileError, quote } from './file-error';
import { type ByteSource, type PlaceRest, readHashed, writeHashed } from './hashed-bytes';
import { JsonReader } from './json-reader';

// The format (https://huggingface.co/docs/safetensors) has three parts: 8 bytes with the header's length,
// little-endian; the header, JSON that begins with a brace and may end in spaces; the tensors' elements, little-endian
// and row-major, one after another without holes.

/**
 * The element types, each with its bytes per element and its typed array. Types that no typed array has are raw bytes.
 * (The format's complex type and its types of less than a byte are not supported.)
 */
const dtypes = {
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
const longestHeader = 100_000_000;

const metadataKey = '__metadata__';

// The format has no checksum, so the library puts one into the metadata: the SHA-256 of the whole file, computed with
// zeros in place of its own 64 characters. It is the first entry, so its place is known in advance.
const digestKey = 'blasnet.sha256';
const noDigest = '0'.repeat(64);
const digestStart = 8 + `{"${metadataKey}":{"${digestKey}":"`.length;

// A file of this library must have a digest. Two marks tell such a file: the format, and keys that begin with blasnet.
// With one mark, damage to the digest's key could make the file look like one that needs no digest.
const formatKey = 'format';
const ourFormat = 'blasnet';

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
  yield* writeCalls(path, function* (file) {
    const hash = new Sha256();
    yield* writeHashed(file, placed, hash, place);
    yield* file.replace(Buffer.from(hash.digest(), 'latin1'), digestStart);
  });
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
  const sorted = [...tensors].sort(
    (a, b) => dtypes[b.dtype].size - dtypes[a.dtype].size || (a.name < b.name ? -1 : 1),
  );
  checkTensors(sorted);
  const entries = Object.entries(metadata)
    .filter(([key]) => key !== formatKey && key !== digestKey)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  for (const entry of entries) for (const text of entry) checkText('the metadata', text);
  const lines = [[digestKey, noDigest], [formatKey, ourFormat], ...entries];
  const fields = [`"${metadataKey}":{${lines.map(([key, value]) => `${json(key)}:${json(value)}`).join()}}`];
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const { name, dtype, shape, data } of sorted) {
    const offsets = [offset, offset + data.byteLength];
    fields.push(`${json(name)}:${json({ dtype, shape, data_offsets: offsets })}`);
    chunks.push(littleEndian(bytesOf(data), dtypes[dtype].size));
    offset += data.byteLength;
  }
  return { header: headerBytes(`{${fields.join()}}`), chunks };
}

/** Chooses memory for tensors of a file, by name. The others get memory of their own. */
export type ChooseMemory = (header: Pick<Header, 'tensors' | 'metadata'>) => ReadonlyMap<string, TensorData>;

/** Reads a safetensors file. @throws like parseSafetensors(); like readCalls() */
export function* readSafetensors(path: string, choose?: ChooseMemory): Calls<Safetensors> {
  return yield* readCalls(path, (file) => parseSafetensors(file, path, choose));
}

/**
 * Parses a safetensors file. It reads the format strictly, and checks the digest of a file that this library wrote. The
 * number of bytes limits time and memory.
 *
 * @param source the whole file
 * @param file its name, for the errors
 * @throws Error ERR_BLASNET_FILE; the message names the place and the rule
 */
export function* parseSafetensors(
  source: ByteSource,
  file: string,
  choose: ChooseMemory = () => new Map(),
): Calls<Safetensors> {
  if (source.size < 8) throw fileError(file, 'the length', 'at least 8 bytes', `${source.size} bytes`);
  const start = new Uint8Array(8);
  checkLength(8, yield* source.read(start), source, file);
  const dataStart = 8 + headerLength(start, source.size, file);
  const head = new Uint8Array(dataStart);
  head.set(start);
  checkLength(dataStart, 8 + (yield* source.read(head.subarray(8))), source, file);
  const header = readHeader(head, dataStart, file);
  checkLayout(header.tensors, source.size - dataStart, file);
  checkHasDigest(header.metadata, file);

  const hash = new Sha256();
  yield* working(hash.add(withoutDigest(head, header.digestByte)));
  const chosen = choose(header);
  const tensors = header.tensors.map(({ name, dtype, shape, offsets }): Tensor => {
    const bytes = (offsets[1] as number) - (offsets[0] as number);
    return { name, dtype, shape, data: chosen.get(name) ?? memoryFor(bytes, dtype, file) };
  });
  const parts = tensors.map(({ data }) => bytesOf(data));
  checkLength(source.size, dataStart + (yield* readHashed(source, parts, hash)), source, file);
  checkDigest(hash.digest(), header.metadata, file);
  for (const { dtype, data } of tensors) {
    const bytes = bytesOf(data);
    const native = littleEndian(bytes, dtypes[dtype].size);
    if (native !== bytes) bytes.set(native);
  }
  return { tensors, metadata: header.metadata };
}

// A file may become shorter while it is being read.
function checkLength(expected: number, read: number, { size }: ByteSource, file: string): void {
  if (read < expected)
    throw fileError(file, 'the length', `${size} bytes, as when it was opened`, `${read} bytes`);
}

// A sparse file may have any size, even more than the memory.
function memoryFor(bytes: number, dtype: TensorDtype, file: string): TensorData {
  try {
    if (dtype === 'F64' || dtype === 'F32') {
      return allocateShared(bytes / dtypes[dtype].size, dtype === 'F64' ? 'float64' : 'float32');
    }
    const { array } = dtypes[dtype];
    return new array(new ArrayBuffer(bytes));
  } catch (cause) {
    const message = `Cannot read ${quote(file)}: there is not enough memory for its ${bytes} bytes`;
    throw blasnetError('ERR_BLASNET_FILE', message, { cause });
  }
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

interface Header {
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Metadata;
  /** The index of the quotation mark before the digest. */
  readonly digestByte: number;
}

function headerLength(start: Uint8Array, size: number, file: string): number {
  const length = Buffer.from(start.buffer).readBigUInt64LE();
  const left = Math.min(longestHeader, size - 8);
  if (length > left) {
    const why = left === longestHeader ? "the format's limit" : 'the rest of the file';
    throw fileError(file, "the header's length (byte 0)", `at most ${left} bytes, ${why}`, `${length} bytes`);
  }
  return Number(length);
}

function readHeader(bytes: Uint8Array, end: number, file: string): Header {
  const reader = new JsonReader(bytes, 8, end, file);
  const tensors: TensorInfo[] = [];
  let metadata: Metadata = Object.create(null);
  let digestByte = 0;
  if (end === 8 || bytes[8] !== 0x7b) throw reader.error("the header's first byte", '{');
  reader.object('the header', (name) => {
    if (name !== metadataKey) tensors.push(readTensor(reader, name));
    else ({ metadata, digestByte } = readMetadata(reader));
  });
  reader.end('the header');
  // By their bytes in the file. A tensor without bytes precedes the one that begins at the same byte.
  tensors.sort(({ offsets: a }, { offsets: b }) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0));
  return { tensors, metadata, digestByte };
}

function readMetadata(reader: JsonReader): Omit<Header, 'tensors'> {
  const metadata: Record<string, string> = Object.create(null);
  let digestByte = 0;
  reader.object(metadataKey, (key) => {
    const place = `${quote(key)} of ${metadataKey}`;
    const value = reader.string(place);
    metadata[key] = value;
    // The start of the string if it has no escapes. A digest with escapes never matches.
    if (key === digestKey) digestByte = reader.position - value.length - 2;
  });
  return { metadata, digestByte };
}

function readTensor(reader: JsonReader, name: string): TensorInfo {
  const tensor = `tensor ${quote(name)}`;
  let dtype: TensorDtype = 'U8';
  let shape: number[] = [];
  let offsets: number[] = [];
  const integers = (key: string) => {
    const values: number[] = [];
    reader.array(`${key} of ${tensor}`, (index) => {
      values.push(reader.unsigned(`${key}[${index}] of ${tensor}`));
    });
    return values;
  };
  const read = (key: string) => {
    if (key === 'dtype') dtype = reader.oneOf(`dtype of ${tensor}`, Object.keys(dtypes) as TensorDtype[]);
    else if (key === 'shape') shape = integers(key);
    else offsets = integers(key);
  };
  reader.object(tensor, read, ['dtype', 'shape', 'data_offsets']);
  return { name, dtype, shape, offsets };
}

// Every byte belongs to one tensor: each tensor begins where the one before it ends, and its length fits its shape.
function checkLayout(tensors: readonly TensorInfo[], dataLength: number, file: string): void {
  let end = 0;
  for (const { name, dtype, shape, offsets } of tensors) {
    const tensor = `tensor ${quote(name)}`;
    const fail = (place: string, rule: string, got: string | number) =>
      fileError(file, `${place} of ${tensor}`, rule, got);
    if (offsets.length !== 2) throw fail('data_offsets', 'a begin and an end', `${offsets.length} numbers`);
    const [first, last] = offsets as [number, number];
    if (first !== end) throw fail('data_offsets[0]', `${end}, where the tensor before it ends`, first);
    const bytes = productOf(shape) * dtypes[dtype].size;
    if (!Number.isSafeInteger(bytes)) {
      throw fail('shape', 'one of at most 2^53 - 1 bytes', `[${abbreviate(shape)}]`);
    }
    if (last !== first + bytes) {
      const rule = `${first + bytes}, for ${bytes} bytes of ${dtype} [${abbreviate(shape)}]`;
      throw fail('data_offsets[1]', rule, last);
    }
    end = last;
  }
  if (end !== dataLength) {
    throw fileError(file, 'the data', `${end} bytes, as the header says`, `${dataLength} bytes`);
  }
}

/** The product of the sizes; NaN as soon as a partial product is beyond exact integers, even before a size of 0. */
function productOf(shape: readonly number[]): number {
  return shape.reduce(
    (product, size) => (product * size <= Number.MAX_SAFE_INTEGER ? product * size : Number.NaN),
    1,
  );
}

function abbreviate(shape: readonly number[]): string {
  return shape.length > 8 ? `${shape.slice(0, 8).join(', ')}, ...` : shape.join(', ');
}

function checkHasDigest(metadata: Metadata, file: string): void {
  if (metadata[digestKey] !== undefined) return;
  const ours =
    metadata[formatKey] === ourFormat || Object.keys(metadata).some((key) => key.startsWith('blasnet.'));
  if (!ours) return;
  const rule = 'present, as in every file of blasnet';
  throw fileError(file, `"${digestKey}" of ${metadataKey}`, rule, 'none');
}

/** A header with zeros in place of its digest. `digestByte` is the index of the quotation mark before it. */
function withoutDigest(header: Uint8Array, digestByte: number): Uint8Array {
  if (digestByte === 0) return header;
  return header.slice().fill(0x30, digestByte + 1, digestByte + 1 + noDigest.length);
}

function checkDigest(computed: string, metadata: Metadata, file: string): void {
  const digest = metadata[digestKey];
  if (digest === undefined || digest === computed) return;
  const rule = `${quote(digest)}, as its metadata says`;
  throw fileError(file, 'the SHA-256', rule, `"${computed}": the file is damaged`);
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

function bytesOf({ buffer, byteOffset, byteLength }: TensorData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
