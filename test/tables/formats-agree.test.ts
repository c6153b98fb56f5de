// One table is equal, whichever format it comes from.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'vitest';
import { readTable, Table } from '../../lib/tables';
import { openArrow } from '../../lib/tables/arrow';
import { memoryBytes } from '../../lib/tables/bytes';
import { encodedCategories } from '../../lib/tables/column';
import type { PlainColumn } from '../../lib/tables/column-parts';
import { openParquet } from '../../lib/tables/parquet';
import { arrowOf, contentsOf, ndjsonOf, parquetOf, wholeColumns } from '../support/columnar-files';
import { expectEqual } from '../support/equal';

const real = ['ames', 'churn', 'credit', 'diamonds', 'satellite', 'soybean'];

test.each(real)('%s is one table as CSV, NDJSON, Parquet and Arrow', async (name) => {
  const csv = readFileSync(join(__dirname, `../fixtures/tabular/${name}.csv.gz`));
  const table = (await readTable(csv)).slice(0, 3000);
  const types = Object.fromEntries(table.names.map((column) => [column, table.column(column).kind]));
  const expected = contentsOf(table);
  expectEqual(contentsOf(await readTable(ndjsonOf(table), { format: 'json' })), expected);
  expectEqual(contentsOf(await readTable(await parquetOf(table))), expected);
  expectEqual(contentsOf(await readTable(await arrowOf(table, 'file'))), expected);
  expectEqual(contentsOf(await readTable(await arrowOf(table, 'stream'), { types })), expected);
});

const cells = {
  // The dictionaries of hyparquet-writer take 0 and -0 as one.
  number: fc.oneof(fc.double({ noNaN: true }), fc.integer()).map((value) => value + 0),
  category: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  boolean: fc.boolean(),
  time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
};
const columns = fc.integer({ min: 1, max: 60 }).chain((rows) =>
  fc.dictionary(
    fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('__proto__', 'constructor', 'a.b', 'ü')),
    fc.constantFrom(...(['number', 'category', 'boolean', 'time'] as const)).chain((kind) =>
      fc.record({
        kind: fc.constant(kind),
        values: fc.array(fc.option(cells[kind] as fc.Arbitrary<unknown>, { freq: 4 }), {
          minLength: rows,
          maxLength: rows,
        }),
      }),
    ),
    { minKeys: 1, maxKeys: 5, noNullPrototype: true },
  ),
);

const all = { types: new Map(), columns: undefined };
const contentsOfPlain = (plain: readonly PlainColumn[]) =>
  plain.map(({ name, kind, values, texts }) => {
    const categories = texts === undefined ? [] : encodedCategories(texts.bytes, texts.ends).texts;
    return { name, kind, values, categories };
  });

// On this thread, since each thread takes some time to begin.
test('a table of any columns comes back from Parquet and from Arrow', async () => {
  await fc.assert(
    fc.asyncProperty(columns, fc.integer({ min: 1, max: 70 }), async (given, part) => {
      const entries = Object.entries(given);
      const types = Object.fromEntries(entries.map(([name, { kind }]) => [name, kind]));
      const table = Table.from(new Map(entries.map(([name, { values }]) => [name, values])), { types });
      const expected = contentsOf(table);
      const parquet = memoryBytes(await parquetOf(table, part), 'the data');
      expectEqual(contentsOfPlain(await wholeColumns(openParquet(parquet, all))), expected);
      for (const format of ['file', 'stream'] as const) {
        const arrow = memoryBytes(await arrowOf(table, format, part), 'the data');
        expectEqual(contentsOfPlain(await wholeColumns(openArrow(arrow, all))), expected);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});
