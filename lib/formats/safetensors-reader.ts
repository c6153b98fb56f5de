import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { Sha256 } from '../addon/arrays';
import type { Work } from '../addon/work';
import { type BlasnetError, blasnetError } from '../base/errors';
import { allocateShared } from '../base/matrix';
import { readCalls } from './atomic';
import { type Calls, working } from './file-calls';
import { fileError, quote } from './file-error';
import { foreignFormat, telling } from './foreign';
import { type ByteSource, readHashed } from './hashed-bytes';
import { JsonReader } from './json-reader';
import {
  abbreviate,
  bytesOf,
  digestKey,
  dtypes,
  formatKey,
  headerText,
  littleEndian,
  longestHeader,
  type Metadata,
  metadataKey,
  mostHeaderParts,
  noDigest,
  ourFormat,
  productOf,
  type Safetensors,
  type Tensor,
  type TensorData,
  type TensorDtype,
  type TensorInfo,
} from './safetensors';

/** Chooses memory for tensors of a file, by name. The others get memory of their own. */
export type ChooseMemory = (
  header: Pick<Header, 'tensors' | 'metadata'>,
) => Work<ReadonlyMap<string, TensorData>>;

export interface ParseOptions {
  /** @default every tensor gets memory of its own */
  readonly choose?: ChooseMemory;
  /** Whether a file of this library must have its digest, and the right one. @default true */
  readonly verify?: boolean;
}

/** Reads a safetensors file. @throws like parseSafetensors(); like readCalls() */
export function* readSafetensors(path: string, options?: ParseOptions): Calls<Safetensors> {
  return yield* readCalls(path, (file) => parseSafetensors(file, path, options));
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
  { choose, verify = true }: ParseOptions = {},
): Calls<Safetensors> {
  if (source.size < 8) throw fileError(file, 'the length', 'at least 8 bytes', `${source.size} bytes`);
  const start = new Uint8Array(8);
  checkLength(8, yield* source.read(start), source, file);
  const length = Buffer.from(start.buffer).readBigUInt64LE();
  if (length > mostHeaderBytes(source)) {
    throw (yield* foreignError(start, source, file)) ?? headerLengthError(length, source, file);
  }
  const dataStart = 8 + Number(length);
  const head = new Uint8Array(dataStart);
  head.set(start);
  checkLength(dataStart, 8 + (yield* source.read(head.subarray(8))), source, file);
  const header = yield* working(readHeader(head, dataStart, file));
  checkLayout(header.tensors, source.size - dataStart, file);
  if (verify) checkHasDigest(header.metadata, file);

  const hash = new Sha256();
  for (const part of withoutDigest(head, header.digestByte)) yield* working(hash.add(part));
  const chosen = choose && (yield* working(choose(header)));
  const tensors = header.tensors.map(({ name, dtype, shape, offsets }): Tensor => {
    const bytes = (offsets[1] as number) - (offsets[0] as number);
    return { name, dtype, shape, data: chosen?.get(name) ?? memoryFor(bytes, dtype, file) };
  });
  const parts = tensors.map(({ data }) => bytesOf(data));
  checkLength(source.size, dataStart + (yield* readHashed(source, parts, hash)), source, file);
  if (verify) checkDigest(hash.digest(), header, head, file);
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

/** What a file's header says. */
export interface FileHeader {
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Metadata;
}

interface Header extends FileHeader {
  /** The index of the quotation mark before the digest. */
  readonly digestByte: number;
}

function mostHeaderBytes({ size }: ByteSource): number {
  return Math.min(longestHeader, size - 8);
}

function headerLengthError(length: bigint, source: ByteSource, file: string): BlasnetError {
  const left = mostHeaderBytes(source);
  const why = left === longestHeader ? "the format's limit" : 'the rest of the file';
  const rule = `at most ${left} bytes, ${why}`;
  return fileError(file, "the header's length (byte 0)", rule, `${length} bytes`);
}

function* foreignError(start: Uint8Array, source: ByteSource, file: string): Calls<BlasnetError | undefined> {
  const bytes = new Uint8Array(Math.min(telling, source.size));
  bytes.set(start);
  const read = yield* source.read(bytes.subarray(start.length));
  const found = foreignFormat(bytes.subarray(0, start.length + read));
  return found === undefined ? undefined : fileError(file, 'the content', 'what save or fit wrote', found);
}

function* readHeader(bytes: Uint8Array, end: number, file: string): Work<Header> {
  const reader = new JsonReader(bytes, 8, end, file, mostHeaderParts);
  const tensors: TensorInfo[] = [];
  let metadata: Metadata = Object.create(null);
  let digestByte = 0;
  if (end === 8 || bytes[8] !== 0x7b) throw reader.error("the header's first byte", '{');
  yield* reader.object('the header', function* (name) {
    if (name !== metadataKey) tensors.push(yield* readTensor(reader, name));
    else ({ metadata, digestByte } = yield* readMetadata(reader));
  });
  reader.end('the header');
  // By their bytes in the file. A tensor without bytes precedes the one that begins at the same byte.
  tensors.sort(({ offsets: a }, { offsets: b }) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0));
  return { tensors, metadata, digestByte };
}

