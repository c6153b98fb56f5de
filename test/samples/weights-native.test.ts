// Weights of many samples: their bits are those of plain loops, on any number of threads.

import { describe, expect, it } from 'vitest';
import { checkWeights } from '../../lib/addon/rows';
import { workElsewhere, workHere } from '../../lib/addon/work';
import type { Dtype, FloatArray } from '../../lib/base/matrix';
import { classCounts, combineWeights } from '../../lib/samples/weights';
import { rejectionOf, thrownBy } from '../support/bad-input';
import { ascending, expectSameBits } from '../support/oracle-splits';

const threadCounts = [1, 2, 3];
const dtypes = ['float64', 'float32'] as const satisfies Dtype[];
const Floats = { float64: Float64Array, float32: Float32Array };
const classOf = (row: number) => (row % 5 < 2 ? 0 : row % 3);

describe.each(dtypes)('weights in %s', (dtype) => {
  // 3, 17, 1 block of threads' work, and more than one block.
  it.each([1, 2, 3, 17, 16_385, 70_001, 300_007])(
    'are those of plain loops, for %d samples',
    async (rows) => {
      const classes = ascending(rows).map(classOf);
      const oneHot = new Floats[dtype](3 * rows).fill(0.1);
      for (const [row, label] of classes.entries()) oneHot[3 * row + label] = 0.7;
      const own = Float64Array.from(classes, (_, row) => 0.1 + (row % 11) / 3);
      const ofClass = [0.3, 2, 0.7];
      const products = classes.map((label, row) => (own[row] as number) * (ofClass[label] as number));
      const expected = {
        own: Floats[dtype].from(own),
        both: Floats[dtype].from(products),
        ofClass: Floats[dtype].from(classes.map((label) => ofClass[label] as number)),
      };
      for (const labels of [
        { data: Int32Array.from(classes), rows, cols: 1 },
        { data: oneHot, rows, cols: 3 },
      ]) {
        for (const threads of threadCounts) {
          const combined = async (sampleWeight: unknown, classWeight: unknown) => {
            const weights = combineWeights(labels, 3, dtype, sampleWeight, classWeight) ?? expect.fail();
            await workElsewhere(weights.work, { threads });
            return weights.weights;
          };
          const both = await combined(own, ofClass);
          expectSameBits(both.weights as FloatArray, expected.both);
          expectSameBits(both.ownWeights as FloatArray, expected.own);
          expectSameBits((await combined(own, undefined)).weights as FloatArray, expected.own);
          expectSameBits((await combined(undefined, ofClass)).weights as FloatArray, expected.ofClass);
        }
      }
    },
  );

  it('come from weights of the other type, too', () => {
    const own = new Float32Array(1000).map((_, row) => 0.1 + (row % 7));
    const labels = { data: new Int32Array(1000), rows: 1000, cols: 1 };
    const combined = combineWeights(labels, 2, dtype, own, undefined) ?? expect.fail();
    workHere(combined.work);
    expectSameBits(combined.weights.weights as FloatArray, Floats[dtype].from(own));
  });
});

describe('the number of samples of each class', () => {
  it.each([1, 2, 1000, 200_001])('is that of a plain loop, for %d samples', async (rows) => {
    const classes = ascending(rows).map(classOf);
    const expected = [0, 1, 2].map((label) => classes.filter((other) => other === label).length);
    const labels = { data: Int32Array.from(classes), rows, cols: 1 };
    const two = { data: Float32Array.from(classes, (label) => label / 2), rows, cols: 1 };
    for (const threads of threadCounts) {
      expect(await workElsewhere(classCounts(labels, 3), { threads })).toEqual(expected);
      const [zero = 0, one = 0, above = 0] = expected;
      expect(await workElsewhere(classCounts(two, 2), { threads })).toEqual([zero + one, above]);
    }
  });

  it.each([-1, 3, 2 ** 31 - 1, -(2 ** 31)])('is refused at the first row of class %d of 3', async (label) => {
    const rows = 200_001;
    const data = new Int32Array(rows);
    for (const row of [200_000, 90_000, 150_000]) data[row] = label;
    for (const threads of threadCounts) {
      const counts = workElsewhere(classCounts({ data, rows, cols: 1 }, 3), { threads });
      expect(await rejectionOf(counts)).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected Y to hold classes from 0 to 2, got ${label} at row 90000`,
      });
    }
  });

  it('counts NaN as plain comparisons do', () => {
    const data = Float64Array.of(Number.NaN, 1, 2, Number.NaN, 0.5, 0.2);
    // A comparison with NaN is false, so a first NaN stays the largest, and a later one never is.
    expect(workHere(classCounts({ data, rows: 3, cols: 2 }, 2))).toEqual([3, 0]);
    expect(workHere(classCounts({ data, rows: 6, cols: 1 }, 2))).toEqual([4, 2]);
  });
});

describe('wrong weights', () => {
  const rows = 200_000;
  const labels = { data: new Int32Array(rows), rows, cols: 1 };
  const combined = (sampleWeight: unknown, classWeight?: unknown) =>
    thrownBy(() => {
      const { work } = combineWeights(labels, 2, 'float32', sampleWeight, classWeight) ?? expect.fail();
      workHere(work);
    });

  it.each([-1, -1e-300, Number.NaN, Number.POSITIVE_INFINITY])('are refused at the first %d', (wrong) => {
    const weights = new Float64Array(rows).fill(1);
    for (const row of [199_999, 123_456, 150_000]) weights[row] = wrong;
    for (const given of [weights, Array.from(weights)]) {
      expect(combined(given)).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected sampleWeight[123456] to be a finite number of at least 0, got ${wrong} (number)`,
      });
    }
    expect(workHere(checkWeights(weights)).bad).toBe(123_456);
  });

  it('are refused when all are 0 or one is out of range', () => {
    expect(combined(new Float64Array(rows))).toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE' });
    expect(combined(new Float64Array(rows).fill(1e305, 150_000))).toMatchObject({
      message: 'Expected sampleWeight to stay in the range of float32, got Infinity for row 150000',
    });
    expect(combined(new Float64Array(rows).fill(1), [0, 1])).toMatchObject({
      message: expect.stringMatching(/^Expected classWeight to be above 0 for at least one class in Y/),
    });
  });
});
