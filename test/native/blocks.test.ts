import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/base/matrix';
import * as oracle from '../support/oracle';
import { combinations, expectClose, type FloatType, floatTypes, guarded } from './helpers';
import { kernels } from './kernels';

// Sizes around the heights of a block, and around one to ten vectors of 2 to 16 lanes.
const heights = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 17];
const widths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 33, 40, 48, 49, 63, 65, 81, 129, 161];

const upTo = (most: number) => Array.from({ length: most }, (_, i) => i + 1);

/** The length of a row of n elements that is padded to 64 bytes. */
function padded({ dtype }: FloatType, n: number): number {
  const lanes = dtype === 'float64' ? 8 : 16;
  return Math.ceil(n / lanes) * lanes;
}

/** Integers from -8 to 8. Their products and sums are exact, so that any wrong term changes the result. */
function integers(rows: number, cols: number, step: number): oracle.Grid {
  return oracle.build(rows, cols, (r, c) => (((r * cols + c) * step) % 17) - 8);
}

/** The matrix with its rows `ld` apart, and NaN between them. */
function spread(type: FloatType, A: oracle.Dense, ld: number): FloatArray {
  const data = type.array(A.rows * ld).fill(Number.NaN);
  for (let r = 0; r < A.rows; r++) {
    for (let c = 0; c < A.cols; c++) data[r * ld + c] = oracle.at(A, r, c);
  }
  return data;
}

interface ProductOptions {
  transposed?: boolean;
  /** Elements between rows, beyond the padding. */
  gap?: number;
  bias?: oracle.Dense;
  /** The old values of C, to which the product is added. */
  C?: oracle.Dense;
  relu?: boolean;
  /** C becomes 0 where this matrix is not positive. */
  reluOf?: oracle.Dense;
}

/** L (rows, k) R (k, n), with NaN in all memory around the operands. */
function product(type: FloatType, L: oracle.Grid, R: oracle.Grid, options: ProductOptions = {}): number[] {
  const { transposed = false, gap = 0, bias, C, relu = false, reluOf } = options;
  const [rows, k, n] = [L.rows, L.cols, R.cols];
  const ld = padded(type, n) + gap;
  const out = guarded(type, rows * ld);
  if (C !== undefined) out.data.set(spread(type, C, ld));
  kernels.product({
    rows,
    n,
    k,
    L: type.array((transposed ? oracle.transpose(L) : L).data),
    lRowStride: transposed ? 1 : k,
    lKStride: transposed ? rows : 1,
    R: spread(type, R, ld),
    ldr: ld,
    bias: bias === undefined ? null : type.array(bias.data),
    accumulate: C !== undefined,
    epilogue: relu ? 1 : reluOf === undefined ? 0 : 2,
    relu: reluOf === undefined ? null : spread(type, reluOf, ld),
    C: out.data,
    ldc: ld,
  });
  out.intact();
  // Only the rest of a row's last vector may be written past the row's end.
  expect(out.data.every((value, i) => i % ld < padded(type, n) || Number.isNaN(value))).toBe(true);
  return oracle.build(rows, n, (r, c) => out.data[r * ld + c] as number).data;
}

const absolute = (A: oracle.Dense) => oracle.map(A, Math.abs);

