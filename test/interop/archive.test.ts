// Zip archives of other tools.

import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { filesIn } from '../../lib/interop/archive';
import { zipOf } from '../../lib/interop/npz/zip-writer';
import { checksumOf } from './npz-files';

/** An archive of one file, compressed. */
function compressed(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = deflateRawSync(content, { level: 9 });
  const bytes = Buffer.concat(workHere(zipOf([{ name: 'file', parts: [packed] }])));
  const directory = bytes.lastIndexOf('PK\x01\x02');
  for (const at of [8, directory + 10]) {
    bytes.writeUInt16LE(8, at); // the method
    bytes.writeUInt32LE(checksumOf(content), at + 6);
    bytes.writeUInt32LE(content.length, at + 14);
  }
  return new Uint8Array(bytes);
}
const open = (bytes: Uint8Array<ArrayBuffer>) => filesIn({ bytes, file: 'archive' }, () => true);

test('a compressed file comes out as it went in', async () => {
  const content = new Uint8Array(100_000).map((_, i) => i % 7);
  expect((await open(compressed(content))).get('file')).toEqual(content);
});

test('a file that grows a thousandfold is refused, since numbers do not', async () => {
  await expect(open(compressed(new Uint8Array(2 ** 23)))).rejects.toThrow(
    /Expected the file "file" of "archive" to be at most 100 times as large as in the archive, got 8388608 bytes out of \d+$/,
  );
});

test('two files of a name are refused', async () => {
  const entry = { name: 'file', parts: [Uint8Array.of(1)] };
  const bytes = new Uint8Array(Buffer.concat(workHere(zipOf([entry, entry]))));
  await expect(open(bytes)).rejects.toThrow('Expected the file "file" of "archive" to be there once');
});
