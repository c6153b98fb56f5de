// Gradients, losses and the moments of normalised batches over 1 ... 1,000,000 rows stay within the bounds of
// docs/precision.md. The oracle adds exactly.

import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { batchNorm } from '../../lib/layers/normalization';
import { Network } from '../../lib/network/network';
import { boundOf, exactSum, roundoff, sweptRows } from '../support/exact-sums';

const dtypes = ['float64', 'float32'] as const satisfies Dtype[];

/** Numbers whose sums round in one direction: equal ones, and ones that alternate a little. */
const kinds = [
  { what: 'equal numbers', of: () => 1.1 },
  { what: 'numbers close to each other', of: (row: number) => 1.1 + (row % 7) / 1024 },
];

const matrixOf = (rows: number, cols: number, dtype: Dtype, of: (row: number) => number) => {
  const matrix = Matrix.zeros(rows, cols, dtype);
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = of(Math.floor(i / cols));
  return matrix;
};

/** How far off a sum is, in units of rounding of the sum of the sizes. */
const roundings = (value: number, exact: number, sizes: number, dtype: Dtype) =>
  Math.abs(value - exact) / sizes / roundoff(dtype);

describe.each(dtypes)('in %s', (dtype) => {
  describe.each(kinds)('of $what', ({ of }) => {
    it.each(sweptRows)('gradients of %d rows are within their bound', (rows) => {
      const X = matrixOf(rows, 1, dtype, of);
      const Y = matrixOf(rows, 1, dtype, (row) => -of(row + 3));
      // Outputs of 0 have no rounding of their own.
      const layer = { inputDim: 1, outputDim: 1, activation: 'linear' } as const;
      const net = new Network([layer], { dtype, initializer: 'zeros' });
      const { dW1, db1, loss } = net.gradients(X, Y);
      const term = (row: number) => -2 * (Y.data[row] as number);
      const byWeight = exactSum(rows, (row) => term(row) * (X.data[row] as number)) / rows;
      const byBias = exactSum(rows, term) / rows;
      const bound = boundOf('gradients', rows, dtype);
      expect(roundings(dW1?.data[0] as number, byWeight, byWeight, dtype)).toBeLessThan(bound);
      expect(roundings(db1?.data[0] as number, byBias, byBias, dtype)).toBeLessThan(bound);
      const losses = exactSum(rows, (row) => (Y.data[row] as number) ** 2) / rows;
      expect(roundings(loss, losses, losses, dtype)).toBeLessThan(boundOf('losses', rows, dtype));
      expect(roundings(net.evaluateSync(X, Y).loss, losses, losses, dtype)).toBeLessThan(
        boundOf('losses', rows, dtype),
      );
    });

    it.each(sweptRows.filter((rows) => rows > 1))(
      'moments of a normalised batch of %d rows, and gradients behind it, are within their bounds',
      (rows) => {
        const X = matrixOf(rows, 1, dtype, (row) => of(row) + (row % 2));
        const Y = matrixOf(rows, 1, dtype, (row) => -of(row + 3));
        const net = new Network(
          [
            { inputDim: 1, outputDim: 1, activation: 'linear', normalization: batchNorm({ momentum: 1 }) },
            { outputDim: 1, activation: 'linear' },
          ],
          { dtype, initializer: 'zeros' },
        );
        // The first layer gives X, and the normalised layer ones.
        const parameters = net.parameters as unknown as Record<string, Matrix>;
        parameters.W1?.data.fill(1);
        parameters.gamma1?.data.fill(0);
        parameters.beta1?.data.fill(1);
        const { db2, dW2 } = net.gradients(X, Y) as unknown as Record<string, Matrix>;
        const sum = exactSum(rows, (row) => -2 * (Y.data[row] as number)) / rows;
        for (const gradient of [db2, dW2]) {
          const off = roundings(gradient?.data[0] as number, sum, sum, dtype);
          expect(off).toBeLessThan(boundOf('gradients', rows, dtype));
        }
        net.trainOnBatch(X, Y);
        const mean = exactSum(rows, (row) => X.data[row] as number) / rows;
        const variance = exactSum(rows, (row) => ((X.data[row] as number) - mean) ** 2) / (rows - 1);
        const [learnedMean, learnedVariance] = Object.values(net.statistics).map(
          (matrix) => (matrix as Matrix).data[0] as number,
        ) as [number, number];
        expect(roundings(learnedMean, mean, mean, dtype)).toBeLessThan(boundOf('moments', rows, dtype));
        expect(roundings(learnedVariance, variance, variance, dtype)).toBeLessThan(
          boundOf('moments', rows, dtype),
        );
      },
    );
  });
});
