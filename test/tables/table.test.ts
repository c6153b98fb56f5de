// Tables from records and columns, and what their methods return.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Matrix, trainTestSplit } from '../../lib';
import { Column, Table, type TableSplitOptions } from '../../lib/tables';

const people = () =>
  Table.from([
    { age: 31, city: 'Paris', member: true, since: new Date('2020-05-01') },
    { age: null, city: 'Rome', member: false },
    { age: 54, city: 'Paris', member: undefined, since: null, note: 'x' },
  ]);

describe('Table.from', () => {
  test('makes a column of each key, with a gap where a record has none', () => {
    const table = people();
    expect(table.rows).toBe(3);
    expect(table.names).toEqual(['age', 'city', 'member', 'since', 'note']);
    expect(table.column('age', 'number').values).toEqual(Float64Array.of(31, Number.NaN, 54));
    expect(table.column('city', 'category').values).toEqual(Int32Array.of(0, 1, 0));
    expect(table.column('city').categories).toEqual(['Paris', 'Rome']);
    expect(table.column('member', 'boolean').values).toEqual(Int8Array.of(1, 0, -1));
    expect(table.column('since', 'time').values).toEqual(
      Float64Array.of(Date.UTC(2020, 4, 1), Number.NaN, Number.NaN),
    );
    expect(table.column('note').toArray()).toEqual([null, null, 'x']);
  });

  test('takes a Float64Array as it is, and converts other typed arrays', () => {
    const age = Float64Array.of(1, Number.NaN);
    const table = Table.from({ age, count: Uint8Array.of(3, 4), big: BigInt64Array.of(5n, -6n) });
    expect(table.column('age').values).toBe(age);
    expect(table.column('count', 'number').values).toEqual(Float64Array.of(3, 4));
    expect(table.column('big', 'number').values).toEqual(Float64Array.of(5, -6));
  });

  test('converts values to the kinds that are stated', () => {
    const table = Table.from(
      {
        price: ['12.5', '7', null],
        zip: [1067, '10115', 7],
        when: ['2024-02-29', 0, new Date(5)],
        ok: ['yes', 0, true],
      },
      { types: { price: 'number', zip: 'category', when: 'time', ok: 'boolean' } },
    );
    expect(table.toRecords()).toEqual([
      { price: 12.5, zip: '1067', when: new Date('2024-02-29'), ok: true },
      { price: 7, zip: '10115', when: new Date(0), ok: false },
      { price: null, zip: '7', when: new Date(5), ok: true },
    ]);
  });

  test('reads what looks like a table of Arrow, polars or danfo', () => {
    const values = Float64Array.of(1, 2);
    const vector = (list: readonly unknown[], array: unknown = list) => ({
      length: list.length,
      nullCount: list.filter((value) => value === null).length,
      get: (i: number) => list[i],
      toArray: () => array,
    });
    const vectors = new Map<string, ReturnType<typeof vector>>([
      ['x', vector([1, 2], values)],
      ['s', vector(['a', null])],
      ['t', vector([86400000, 0])],
    ]);
    const arrow = {
      schema: { fields: [{ name: 'x' }, { name: 's' }, { name: 't', type: 'Timestamp<MILLISECOND>' }] },
      numRows: 2,
      getChild: (name: string) => vectors.get(name) ?? null,
    };
    const table = Table.from(arrow);
    expect(table.column('x').values).toBe(values);
    expect(table.toRecords()).toEqual([
      { x: 1, s: 'a', t: new Date(86400000) },
      { x: 2, s: null, t: new Date(0) },
    ]);
    const polars = { columns: ['x'], getColumn: () => ({ toArray: () => [1, null] }) };
    expect(Table.from(polars).toRecords()).toEqual([{ x: 1 }, { x: null }]);
    const danfo = { columns: ['x'], column: () => ({ values: ['a', 'b'] }) };
    expect(Table.from(danfo).toRecords()).toEqual([{ x: 'a' }, { x: 'b' }]);
  });

  test('keeps names such as __proto__ and constructor, and changes no prototype', () => {
    const records = JSON.parse('[{"__proto__": 1, "constructor": "a", "toString": true}]');
    const table = Table.from(records);
    expect(table.names).toEqual(['__proto__', 'constructor', 'toString']);
    const record = table.record(0);
    expect(Object.keys(record)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect(JSON.stringify(record)).toBe('{"__proto__":1,"constructor":"a","toString":true}');
  });

  test('has times within the range of a Date only', () => {
    const types = { t: 'time' } as const;
    expect(Table.from({ t: Float64Array.of(8.64e15, Number.NaN) }, { types }).record(0).t).toEqual(
      new Date(8.64e15),
    );
    for (const t of [[1, 8.64e15 + 2], Float64Array.of(1, -1 / 0), [1, 10n ** 30n]]) {
      expect(() => Table.from({ t }, { types })).toThrow(
        expect.objectContaining({
          message: expect.stringMatching(/^Expected row 1, column "t" to be (a time within|an integer)/),
          row: 1,
          column: 't',
        }),
      );
    }
  });

  test('refuses records that have hardly any key in common, before they fill the memory', () => {
    const records = Array.from({ length: 6000 }, (_, i) => ({ [`c${i}`]: i }));
    expect(() => Table.from(records)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /^Expected records to have keys in common, got \d+ records with \d+ keys, of which \d+ cells have a value: nearly all/,
        ),
        code: 'ERR_BLASNET_SHAPE',
      }),
    );
  });

  test.each([
    {
      data: 5,
      message: 'Expected data to be an array of records or an object of columns, got 5 (number)',
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    { data: [], message: 'Expected data to have at least one record, got 0', code: 'ERR_BLASNET_SHAPE' },
    {
      data: { columns: ['x', 'x'], getColumn: () => ({ toArray: () => [1] }) },
      message: 'Expected data to be a table whose columns have different names, got "x" (string)',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      data: {
        schema: { fields: [{ name: 'x' }] },
        numRows: 3,
        getChild: () => ({ length: 2, nullCount: 0, get: () => 1, toArray: () => [1, 1] }),
      },
      message: 'Expected data to be an Arrow table of 3 rows in each column, got 2 (number) in "x"',
      code: 'ERR_BLASNET_SHAPE',
    },
    { data: {}, message: 'Expected a table to have at least one column, got 0', code: 'ERR_BLASNET_SHAPE' },
    {
      data: [{ a: 1 }, [2]],
      message:
        'Expected data[1] to be a record: an object of values by column name, got an array of length 1',
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    {
      data: [{ age: 1 }, { age: 'abc' }],
      message: `Expected row 1, column "age" to be a number, like row 0, got "abc" (string); to read the whole column as texts, write types: { "age": 'category' }`,
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      data: [{ a: { b: 1 } }],
      message:
        'Expected row 0, column "a" to be a number, a string, a boolean, a Date or null, got an object (Object); a cell holds one value: give nested values columns of their own',
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    {
      data: { a: [1], b: [1, 2] },
      message: 'Expected column "b" to have 1 values, like column "a", got 2',
      code: 'ERR_BLASNET_SHAPE',
    },
    {
      data: { a: 'xyz' },
      message: 'Expected column "a" to be an array, a typed array or a Column, got "xyz" (string)',
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    {
      data: { a: [2n ** 60n + 1n] },
      message:
        'Expected row 0, column "a" to be an integer that a number holds exactly, got 1152921504606846977 (bigint)',
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    {
      data: { a: [10n ** 309n] },
      message: `Expected row 0, column "a" to be an integer that a number holds exactly, got 1${'0'.repeat(309)} (bigint)`,
      code: 'ERR_BLASNET_ARG_TYPE',
    },
  ])('refuses data: $message', ({ data, message, code }) => {
    expect(() => Table.from(data as never)).toThrow(expect.objectContaining({ message, code }));
  });

  test.each([
    {
      types: { age: 'int' },
      message: `Expected types["age"] to be one of 'number', 'category', 'boolean', 'time', got "int" (string)`,
    },
    { types: { agee: 'number' }, message: 'Unknown column "agee" in types; did you mean "age"?' },
    {
      types: { age: 'number' },
      message: 'Expected row 0, column "age" to be a number, got "1,234" (string)',
    },
  ])('refuses types: $message', ({ types, message }) => {
    expect(() => Table.from([{ age: '1,234' }], { types: types as never })).toThrow(
      expect.objectContaining({ message }),
    );
  });

  test('gives back any records that have one kind of value a column', () => {
    const record = fc.record(
      {
        n: fc.double({ noNaN: true }),
        s: fc.string({ minLength: 1 }),
        b: fc.boolean(),
        t: fc.date({ noInvalidDate: true }),
      },
      { requiredKeys: ['n'] },
    );
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const table = Table.from(records);
        const back = table.toRecords();
        for (const [i, given] of records.entries()) {
          for (const name of table.names)
            expect(back[i]?.[name]).toEqual((given as Record<string, unknown>)[name] ?? null);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe('a table', () => {
  test('selects, leaves out, slices and takes, and shares the columns that are equal', () => {
    const table = people();
    expect(table.select(['city', 'age']).names).toEqual(['city', 'age']);
    expect(table.select(['age']).column('age')).toBe(table.column('age'));
    expect(table.without(['city', 'note', 'since']).names).toEqual(['age', 'member']);
    expect(table.slice(1).toRecords()).toEqual(table.toRecords().slice(1));
    expect(table.slice(-2, -1).toRecords()).toEqual(table.toRecords().slice(-2, -1));
    expect(table.slice(1).column('age').values.buffer).toBe(table.column('age').values.buffer);
    expect(table.take([2, 0, 2]).toRecords()).toEqual([2, 0, 2].map((row) => table.record(row)));
    expect([...table]).toEqual(table.toRecords());
  });

  test('describes its columns', () => {
    const { columns } = people().describe();
    expect(columns).toEqual([
      { name: 'age', kind: 'number', missing: 1, least: 31, greatest: 54, mean: 42.5 },
      { name: 'city', kind: 'category', missing: 0, categories: 2, mostFrequent: 'Paris' },
      { name: 'member', kind: 'boolean', missing: 1, mean: 0.5 },
      {
        name: 'since',
        kind: 'time',
        missing: 2,
        least: new Date('2020-05-01'),
        greatest: new Date('2020-05-01'),
      },
      { name: 'note', kind: 'category', missing: 2, categories: 1, mostFrequent: 'x' },
    ]);
    expect(String(people().describe()).split('\n')).toEqual([
      '3 rows',
      'column  kind      missing  values',
      'age     number    33.3 %   31 to 54, mean 42.5',
      'city    category           2 categories, most often "Paris"',
      'member  boolean   33.3 %   50.0 % true',
      'since   time      66.7 %   2020-05-01T00:00:00.000Z to 2020-05-01T00:00:00.000Z',
      'note    category  66.7 %   1 categories, most often "x"',
    ]);
    expect(String(people())).toBe(
      'Table (3 rows): age number, city category (2), member boolean, since time, note category (1)',
    );
  });

  const table = people();
  test.each([
    { call: () => table.column('agee'), message: 'Unknown column "agee"; did you mean "age"?' },
    { call: () => table.column(5 as never), message: "Expected name to be a column's name, got 5 (number)" },
    {
      call: () => table.column('age', 'category'),
      message: 'Expected column "age" to be of the kind category, got "number" (string)',
    },
    {
      call: () => table.select('age' as never),
      message: 'Expected names to be an array of column names, got "age" (string)',
    },
    {
      call: () => table.select(['age', 'age']),
      message: 'Expected names to be different names, got "age" (string)',
    },
    {
      call: () => table.take([3]),
      message: 'Expected index[0] to be a row of the table, from 0 to 2, got 3 (number)',
    },
    {
      call: () => table.take(1 as never),
      message: 'Expected index to be a Uint32Array or an array of row numbers, got 1 (number)',
    },
    { call: () => table.record(-1), message: 'Expected row to be an integer from 0 to 2, got -1 (number)' },
    {
      call: () => table.column('age').at(3),
      message: 'Expected row to be an integer from 0 to 2, got 3 (number)',
    },
    { call: () => table.slice(0.5), message: 'Expected start to be an integer, got 0.5 (number)' },
    {
      call: () => Table.from({ a: new Column('number', Float64Array.of(1)), b: Float64Array.of(1, 2) }),
      message: 'Expected column "b" to have 1 values, like column "a", got 2',
    },
  ])('refuses: $message', ({ call, message }) => {
    expect(call).toThrow(expect.objectContaining({ message, code: expect.stringMatching(/^ERR_BLASNET_/) }));
  });
});

describe('a split', () => {
  const rows = 40;
  const whole = Table.from({
    id: Float64Array.from({ length: rows }, (_, i) => i),
    kind: Array.from({ length: rows }, (_, i) => (i % 4 === 0 ? 'rare' : 'common')),
    owner: Array.from({ length: rows }, (_, i) => `o${Math.floor(i / 3)}`),
    at: Array.from({ length: rows }, (_, i) => new Date(1e9 * ((i * 7) % rows))),
    gap: Array.from({ length: rows }, (_, i) => (i === 5 ? null : i % 2)),
  });
  const ids = (table: Table) => [...table.column('id', 'number').values];
  const idsOf = (options: TableSplitOptions) => {
    const { train, test: held } = whole.split(options);
    return { train: ids(train), test: ids(held) };
  };

  test('draws the rows that trainTestSplit draws, with and without classes', () => {
    const X = Matrix.from(Array.from({ length: rows }, (_, i) => [i]));
    const kinds = whole.column('kind').toArray() as string[];
    for (const seed of [0, 1, 7]) {
      const plain = trainTestSplit(X, undefined, { testSize: 0.3, seed });
      expect(idsOf({ testSize: 0.3, seed })).toEqual({
        train: [...plain.trainIndex],
        test: [...plain.testIndex],
      });
      const even = trainTestSplit(X, kinds, { testSize: 12, seed, stratify: true });
      expect(idsOf({ testSize: 12, seed, stratify: 'kind' })).toEqual({
        train: [...even.trainIndex],
        test: [...even.testIndex],
      });
    }
    expect(idsOf({ shuffle: false, testSize: 3 }).test).toEqual([37, 38, 39]);
  });

  test('keeps the rows of a group together, and every row is in one part', () => {
    const { train, test: held } = whole.split({ group: 'owner', seed: 3, testSize: 0.25 });
    const owners = (table: Table) => new Set(table.column('owner').toArray());
    expect([...owners(train)].filter((owner) => owners(held).has(owner))).toEqual([]);
    // 14 groups: a quarter is 4 of them, rounded up.
    expect(owners(held).size).toBe(4);
    expect([...ids(train), ...ids(held)].sort((a, b) => a - b)).toEqual(ids(whole));
  });

  test('has the latest rows to test with, in their order, if it is by time', () => {
    const { train, test: held } = whole.split({ time: 'at', testSize: 5 });
    const times = (table: Table) => [...table.column('at', 'time').values];
    expect(Math.max(...times(train))).toBeLessThan(Math.min(...times(held)));
    expect(times(held)).toEqual([...times(held)].sort((a, b) => a - b));
  });

  test('is the same on other threads', async () => {
    const options = { stratify: 'kind', seed: 5 } as const;
    const { train, test: held } = await whole.splitAsync({ ...options, threads: 2 });
    expect({ train: ids(train), test: ids(held) }).toEqual(idsOf(options));
    await expect(whole.splitAsync({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
  });

  test.each<{ options: object; message: string; code: string }>([
    {
      options: { testsize: 1 },
      message: 'Unknown option "testsize"; did you mean "testSize"?',
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
    },
    {
      options: { testSize: 0 },
      message:
        'Expected testSize to be a share of the rows between 0 and 1, or a positive whole number of them, got 0 (number)',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      options: { testSize: 40 },
      message: 'Expected testSize to be small enough to leave one of 40 rows for training, got 40 (number)',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      options: { group: 'owner', testSize: 14 },
      message: 'Expected testSize to be small enough to leave one of 14 groups for training',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      options: { stratify: 'knd' },
      message: 'Unknown column "knd"; did you mean "kind"?',
      code: 'ERR_BLASNET_UNKNOWN_NAME',
    },
    {
      options: { stratify: 'kind', time: 'at' },
      message: 'Expected either stratify or time, got both',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      options: { group: 'owner', shuffle: false },
      message: 'Expected either group or shuffle: false, got both',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      options: { time: 'kind' },
      message: 'Expected column "kind" to be of times or numbers, to split by, got "category" (string)',
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    {
      options: { stratify: 'gap' },
      message: 'Expected column "gap" to have no missing values, to stratify by, got one at row 5',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      options: { stratify: 'id' },
      message: 'Expected column "id" to have at least 2 rows of every class, to stratify by',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
  ])('is refused: $message', ({ options, message, code }) => {
    expect(() => whole.split(options)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), code }),
    );
  });
});
