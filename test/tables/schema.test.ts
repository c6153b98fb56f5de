// What a schema learns, how it travels, and how it reads the cells of a record.

import fc from 'fast-check';
import ts from 'typescript-5.4';
import { describe, expect, test } from 'vitest';
import { type Cell, type ColumnKind, Schema, type SchemaJson, Table } from '../../lib/tables';
import { cellReader } from '../../lib/tables/schema';

const table = Table.from([
  { age: 31, city: 'Paris', member: true, since: new Date('2020-05-01'), left: 'no' },
  { age: null, city: 'Rome', member: false, since: new Date('2021-05-01'), left: 'yes' },
  { age: 54.5, city: 'Paris', member: null, since: new Date('2020-05-02'), left: 'no' },
]);
const schema = Schema.of(table, 'left');

describe('a schema', () => {
  test('has names, kinds, shares of missing values, categories, ranges and the target', () => {
    expect(schema.toJSON()).toEqual({
      columns: [
        { name: 'age', kind: 'number', missing: 1 / 3, least: 31, greatest: 54.5 },
        { name: 'city', kind: 'category', missing: 0, categories: ['Paris', 'Rome'] },
        { name: 'member', kind: 'boolean', missing: 1 / 3 },
        {
          name: 'since',
          kind: 'time',
          missing: 0,
          least: Date.UTC(2020, 4, 1),
          greatest: Date.UTC(2021, 4, 1),
        },
        { name: 'left', kind: 'category', missing: 0, categories: ['no', 'yes'] },
      ],
      target: ['left'],
    });
    expect(schema.inputs.map(({ name }) => name)).toEqual(['age', 'city', 'member', 'since']);
  });

  test('has only the categories that occur in its part of a table', () => {
    expect(Schema.of(table.slice(1, 2)).column('city').categories).toEqual(['Rome']);
  });

  test('is equal after JSON', () => {
    const again = Schema.fromJSON(JSON.parse(JSON.stringify(schema)));
    expect(again.toJSON()).toEqual(schema.toJSON());
    expect(String(again)).toBe(String(schema));
  });

  test('is equal after JSON if numbers are infinite, which are in no range, or -0', () => {
    const given = Table.from({
      a: [Number.POSITIVE_INFINITY, 2, 3],
      b: [1, 2, 3].map(() => -1 / 0),
      c: [-0, -0, -0],
    });
    const learned = Schema.of(given);
    expect(learned.columns).toEqual([
      { name: 'a', kind: 'number', missing: 0, least: 2, greatest: 3 },
      { name: 'b', kind: 'number', missing: 0 },
      { name: 'c', kind: 'number', missing: 0, least: 0, greatest: 0 },
    ]);
    expect(Schema.fromJSON(JSON.parse(JSON.stringify(learned))).columns).toEqual(learned.columns);
  });

  test('is a table for people', () => {
    expect(String(schema).split('\n')).toEqual([
      'column         kind      missing  values',
      'age            number    33.3 %   31 to 54.5',
      'city           category           "Paris", "Rome"',
      'member         boolean   33.3 %',
      'since          time               2020-05-01T00:00:00.000Z to 2021-05-01T00:00:00.000Z',
      'left (target)  category           "no", "yes"',
    ]);
  });

  test('gives the type of a record, which compiles whatever the names are', () => {
    expect(schema.toTypeScript('Customer').split('\n')).toEqual([
      'export interface Customer {',
      '  age: number | null;',
      '  city: "Paris" | "Rome";',
      '  member: boolean | null;',
      '  since: Date | string;',
      '}',
    ]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 5 }), (names) => {
        const source = Schema.of(
          Table.from(new Map(names.map((name) => [name, [name === '' ? 'x' : name]]))),
        ).toTypeScript();
        const { diagnostics } = ts.transpileModule(source, { reportDiagnostics: true });
        expect(diagnostics).toEqual([]);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  const json = schema.toJSON();
  const changed = (column: object) => ({
    ...json,
    columns: [{ ...json.columns[0], ...column }, ...json.columns.slice(1)],
  });
  test.each([
    { given: 5, message: 'Expected schema to be an object, got 5 (number)' },
    { given: { ...json, x: 1 }, message: 'Unknown option "x" in schema' },
    { given: { ...json, columns: 1 }, message: 'Expected schema.columns to be an array, got 1 (number)' },
    {
      given: { ...json, columns: [...json.columns, json.columns[0]] },
      message: 'Expected schema.columns to be columns of different names',
    },
    {
      given: { ...json, target: ['x'] },
      message: 'Expected schema.target to be an array of different names of columns',
    },
    {
      given: { ...json, target: ['left', 'left'] },
      message: 'Expected schema.target to be an array of different names of columns',
    },
    {
      given: changed({ greatest: undefined }),
      message: 'Expected schema.columns[0].least to be no greater than schema.columns[0].greatest',
    },
    {
      given: changed({ kind: 'time', greatest: 9e15 }),
      message: 'Expected schema.columns[0].greatest to be a time within the range of a Date',
    },
    {
      given: changed({ kind: 'boolean' }),
      message: 'Expected schema.columns[0].least to be left out for this kind',
    },
    {
      given: changed({ name: 1 }),
      message: 'Expected schema.columns[0].name to be a string, got 1 (number)',
    },
    {
      given: changed({ kind: 'int' }),
      message:
        'Expected schema.columns[0].kind to be one of number, category, boolean, time, got "int" (string)',
    },
    {
      given: changed({ missing: 2 }),
      message: 'Expected schema.columns[0].missing to be a share from 0 to 1, got 2 (number)',
    },
    {
      given: changed({ categories: ['a'] }),
      message:
        'Expected schema.columns[0].categories to be an array of different strings, of a category alone',
    },
    {
      given: changed({ kind: 'category', categories: ['a', 'a'] }),
      message: 'Expected schema.columns[0].categories to be an array of different strings',
    },
    {
      given: changed({ least: 'a' }),
      message: 'Expected schema.columns[0].least to be a finite number, got "a" (string)',
    },
  ])('is refused in JSON that is wrong: $message', ({ given, message }) => {
    expect(() => Schema.fromJSON(given as SchemaJson)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        code: expect.stringMatching(/^ERR_BLASNET_/),
      }),
    );
  });

  test.each([
    { call: () => Schema.of(table, 'lft'), message: 'Unknown column "lft"; did you mean "left"?' },
    { call: () => schema.column('aeg'), message: 'Unknown column "aeg"; did you mean "age"?' },
    {
      call: () => schema.toTypeScript('my type'),
      message: 'Expected name to be a name of TypeScript, got "my type" (string)',
    },
  ])('refuses: $message', ({ call, message }) => {
    expect(call).toThrow(expect.objectContaining({ message }));
  });
});

