// Class numbers: labels of them, decisions for them, and copies of numbers, beside plain loops.

import { describe, expect, it } from 'vitest';
import { convertNumbers } from '../../lib/addon/arrays';
import { decideClasses, encodeClasses } from '../../lib/addon/rows';
import { workElsewhere } from '../../lib/addon/work';
import { ascending, expectSameBits } from '../support/oracle-splits';

const threadCounts = [1, 2, 3];
const kinds = [Float64Array, Float32Array] as const;
const sizes = [0, 1, 2, 1001, 70_001, 300_001];

describe.each(kinds)('in a %o', (Floats) => {
  it.each(sizes)('labels of %d rows have `on` in the column of the class', async (rows) => {
    const numbers = Int32Array.from(ascending(rows), (row) => (row * row) % 3);
    for (const [cols, before] of [
      [3, 0],
      [2, 1],
      [1, 2],
    ] as const) {
      const expected = new Floats(rows * cols).fill(-0.1);
      for (const [row, number] of numbers.entries())
        if (number >= before) expected[row * cols + number - before] = 0.3;
      for (const threads of threadCounts) {
        const out = new Floats(rows * cols).fill(7);
        const given = { numbers, rows, classes: 3, cols, off: -0.1, on: 0.3, out };
        await workElsewhere(encodeClasses(given), { threads });
        expectSameBits(out, expected);
      }
    }
  });

  it.each(sizes)('decisions for %d rows are the first of the largest outputs', async (rows) => {
    for (const cols of [1, 2, 7]) {
      const outputs = new Floats(ascending(rows * cols).map((i) => (((i * 37) % 101) % 5) - 2));
      const expected = Int32Array.from(ascending(rows), (row) => {
        const of = Array.from(outputs.subarray(row * cols, (row + 1) * cols));
        return of.indexOf(Math.max(...of));
      });
      for (const threads of threadCounts) {
        const numbers = new Int32Array(rows);
        const work = decideClasses({ outputs, rows, cols, threshold: null, numbers });
        expect(await workElsewhere(work, { threads })).toBe(undefined);
        expectSameBits(numbers, expected);
      }
    }
  });

  it('decisions for a single output say whether it is above the threshold', async () => {
    const outputs = Floats.of(0.4, 0.5, 0.6, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    const numbers = new Int32Array(5);
    await workElsewhere(decideClasses({ outputs, rows: 5, cols: 1, threshold: 0.5, numbers }), {});
    expect(Array.from(numbers)).toEqual([0, 0, 1, 0, 1]);
  });

  it('the first NaN is found on any number of threads', async () => {
    const outputs = new Floats(900_000);
    for (const index of [899_999, 500_001, 700_000]) outputs[index] = Number.NaN;
    for (const threads of threadCounts) {
      const given = { outputs, rows: 300_000, cols: 3, threshold: null, numbers: new Int32Array(300_000) };
      expect(await workElsewhere(decideClasses(given), { threads })).toBe(500_001);
    }
  });

  it.each([Int32Array, Uint32Array, Uint16Array, Uint8Array, Float64Array, Float32Array])(
    'copies of a %o have its numbers',
    async (Kind) => {
      for (const length of sizes) {
        const from = new Kind(ascending(length).map((i) => (i * 7919) % 2 ** 31));
        const out = new Floats(length);
        for (const threads of threadCounts) {
          expect(await workElsewhere(convertNumbers(from, out), { threads })).toBe(undefined);
          expectSameBits(out, Floats.from(from));
        }
      }
    },
  );
});

describe('class numbers', () => {
  it.each([2 ** 31 - 1, -0, 0])('may be %d', async (number) => {
    const out = new Int32Array(1);
    expect(await workElsewhere(convertNumbers(Float64Array.of(number), out), {})).toBe(undefined);
    expect(out[0]).toBe(number + 0);
  });

  it.each([2 ** 31, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'are not %d: the first one is found on any number of threads',
    async (wrong) => {
      const from = new Float64Array(200_000).fill(3);
      for (const index of [199_999, 100_001, 150_000]) from[index] = wrong;
      for (const threads of threadCounts) {
        const work = convertNumbers(from, new Int32Array(from.length));
        expect(await workElsewhere(work, { threads })).toBe(100_001);
      }
    },
  );
});
