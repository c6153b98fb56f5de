// A table in parts: put together, they are what readTable gives.

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadTableOptions, readTable, Schema, scanTable } from '../../lib/tables';
import fixture from '../fixtures/numpy-arrays.json';
import { blocksOf, checkParts, checkWide, joined, partsOf } from '../support/scan-parts';

const cell = fc.oneof(
  { weight: 4, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 5 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom('', 'NA', '007', '2024-02-29', 'true') },
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom('a "b"', 'x\ny', 'x\r\ny', ',;'),
);
/** A column whose cells are mostly of one kind, so that kinds change late. */
const column = (rows: number) =>
  fc.oneof(
    fc.array(cell, { minLength: rows, maxLength: rows }),
    fc.array(fc.constantFrom('1', '2.5', '', '-3e2'), { minLength: rows, maxLength: rows }),
    fc.array(fc.constantFrom('2024-02-29', '2020-01-01T12:00', ''), { minLength: rows, maxLength: rows }),
    fc.array(fc.constantFrom('true', 'false', 'NA'), { minLength: rows, maxLength: rows }),
    fc.array(fc.constantFrom('a', 'b', '"c"', 'd\ne'), { minLength: rows, maxLength: rows }),
  );
const columns = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4 }))
  .chain(([rows, width]) => fc.array(column(rows), { minLength: width, maxLength: width }));

const quoted = (text: string) => (/^[\w.+-]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);
const rowsOf = (cells: readonly (readonly string[])[]) =>
  (cells[0] as readonly string[]).map((_, row) => cells.map((list) => list[row] as string));

function csvOf(cells: readonly (readonly string[])[], lineEnd: string): Buffer {
  const names = cells.map((_, i) => `c${i}`);
  const body = rowsOf(cells).map((row) => row.map(quoted).join(','));
  // A line that is empty is no row.
  return Buffer.from([names.join(','), ...body.map((line) => (line === '' ? '""' : line))].join(lineEnd));
}

test('the schema of a scan has 0 for a least or greatest number of -0, as that of the table does', async () => {
  const bytes = Buffer.from('x,y\n-0,-1\n1,-0\n');
  const schema = Schema.of(await readTable(bytes));
  expect((await scanTable(bytes).schema()).toJSON()).toEqual(schema.toJSON());
  expect(schema.columns.map(({ least, greatest }) => [least, greatest])).toEqual([
    [0, 1],
    [-1, 0],
  ]);
});

describe('the parts of a scan, put together,', () => {
  const variant = fc.record({
    lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
    blockSize: fc.integer({ min: 1, max: 50 }),
    rows: fc.integer({ min: 1, max: 45 }),
    isPacked: fc.boolean(),
  });

  test('are the table of delimited text, whatever its cells, its blocks and the rows of a part', async () => {
    await fc.assert(
      fc.asyncProperty(columns, variant, async (cells, { lineEnd, blockSize, rows, isPacked }) => {
        const plain = csvOf(cells, lineEnd);
        const bytes = isPacked ? gzipSync(plain) : plain;
        const scan = scanTable(() => blocksOf(bytes, blockSize), { rows });
        const table = await readTable(bytes);
        await checkParts(scan, table, rows);
        expect((await scan.schema()).toJSON()).toEqual(Schema.of(table).toJSON());
        expect(await scan.countRows()).toBe(table.rows);
        await checkParts(scan, table, rows);
      }),
      { numRuns: 250, seed: 1 },
    );
  });

  test('are the table of JSON, whose columns may come late or in no row', async () => {
    const value = fc.oneof(
      fc.integer({ min: -9, max: 9 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom('a', 'b', '2024-02-29', 'x\ny', '', true, false, null),
    );
    const record = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'é'), value, {
      noNullPrototype: false,
    });
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(record, { minLength: 1, maxLength: 30 })
          .filter((list) => list.some((r) => Object.keys(r).length > 0)),
        fc.boolean(),
        variant,
        async (records, isArray, { blockSize, rows, isPacked }) => {
          const text = isArray ? JSON.stringify(records) : records.map((r) => JSON.stringify(r)).join('\n');
          const bytes = isPacked ? gzipSync(text) : Buffer.from(text);
          const options: ReadTableOptions = { format: 'json' };
          const scan = scanTable(() => blocksOf(bytes, blockSize), { ...options, rows });
          const table = await readTable(bytes, options);
          await checkParts(scan, table, rows);
          expect((await scan.schema()).toJSON()).toEqual(Schema.of(table).toJSON());
        },
      ),
      { numRuns: 250, seed: 1 },
    );
  });

  const { about: _, ...arrays } = fixture;
  test.each(Object.keys(arrays) as (keyof typeof arrays)[])(
    'are the table of arrays of NumPy, in any blocks, or its error: %s',
    async (name) => {
      const bytes = Buffer.from(arrays[name], 'base64');
      const options: ReadTableOptions = name.startsWith('npz') ? { format: 'npz' } : {};
      const table = await readTable(bytes, options).catch((error: Error) => error);
      for (const { packed, blockSize, rows } of [
        { packed: bytes, blockSize: 7, rows: 1 },
        { packed: gzipSync(bytes), blockSize: 50, rows: 2 },
        { packed: bytes, blockSize: 1000, rows: 500 },
      ]) {
        const scan = scanTable(() => blocksOf(packed, blockSize), { ...options, rows });
        if (table instanceof Error) {
          await expect(partsOf(scan)).rejects.toThrow(table);
        } else {
          await checkParts(scan, table, rows);
          expect((await scan.schema()).toJSON()).toEqual(Schema.of(table).toJSON());
        }
      }
    },
  );

  test('are the table of an IDX file, in any blocks', async () => {
    const header = [0, 0, 11, 3, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 3];
    const bytes = Uint8Array.from([...header, ...Array.from({ length: 60 }, (_, i) => (i * 37) % 256)]);
    const table = await readTable(bytes);
    for (const [blockSize, rows] of [
      [1, 1],
      [7, 2],
      [100, 9],
    ] as const) {
      await checkParts(
        scanTable(() => blocksOf(bytes, blockSize), { rows }),
        table,
        rows,
      );
    }
  });

  test('have the columns, names and kinds that are asked for', async () => {
    const bytes = Buffer.from('1;x;7\n2;y;8\n3;x;9\n');
    const options = { header: ['a', 'b', 'c'], columns: ['c', 'b'], types: { c: 'category' } } as const;
    await checkParts(scanTable(bytes, { ...options, rows: 2 }), await readTable(bytes, options), 2);
  });

  test('are the table if a column is one of texts only from a late row on', async () => {
    const lines = Array.from({ length: 300_000 }, (_, i) => `${i},${i % 7}.50`);
    const bytes = Buffer.from(`id,x\n${lines.join('\n')}\nabc,1\n`);
    const table = await readTable(bytes);
    const parts = await partsOf(scanTable(bytes, { mostCategories: 400_000 }));
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.map((part) => part.column('id').kind)).not.toContain('number');
    expect(joined(parts)).toEqual(joined([table]));
    expect(parts.at(-1)?.column('id').categories).toEqual(table.column('id').categories);
  });

  test('are the table if it has 20,000 columns', async () => {
    await checkWide(20_000);
  });
});
