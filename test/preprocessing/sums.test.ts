// The means and variances that preprocessing learns from 1 ... 1,000,000 rows stay within the bound of
// docs/precision.md, also where they are small beside the numbers.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { imputer, preprocessing, standardScaler } from '../../lib/preprocessing';
import { boundOf, exactSum, roundoff, sweptRows } from '../support/exact-sums';

interface Learned {
  readonly steps: readonly Readonly<Record<string, number[]>>[];
}

describe.each(['float64', 'float32'] as const)('what preprocessing learns from columns of %s', (dtype) => {
  it.each(sweptRows)('is within its bound for %d rows', (rows) => {
    const columns = [
      (row: number) => 0.1 + (row % 3) / 8,
      (row: number) => 1e6 + (row % 7) / 4,
      (row: number) => Math.sin(row),
    ];
    const X = Matrix.zeros(rows, columns.length, dtype);
    for (let row = 0; row < rows; row++) {
      for (const [c, of] of columns.entries()) X.data[columns.length * row + c] = of(row);
    }
    const [scaler] = (preprocessing([standardScaler()]).fit(X).toJSON() as unknown as Learned).steps;
    const [filler] = (preprocessing([imputer()]).fit(X).toJSON() as unknown as Learned).steps;
    const bound = boundOf('preprocessing', rows) * roundoff('float64');
    for (const c of columns.keys()) {
      const at = (row: number) => X.data[columns.length * row + c] as number;
      const mean = exactSum(rows, at) / rows;
      const sizes = exactSum(rows, (row) => Math.abs(at(row))) / rows;
      expect(Math.abs((scaler?.center?.[c] as number) - mean)).toBeLessThanOrEqual(bound * sizes);
      expect(scaler?.center?.[c]).toBe(filler?.fill?.[c]);
      const variance = exactSum(rows, (row) => (at(row) - mean) ** 2) / rows;
      // A column of one number has the scale 1.
      const deviation = variance === 0 ? 1 : Math.sqrt(variance);
      expect(Math.abs((scaler?.scale?.[c] as number) - deviation)).toBeLessThanOrEqual(bound * deviation);
    }
  });
});
