// metrics.calibration, next to scikit-learn's calibration_curve and to plain loops.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { type CalibrationOptions, metrics } from '../../lib/metrics';
import golden from '../fixtures/sklearn-calibration.json';

describe('the bins of one column', () => {
  test.each(golden.cases.map((each, i) => ({ ...each, i })))(
    "are scikit-learn's: case $i, $bins bins",
    ({ y, p, bins, observed, predicted }) => {
      const result = metrics.calibration(y, p, { bins });
      const filled = result.bins.filter(({ weight }) => weight > 0);
      expect(filled).toHaveLength(observed.length);
      for (const [i, bin] of filled.entries()) {
        expect(bin.observed).toBeCloseTo(observed[i] as number, 12);
        expect(bin.predicted).toBeCloseTo(predicted[i] as number, 12);
      }
    },
  );
});

/** A prediction: its probability, whether it came true, and its weight. */
interface Prediction {
  readonly p: number;
  readonly came: number;
  readonly weight: number;
}

/** The errors in plain loops. */
function errorsOf(predictions: readonly Prediction[], bins: number) {
  let [mean, largest, total] = [0, 0, 0];
  for (let i = 0; i < bins; i++) {
    const own = predictions.filter(
      ({ p }) => (i === 0 || p > i * (1 / bins)) && (i === bins - 1 || p <= (i + 1) * (1 / bins)),
    );
    const weight = own.reduce((sum, each) => sum + each.weight, 0);
    if (weight === 0) continue;
    const gap = Math.abs(own.reduce((sum, each) => sum + each.weight * (each.p - each.came), 0)) / weight;
    mean += weight * gap;
    largest = Math.max(largest, gap);
    total += weight;
  }
  return { expectedError: mean / total, maximumError: largest };
}

const shares = fc.integer({ min: 0, max: 40 }).map((n) => n / 40);
const rowsOf = (cols: number) =>
  fc.array(
    fc.record({
      p: fc.array(shares, { minLength: cols, maxLength: cols }),
      y: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: cols, maxLength: cols }),
      label: fc.integer({ min: 0, max: cols - 1 }),
      weight: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 30 },
  );
const given = fc.integer({ min: 1, max: 4 }).chain((cols) => rowsOf(cols));
const bins = fc.integer({ min: 1, max: 12 });

describe('the errors', () => {
  test('are those of plain loops, for one column and for labels', async () => {
    await fc.assert(
      fc.asyncProperty(given, bins, async (rows, count) => {
        const all = rows.flatMap(({ p, y, weight }) =>
          p.map((each, i): Prediction => ({ p: each, came: y[i] as number, weight })),
        );
        const options = {
          ...{ bins: count, multiLabel: true },
          sampleWeight: rows.map(({ weight }) => weight),
        } satisfies CalibrationOptions;
        const [Y, P] = [Matrix.from(rows.map(({ y }) => y)), Matrix.from(rows.map(({ p }) => p))];
        const result = metrics.calibration(Y, P, options);
        const expected = errorsOf(all, count);
        expect(result.expectedError).toBeCloseTo(expected.expectedError, 12);
        expect(result.maximumError).toBeCloseTo(expected.maximumError, 12);
        expect(await metrics.async.calibration(Y, P, options)).toEqual(result);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  test('are of the largest probability of classes, the first of equals', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }).chain((cols) => rowsOf(cols)),
        bins,
        (rows, count) => {
          const all = rows.map(({ p, label, weight }): Prediction => {
            const best = p.indexOf(Math.max(...p));
            return { p: p[best] as number, came: Number(best === label), weight };
          });
          const labels = Int32Array.from(rows, ({ label }) => label);
          const options = { bins: count, sampleWeight: rows.map(({ weight }) => weight) };
          const result = metrics.calibration(labels, Matrix.from(rows.map(({ p }) => p)), options);
          const expected = errorsOf(all, count);
          expect(result.expectedError).toBeCloseTo(expected.expectedError, 12);
          expect(result.maximumError).toBeCloseTo(expected.maximumError, 12);
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  test('are NaN without a weight, and everything is NaN if a number is not finite', () => {
    const { bins: empty, ...none } = metrics.calibration([0, 1], [0.2, 0.8], { sampleWeight: [0, 0] });
    expect(none).toEqual({ expectedError: Number.NaN, maximumError: Number.NaN });
    expect(empty.map(({ weight }) => weight)).toEqual(new Array(10).fill(0));
    const broken = metrics.calibration([0, 1], [0.2, Number.NaN], { bins: 2 });
    const nothing = { weight: Number.NaN, predicted: Number.NaN, observed: Number.NaN };
    expect(broken).toEqual({
      bins: [
        { from: 0, to: 0.5, ...nothing },
        { from: 0.5, to: 1, ...nothing },
      ],
      ...none,
    });
  });
});

test.each<[options: CalibrationOptions, message: string]>([
  [{ bins: 0 }, 'Expected bins to be an integer from 1 to 65536, got 0 (number)'],
  [{ bins: 1.5 }, 'Expected bins to be an integer from 1 to 65536, got 1.5 (number)'],
  [{ bin: 3 } as never, 'Unknown option "bin"; did you mean "bins"?'],
])('calibration refuses %o', async (options, message) => {
  expect(() => metrics.calibration([0, 1], [0.2, 0.8], options)).toThrow(message);
  await expect(metrics.async.calibration([0, 1], [0.2, 0.8], options)).rejects.toThrow(message);
  expect(() => metrics.calibration([0, 1], [0.2, 1.5])).toThrow(
    'Expected yPredicted to hold numbers from 0 to 1, got 1.5 at row 1, column 0',
  );
});
