// The files of a zip archive, stored or deflated. The format is
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { type BlasnetError, blasnetError } from '../base/errors';
import { gunzipBlocks } from './gzip';

/** A file of an archive. */
interface Entry {
  readonly name: string;
  /** Its bytes, decompressed. They are compared with their checksum, on other threads. */
  blocks(): AsyncGenerator<Uint8Array>;
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

/** @throws Error ERR_BLASNET_FILE for an archive that is damaged, encrypted, or made to fill the memory */
export function unzip(bytes: Uint8Array, file: string): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (reason: string): BlasnetError =>
    blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: the zip archive is damaged: ${reason}`);
  const end = endOf(view);
  if (end === undefined) throw damaged('it has no directory');
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const entries: Entry[] = [];
  const ranges: Packed[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50)
      throw damaged('its directory ends too early');
    const nameLength = view.getUint16(at + 28, true);
    const name = textOf(bytes.subarray(at + 46, Math.min(end, at + 46 + nameLength)));
    const quoted = JSON.stringify(name);
    const flags = view.getUint16(at + 8, true);
    const packedSize = view.getUint32(at + 20, true);
    const size = view.getUint32(at + 24, true);
    const local = view.getUint32(at + 42, true);
    if ([packedSize, size, local].includes(0xffffffff)) {
      const reason = 'files of 4 GB or more in a zip archive are not supported';
      throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: ${reason}`);
    }
    if ((flags & 1) !== 0) {
      throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${quoted} of ${file}: it is encrypted`);
    }
    if (local + 30 > bytes.length || view.getUint32(local, true) !== 0x04034b50)
      throw damaged(`${quoted} is not where it should be`);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + packedSize > bytes.length) throw damaged(`${quoted} ends too early`);
    const again = bytes.subarray(local + 30, local + 30 + view.getUint16(local + 26, true));
    if (textOf(again) !== name) throw damaged(`${quoted} has another name where its bytes are`);
    const packed = {
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      size,
      start,
      end: start + packedSize,
    };
    ranges.push(packed);
    entries.push({ name, blocks: () => unpacked(bytes, packed, `${quoted} of ${file}`) });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  // Many files could else share the bytes of one that is much larger than they are.
  ranges.sort((a, b) => a.start - b.start);
  if (ranges.some(({ start }, i) => i > 0 && start < (ranges[i - 1] as Packed).end)) {
    throw damaged('two of its files overlap');
  }
  return entries;
}

// The record at the end of the archive, which a comment of up to 2^16 - 1 bytes may follow.
function endOf(view: DataView): number | undefined {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  return undefined;
}

function unpacked(bytes: Uint8Array, packed: Packed, place: string): AsyncGenerator<Uint8Array> {
  const { method } = packed;
  if (method !== stored && method !== deflated) {
    const reason = `its compression (${method}) is not supported`;
    throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${place}: ${reason}`);
  }
  return gunzipBlocks(place, asGzip(bytes, packed));
}

// A file of an archive differs from one of gzip in its frame alone. zlib compares its size and checksum, then.
async function* asGzip(
  bytes: Uint8Array,
  { method, checksum, size, start, end }: Packed,
): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
  const content = bytes.subarray(start, end);
  if (method === deflated) yield content;
  else yield* storedBlocks(content);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(size, 4);
  yield trailer;
}

// Deflate's blocks of bytes as they are: https://www.rfc-editor.org/rfc/rfc1951#page-11
function* storedBlocks(content: Uint8Array): Generator<Uint8Array> {
  const most = 2 ** 16 - 1;
  for (let at = 0; at === 0 || at < content.length; at += most) {
    const block = content.subarray(at, at + most);
    const head = Buffer.alloc(5);
    head[0] = at + most >= content.length ? 1 : 0;
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(block.length ^ 0xffff, 3);
    yield head;
    yield block;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
