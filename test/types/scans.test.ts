// The public types of tables that are read part by part.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expectTypeOf, test } from 'vitest';
import {
  type ReadTableOptions,
  type ScanSource,
  type ScanTableOptions,
  type Schema,
  scanTable,
  type Table,
  type TableScan,
  type TableSource,
} from '../../lib/tables';

/** Compiled and never run. */
function compiled(_: () => unknown): void {}

describe('scanTable', () => {
  test('takes sources, and functions that open them, and gives a scan', () => {
    expectTypeOf(scanTable).returns.toEqualTypeOf<TableScan>();
    expectTypeOf<TableSource>().toExtend<ScanSource>();
    expectTypeOf<ReadTableOptions>().toExtend<ScanTableOptions>();
    compiled(() => {
      scanTable('a.csv', { rows: 1000, mostCategories: 10, types: { a: 'time' }, columns: ['a'] });
      scanTable(new URL('file:///a.csv'));
      scanTable(Buffer.from('a'));
      scanTable(Readable.from(['a']));
      scanTable(() => createReadStream('a.csv'));
      scanTable(async () => ['a\n', Uint8Array.of(49)]);
      // @ts-expect-error: a function must return a stream
      scanTable(() => 7);
      // @ts-expect-error: a number is no source
      scanTable(7);
      // @ts-expect-error: an unknown option
      scanTable('a.csv', { row: 3 });
      // @ts-expect-error: an unknown kind
      scanTable('a.csv', { types: { a: 'text' } });
    });
  });

  test('gives tables in a loop, a schema and the number of rows', () => {
    expectTypeOf<TableScan>().toExtend<AsyncIterable<Table>>();
    expectTypeOf<TableScan['schema']>().returns.toEqualTypeOf<Promise<Schema>>();
    expectTypeOf<TableScan['countRows']>().returns.toEqualTypeOf<Promise<number>>();
    compiled(async () => {
      const scan = scanTable('a.csv');
      for await (const part of scan) expectTypeOf(part).toEqualTypeOf<Table>();
      await scan.schema('a');
      await scan.schema(['a', 'b']);
      // @ts-expect-error: a scan is made by scanTable
      new TableScan('a.csv');
      // @ts-expect-error: a scan has no length
      scan.rows;
    });
  });
});