describe.each(floatTypes)('block products of $dtype', (type) => {
  it.each([
    ['as it is', {}],
    ['transposed', { transposed: true }],
    ['between wide gaps', { gap: 64 }],
  ])('product equals the oracle with L %s', (_, options) => {
    for (const [rows, n, k] of combinations(heights, widths, [1, 3, 17])) {
      const [L, R] = [integers(rows, k, 5), integers(k, n, 7)];
      expectClose(product(type, L, R, options), oracle.matmul(L, R).data, 0, `${rows} x ${n} x ${k}`);
    }
  });

  it('product equals the oracle for every number of rows up to three blocks', () => {
    for (const [rows, n, k] of combinations(upTo(20), [3, 20, 36, 52, 100], [5])) {
      const [L, R] = [integers(rows, k, 5), integers(k, n, 7)];
      expectClose(product(type, L, R), oracle.matmul(L, R).data, 0, `${rows} x ${n} x ${k}`);
    }
  });

  it('product starts at the bias, or at what C holds instead', () => {
    for (const [rows, n] of combinations(heights, widths)) {
      const [L, R, bias, C] = [
        integers(rows, 3, 5),
        integers(3, n, 7),
        integers(rows, 1, 3),
        integers(rows, n, 11),
      ];
      const LR = oracle.matmul(L, R);
      const biased = oracle.build(rows, n, (r, c) => oracle.at(LR, r, c) + oracle.at(bias, r, 0)).data;
      expectClose(product(type, L, R, { bias }), biased, 0, `${rows} x ${n}`);
      const added = oracle.zip(LR, C, (a, b) => a + b).data;
      expectClose(product(type, L, R, { C }), added, 0, `${rows} x ${n}`);
      expectClose(product(type, L, R, { C, bias }), added, 0, `${rows} x ${n}`);
    }
  });

  it('product ends in relu, or in its derivative', () => {
    for (const [rows, n] of combinations(heights, widths)) {
      const [L, R, bias, A] = [
        integers(rows, 2, 5),
        integers(2, n, 7),
        integers(rows, 1, 3),
        integers(rows, n, 11),
      ];
      const Z = product(type, L, R, { bias });
      const relu = Z.map((z) => Math.max(z, 0));
      expectClose(product(type, L, R, { bias, relu: true }), relu, 0, `${rows} x ${n}`);
      const masked = Z.map((z, i) => ((A.data[i] as number) > 0 ? z : 0));
      expectClose(product(type, L, R, { bias, reluOf: A }), masked, 0, `${rows} x ${n}`);
    }
  });

  it('product passes NaN and infinities on to the elements that they are part of', () => {
    for (const [value, relu] of combinations([Number.NaN, Number.POSITIVE_INFINITY], [false, true])) {
      const L = oracle.build(9, 3, (r, c) => (r === 7 && c === 2 ? value : 1));
      const R = oracle.build(3, 33, () => 1);
      const expected = oracle.build(9, 33, (r) => (r === 7 ? value : 3)).data;
      expectClose(product(type, L, R, { relu }), expected, 0);
      const wrong = oracle.build(3, 33, (r, c) => (r === 0 && c === 32 ? value : 1));
      const columns = oracle.build(2, 33, (_, c) => (c === 32 ? value : 3)).data;
      expectClose(
        product(
          type,
          oracle.build(2, 3, () => 1),
          wrong,
          { relu },
        ),
        columns,
        0,
      );
    }
  });

  it('product rounds once a term at most', () => {
    for (const [rows, n, k] of combinations([3, 17], [7, 65], [65, 300])) {
      const [L, R] = [oracle.randomDense(rows, k, 1), oracle.randomDense(k, n, 2)].map((A) =>
        oracle.map(A, Math.fround),
      ) as [oracle.Grid, oracle.Grid];
      const allowed = oracle.matmul(absolute(L), absolute(R)).data.map((size) => k * type.epsilon * size);
      expectClose(product(type, L, R), oracle.matmul(L, R).data, allowed);
    }
  });

  it.each([false, true])(
    'productUnpadded equals the oracle, to the end of memory (accumulate: %s)',
    (accumulate) => {
      for (const [rows, n, k] of combinations(heights, widths, [1, 3, 17])) {
        const [L, R, C] = [integers(k, rows, 5), integers(k, n, 7), integers(rows, n, 11)];
        const out = guarded(type, rows * n);
        if (accumulate) out.data.set(C.data);
        kernels.productUnpadded(rows, n, k, type.array(L.data), type.array(R.data), out.data, accumulate);
        out.intact();
        const LR = oracle.matmul(L, R, true);
        const expected = accumulate ? oracle.zip(LR, C, (a, b) => a + b) : LR;
        expectClose(out.data, expected.data, 0, `${rows} x ${n} x ${k}`);
      }
    },
  );

  // Short products copy R, long ones are inner products; both must be right around every border of a block.
  it.each([false, true])(
    'productTransposed equals the oracle, to the end of memory (accumulate: %s)',
    (accumulate) => {
      for (const [rows, cols, k] of [
        ...combinations(upTo(20), [1, 8, 16, 25, 50], [3, 32]),
        ...combinations([1, 7, 24], upTo(70), [2, 17]),
        ...combinations([25], [4, 25, 50], [...upTo(70), 127, 128, 129, 257]),
      ]) {
        const [L, R, C] = [integers(rows, k, 5), integers(cols, k, 7), integers(rows, cols, 11)];
        const out = guarded(type, rows * cols);
        if (accumulate) out.data.set(C.data);
        kernels.productTransposed(
          rows,
          cols,
          k,
          type.array(L.data),
          type.array(R.data),
          out.data,
          accumulate,
        );
        out.intact();
        const LR = oracle.matmul(L, R, false, true);
        const expected = accumulate ? oracle.zip(LR, C, (a, b) => a + b) : LR;
        expectClose(out.data, expected.data, 0, `${rows} x ${cols} x ${k}`);
      }
    },
  );

  it('productTransposed passes NaN on, and rounds once a term at most', () => {
    for (const [cols, k] of combinations([9, 50], [33, 300])) {
      const [L, R] = [oracle.randomDense(24, k, 1), oracle.randomDense(cols, k, 2)].map((A) =>
        oracle.map(A, Math.fround),
      ) as [oracle.Grid, oracle.Grid];
      L.data[3 * k + k - 1] = Number.NaN;
      const out = type.array(24 * cols);
      kernels.productTransposed(24, cols, k, type.array(L.data), type.array(R.data), out, false);
      const allowed = oracle.matmul(absolute(L), absolute(R), false, true).data;
      expectClose(
        out,
        oracle.matmul(L, R, false, true).data,
        allowed.map((size) => k * type.epsilon * size),
      );
      expect(out.filter(Number.isNaN).length).toBe(cols);
    }
  });

  it('dotProducts equals the oracle, to the end of memory', () => {
    for (const [rows, cols, k] of combinations(heights, [1, 2, 3, 4, 5, 7, 8, 9, 13], widths)) {
      const [L, R, bias, C] = [
        integers(rows, k, 5),
        integers(cols, k, 7),
        integers(rows, 1, 3),
        integers(rows, cols, 11),
      ];
      const LR = oracle.matmul(L, R, false, true);
      const [left, right, start] = [type.array(L.data), type.array(R.data), type.array(bias.data)];
      const what = `${rows} x ${cols} x ${k}`;
      const out = guarded(type, rows * cols);
      kernels.dotProducts(rows, cols, k, left, right, null, false, false, out.data);
      expectClose(out.data, LR.data, 0, what);

      kernels.dotProducts(rows, cols, k, left, right, start, false, false, out.data);
      const biased = oracle.build(rows, cols, (r, c) => oracle.at(LR, r, c) + oracle.at(bias, r, 0));
      expectClose(out.data, biased.data, 0, `${what} with a bias`);

      const added = oracle.zip(LR, C, (a, b) => a + b);
      for (const given of [null, start]) {
        out.data.set(C.data);
        kernels.dotProducts(rows, cols, k, left, right, given, true, false, out.data);
        expectClose(out.data, added.data, 0, `${what} added`);
        out.data.set(C.data);
        kernels.dotProducts(rows, cols, k, left, right, given, true, true, out.data);
        const positive = oracle.map(added, (a) => Math.max(a, 0));
        expectClose(out.data, positive.data, 0, `${what} added, then relu`);
      }
      out.intact();
    }
  });

  it('dotProducts passes NaN on, and rounds once a term at most', () => {
    const [L, R] = [oracle.randomDense(7, 65, 1), oracle.randomDense(9, 65, 2)].map((A) =>
      oracle.map(A, Math.fround),
    ) as [oracle.Grid, oracle.Grid];
    L.data[3 * 65 + 64] = Number.NaN;
    const out = type.array(63);
    kernels.dotProducts(7, 9, 65, type.array(L.data), type.array(R.data), null, false, false, out);
    const sizes = oracle.matmul(absolute(L), absolute(R), false, true).data;
    const expected = oracle.matmul(L, R, false, true).data;
    expectClose(
      out,
      expected,
      sizes.map((size) => 65 * type.epsilon * size),
    );
    expect(out.findIndex(Number.isNaN)).toBe(27);
    expect(out.filter(Number.isNaN).length).toBe(9);
  });

  it('rowSums equals the oracle, to the end of memory', () => {
    for (const [rows, n] of combinations([0, ...heights], [0, ...widths])) {
      const A = integers(rows, n, 5);
      const sums = Array.from({ length: rows }, (_, r) =>
        oracle.total(oracle.build(1, n, (_, c) => oracle.at(A, r, c))),
      );
      const out = guarded(type, rows);
      kernels.rowSums(rows, n, type.array(A.data), false, out.data);
      expectClose(out.data, sums, 0, `${rows} x ${n}`);
      kernels.rowSums(rows, n, type.array(A.data), true, out.data);
      expectClose(
        out.data,
        sums.map((sum) => 2 * sum),
        0,
        `${rows} x ${n} added`,
      );
      out.intact();
    }
    const one = type.array(1);
    kernels.rowSums(1, 3, type.array([1, Number.NaN, 2]), false, one);
    expect(one[0]).toBe(Number.NaN);
  });
});