describe('a cell of a record', () => {
  const column = (kind: ColumnKind) => ({
    name: 'c',
    kind,
    missing: 0,
    ...(kind === 'category' ? { categories: ['a', 'b'] } : {}),
  });
  test.each<{ kind: ColumnKind; value: unknown; number: number }>([
    { kind: 'number', value: -2.5, number: -2.5 },
    { kind: 'number', value: 7n, number: 7 },
    { kind: 'number', value: null, number: Number.NaN },
    { kind: 'category', value: 'b', number: 1 },
    { kind: 'category', value: 'z', number: -1 },
    { kind: 'category', value: '', number: Number.NaN },
    { kind: 'boolean', value: true, number: 1 },
    { kind: 'boolean', value: undefined, number: Number.NaN },
    { kind: 'time', value: new Date(5), number: 5 },
    { kind: 'time', value: '1970-01-02', number: 86_400_000 },
    { kind: 'time', value: 5, number: 5 },
    { kind: 'time', value: new Date(Number.NaN), number: Number.NaN },
  ])('reads $value as $number in a column of the kind $kind', ({ kind, value, number }) => {
    expect(cellReader(column(kind))(value, 0)).toBe(number);
  });

  test.each<{ kind: ColumnKind; value: unknown; message: string }>([
    { kind: 'number', value: '31', message: 'Expected row 3, column "c" to be a number, got "31" (string)' },
    { kind: 'number', value: true, message: 'Expected row 3, column "c" to be a number, got true (boolean)' },
    { kind: 'category', value: 1, message: 'Expected row 3, column "c" to be a text, got 1 (number)' },
    { kind: 'boolean', value: 1, message: 'Expected row 3, column "c" to be a boolean, got 1 (number)' },
    { kind: 'time', value: 'May', message: 'Expected row 3, column "c" to be a time, got "May" (string)' },
    {
      kind: 'number',
      value: {},
      message: 'Expected row 3, column "c" to be a number, got an object (Object)',
    },
  ])('refuses $value in a column of the kind $kind', ({ kind, value, message }) => {
    expect(() => cellReader(column(kind))(value, 3)).toThrow(expect.objectContaining({ message }));
  });

  test('reads any value of a table as the number that its column holds', () => {
    const cell = fc.record({
      n: fc.double({ noNaN: true }),
      s: fc.string({ minLength: 1 }),
      b: fc.boolean(),
      t: fc.date({ noInvalidDate: true }),
    });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 20 }), (records) => {
        const given = Table.from(records);
        for (const each of Schema.of(given).columns) {
          const read = cellReader(each);
          const { values } = given.column(each.name);
          for (let row = 0; row < given.rows; row++)
            expect(read(given.column(each.name).at(row) as Cell, row)).toBe(values[row]);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
