// What each encoding gives, by its definition in plain loops; and that tables, records and one record give equal bits.

import { describe, expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { Schema, Table } from '../../lib/tables';
import { type InputsOptions, inputs } from '../../lib/tabular/inputs';
import { LearnedInputs } from '../../lib/tabular/learned-inputs';

const day = 86_400_000;
const records = Array.from({ length: 60 }, (_, i) => ({
  x: i === 7 ? null : Math.sin(i) * 10 + (i === 3 ? 1e6 : 0),
  pair: i % 3 === 0 ? 'yes' : 'no',
  city: i === 11 ? null : ['a', 'b', 'c', 'd'][((i * i) % 7) % 4],
  size: ['small', 'middle', 'large'][i % 3],
  id: `n${i % 12}`,
  flag: i === 5 ? null : i % 2 === 0,
  at: new Date(Date.UTC(2024, 0, 1) + i * 7.3 * 3_600_000),
  y: i,
}));
const table = Table.from(records);
const schema = Schema.of(table, 'y');

function learn(options: InputsOptions): LearnedInputs {
  return workHere(LearnedInputs.learn(table, schema, inputs(options)));
}

const everything = ['x', 'pair', 'city', 'size', 'id', 'flag', 'at'] as const;

/** The inputs that one column gives: rows of numbers. */
function encoded(name: (typeof everything)[number], options: InputsOptions): number[][] {
  const others = Object.fromEntries(
    everything.filter((other) => other !== name).map((other) => [other, 'ignore' as const]),
  );
  const learned = learn({ ...options, columns: { ...others, ...options.columns } });
  const { numbers, codes } = workHere(learned.encode(table, 'float64'));
  return learned.width > 0 ? numbers.toArray() : Array.from(codes, (code) => [code]);
}

const present = records.flatMap(({ x }) => (x === null ? [] : [x]));
const sorted = [...present].sort((a, b) => a - b);
const quantile = (share: number) => {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const [a, b] = [sorted[low] as number, sorted[Math.min(low + 1, sorted.length - 1)] as number];
  return a + (b - a) * (place - low);
};
const mean = present.reduce((sum, x) => sum + x, 0) / present.length;

describe('numbers', () => {
  const indicator = (row: number) => (row === 7 ? 1 : 0);
  test.each<{ name: string; options: InputsOptions; of: (x: number | null) => number; accuracy?: number }>([
    {
      name: 'standard',
      options: { numbers: 'standard' },
      of: (x) =>
        x === null
          ? 0
          : (x - mean) /
            Math.sqrt(present.reduce((sum, each) => sum + (each - mean) ** 2, 0) / present.length),
    },
    {
      name: 'minMax',
      options: { numbers: 'minMax' },
      of: (x) => ((x ?? mean) - (sorted[0] as number)) / ((sorted.at(-1) as number) - (sorted[0] as number)),
    },
    {
      name: 'robust',
      options: {},
      of: (x) => {
        if (x === null) return 0;
        const s = (x - quantile(0.5)) / (quantile(0.75) - quantile(0.25));
        return s / Math.sqrt(1 + (s / 3) ** 2);
      },
    },
    { name: 'raw', options: { numbers: 'raw' }, of: (x) => x ?? mean },
  ])('encoded by $name are as defined, and say where they are missing', ({ options, of }) => {
    const rows = encoded('x', options);
    for (const [i, { x }] of records.entries()) {
      expect(rows[i]?.[0]).toBeCloseTo(of(x), 10);
      expect(rows[i]?.[1]).toBe(indicator(i));
    }
    expect(encoded('x', { ...options, missing: 'fill' })[0]).toHaveLength(1);
  });

  test('encoded piecewise have an input for each bin, open at both ends', () => {
    const rows = encoded('x', { columns: { x: { encode: 'piecewise', bins: 4 } }, missing: 'fill' });
    const edges = [0, 0.25, 0.5, 0.75, 1].map(quantile);
    for (const [i, { x }] of records.entries()) {
      const value = x ?? quantile(0.5);
      const expected = [1, 2, 3, 4].map((t) => {
        const [low, high] = [edges[t - 1] as number, edges[t] as number];
        const share = (value - low) / (high - low);
        return Math.min(
          Math.max(share, t === 1 ? Number.NEGATIVE_INFINITY : 0),
          t === 4 ? Number.POSITIVE_INFINITY : 1,
        );
      });
      for (const [t, share] of expected.entries()) expect(rows[i]?.[t]).toBeCloseTo(share, 10);
    }
    const learned = learn({ columns: { x: { encode: 'piecewise', bins: 4 } } });
    const [beyond] = workHere(
      learned.encodeRecords([{ ...records[0], x: 3e6 } as never], 'float64'),
    ).numbers.toArray();
    expect(beyond?.[3]).toBeGreaterThan(1);
  });
});

describe('categories', () => {
  test('have an input each, in the order in which they first came, and zeros where they are missing', () => {
    const order = ['a', 'b', 'c', 'd'].filter((name) => records.some(({ city }) => city === name));
    const first = [...new Set(records.map(({ city }) => city).filter((city) => city !== null))];
    expect([...first].sort()).toEqual(order);
    const rows = encoded('city', { missing: 'fill' });
    for (const [i, { city }] of records.entries())
      expect(rows[i]).toEqual(first.map((name) => (name === city ? 1 : 0)));
  });

  test('give one input of -1 and 1 if they are two', () => {
    expect(encoded('pair', {}).flat()).toEqual(records.map(({ pair }) => (pair === 'yes' ? -1 : 1)));
  });

  test('share the last input if they are rare', () => {
    const rows = encoded('city', { categories: { encode: 'oneHot', most: 2 }, missing: 'fill' });
    const counts = new Map<string, number>();
    for (const { city } of records) if (city != null) counts.set(city, (counts.get(city) ?? 0) + 1);
    const [most] = [...counts].sort((a, b) => b[1] - a[1])[0] as [string, number];
    for (const [i, { city }] of records.entries()) {
      expect(rows[i]).toEqual(city === null ? [0, 0] : city === most ? [1, 0] : [0, 1]);
    }
  });

  test('run from -1 to 1 if they are ordered', () => {
    const order = ['small', 'middle', 'large'];
    const rows = encoded('size', { columns: { size: { encode: 'ordinal', order } } });
    expect(rows.flat()).toEqual(records.map(({ size }) => order.indexOf(size as string) - 1));
  });

  test('become codes of an embedding if they are many', () => {
    const learned = learn({});
    expect(learned.embeddings).toEqual([{ categories: 12, outputDim: 8 }]);
    expect(encoded('id', {}).flat()).toEqual(records.map((_, i) => i % 12));
  });
});

test('truth values are -1 and 1, and 0 where they are missing', () => {
  expect(encoded('flag', { missing: 'fill' }).flat()).toEqual(
    records.map(({ flag }) => (flag === null ? 0 : flag ? 1 : -1)),
  );
});

test('times have sine and cosine within a day, a week and a year, beside the time itself', () => {
  const rows = encoded('at', { columns: { at: { encode: 'cyclic', periods: ['day', 'week'] } } });
  for (const [i, { at }] of records.entries()) {
    const angle = (2 * Math.PI * (at.getTime() % day)) / day;
    const weekday = ((at.getUTCDay() + 6) % 7) + (at.getTime() % day) / day;
    const week = (2 * Math.PI * weekday) / 7;
    const expected = [Math.sin(angle), Math.cos(angle), Math.sin(week), Math.cos(week)];
    for (const [k, value] of expected.entries()) expect(rows[i]?.[k]).toBeCloseTo(value, 9);
  }
  expect(encoded('at', {})[0]).toHaveLength(7);
});

describe('a table, its records and each record alone', () => {
  test.each(['float64', 'float32'] as const)('give equal bits in %s, also after JSON', (dtype) => {
    const learned = learn({ columns: { x: { encode: 'piecewise' } } });
    const again = LearnedInputs.fromJSON(
      JSON.parse(JSON.stringify(learned)),
      Schema.fromJSON(JSON.parse(JSON.stringify(schema))),
    );
    const expected = workHere(learned.encode(table, dtype));
    for (const each of [learned, again]) {
      const plain = records.map(({ y: _, ...record }) => JSON.parse(JSON.stringify(record)));
      const byRecords = workHere(each.encodeRecords(plain, dtype));
      expect(byRecords.numbers.data).toEqual(expected.numbers.data);
      expect(byRecords.codes).toEqual(expected.codes);
      const out = dtype === 'float64' ? new Float64Array(each.width) : new Float32Array(each.width);
      const codes = new Int32Array(each.embeddings.length);
      const encode = each.rowEncoder(out, codes);
      for (const [i, record] of plain.entries()) {
        encode(record);
        expect(out).toEqual(expected.numbers.row(i));
        expect(codes[0]).toBe(expected.codes[i]);
      }
    }
  });
});

describe('records that do not fit', () => {
  const { y: _, ...good } = records[0] as (typeof records)[number];
  test.each<{ record: object; options?: InputsOptions; message: string; code: string }>([
    {
      record: { ...good, x: '5' },
      message: 'Expected row 0, column "x" to be a number, got "5" (string)',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      record: { ...good, x: Number.POSITIVE_INFINITY },
      message: 'Expected row 0, column "x" to be a finite number, or null, got Infinity (number)',
      code: 'ERR_BLASNET_NOT_FINITE',
    },
    {
      record: (({ city, ...rest }) => rest)(good),
      message: 'Expected row 0 to have the column "city"; write null where a value is missing',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
    {
      record: { ...good, city: 'z' },
      options: { unseen: 'error' },
      message: 'Expected row 0, column "city" to be one of the 3 categories that were learned',
      code: 'ERR_BLASNET_ARG_VALUE',
    },
  ])('are refused: $message', ({ record, options = {}, message, code }) => {
    const learned = learn(options);
    const error = expect.objectContaining({ message: expect.stringContaining(message), code });
    expect(() => workHere(learned.encodeRecords([record as never], 'float64'))).toThrow(error);
    const encode = learned.rowEncoder(new Float64Array(learned.width), new Int32Array(1));
    expect(() => encode(record as never)).toThrow(error);
  });

  test('give zeros for a category that was not learned, unless it is to be an error', () => {
    const learned = learn({
      columns: { x: 'ignore', pair: 'ignore', size: 'ignore', flag: 'ignore', at: 'ignore' },
      missing: 'fill',
    });
    const { numbers, codes } = workHere(learned.encodeRecords([{ city: 'z', id: 'z' }], 'float64'));
    expect(numbers.toArray()).toEqual([[0, 0, 0]]);
    expect([...codes]).toEqual([-1]);
  });
});

test.each<{ options: object; message: string }>([
  { options: { number: 'robust' }, message: 'Unknown option "number" in inputs' },
  {
    options: { numbers: 'zscore' },
    message: `Expected inputs.numbers.encode to be one of 'ignore', 'standard'`,
  },
  {
    options: { numbers: 'oneHot' },
    message:
      'Expected inputs.numbers to be an encoding for a column of the kind number, got "oneHot" (string)',
  },
  {
    options: { columns: { x: { encode: 'piecewise', bins: 0 } } },
    message: 'Expected inputs.columns["x"].bins to be a positive integer, got 0 (number)',
  },
  { options: { columns: { xx: 'robust' } }, message: 'Unknown column "xx"' },
  {
    options: { columns: { size: { encode: 'ordinal', order: ['small', 'large'] } } },
    message: 'it lacks "middle"',
  },
  {
    options: { missing: 'zero' },
    message: `Expected inputs.missing to be one of 'indicator', 'fill', got "zero" (string)`,
  },
])('a declaration is refused: $message', ({ options, message }) => {
  expect(() => learn(options as InputsOptions)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(message),
      code: expect.stringMatching(/^ERR_BLASNET_/),
    }),
  );
});
