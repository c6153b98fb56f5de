// Parquet and Arrow in parts: the parts are the table, whatever the groups of rows in the file.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readTable, Schema, scanTable, Table } from '../../lib/tables';
import { arrowOf, parquetOf } from '../support/columnar-files';
import { expectEqual } from '../support/equal';
import { openOf } from '../support/open-files';
import { blocksOf, checkParts, joined, partsOf } from '../support/scan-parts';
import { newFolder } from '../support/scratch';

const fixture = (name: string) => join(__dirname, '../fixtures/tables', name);
const files = ['types-snappy.parquet', 'types-delta-v2.parquet', 'types.arrow', 'types.arrows'];
const columns = ['int8', 'text', 'bool', 'float64'];

describe.each(files)('the parts of %s', (file) => {
  test.each([1, 7, 25, 1000])('are the table, of %i rows each', async (rows) => {
    const table = await readTable(fixture(file), { columns });
    const scan = scanTable(fixture(file), { columns, rows });
    await checkParts(scan, table, rows);
    expect((await scan.schema()).toJSON()).toEqual(Schema.of(table).toJSON());
  });

  test('are the table from bytes, from blocks and packed', async () => {
    const table = await readTable(fixture(file), { columns });
    const bytes = readFileSync(fixture(file));
    for (const source of [bytes, () => blocksOf(bytes, 3000), () => blocksOf(gzipSync(bytes), 999)]) {
      await checkParts(scanTable(source, { columns, rows: 17 }), table, 17);
    }
  });
});

const many = 150_000;
const table = Table.from({
  id: Array.from({ length: many }, (_, i) => `n${i}`),
  city: Array.from({ length: many }, (_, i) => `c${(i * 7) % 11}`),
  x: Float64Array.from({ length: many }, (_, i) => i / 8),
});

test.each([
  { format: 'parquet', write: () => parquetOf(table, 40_000) },
  { format: 'arrow', write: () => arrowOf(table, 'stream', 40_000) },
] as const)(
  'many texts of $format have codes of their own in each part, others those of the table',
  async (given) => {
    const path = join(newFolder(), `ids.${given.format}`);
    writeFileSync(path, await given.write());
    const scan = scanTable(path, { rows: 13_000, mostCategories: 1000 });
    const parts = await partsOf(scan);
    expect(parts.map(({ rows }) => rows)).toEqual([...new Array(11).fill(13_000), 7000]);
    expectEqual(joined(parts), joined([table]));
    expect(parts.map((part) => part.column('id').categories.length)).toEqual(parts.map(({ rows }) => rows));
    for (const part of parts) expectEqual(part.column('city').categories, table.column('city').categories);
    expect((await scan.schema()).column('id').categories).toBeUndefined();
  },
);

test('a value that does not fit its stated kind is named by its row of the table', async () => {
  const path = join(newFolder(), 'x.parquet');
  const late = Table.from({ x: Array.from({ length: 90 }, (_, i) => (i === 77 ? 'abc' : String(i))) });
  writeFileSync(path, await parquetOf(late, 40));
  await expect(partsOf(scanTable(path, { types: { x: 'number' }, rows: 7 }))).rejects.toMatchObject({
    code: 'ERR_BLASNET_FILE',
    row: 77,
    column: 'x',
  });
});

test.runIf(process.platform === 'linux').each(['parquet', 'arrow'] as const)(
  'a loop over %s that ends early, or is aborted, closes the file',
  async (format) => {
    const path = join(newFolder(), `x.${format}`);
    writeFileSync(
      path,
      format === 'parquet' ? await parquetOf(table, 9000) : await arrowOf(table, 'file', 9000),
    );
    for await (const part of scanTable(path, { columns: ['x'], rows: 10 })) {
      expect(part.rows).toBe(10);
      expect(openOf(path)).toBe(1);
      break;
    }
    expect(openOf(path)).toBe(0);
    const controller = new AbortController();
    const { signal } = controller;
    const loop = async () => {
      for await (const _ of scanTable(path, { columns: ['x'], rows: 10, signal })) controller.abort();
    };
    await expect(loop()).rejects.toMatchObject({ name: 'AbortError' });
    expect(openOf(path)).toBe(0);
  },
);

test('progress of parts has the rows of each, and bytes up to those of the file', async () => {
  const path = fixture('types-snappy.parquet');
  const seen: { bytes: number; total: number | undefined; rows: number }[] = [];
  const scan = scanTable(path, { columns: ['int8'], rows: 25, progress: (at) => seen.push({ ...at }) });
  await partsOf(scan);
  expect(seen.map(({ rows }) => rows)).toEqual([25, 50, 60]);
  for (const { bytes, total } of seen) expect(bytes).toBeLessThanOrEqual(total as number);
});
