// What modules of PyTorch and formulas of NumPy compute, in plain loops of doubles: the oracle for exports.

import { expect } from 'vitest';
import { type Activation, activate } from '../support/oracle-activations';
import { dense as gridOf } from '../support/oracle-matrices';

export type Rows = readonly (readonly number[])[];
type Numbers = ArrayLike<number>;

/** x W' + b, with W (outputs x inputs), row by row. */
export function linear(X: Rows, W: Numbers, b: Numbers): number[][] {
  return X.map((x) =>
    Array.from(b, (bias, j) => x.reduce((sum, xi, i) => sum + xi * (W[j * x.length + i] as number), bias)),
  );
}

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta, column by column. */
export function batchNormalized(
  X: Rows,
  [gamma, beta, mean, variance]: readonly Numbers[],
  epsilon: number,
): number[][] {
  return X.map((x) =>
    x.map((xi, i) => {
      const scaled = (xi - Number(mean?.[i])) / Math.sqrt(Number(variance?.[i]) + epsilon);
      return Number(gamma?.[i]) * scaled + Number(beta?.[i]);
    }),
  );
}

/** The same with the moments of each row. */
export function layerNormalized(X: Rows, [gamma, beta]: readonly Numbers[], epsilon: number): number[][] {
  return X.flatMap((x) => {
    const mean = x.reduce((sum, xi) => sum + xi, 0) / x.length;
    const variance = x.reduce((sum, xi) => sum + (xi - mean) ** 2, 0) / x.length;
    const moments = [x.map(() => mean), x.map(() => variance)];
    return batchNormalized([x], [gamma as Numbers, beta as Numbers, ...moments], epsilon);
  });
}

export function activated(X: Rows, name: string, alpha?: number): number[][] {
  const width = X[0]?.length ?? 0;
  const { data } = activate(name as Activation, gridOf(X.flat(), X.length, width), 'rows', alpha);
  return X.map((_, i) => data.slice(i * width, (i + 1) * width));
}

/** Compares answers: differences count next to the largest number of the row, or to 1. */
export function expectClose(found: Rows, expected: Rows, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  const worst = Math.max(
    ...expected.map((row, i) => {
      const scale = Math.max(1, ...row.map(Math.abs));
      expect(found[i]?.length).toBe(row.length);
      return Math.max(...row.map((value, j) => Math.abs(value - Number(found[i]?.[j])) / scale));
    }),
  );
  expect(worst).toBeLessThanOrEqual(tolerance);
}
