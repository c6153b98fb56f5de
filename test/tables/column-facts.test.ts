// What native code finds in a column, compared with plain loops.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortRows } from '../../lib/addon/table-columns';
import { workHere } from '../../lib/addon/work';
import { Schema, Table } from '../../lib/tables';

const aborted = expect.objectContaining({ name: 'AbortError' });
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 2, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  fc.constantFrom(Number.NaN, -0, 1e308, -1e308, Number.MIN_VALUE),
);
const numbers = fc.array(number, { minLength: 1, maxLength: 40 });

test('a description has the least, the greatest and the mean of the numbers, also of those whose sum is too large', () => {
  fc.assert(
    fc.property(numbers, (list) => {
      const present = list.filter((value) => !Number.isNaN(value));
      const [column] = Table.from({ a: Float64Array.from(list) }).describe().columns;
      const { mean, ...rest } = column as { mean: number; missing: number };
      const missing = list.length - present.length;
      if (present.length === 0) {
        expect(column).toEqual({ name: 'a', kind: 'number', missing });
        return;
      }
      const [least, greatest] = [Math.min(...present), Math.max(...present)];
      const zeros = (value: number) => value + 0;
      expect({
        ...rest,
        least: zeros((rest as never as { least: number }).least),
        greatest: zeros((rest as never as { greatest: number }).greatest),
      }).toEqual({
        ...{ name: 'a', kind: 'number', missing },
        ...{ least: zeros(least), greatest: zeros(greatest) },
      });
      const expected = present.reduce((sum, value) => sum + value / present.length, 0);
      const scale = present.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(Math.abs(mean - expected)).toBeLessThanOrEqual(1e-14 * scale + 40 * Number.MIN_VALUE);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test('a description of many rows is that of the plain loop, and the mean of equal numbers is the number', async () => {
  const rows = 300_001;
  const values = Float64Array.from({ length: rows }, (_, i) =>
    i % 89 === 0 ? Number.NaN : ((i * 37) % 1001) - 7,
  );
  const codes = Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? null : `t${(i * i) % 11}`));
  const table = Table.from({
    values,
    codes,
    same: new Float64Array(rows).fill(0.1),
    flags: codes.map((text) => (text === null ? null : text === 't1')),
  });
  const present = values.filter((value) => !Number.isNaN(value));
  const counts = new Map<string, number>();
  for (const text of codes) if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const description = table.describe();
  expect(description.columns).toEqual([
    {
      ...{ name: 'values', kind: 'number', missing: rows - present.length, least: -7, greatest: 993 },
      mean: expect.closeTo(present.reduce((sum, value) => sum + value, 0) / present.length, 9),
    },
    {
      ...{ name: 'codes', kind: 'category', missing: Math.ceil(rows / 7), categories: counts.size },
      mostFrequent: [...counts].find(([, count]) => count === most)?.[0],
    },
    { name: 'same', kind: 'number', missing: 0, least: 0.1, greatest: 0.1, mean: 0.1 },
    {
      ...{ name: 'flags', kind: 'boolean', missing: Math.ceil(rows / 7) },
      mean: (counts.get('t1') as number) / (rows - Math.ceil(rows / 7)),
    },
  ]);
  expect(await table.describeAsync()).toEqual(description);
  const schema = Schema.of(table, 'codes');
  expect(schema.column('codes').categories).toEqual([...counts.keys()]);
  expect((await Schema.ofAsync(table, 'codes')).toJSON()).toEqual(schema.toJSON());
  expect(table.column('values').missing).toBe(rows - present.length);
  expect(table.column('codes').missing).toBe(Math.ceil(rows / 7));
});

test('a mean has the sign of infinities, and a range of a schema leaves them out', () => {
  const values = Float64Array.of(Number.POSITIVE_INFINITY, 1, Number.NaN, 3);
  const table = Table.from({ values });
  expect(table.describe().columns[0]).toMatchObject({
    least: 1,
    greatest: Number.POSITIVE_INFINITY,
    mean: Number.POSITIVE_INFINITY,
  });
  expect(Schema.of(table).column('values')).toMatchObject({ least: 1, greatest: 3 });
});

test('rows are sorted as by a stable sort, and 0 is equal to -0', () => {
  const all = fc.array(
    fc.oneof(number, fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(all, (list) => {
      const values = Float64Array.from(list.filter((value) => !Number.isNaN(value)));
      const expected = Array.from(values.keys()).sort((a, b) => {
        const [x, y] = [values[a] as number, values[b] as number];
        return x < y ? -1 : x > y ? 1 : a - b;
      });
      expect(Array.from(workHere(sortRows(values)))).toEqual(expected);
    }),
    { numRuns: 1000, seed: 1 },
  );
});

test('many rows are split by time as few are', async () => {
  const rows = 200_000;
  const time = Float64Array.from({ length: rows }, (_, i) => (i * 7919) % 1000);
  const table = Table.from({ time, row: Float64Array.from({ length: rows }, (_, i) => i) });
  const { train, test: last } = await table.splitAsync({ time: 'time', testSize: 0.25 });
  const order = Array.from(time.keys()).sort((a, b) => (time[a] as number) - (time[b] as number));
  expect(Array.from(train.column('row').values)).toEqual(order.slice(0, 150_000));
  expect(Array.from(last.column('row').values)).toEqual(order.slice(150_000));
});

test('a code that is no category is an error, and an abort ends a description', async () => {
  const table = Table.from({ s: ['a', 'b'] });
  table.column('s').values[1] = 7;
  expect(() => table.describe()).toThrow('Expected values[1] to be a code below 2, or -1, got 7 (number)');
  const signal = AbortSignal.abort();
  await expect(table.describeAsync({ signal })).rejects.toThrow(aborted);
  await expect(Schema.ofAsync(table, [], { signal })).rejects.toThrow(aborted);
  await expect(Schema.ofAsync(table, 'x')).rejects.toThrow('Unknown column "x"');
});
