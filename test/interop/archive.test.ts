// Zip archives of other tools.

import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { filesIn } from '../../lib/interop/archive';
import { zipOf } from '../../lib/interop/npz/zip-writer';
import { checksumOf } from './npz-files';

/** An archive of a file, or of several with equal content, compressed. */
function compressed(content: Uint8Array, names: readonly string[] = ['file']): Uint8Array<ArrayBuffer> {
  const parts = [deflateRawSync(content, { level: 9 })];
  const bytes = Buffer.concat(workHere(zipOf(names.map((name) => ({ name, parts })))));
  const checksum = checksumOf(content);
  for (const [signature, method] of [
    ['PK\x03\x04', 8],
    ['PK\x01\x02', 10],
  ] as const) {
    for (let at = bytes.indexOf(signature); at >= 0; at = bytes.indexOf(signature, at + 1)) {
      bytes.writeUInt16LE(8, at + method);
      bytes.writeUInt32LE(checksum, at + method + 6);
      bytes.writeUInt32LE(content.length, at + method + 14);
    }
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

test('many files that grow are refused, though each of them is small', async () => {
  const names = Array.from({ length: 65 }, (_, i) => `file ${i}`);
  await expect(open(compressed(new Uint8Array(2 ** 20), names))).rejects.toThrow(
    'Expected the files of "archive" to be together at most 100 times as large as the archive, got 68157440 bytes out of',
  );
});

test('two files of a name are refused', async () => {
  const entry = { name: 'file', parts: [Uint8Array.of(1)] };
  const bytes = new Uint8Array(Buffer.concat(workHere(zipOf([entry, entry]))));
  await expect(open(bytes)).rejects.toThrow('Expected the file "file" of "archive" to be there once');
});
