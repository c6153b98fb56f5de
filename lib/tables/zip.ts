// The files of a zip archive, stored or deflated.

import { inflateRaw } from 'node:zlib';
import { type BlasnetError, blasnetError } from '../base/errors';

interface Entry {
  readonly name: string;
  readonly content: Uint8Array;
}

/** @throws Error ERR_BLASNET_FILE for an archive that is damaged, encrypted, or larger than its directory says */
export async function unzip(bytes: Uint8Array, file: string): Promise<Entry[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (reason: string): BlasnetError =>
    blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: the zip archive is damaged: ${reason}`);
  const end = endOf(view);
  if (end === undefined) throw damaged('it has no directory');
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50)
      throw damaged('its directory ends too early');
    const method = view.getUint16(at + 10, true);
    const packed = view.getUint32(at + 20, true);
    const size = view.getUint32(at + 24, true);
    const [nameLength, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true)) as [
      number,
      number,
      number,
    ];
    const local = view.getUint32(at + 42, true);
    const name = Buffer.from(
      bytes.buffer,
      bytes.byteOffset + at + 46,
      Math.min(nameLength, end - at - 46),
    ).toString();
    if (packed === 0xffffffff || size === 0xffffffff) {
      throw blasnetError(
        'ERR_BLASNET_FILE',
        `Cannot read ${file}: files of 4 GB or more in a zip archive are not supported`,
      );
    }
    if (local + 30 > bytes.length || view.getUint32(local, true) !== 0x04034b50)
      throw damaged(`${JSON.stringify(name)} is not where it should be`);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + packed > bytes.length) throw damaged(`${JSON.stringify(name)} ends too early`);
    const content = bytes.subarray(start, start + packed);
    entries.push({
      name,
      content: method === 0 ? content : await inflated(content, method, size, name, file),
    });
    at += 46 + nameLength + extra + comment;
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

function inflated(
  content: Uint8Array,
  method: number,
  size: number,
  name: string,
  file: string,
): Promise<Uint8Array> {
  const place = `${JSON.stringify(name)} of ${file}`;
  if (method !== 8) {
    throw blasnetError(
      'ERR_BLASNET_FILE',
      `Cannot read ${place}: its compression (${method}) is not supported`,
    );
  }
  return new Promise((resolve, reject) => {
    // A file that is larger than its directory says may be made to fill the memory.
    inflateRaw(content, { maxOutputLength: Math.max(1, size) }, (error, result) => {
      if (error !== null) {
        reject(
          blasnetError('ERR_BLASNET_FILE', `Cannot decompress ${place}: ${error.message}`, { cause: error }),
        );
      } else resolve(result);
    });
  });
}
