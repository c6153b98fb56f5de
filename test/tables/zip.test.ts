// Archives of arrays: every damaged bit is noticed, and none fills the memory.

import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTable } from '../../lib/tables';
import fixture from '../fixtures/numpy-hostile.json';

const bytesOf = (name: 'stored' | 'packed') => Buffer.from(fixture[name], 'base64');
const directory = (bytes: Buffer) => bytes.readUInt32LE(bytes.length - 22 + 16);
/** The archive with a number of its directory's first entry changed. */
const changed = (name: 'stored' | 'packed', change: (bytes: Buffer, at: number) => void) => {
  const bytes = bytesOf(name);
  change(bytes, directory(bytes));
  return bytes;
};
const quoted = '"x.npy" of the data';

describe('an archive', () => {
  test.each<{ what: string; bytes: Buffer; message: string }>([
    {
      what: 'a wrong checksum',
      bytes: changed('stored', (bytes, at) => bytes.writeUInt32LE(1, at + 16)),
      message: `Cannot decompress ${quoted}: incorrect data check`,
    },
    {
      what: 'a wrong checksum of deflated bytes',
      bytes: changed('packed', (bytes, at) => bytes.writeUInt32LE(1, at + 16)),
      message: `Cannot decompress ${quoted}: incorrect data check`,
    },
    {
      what: 'a wrong size',
      bytes: changed('packed', (bytes, at) => bytes.writeUInt32LE(3, at + 24)),
      message: `Cannot decompress ${quoted}: incorrect length check`,
    },
    {
      what: 'an encrypted file',
      bytes: changed('packed', (bytes, at) => bytes.writeUInt16LE(1, at + 8)),
      message: `Cannot read ${quoted}: it is encrypted`,
    },
    {
      what: 'another compression',
      bytes: changed('packed', (bytes, at) => bytes.writeUInt16LE(99, at + 10)),
      message: `Cannot read ${quoted}: its compression (99) is not supported`,
    },
    {
      what: 'a file of 4 GB',
      bytes: changed('packed', (bytes, at) => bytes.writeUInt32LE(0xffffffff, at + 20)),
      message: 'Cannot read the data: files of 4 GB or more in a zip archive are not supported',
    },
    {
      what: 'a file that ends behind the archive',
      bytes: changed('packed', (bytes, at) => bytes.writeUInt32LE(0xfffffff, at + 20)),
      message: 'the zip archive is damaged: "x.npy" ends too early',
    },
    {
      what: 'a file elsewhere',
      bytes: changed('packed', (bytes, at) => bytes.writeUInt32LE(1, at + 42)),
      message: 'the zip archive is damaged: "x.npy" is not where it should be',
    },
    {
      what: 'two files in one place',
      bytes: changed('packed', (bytes, at) => {
        bytes.writeUInt32LE(bytes.readUInt32LE(at + 20) + 80, at + 20);
      }),
      message: 'the zip archive is damaged: two of its files overlap',
    },
    {
      what: 'another file where one should be',
      bytes: changed('packed', (bytes, at) => {
        const next = at + 46 + bytes.readUInt16LE(at + 28);
        bytes.copy(bytes, next + 42, at + 42, at + 46);
      }),
      message: 'the zip archive is damaged: "name.npy" has another name where its bytes are',
    },
    {
      what: 'more entries than there are',
      bytes: changed('packed', (bytes) => bytes.writeUInt16LE(9, bytes.length - 22 + 10)),
      message: 'the zip archive is damaged: its directory ends too early',
    },
    {
      what: 'no directory',
      bytes: bytesOf('packed').subarray(0, -22),
      message: 'the zip archive is damaged: it has no directory',
    },
  ])('is refused if it has $what', async ({ bytes, message }) => {
    await expect(readTable(bytes)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      code: 'ERR_BLASNET_FILE',
    });
  });

  test.each(['stored', 'packed'] as const)(
    'gives its table or an error if bits of it are wrong: %s',
    async (name) => {
      const expected = (await readTable(bytesOf(name))).toRecords();
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
          const bytes = bytesOf(name);
          const place = at % bytes.length;
          (bytes[place] as number) ^= 1 << bit;
          const table = await readTable(bytes, { format: 'npz' }).catch((error) => error);
          if (table instanceof Error) expect(table).toMatchObject({ code: 'ERR_BLASNET_FILE' });
          // A name is not in the checksum.
          else expect(table.toRecords().map(Object.values)).toEqual(expected.map(Object.values));
        }),
        { numRuns: 500, seed: 1 },
      );
    },
  );

  test('is not decompressed further than its array goes', async () => {
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n";
    const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
    const packed = deflateRawSync(Buffer.concat([start, Buffer.from(header), Buffer.alloc(2 ** 27)]));
    const name = Buffer.from('x.npy');
    const entry = Buffer.alloc(26);
    entry.writeUInt16LE(8, 4);
    entry.writeUInt32LE(packed.length, 14);
    entry.writeUInt32LE(2 ** 27, 18);
    entry.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), entry, name, packed]);
    const listed = Buffer.concat([Buffer.from('PK\x01\x02\0\0'), entry, Buffer.alloc(14), name]);
    const end = Buffer.alloc(22);
    end.write('PK\x05\x06');
    end.writeUInt16LE(1, 10);
    end.writeUInt32LE(local.length, 16);
    await expect(readTable(Buffer.concat([local, listed, end]))).rejects.toMatchObject({
      message: 'Cannot read "x.npy" of the data: expected 8 bytes of elements for the shape (1), got more',
    });
  });
});
