// Arrays in parts: the parts are the table, from files and streams, and little more than a part is read at a time.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTable, type ScanSource, Schema, scanTable } from '../../lib/tables';
import type { TableFormat } from '../../lib/tables/formats';
import { crc32, idxFile, npyFile, zipFile } from '../support/numpy-files';
import { openOf } from '../support/open-files';
import { blocksOf, checkParts, partsOf } from '../support/scan-parts';
import { newFolder } from '../support/scratch';
import { archive, matrix } from './properties/binary';
import { changed, changes } from './properties/inputs';

const shape = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 });
const file: fc.Arbitrary<{ format: TableFormat; bytes: Buffer }> = fc.oneof(
  matrix.map((given) => ({ format: 'npy' as const, bytes: Buffer.from(npyFile(given)) })),
  archive.map(({ bytes }) => ({ format: 'npz' as const, bytes: Buffer.from(bytes) })),
  fc
    .tuple(shape, fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 9 }))
    .map(([sizes, values]) => ({ format: 'idx' as const, bytes: Buffer.from(idxFile(sizes, values).bytes) })),
);
const reading = fc.record({
  from: fc.constantFrom('file', 'bytes', 'blocks'),
  isPacked: fc.boolean(),
  blockSize: fc.integer({ min: 1, max: 99 }),
  rows: fc.integer({ min: 1, max: 7 }),
});

function sourceOf(
  folder: string,
  plain: Buffer,
  { from, isPacked, blockSize }: { from: string; isPacked: boolean; blockSize: number },
): ScanSource {
  const bytes = isPacked ? gzipSync(plain, { level: 1 }) : plain;
  if (from === 'bytes') return bytes;
  if (from === 'blocks') return () => blocksOf(bytes, blockSize);
  const path = join(folder, 'array');
  writeFileSync(path, bytes);
  return path;
}

test('the parts of arrays are the table, whatever their elements, their source and the rows of a part', async () => {
  const folder = newFolder();
  await fc.assert(
    fc.asyncProperty(file, reading, async ({ format, bytes }, how) => {
      const table = await readTable(bytes, { format });
      const scan = scanTable(sourceOf(folder, bytes, how), { format, rows: how.rows });
      await checkParts(scan, table, how.rows);
      expect((await scan.schema()).toJSON()).toEqual(Schema.of(table).toJSON());
    }),
    { numRuns: 300, seed: 1 },
  );
});

test('damaged arrays give parts of the table that readTable gives, or its error', async () => {
  const folder = newFolder();
  await fc.assert(
    fc.asyncProperty(file, reading, changes, async ({ format, bytes }, how, list) => {
      const damaged = changed(bytes, list);
      const source = sourceOf(folder, damaged, how);
      const scan = scanTable(source, { format, rows: how.rows });
      const table = await readTable(typeof source === 'string' ? source : damaged, { format }).catch(
        (error: Error) => error,
      );
      if (table instanceof Error) {
        await expect(partsOf(scan)).rejects.toMatchObject({ code: 'ERR_BLASNET_FILE' });
      } else await checkParts(scan, table, how.rows);
    }),
    { numRuns: 300, seed: 1 },
  );
});

const rows = 50_000;
const values = Array.from({ length: 3 * rows }, (_, i) => i % 1000);
const wide = npyFile({ type: '<f8', rows, cols: 3, columnMajor: false, version: 1, values });

test('the bytes of a part, of the next one and of a block are read, and no more', async () => {
  const blocks = blocksOf(wide, 24_000);
  let given = 0;
  function* counted() {
    for (const block of blocks) {
      given++;
      yield block;
    }
  }
  for await (const part of scanTable(counted(), { rows: 1000 })) {
    expect(part.rows).toBe(1000);
    await new Promise(setImmediate);
    break;
  }
  expect(blocks.length).toBeGreaterThan(49);
  expect(given).toBeLessThan(8);
});

test.each<{ name: string; bytes: Uint8Array; columnMajor: boolean }>([
  { name: 'by rows', bytes: wide, columnMajor: false },
  {
    name: 'by columns',
    bytes: npyFile({ type: '<f8', rows, cols: 3, columnMajor: true, version: 1, values }),
    columnMajor: true,
  },
])('an array that is stored $name has the parts of plain loops, also in an archive', async (given) => {
  const path = join(newFolder(), 'x.npy');
  writeFileSync(path, given.bytes);
  const archived = join(newFolder(), 'x.npz');
  writeFileSync(archived, zipFile(new Map([['x.npy', given.bytes]]), crc32));
  const table = await readTable(path);
  for (const [i, name] of table.names.entries()) {
    const column = Array.from({ length: rows }, (_, row) => (values[3 * row + i] as number) / 8);
    expect(table.column(name).toArray()).toEqual(column);
  }
  await checkParts(scanTable(path, { rows: 7001 }), table, 7001);
  const parts = await partsOf(scanTable(archived, { rows: 7001 }));
  expect(parts.map((part) => part.rows)).toEqual([7001, 7001, 7001, 7001, 7001, 7001, 7001, 993]);
  expect(parts.flatMap((part) => part.column('x3').toArray())).toEqual(table.column('column3').toArray());
});

