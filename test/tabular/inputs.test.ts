// What each encoding gives, by its definition in plain loops; and that tables, records and one record give equal bits.

import { describe, expect, test } from 'vitest';
import { pause, type Work, workElsewhere, workHere } from '../../lib/addon/work';
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
    { record: [1, 2], message: 'Expected row 0 to have the column "x"', code: 'ERR_BLASNET_ARG_VALUE' },
    {
      record: null as never,
      message: 'Expected row 0 to be an object, got null',
      code: 'ERR_BLASNET_ARG_TYPE',
    },
    {
      record: 'x' as never,
      message: 'Expected row 0 to be an object, got "x"',
      code: 'ERR_BLASNET_ARG_TYPE',
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

describe('tables that cannot be learned', () => {
  test.each<{ x: number[]; options?: InputsOptions; message: string }>([
    {
      x: [1, 2, Number.NEGATIVE_INFINITY],
      message: 'Expected row 2, column "x" to be a finite number, or null, got -Infinity (number)',
    },
    { x: [1, Number.POSITIVE_INFINITY, 1], message: 'Expected row 1, column "x" to be a finite number' },
    {
      x: [-1.7e308, 1.7e308],
      options: { numbers: 'standard' },
      message: 'Expected column "x" to have a finite mean, spread and range',
    },
  ])('are refused: $message', ({ x, options = {}, message }) => {
    const numbers = Table.from({ x: Float64Array.from(x) });
    expect(() => workHere(LearnedInputs.learn(numbers, Schema.of(numbers), inputs(options)))).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), code: 'ERR_BLASNET_NOT_FINITE' }),
    );
  });

  test('have nothing to learn from', () => {
    const constant = Table.from({ x: [1, 1], flag: [true, true], name: ['a', 'a'], none: [null, null] });
    expect(() => workHere(LearnedInputs.learn(constant, Schema.of(constant), inputs()))).toThrow(
      expect.objectContaining({
        message: 'Expected the table to have a column that differs from row to row, besides the target',
        code: 'ERR_BLASNET_SHAPE',
      }),
    );
  });
});

test('a number that float32 cannot hold is an error with row and column, in a table and in a record', () => {
  const numbers = Table.from({ x: [1, 2, 3] });
  const learned = workHere(LearnedInputs.learn(numbers, Schema.of(numbers), inputs({ numbers: 'raw' })));
  const record = { x: 1e300 };
  const message = 'column "x" to be a number that its encoding keeps within the range of the dtype';
  const error = (row: number) =>
    expect.objectContaining({
      message: expect.stringContaining(`row ${row}, ${message}`),
      code: 'ERR_BLASNET_NOT_FINITE',
    });
  expect(() => workHere(learned.encodeRecords([{ x: 1 }, record], 'float32'))).toThrow(error(1));
  expect(() => learned.rowEncoder(new Float32Array(1), new Int32Array(0))(record)).toThrow(error(0));
  expect(workHere(learned.encodeRecords([record], 'float64')).numbers.data[0]).toBe(1e300);
});

test('many columns are encoded, whatever their names', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `column ${i}`);
  const wide = Table.from(Object.fromEntries(names.map((name, i) => [name, [i, i + 1, null]])));
  const learned = workHere(
    LearnedInputs.learn(wide, Schema.of(wide), inputs({ numbers: 'raw', unseen: 'error' })),
  );
  const { numbers } = workHere(learned.encode(wide, 'float64'));
  expect(numbers.cols).toBe(20_000);
  expect([...numbers.row(1).slice(0, 4)]).toEqual([1, 0, 2, 0]);
  expect([...numbers.row(2).slice(-2)]).toEqual([9999.5, 1]);
});

test('records are encoded one by one while a table is encoded on other threads', async () => {
  const learned = learn({});
  const [{ y: _, ...record }] = records as [(typeof records)[number]];
  const large = table.take(Array.from({ length: 50_000 }, (_, i) => i % 60));
  const works = [0, 1].map(() => workElsewhere(learned.encode(large, 'float64'), {}));
  const out = new Float64Array(learned.width);
  learned.rowEncoder(out, new Int32Array(1))(record);
  for (const { numbers } of await Promise.all(works)) expect(numbers.row(60)).toEqual(out);
});

