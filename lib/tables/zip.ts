// The files of a zip archive, stored or deflated. The format is
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { type BlasnetError, blasnetError } from '../base/errors';
import type { Bytes } from './bytes';
import { gunzipBlocks } from './gzip';

/** A file of an archive. */
interface Entry {
  readonly name: string;
  /** The bytes that it has, and those that it takes in the archive, as the directory says. */
  readonly size: number;
  readonly packedSize: number;
  /** Its bytes, decompressed, in blocks of about this size. They are compared with their checksum, on other threads. */
  blocks(blockSize: number): AsyncGenerator<Uint8Array>;
}

interface Packed {
  readonly method: number;
  readonly checksum: number;
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

const stored = 0;
const deflated = 8;

// The bytes of the record at the end of the directory, and the most that a comment behind it takes.
const endBytes = 22;
const mostComment = 2 ** 16 - 1;

/** @throws Error ERR_BLASNET_FILE for an archive that is damaged, encrypted, or made to fill the memory */
export async function unzip(bytes: Bytes): Promise<Entry[]> {
  const { name: file, size: fileSize } = bytes;
  const damaged = (reason: string): BlasnetError =>
    blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: the zip archive is damaged: ${reason}`);
  const read = async (from: number, to: number) =>
    viewOf(await bytes.read(from, Math.min(to, fileSize), false));
  const tailStart = Math.max(0, fileSize - endBytes - mostComment);
  const tail = await read(tailStart, fileSize);
  const tailEnd = endOf(tail);
  if (tailEnd === undefined) throw damaged('it has no directory');
  const count = tail.getUint16(tailEnd + 10, true);
  const start = tail.getUint32(tailEnd + 16, true);
  // A file of the directory takes no more than three texts whose lengths have 16 bits.
  const end = Math.min(tailStart + tailEnd, start + count * (46 + 3 * mostComment));
  const directory = await read(Math.min(start, end), end);
  let at = 0;
  const entries: Entry[] = [];
  const ranges: Packed[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== 0x02014b50)
      throw damaged('its directory ends too early');
    const nameLength = directory.getUint16(at + 28, true);
    const name = textOf(directory, at + 46, nameLength);
    const quoted = JSON.stringify(name);
    const flags = directory.getUint16(at + 8, true);
    const packedSize = directory.getUint32(at + 20, true);
    const size = directory.getUint32(at + 24, true);
    const local = directory.getUint32(at + 42, true);
    if ([packedSize, size, local].includes(0xffffffff)) {
      const reason = 'files of 4 GB or more in a zip archive are not supported';
      throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: ${reason}`);
    }
    if ((flags & 1) !== 0) {
      throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${quoted} of ${file}: it is encrypted`);
    }
    const head = await read(Math.min(local, fileSize), local + 30 + nameLength);
    if (head.byteLength < 30 || head.getUint32(0, true) !== 0x04034b50)
      throw damaged(`${quoted} is not where it should be`);
    const content = local + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    if (content + packedSize > fileSize) throw damaged(`${quoted} ends too early`);
    if (head.getUint16(26, true) !== nameLength || textOf(head, 30, nameLength) !== name)
      throw damaged(`${quoted} has another name where its bytes are`);
    const packed = {
      method: directory.getUint16(at + 10, true),
      checksum: directory.getUint32(at + 16, true),
      size,
      start: content,
      end: content + packedSize,
    };
    ranges.push(packed);
    entries.push({
      ...{ name, size, packedSize },
      blocks: (blockSize) => unpacked(bytes, packed, `${quoted} of ${file}`, blockSize),
    });
    at += 46 + nameLength + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
  }
  // Many files could else share the bytes of one that is much larger than they are.
  ranges.sort((a, b) => a.start - b.start);
  if (ranges.some(({ start }, i) => i > 0 && start < (ranges[i - 1] as Packed).end)) {
    throw damaged('two of its files overlap');
  }
  return entries;
}

// The record at the end of the archive, which a comment may follow.
function endOf(view: DataView): number | undefined {
  for (let at = view.byteLength - endBytes; at >= 0; at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  return undefined;
}

function unpacked(
  bytes: Bytes,
  packed: Packed,
  place: string,
  blockSize: number,
): AsyncGenerator<Uint8Array> {
  const { method } = packed;
  if (method !== stored && method !== deflated) {
    const reason = `its compression (${method}) is not supported`;
    throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${place}: ${reason}`);
  }
  return gunzipBlocks(place, asGzip(bytes, packed, blockSize), blockSize);
}

// A file of an archive differs from one of gzip in its frame alone. zlib compares its size and checksum, then.
async function* asGzip(
  bytes: Bytes,
  { method, checksum, size, start, end }: Packed,
  blockSize: number,
): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
  const step = method === deflated ? blockSize : mostStored;
  for (let at = start; at === start || at < end; at += step) {
    const to = Math.min(end, at + step);
    const block = await bytes.read(at, to);
    if (method === stored) yield storedHead(block.length, to === end);
    yield block;
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(size, 4);
  yield trailer;
}

// Deflate's blocks of bytes as they are: https://www.rfc-editor.org/rfc/rfc1951#page-11
const mostStored = 2 ** 16 - 1;

function storedHead(length: number, isLast: boolean): Uint8Array {
  const head = Buffer.alloc(5);
  head[0] = isLast ? 1 : 0;
  head.writeUInt16LE(length, 1);
  head.writeUInt16LE(length ^ 0xffff, 3);
  return head;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function textOf({ buffer, byteOffset, byteLength }: DataView, start: number, length: number): string {
  return Buffer.from(buffer, byteOffset + start, Math.min(length, byteLength - start)).toString();
}
