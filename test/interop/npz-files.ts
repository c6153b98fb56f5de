// Writes and reads NPZ files in plain loops: the oracle for the format npz.

import { gzipSync } from 'node:zlib';

export interface PlainArray {
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array;
}

/** The files of an archive whose files are stored as they are, by the headers in front of them. */
export function storedFiles(bytes: Uint8Array): Map<string, Buffer> {
  const archive = Buffer.from(bytes);
  const files = new Map<string, Buffer>();
  let at = 0;
  for (; archive.readUInt32LE(at) === 0x04034b50; ) {
    const [method, sum, size] = [
      archive.readUInt16LE(at + 8),
      archive.readUInt32LE(at + 14),
      archive.readUInt32LE(at + 18),
    ];
    const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
    const content = archive.subarray(start, start + size);
    if (method !== 0 || sum !== checksumOf(content)) throw new Error('the archive is wrong');
    files.set(archive.toString('latin1', at + 30, at + 30 + archive.readUInt16LE(at + 26)), content);
    at = start + size;
  }
  return files;
}

/** zlib's checksum, which gzip writes before the last 4 bytes. */
export function checksumOf(content: Uint8Array): number {
  return gzipSync(content).readUInt32LE(gzipSync(content).length - 8);
}

/** The array of an NPY file with numbers in rows. */
export function plainArray(bytes: Buffer): PlainArray {
  const start = 10 + bytes.readUInt16LE(8);
  const [, type, sizes = ''] =
    /^\{'descr': '<(f4|f8)', 'fortran_order': False, 'shape': \((.*?),?\), \} *\n$/.exec(
      bytes.toString('latin1', 10, start),
    ) ?? [];
  if (type === undefined || start % 64 !== 0) throw new Error('the header is wrong');
  const { buffer } = new Uint8Array(bytes.subarray(start));
  const data = type === 'f4' ? new Float32Array(buffer) : new Float64Array(buffer);
  return { shape: sizes.split(', ').map(Number), data };
}

/** An NPY file of another program, with any header. */
export function npyFile(
  descr: string,
  shape: readonly number[],
  content: Uint8Array,
  byColumns = false,
): Buffer {
  const order = byColumns ? 'True' : 'False';
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.join(', ')},), }\n`;
  const head = Buffer.from(`\x93NUMPY\x01\x00..${text}`, 'latin1');
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, content]);
}
