// The file by which worker processes get tables.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ColumnKind, columnOf, givenCategories } from '../../lib/tables/column';
import { Table } from '../../lib/tables/table';
import { type FileArray, readArrays, writeArrays } from '../../lib/tabular/processes/arrays-file';
import { type PackedTable, packTable, unpackTable } from '../../lib/tabular/processes/packed-table';
import { newFolder } from '../support/scratch';

const kinds: readonly ColumnKind[] = ['number', 'category', 'boolean', 'time'];

const tables = fc
  .record({
    rows: fc.integer({ min: 0, max: 20 }),
    columns: fc.dictionary(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
      fc.tuple(
        fc.constantFrom(...kinds),
        fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 4 })),
        fc.nat(99),
      ),
      { maxKeys: 5 },
    ),
  })
  .map(({ rows, columns }) => {
    const made = Object.entries(columns).map(([name, [kind, texts, key]]) => {
      const value = (row: number) => (row * 7 + key) % 5;
      if (kind === 'category') {
        const codes = Int32Array.from({ length: rows }, (_, row) => (value(row) % (texts.length + 1)) - 1);
        return [name, columnOf(kind, codes, givenCategories(texts))] as const;
      }
      if (kind === 'boolean') {
        return [
          name,
          columnOf(
            kind,
            Int8Array.from({ length: rows }, (_, row) => (value(row) % 3) - 1),
          ),
        ] as const;
      }
      const numbers = Float64Array.from(
        { length: rows },
        (_, row) => [Number.NaN, -0, 1e300, key, row][value(row)] as number,
      );
      return [name, columnOf(kind, numbers)] as const;
    });
    return new Table(new Map(made), rows);
  });

it('a table comes out of a file as it was, to the last bit', async () => {
  const folder = newFolder();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(tables, async (table) => {
      const path = join(folder, `${number++}`);
      const arrays: FileArray[] = [Uint32Array.of(3, 4)];
      const packed = packTable(table, arrays);
      await writeArrays(path, { packed }, arrays);
      const read = readArrays(path);
      expect(read.arrays[0]).toEqual(Uint32Array.of(3, 4));
      const again = unpackTable((read.content as { packed: PackedTable }).packed, read.arrays);
      expect([again.rows, again.names]).toEqual([table.rows, table.names]);
      for (const name of table.names) {
        const [one, other] = [table.column(name), again.column(name)];
        expect([other.kind, other.categories]).toEqual([one.kind, one.categories]);
        expect(other.values).toEqual(one.values);
      }
    }),
    { numRuns: 100 },
  );
});

// Windows has no such modes of files.
it.skipIf(process.platform === 'win32')('nobody else may read the file', async () => {
  const path = join(newFolder(), 'job');
  await writeArrays(path, {}, [Int8Array.of(1, 2)]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path).length).toBe(192);
  await expect(writeArrays(path, {}, [])).rejects.toMatchObject({ code: 'EEXIST' });
});