test('learning and encoding many rows lets the event loop turn', () => {
  const many = table.take(Array.from({ length: 40_000 }, (_, i) => i % 60));
  const pausesOf = (work: Work<unknown>) => {
    let pauses = 0;
    for (let step = work.next(); !step.done; step = work.next()) {
      if (step.value === pause) pauses++;
      else step.value.start();
    }
    return pauses;
  };
  const ofColumn = Math.floor(40_000 / 2048);
  const gathered = inputs({ categories: { encode: 'oneHot', most: 3 } });
  // Counts of the categories, and the numbers and times, which must be finite.
  expect(pausesOf(LearnedInputs.learn(many, Schema.of(many), gathered))).toBeGreaterThanOrEqual(7 * ofColumn);
  const plain = many.toRecords();
  expect(pausesOf(learn({}).encodeRecords(plain, 'float64'))).toBeGreaterThanOrEqual(7 * ofColumn);
});

describe('inputs from JSON', () => {
  const good = () => JSON.parse(JSON.stringify(learn({})));
  test.each<{ change: (json: ReturnType<typeof good>) => void; message: string }>([
    { change: (json) => delete json.unseen, message: 'inputs.unseen' },
    { change: (json) => (json.columns = []), message: 'Expected inputs.columns to be an array of columns' },
    { change: (json) => (json.columns[0].name = 'xx'), message: 'Unknown column "xx"' },
    {
      change: (json) => (json.columns[1].name = 'x'),
      message: 'inputs.columns[1].parts[0] to be a part for a column of the kind number',
    },
    { change: (json) => json.columns.push(json.columns[0]), message: 'columns of different names' },
    { change: (json) => (json.columns[0].parts = []), message: 'inputs.columns[0].parts' },
    { change: (json) => (json.columns[0].parts[0].type = 'scales'), message: 'did you mean "scale"?' },
    {
      change: (json) => json.columns[0].parts[0].numbers.pop(),
      message: 'a part for a column of the kind number',
    },
    {
      change: (json) => (json.columns[0].parts[0].numbers[0] = null),
      message: 'numbers to be an array of finite numbers',
    },
    { change: (json) => (json.columns[2].parts[0].numbers[0] = 0.5), message: 'inputs.columns[2].parts[0]' },
    { change: (json) => delete json.columns[2].categories, message: 'inputs.columns[2].categories' },
    {
      change: (json) => (json.columns[0].outputDim = 3),
      message: 'inputs.columns[0].outputDim to be left out',
    },
  ])('are refused if they are wrong: $message', ({ change, message }) => {
    const json = good();
    change(json);
    expect(() => LearnedInputs.fromJSON(json, schema)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        code: expect.stringMatching(/^ERR_BLASNET_/),
      }),
    );
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
    options: { columns: { x: 'oneHot' } },
    message: `Expected inputs.columns["x"] to be an encoding for a column of the kind number, got "oneHot" (string); to read the column as texts, write types: { "x": 'category' }`,
  },
  {
    options: { columns: { y: 'robust' } },
    message: 'Expected inputs.columns["y"] to be left out, since it is the target',
  },
  { options: { columns: { flag: 'ordinal' } }, message: 'inputs.columns["flag"].order' },
  { options: { booleans: 'oneHot' }, message: 'an encoding for a column of the kind boolean' },
  {
    options: { numbers: { encode: 'robust', value: 3 } },
    message: `Expected inputs.numbers.value to be left out without strategy: 'constant', got 3 (number)`,
  },
  {
    options: { numbers: { encode: 'piecewise', least: 3 } },
    message: `Expected inputs.numbers.least to be left out without by: 'target', got 3 (number)`,
  },
  {
    options: { numbers: { encode: 'minMax', range: [1, 1] } },
    message: 'Expected inputs.numbers.range to be two finite numbers, the first one smaller',
  },
  {
    options: { numbers: { encode: 'robust', percentiles: [25, 101] } },
    message: 'Expected inputs.numbers.percentiles to be two finite numbers from 0 to 100',
  },
  {
    options: { numbers: { encode: 'standard', missing: 'category' } },
    message: `Expected inputs.numbers.missing to be one of 'indicator', 'fill', got "category" (string)`,
  },
  {
    options: { times: { encode: 'cyclic', periods: ['day', 'day'] } },
    message: `Expected inputs.times.periods to be an array of 'day', 'week' and 'year', each at most once`,
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

test('a record without a column is refused, even if every object has its name', () => {
  const data = Object.fromEntries(
    ['__proto__', 'constructor', 'toString', ''].map((name) => [name, ['a', 'b']]),
  );
  const odd = Table.from(data);
  const learned = workHere(LearnedInputs.learn(odd, Schema.of(odd), inputs()));
  const encode = learned.rowEncoder(new Float64Array(4), new Int32Array(0));
  const record = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'b']));
  encode(record(odd.names));
  for (const name of odd.names) {
    expect(() => encode(record(odd.names.filter((other) => other !== name)))).toThrow(
      `Expected row 0 to have the column ${JSON.stringify(name)}; write null where a value is missing`,
    );
  }
});