test('names, kinds and columns that are asked for hold in all parts, and texts have the codes of the whole', async () => {
  const bytes = npyFile({
    type: '|i1',
    rows: 7,
    cols: 2,
    columnMajor: false,
    version: 1,
    values: [3, 1, 2, 1, 9],
  });
  const asked = { header: ['a', 'b'], columns: ['b', 'a'], types: { b: 'category' } } as const;
  const table = await readTable(bytes, asked);
  expect(table.column('b').categories.length).toBeGreaterThan(2);
  await checkParts(scanTable(bytes, { ...asked, rows: 2 }), table, 2);
  const apart = scanTable(bytes, { ...asked, types: { a: 'number', b: 'category' }, rows: 2 });
  const own = await partsOf(apart);
  expect(own.map((part) => part.column('b').categories.length)).toEqual([1, 2, 2, 1]);
  expect(own.flatMap((part) => part.column('b').toArray())).toEqual(table.column('b').toArray());
});

test.each([
  {
    what: 'a value that its stated kind does not have',
    type: '|i1',
    value: 5,
    types: { column1: 'boolean' },
    told: 'Cannot read the data: Expected row 5, column "column1" to be a boolean, got 5 (number)',
  },
  {
    what: 'an element that no column can hold',
    type: '<M8[D]',
    value: 1e9,
    types: {},
    told: 'Cannot read row 5, column "column1" of the data: expected a time within the range of a Date, got 1000000000 D',
  },
] as const)('an error about $what names the row of the table, not that of its part', async (given) => {
  const { type, value, types, told } = given;
  const bytes = npyFile({
    type,
    rows: 7,
    cols: 1,
    columnMajor: false,
    version: 1,
    values: [1, 0, 1, 0, 0, value],
  });
  await expect(partsOf(scanTable(bytes, { types, rows: 2 }))).rejects.toMatchObject({
    message: told,
    row: 5,
    column: 'column1',
  });
});

test('a column of more texts than are kept has categories of its own in each part', async () => {
  const text = (list: number[]) =>
    npyFile({ type: '<U3', rows: list.length, cols: 1, columnMajor: false, version: 1, values: list });
  const bytes = text([11, 12, 13, 14, 11]);
  const parts = await partsOf(scanTable(bytes, { rows: 3, mostCategories: 3 }));
  expect(parts.map((part) => part.column('column1').categories.length)).toEqual([3, 2]);
  expect(
    (await scanTable(bytes, { mostCategories: 3 }).schema()).column('column1').categories,
  ).toBeUndefined();
});

test('texts of a stream that flows once need their kind to be stated', async () => {
  const bytes = npyFile({ type: '<U3', rows: 3, cols: 1, columnMajor: false, version: 1, values: [1, 2, 3] });
  await expect(partsOf(scanTable(blocksOf(bytes, 9)))).rejects.toThrow('state the kinds of all columns');
  const stated = scanTable(blocksOf(bytes, 9), { types: { column1: 'category' }, rows: 2 });
  expect((await partsOf(stated)).map((part) => part.column('column1').categories.length)).toEqual([2, 1]);
});

test('what a function opens is an error if an array has other texts than in the first pass', async () => {
  const text = (list: number[]) =>
    npyFile({ type: '<U3', rows: list.length, cols: 1, columnMajor: false, version: 1, values: list });
  let bytes = text([1, 2, 1]);
  const scan = scanTable(() => [bytes], { rows: 2 });
  await scan.schema();
  bytes = text([1, 2, 3]);
  await expect(partsOf(scan)).rejects.toThrow('it has changed while it was read');
});

test.runIf(process.platform === 'linux').each([
  { name: 'x.npy', bytes: npyFile({ type: '<f8', rows, cols: 3, columnMajor: true, version: 1, values }) },
  { name: 'x.npz', bytes: zipFile(new Map([['x.npy', wide]]), crc32) },
])('a loop over $name that ends early closes the file', async ({ name, bytes }) => {
  const path = join(newFolder(), name);
  writeFileSync(path, bytes);
  for await (const part of scanTable(path, { rows: 10 })) {
    expect(part.rows).toBe(10);
    expect(openOf(path)).toBeGreaterThan(0);
    break;
  }
  expect(openOf(path)).toBe(0);
});
