// What native code learns from columns, beside plain loops.

import { describe, expect, it } from 'vitest';
import { type ColumnsArguments, type NativeColumns, native } from '../../lib/addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../../lib/addon/outcome';
import type { FloatArray } from '../../lib/base/matrix';
import { RandomState } from '../../lib/random/random-state';
import { exactSum } from '../support/exact-sums';

const floatTypes = [Float64Array, Float32Array] as const;
type FloatType = (typeof floatTypes)[number];

interface Case {
  readonly what: string;
  readonly rows: number;
  readonly width: number;
  readonly columns: readonly number[];
}

// Groups of 8, 4, 2 and 1 neighbouring columns; rows below and above the piece between two looks at the stop flag.
const cases: readonly Case[] = [
  { what: 'one row', rows: 1, width: 1, columns: [0] },
  { what: 'two rows', rows: 2, width: 3, columns: [0, 1, 2] },
  { what: 'an odd number of rows of 15 columns', rows: 301, width: 15, columns: [...Array(15).keys()] },
  { what: 'columns that are apart', rows: 77, width: 13, columns: [0, 2, 3, 4, 7, 12] },
  { what: 'more rows than a piece has', rows: 16_391, width: 2, columns: [0, 1] },
];

function numbersFor({ rows, width }: Case, Float: FloatType, missing = 0): FloatArray {
  const random = new RandomState(rows + width);
  // Many elements are equal, so that modes and categories have something to count; -0 is among them.
  const numbers = Array.from({ length: rows * width }, () =>
    random.random() < missing ? Number.NaN : Math.round((random.random() - 0.5) * 40) / 8,
  );
  return Float.from(numbers);
}

function setUp({ rows, width, columns }: Case, X: FloatArray, skipMissing: boolean) {
  const outcome = newOutcome();
  const object = new native.Columns(outcome);
  const given: ColumnsArguments = { X, rows, width, columns: Uint32Array.from(columns), skipMissing };
  return { object, given, status: () => readOutcome(outcome) };
}

/** The elements of a column that are there. */
function present({ rows, width }: Case, X: FloatArray, column: number): number[] {
  return Array.from({ length: rows }, (_, r) => X[r * width + column] as number).filter(
    (x) => !Number.isNaN(x),
  );
}

