// One table, read from each of the forms in which it may be written, is one table.

import fc from 'fast-check';
import { readTable, Table } from '../../../lib/tables';
import { expectEqual } from '../../support/equal';
import { contentOf } from '../../support/table-oracle';
import { expectPrototypes, oddName, type Property, packing, sourceOf } from './inputs';

const kinds = ['number', 'category', 'boolean', 'time'] as const;
type Kind = (typeof kinds)[number];
const cells: Readonly<Record<Kind, fc.Arbitrary<number | string | boolean | Date>>> = {
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  // Words that no other kind has, nor a gap.
  category: fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => `x${text}`),
  boolean: fc.boolean(),
  time: fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
};
const name = fc.oneof(
  oddName.filter((text) => text !== ''),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
);

const table = fc.integer({ min: 1, max: 8 }).chain((rows) =>
  fc.uniqueArray(
    fc.constantFrom(...kinds).chain((kind) =>
      fc.record({
        name,
        kind: fc.constant(kind),
        // The first value tells the kind.
        values: fc
          .tuple(cells[kind], fc.array(fc.option(cells[kind]), { minLength: rows - 1, maxLength: rows - 1 }))
          .map(([first, others]) => [first, ...others]),
      }),
    ),
    { minLength: 1, maxLength: 5, selector: (column) => column.name },
  ),
);

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const csvCell = (value: unknown) => {
  // In a file of one column an empty line is no row.
  if (value === null) return '""';
  if (value instanceof Date) return value.toISOString();
  // String(-0) is '0'.
  return typeof value === 'string' ? quoted(value) : Object.is(value, -0) ? '-0' : String(value);
};
const jsonCell = (value: unknown) => (Object.is(value, -0) ? '-0' : JSON.stringify(value));

export const equal: Readonly<Record<string, Property>> = {
  'CSV, NDJSON, a JSON array, records and columns give one table': (parameters) =>
    fc.assert(
      fc.asyncProperty(table, packing, async (columns, packed) => {
        const rows = (columns[0] as (typeof columns)[number]).values.map((_, row) =>
          columns.map(({ name, values }) => [name, values[row]] as const),
        );
        const csv = [
          columns.map((column) => quoted(column.name)),
          ...rows.map((row) => row.map(([, value]) => csvCell(value))),
        ];
        const objects = rows.map(
          (row) => `{${row.map(([key, value]) => `${JSON.stringify(key)}:${jsonCell(value)}`)}}`,
        );
        const source = (text: string) => sourceOf(Buffer.from(text), packed);
        const tables = [
          await readTable(source(csv.map((line) => line.join('\t')).join('\n')), {
            format: 'csv',
            delimiter: '\t',
            trim: false,
          }),
          await readTable(source(csv.map((line) => line.join(',')).join('\r\n')), {
            format: 'csv',
            delimiter: ',',
            trim: false,
          }),
          await readTable(source(objects.join('\n'))),
          await readTable(source(`[${objects}]`)),
          Table.from(new Map(columns.map((column) => [column.name, column.values]))),
        ];
        const expected = new Map(
          columns.map(({ name: key, kind, values }) => [
            key,
            { kind, values: values.map((value) => (value instanceof Date ? value.getTime() : value)) },
          ]),
        );
        for (const given of tables) {
          expectEqual(
            given.names,
            columns.map((column) => column.name),
          );
          expectEqual(contentOf(given), expected);
        }
        // Integer-like keys of an object come first.
        const records = Table.from(rows.map((row) => Object.fromEntries(row)));
        expectEqual(contentOf(records), expected);
        expectPrototypes();
      }),
      parameters as never,
    ),
};
