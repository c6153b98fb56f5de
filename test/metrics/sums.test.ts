// Metrics of 1 ... 1,000,000 rows, of float32 and float64 numbers, stay within the bound of docs/precision.md.

import { describe, expect, it } from 'vitest';
import { metrics } from '../../lib/metrics';
import { boundOf, exactSum, roundoff, sweptRows } from '../support/exact-sums';

const kinds = [Float64Array, Float32Array];

describe.each(kinds)('metrics of a %o', (Floats) => {
  it.each(sweptRows)('add %d rows within their bound, with weights and without', (rows) => {
    const labels = new Floats(rows).map((_, row) => 0.1 + (row % 3) / 7);
    const predictions = new Floats(rows).map((_, row) => 0.9 - (row % 5) / 11);
    const weights = new Floats(rows).map((_, row) => 0.1 + (row % 2) / 3);
    const error = (row: number) => (labels[row] as number) - (predictions[row] as number);
    const one = () => 1;
    const weight = (row: number) => weights[row] as number;
    for (const [of, options] of [
      [one, {}],
      [weight, { sampleWeight: weights }],
    ] as const) {
      const total = exactSum(rows, of);
      const expected = {
        meanSquaredError: exactSum(rows, (row) => of(row) * error(row) ** 2) / total,
        meanAbsoluteError: exactSum(rows, (row) => of(row) * Math.abs(error(row))) / total,
        accuracy:
          exactSum(
            rows,
            (row) => of(row) * Number((labels[row] as number) > 0.5 === (predictions[row] as number) > 0.5),
          ) / total,
        brier: exactSum(rows, (row) => of(row) * error(row) ** 2) / total,
      };
      for (const [name, exact] of Object.entries(expected)) {
        const value = metrics[name as keyof typeof expected](labels, predictions, options);
        // The sum and that of the weights; each label has a rounding or two of its own.
        const off = Math.abs(value - exact) / (exact || 1) / roundoff('float64');
        expect(off, name).toBeLessThan(2 * boundOf('metrics', rows));
      }
    }
  });
});