describe.each(cases)('columns of $what', (each) => {
  const { columns } = each;
  const kinds = floatTypes.flatMap((Float) => [
    { Float, type: Float.name, missing: 0 },
    { Float, type: Float.name, missing: 0.3 },
  ]);

  it.each(kinds)('have the moments of a loop ($type, $missing missing)', ({ Float, missing }) => {
    const X = numbersFor(each, Float, missing);
    const { object, given } = setUp(each, X, missing > 0);
    const [means, variances, counts] = [0, 0, 0].map(() => new Float64Array(columns.length));
    object.moments({ ...given, means, variances, present: counts } as never);
    for (const [i, column] of columns.entries()) {
      const values = present(each, X, column);
      expect(counts?.[i]).toBe(values.length);
      if (values.length === 0) continue;
      const mean = exactSum(values.length, (row) => values[row] as number) / values.length;
      const sizes = exactSum(values.length, (row) => Math.abs(values[row] as number)) / values.length;
      expect(Math.abs((means?.[i] as number) - mean)).toBeLessThanOrEqual(2 ** -50 * sizes);
      const exact = exactSum(values.length, (row) => ((values[row] as number) - mean) ** 2) / values.length;
      expect(Math.abs((variances?.[i] as number) - exact)).toBeLessThanOrEqual(1e-14 * (exact + 1));
    }
  });

  it.each(floatTypes)('have the extremes of a loop (%o)', (Float) => {
    const X = numbersFor(each, Float);
    const { object, given } = setUp(each, X, false);
    const [least, most] = [new Float64Array(columns.length), new Float64Array(columns.length)];
    object.extremes({ ...given, least, most });
    for (const [i, column] of columns.entries()) {
      const sorted = present(each, X, column).sort((a, b) => a - b);
      expect(least[i]).toBeCloseTo(sorted[0] as number, 15);
      expect(most[i]).toBeCloseTo(sorted.at(-1) as number, 15);
    }
  });

  it.each(kinds)('have the order of a sorted array ($type, $missing missing)', ({ Float, missing }) => {
    const X = numbersFor(each, Float, missing);
    const { object, given } = setUp(each, X, missing > 0);
    const orders = new Float64Array(5 * columns.length);
    object.orders({ ...given, low: 10, high: 75, orders });
    for (const [i, column] of columns.entries()) {
      const sorted = present(each, X, column).sort((a, b) => a - b);
      expect([...orders.subarray(5 * i, 5 * i + 5)]).toEqual(
        sorted.length === 0
          ? [0, NaN, NaN, NaN, NaN]
          : [
              sorted.length,
              percentile(sorted, 50),
              percentile(sorted, 10),
              percentile(sorted, 75),
              mode(sorted),
            ],
      );
    }
  });

  it.each(floatTypes)('have the categories of a set (%o)', (Float) => {
    const X = numbersFor(each, Float);
    const { object, given } = setUp(each, X, false);
    const counts = new Float64Array(columns.length);
    object.categories({ ...given, most: 10_000, counts });
    for (const [i, column] of columns.entries()) {
      const known = [...new Set(present(each, X, column).map((x) => x + 0))].sort((a, b) => a - b);
      expect(counts[i]).toBe(known.length);
      const copy = new Float64Array(known.length);
      object.copyCategories(i, copy);
      expect([...copy]).toEqual(known);
    }
  });

  it('have results that do not depend on the number of threads', () => {
    const X = numbersFor(each, Float64Array, 0.1);
    const results = [1, 2, 3].map((threads) => {
      const { object, given } = setUp(each, X, true);
      object.limitThreads(threads);
      return everything(object, given);
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

function everything(object: NativeColumns, given: ColumnsArguments): Float64Array[] {
  const numbers = (count = 1) => new Float64Array(count * given.columns.length);
  const [means, variances, counts, orders, sizes] = [numbers(), numbers(), numbers(), numbers(5), numbers()];
  object.moments({ ...given, means, variances, present: counts });
  object.orders({ ...given, low: 25, high: 75, orders });
  object.categories({ ...given, most: 10_000, counts: sizes });
  return [means, variances, counts, orders, sizes];
}

describe('columns with elements that are not finite', () => {
  const each = { what: '', rows: 9, width: 3, columns: [0, 2] };

  it.each([
    { what: 'NaN', value: Number.NaN, skipMissing: false, refused: true },
    { what: 'NaN that is skipped', value: Number.NaN, skipMissing: true, refused: false },
    { what: 'an infinity', value: Number.POSITIVE_INFINITY, skipMissing: false, refused: true },
    { what: 'an infinity, NaN skipped', value: Number.NEGATIVE_INFINITY, skipMissing: true, refused: true },
  ])('report the first one of the first column: $what', ({ value, skipMissing, refused }) => {
    const X = numbersFor(each, Float64Array);
    // Column 1 is not selected; row 4 of column 0 comes before row 1 of column 2.
    for (const index of [1, 4 * 3, 5 * 3, 1 * 3 + 2]) X[index] = value;
    const { object, given, status } = setUp(each, X, skipMissing);
    const numbers = () => new Float64Array(10);
    const calls: (() => void)[] = [
      () => object.moments({ ...given, means: numbers(), variances: numbers(), present: numbers() }),
      () => object.orders({ ...given, low: 25, high: 75, orders: numbers() }),
      () => object.categories({ ...given, most: 99, counts: numbers() }),
    ];
    if (!skipMissing) calls.push(() => object.extremes({ ...given, least: numbers(), most: numbers() }));
    for (const call of calls) {
      call();
      expect(status()).toMatchObject(
        refused ? { status: statusCodes.inputNotFinite, index: 4 * 3 } : { status: statusCodes.done },
      );
    }
  });

  it('keep a sum that overflows apart from them', () => {
    const X = Float64Array.of(1.7e308, 1.7e308);
    const { object, given, status } = setUp({ what: '', rows: 2, width: 1, columns: [0] }, X, false);
    const means = new Float64Array(1);
    object.moments({ ...given, means, variances: new Float64Array(1), present: new Float64Array(1) });
    expect(status().status).toBe(statusCodes.done);
    expect(means[0]).toBe(Number.POSITIVE_INFINITY);
  });
});

it('more categories than allowed are counted, not kept', () => {
  const { object, given } = setUp(
    { what: '', rows: 4, width: 1, columns: [0] },
    Float64Array.of(1, 2, 3, 3),
    false,
  );
  const counts = new Float64Array(1);
  object.categories({ ...given, most: 2, counts });
  expect(counts[0]).toBe(3);
  const out = Float64Array.of(7, 7, 7);
  object.copyCategories(0, out);
  expect([...out]).toEqual([7, 7, 7]);
});

it('an operation that is stopped says so', () => {
  const { object, given, status } = setUp(
    cases[1] as Case,
    numbersFor(cases[1] as Case, Float64Array),
    false,
  );
  object.stop();
  object.orders({ ...given, low: 25, high: 75, orders: new Float64Array(15) });
  expect(status().status).toBe(statusCodes.stopped);
});

function percentile(sorted: readonly number[], q: number): number {
  const place = (q / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(place)] as number;
  const high = sorted[Math.ceil(place)] as number;
  // The numbers are multiples of 1/8, so that both formulas are exact for the median.
  return low + (high - low) * (place - Math.floor(place));
}

function mode(sorted: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of sorted) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return Math.min(...[...counts].filter(([, count]) => count === most).map(([value]) => value));
}
