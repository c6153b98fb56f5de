import { describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';
import * as oracle from '../support/oracle';
import { combinations, expectClose, type FloatType, floatTypes, guarded, sizes } from './helpers';

const transposes = combinations([false, true], [false, true]);

// A or B of a product: (rows, cols), or (cols, rows) if Gemm transposes it.
function operand(type: FloatType, rows: number, cols: number, transposed: boolean, seed: number) {
  const values = type.array(oracle.randomArray(rows * cols, seed));
  return transposed ? oracle.dense(values, cols, rows) : oracle.dense(values, rows, cols);
}

const absolute = (A: oracle.Dense) => oracle.map(A, Math.abs);
const dataOf = (A: oracle.Dense) => A.data as FloatArray;

describe.each(floatTypes)('gemm of $dtype', (type) => {
  it.each(transposes)('multiplies as plain loops do (transposes %s, %s)', (transposeA, transposeB) => {
    for (const [m, n, k] of combinations(sizes, sizes, sizes)) {
      const A = operand(type, m, k, transposeA, 1);
      const B = operand(type, k, n, transposeB, 2);
      const C = guarded(type, m * n);
      native.gemm(transposeA, transposeB, m, n, k, 1, dataOf(A), dataOf(B), 0, C.data);
      C.intact();
      // In any order, a sum of k products is off by at most k roundings of the sum of their absolute values.
      const size = oracle.matmul(absolute(A), absolute(B), transposeA, transposeB).data;
      expectClose(
        C.data,
        oracle.matmul(A, B, transposeA, transposeB).data,
        size.map((s) => k * type.epsilon * s),
        `${m} x ${n} x ${k}`,
      );
    }
  });

  it('is exact where every product and sum is', () => {
    for (const [transposeA, transposeB] of transposes) {
      for (const [m, n, k] of combinations([1, 7, 8, 9, 33], [1, 15, 16, 17, 33], [1, 2, 16, 33])) {
        const integers = (count: number, step: number) =>
          type.array(Array.from({ length: count }, (_, i) => ((i * step) % 17) - 8));
        const A = transposeA
          ? oracle.dense(integers(m * k, 5), k, m)
          : oracle.dense(integers(m * k, 5), m, k);
        const B = transposeB
          ? oracle.dense(integers(k * n, 7), n, k)
          : oracle.dense(integers(k * n, 7), k, n);
        const C = guarded(type, m * n);
        native.gemm(transposeA, transposeB, m, n, k, 1, dataOf(A), dataOf(B), 0, C.data);
        C.intact();
        expectClose(C.data, oracle.matmul(A, B, transposeA, transposeB).data, 0);
      }
    }
  });

  it('scales the product by alpha and what was there by beta', () => {
    const [m, n, k] = [2, 2, 3];
    const A = type.array([1, 2, 3, 4, 5, 6]);
    const B = type.array([7, 8, 9, 10, 11, 12]);
    const scaled = (alpha: number, beta: number) => {
      const C = type.array([1, 10, 100, 1000]);
      native.gemm(false, false, m, n, k, alpha, A, B, beta, C);
      return Array.from(C);
    };
    expect(scaled(1, 0)).toEqual([58, 64, 139, 154]);
    expect(scaled(1, 1)).toEqual([59, 74, 239, 1154]);
    expect(scaled(-0.5, 2)).toEqual([-27, -12, 130.5, 1923]);
    expect(scaled(0, 0.5)).toEqual([0.5, 5, 50, 500]);
  });

  it.each([1, 3, 17, 65, 300])('writes C without reading it when beta is 0 (size %i)', (size) => {
    const ones = type.array(size * size).fill(1);
    const C = guarded(type, size * size);
    native.gemm(false, true, size, size, size, 1, ones, ones, 0, C.data);
    expectClose(C.data, new Array(size * size).fill(size), 0);
    C.intact();
  });

  it('leaves beta * C of an empty inner dimension, and nothing of an empty result', () => {
    for (const size of sizes) {
      const C = guarded(type, size * size);
      const none = type.array(0);
      native.gemm(false, true, size, size, 0, 1, none, none, 0, C.data);
      expectClose(C.data, new Array(size * size).fill(0), 0);
      C.data.fill(3);
      native.gemm(true, false, size, size, 0, 1, none, none, 2, C.data);
      expectClose(C.data, new Array(size * size).fill(6), 0);
      C.intact();
      const A = type.array(size * size);
      native.gemm(false, false, size, 0, size, 1, A, none, 0, none);
      native.gemm(true, true, 0, size, size, 1, none, A, 0, none);
    }
  });

  it('passes NaN and infinities on to the elements that they are part of', () => {
    for (const size of sizes) {
      for (const [value, times, result] of [
        [Number.NaN, 1, Number.NaN],
        [Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY],
        [Number.NEGATIVE_INFINITY, 1, Number.NEGATIVE_INFINITY],
        [Number.POSITIVE_INFINITY, 0, Number.NaN],
      ] as const) {
        const A = type.array(size * size).fill(1);
        const row = Math.floor(size / 2);
        A[row * size + size - 1] = value;
        const B = type.array(size * size).fill(times);
        const C = type.array(size * size);
        native.gemm(false, false, size, size, size, 1, A, B, 0, C);
        const expected = oracle.build(size, size, (r) => (r === row ? result : size * times));
        expectClose(C, expected.data, 0, `${value} * ${times}, ${size}`);
      }
    }
  });

  it('keeps subnormal numbers', () => {
    const C = type.array(1);
    native.gemm(false, false, 1, 1, 1, 1, type.array([type.leastNormal]), type.array([0.5]), 0, C);
    expect(C[0]).toBe(type.leastNormal / 2);
    native.gemm(false, false, 1, 1, 1, 1, type.array([type.least]), type.array([1]), 0, C);
    expect(C[0]).toBe(type.least);
  });
});

it('gemm says which library it calls', () => {
  expect(native.blas).toMatch(/\w/);
});
