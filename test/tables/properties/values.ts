// Table.from and Schema.fromJSON: any value gives a table or a schema, or an error with a code.

import fc from 'fast-check';
import { expect } from 'vitest';
import { Schema, type SchemaJson, Table, type TableData } from '../../../lib/tables';
import { expectPrototypes, oddName, type Property } from './inputs';

const codes = [
  'ERR_BLASNET_ARG_TYPE',
  'ERR_BLASNET_ARG_VALUE',
  'ERR_BLASNET_SHAPE',
  'ERR_BLASNET_UNKNOWN_NAME',
  'ERR_BLASNET_UNKNOWN_OPTION',
];

/** The result; undefined after an error that is documented. */
function resultOf<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (!codes.includes((error as { code?: string }).code ?? '')) throw error;
    expect((error as Error).message.length).toBeLessThan(1000);
    return undefined;
  } finally {
    expectPrototypes();
  }
}

const name = fc.oneof(oddName, fc.string({ maxLength: 3 }), fc.constantFrom('a', 'b'));
const value = fc.oneof(
  fc.double(),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom('\ud83d', '2024-02-29', '1e999', 'true', '', '-0', '9'.repeat(400)),
  fc.boolean(),
  fc.bigInt(),
  fc.date(),
  fc.constantFrom(
    null,
    undefined,
    Number.NaN,
    1 / 0,
    -0,
    8.64e15,
    -8.65e15,
    Symbol('s'),
    () => 1,
    new Map(),
    [1],
    {},
  ),
);
const similar = fc
  .constantFrom(fc.double(), fc.string(), fc.boolean(), fc.date())
  .chain((one) => fc.oneof({ arbitrary: one, weight: 9 }, { arbitrary: value, weight: 1 }));
const kind = fc.constantFrom('number', 'category', 'boolean', 'time');
const options = fc.record({ types: fc.dictionary(name, kind, { maxKeys: 2 }) }, { requiredKeys: [] });
const list = fc.oneof(
  fc.array(similar, { maxLength: 5 }),
  fc.float64Array({ maxLength: 5 }),
  fc.uint8Array({ maxLength: 5 }),
  fc.bigInt64Array({ maxLength: 5 }),
  fc.anything(),
);
const columns = fc.dictionary(name, list, { maxKeys: 4 });
const data: fc.Arbitrary<unknown> = fc.oneof(
  fc.array(fc.dictionary(name, similar, { maxKeys: 4, noNullPrototype: false }), { maxLength: 6 }),
  columns,
  columns.map((object) => new Map(Object.entries(object))),
  // What looks like a table of Arrow, polars or danfo.
  columns.map((object) => ({
    schema: { fields: Object.keys(object).map((field) => ({ name: field, type: 'Timestamp' })) },
    numRows: 3,
    getChild: (field: string) => {
      const array = object[field];
      const values = Array.isArray(array) ? array : [1, 2, 3];
      return { length: values.length, nullCount: 1, get: (i: number) => values[i], toArray: () => values };
    },
  })),
  columns.map((object) => ({
    columns: [...Object.keys(object), ...Object.keys(object).slice(0, 1)],
    getColumn: (field: string) => ({ toArray: () => object[field] }),
  })),
  columns.map((object) => ({
    columns: Object.keys(object),
    column: (field: string) => ({ values: object[field] }),
  })),
  fc.anything(),
);

function goThrough(table: Table): void {
  for (const each of table.names) expect(table.column(each).length).toBe(table.rows);
  const records = table.toRecords();
  expect(records.length).toBe(table.rows);
  for (const record of records) expect(Object.keys(record).sort()).toEqual([...table.names].sort());
  String(table.describe());
  const schema = Schema.of(table, table.names[0]);
  String(schema);
  schema.toTypeScript();
  expect(Schema.fromJSON(JSON.parse(JSON.stringify(schema))).toJSON()).toEqual(schema.toJSON());
}

export const from: Readonly<Record<string, Property>> = {
  'any value gives a table, whose schema is equal after JSON, or an error with a code': async (parameters) =>
    fc.assert(
      fc.property(data, options, (given, chosen) => {
        const table = resultOf(() => Table.from(given as TableData, chosen as object));
        if (table !== undefined) goThrough(table);
      }),
      parameters as never,
    ),
};

const column = fc.record(
  {
    name: fc.oneof({ arbitrary: name, weight: 9 }, { arbitrary: fc.anything(), weight: 1 }),
    kind: fc.oneof({ arbitrary: kind, weight: 9 }, { arbitrary: fc.anything(), weight: 1 }),
    missing: fc.oneof(fc.double({ min: 0, max: 1 }), fc.anything()),
    categories: fc.oneof(fc.uniqueArray(fc.string()), fc.anything()),
    least: fc.oneof(fc.double(), fc.anything()),
    greatest: fc.oneof(fc.double(), fc.anything()),
    extra: fc.constant(1),
  },
  { requiredKeys: ['name', 'kind', 'missing'] },
);
const schema = fc.oneof(
  fc.record({
    columns: fc.array(fc.oneof({ arbitrary: column, weight: 9 }, { arbitrary: fc.anything(), weight: 1 }), {
      maxLength: 3,
    }),
    target: fc.array(name, { maxLength: 2 }),
  }),
  fc.record({ columns: fc.anything(), target: fc.anything() }),
  fc.anything(),
);

export const schemas: Readonly<Record<string, Property>> = {
  'any JSON gives a schema, or an error with a code': async (parameters) =>
    fc.assert(
      fc.property(schema, (given) => {
        const read = resultOf(() => Schema.fromJSON(given as SchemaJson));
        if (read === undefined) return;
        String(read);
        read.toTypeScript();
        for (const each of read.columns) expect(read.column(each.name)).toBe(each);
        expect(read.inputs.length + read.target.length).toBe(read.columns.length);
        expect(Schema.fromJSON(read.toJSON()).toJSON()).toEqual(read.toJSON());
      }),
      parameters as never,
    ),
};