function* readMetadata(reader: JsonReader): Work<Omit<Header, 'tensors'>> {
  const metadata: Record<string, string> = Object.create(null);
  let digestByte = 0;
  yield* reader.object(metadataKey, function* (key) {
    const value = reader.plainString() ?? (yield* reader.string(() => `${quote(key)} of ${metadataKey}`));
    metadata[key] = value;
    // The start of the string if it has no escapes. A digest with escapes never matches.
    if (key === digestKey) digestByte = reader.position - value.length - 2;
  });
  return { metadata, digestByte };
}

function* readTensor(reader: JsonReader, name: string): Work<TensorInfo> {
  const tensor = () => `tensor ${quote(name)}`;
  let dtype: TensorDtype = 'U8';
  let shape: number[] = [];
  let offsets: number[] = [];
  const integers = function* (key: string): Work<number[]> {
    const values: number[] = [];
    yield* reader.array(
      () => `${key} of ${tensor()}`,
      (index) => {
        values.push(reader.unsigned(() => `${key}[${index}] of ${tensor()}`));
      },
    );
    return values;
  };
  const read = function* (key: string): Work<void> {
    if (key === 'dtype') {
      dtype = yield* reader.oneOf(() => `dtype of ${tensor()}`, Object.keys(dtypes) as TensorDtype[]);
    } else if (key === 'shape') shape = yield* integers(key);
    else offsets = yield* integers(key);
  };
  yield* reader.object(tensor, read, ['dtype', 'shape', 'data_offsets']);
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

const readAnyway = 'with verifyChecksum: false, Network.load reads it anyway';

function checkHasDigest(metadata: Metadata, file: string): void {
  if (metadata[digestKey] !== undefined) return;
  const ours =
    metadata[formatKey] === ourFormat || Object.keys(metadata).some((key) => key.startsWith('blasnet.'));
  if (!ours) return;
  const rule = 'present, as in every file of blasnet';
  throw fileError(file, `"${digestKey}" of ${metadataKey}`, rule, `none; ${readAnyway}`);
}

/** The parts of a header with zeros in place of its digest. `digestByte` is the index of the quotation mark before it. */
function withoutDigest(header: Uint8Array, digestByte: number): Uint8Array[] {
  if (digestByte === 0) return [header];
  const [from, to] = [digestByte + 1, digestByte + 1 + noDigest.length];
  const zeros = Buffer.from(noDigest, 'latin1').subarray(0, Math.max(0, header.length - from));
  return [header.subarray(0, from), zeros, header.subarray(to)];
}

function checkDigest(computed: string, header: Header, head: Uint8Array, file: string): void {
  const digest = header.metadata[digestKey];
  if (digest === undefined || digest === computed) return;
  const rule = `${quote(digest)}, as its metadata says`;
  const why = isOwnHeader(header, head)
    ? 'the file is damaged, or another program has changed it'
    : 'another program has written the file anew, and kept the old SHA-256';
  throw fileError(file, 'the SHA-256', rule, `"${computed}": ${why}; ${readAnyway}`);
}

// Other programs order and space the entries in another way, whatever they keep.
function isOwnHeader({ tensors, metadata }: Header, head: Uint8Array): boolean {
  const text = headerText(tensors, metadata[digestKey] as string, metadata);
  return Buffer.from(head.subarray(8)).toString('utf8').trimEnd() === text;
}
