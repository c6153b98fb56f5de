import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import type { Work } from '../../addon/work';
import { argumentError } from '../../base/errors';
import { lengthOf } from '../../formats/hashed-bytes';
import { crc32 } from './crc32';

/** A file to be put into an archive. Its name has letters of ASCII alone. */
export interface ZipEntry {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
}

// Larger archives need an extension of the format, which few programs read.
const most = 2 ** 32 - 1;
// zip has no earlier date than 1 January 1980. A fixed one lets equal files be equal bytes.
const date = 0x21;

/**
 * A zip archive of files that are stored as they are: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
 *
 * @returns its bytes, in parts; those of the files are not copied
 * @throws RangeError ERR_BLASNET_ARG_VALUE for 4 GB or more
 */
export function* zipOf(entries: readonly ZipEntry[]): Work<Uint8Array[]> {
  const archive: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, parts } of entries) {
    const size = lengthOf(parts);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0); // the version of the format that is needed
    fields.writeUInt16LE(date, 8);
    fields.writeUInt32LE(yield* crc32(parts), 10);
    fields.writeUInt32LE(checked(size), 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(name.length, 22);
    const named = Buffer.from(name, 'latin1');
    archive.push(Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, named]), ...parts);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(checked(at), 10);
    const version = Buffer.from([20, 0]);
    directory.push(Buffer.from('PK\x01\x02', 'latin1'), version, fields, place, named);
    at += 30 + named.length + size;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(lengthOf(directory), 8);
  end.writeUInt32LE(checked(at), 12);
  return [...archive, Buffer.concat([...directory, Buffer.from('PK\x05\x06', 'latin1'), end])];
}

function checked(bytes: number): number {
  if (bytes < most) return bytes;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'the archive', 'one of less than 4 GB', bytes);
}
