import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/base/matrix';
import { type FloatType, floatTypes, guarded } from './helpers';
import { kernels } from './kernels';

/** Numbers from 0 to below `most`, the same in every run. */
function draws(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** Integers from -4 to 4: products and sums of them are exact, so that any wrong term changes the result. */
function integers(type: FloatType, size: number, draw: (most: number) => number): FloatArray {
  return type.array(Array.from({ length: size }, () => draw(9) - 4));
}

const padded = (type: FloatType, n: number) => {
  const lanes = type.dtype === 'float64' ? 8 : 16;
  return Math.ceil(n / lanes) * lanes;
};

interface Shape {
  rows: number;
  n: number;
  k: number;
}

/** Random shapes, and those around blocks, panels and pieces. */
const shapes = (() => {
  const draw = draws(1);
  const size = () => 1 + draw(40);
  const random = Array.from({ length: 60 }, () => ({ rows: size(), n: size(), k: size() }));
  const edges = [1, 4, 5, 16, 17, 47, 48, 49, 64, 65, 96, 97, 113, 129].map((n) => ({ rows: 15, n, k: 7 }));
  const heights = [6, 8, 12, 16, 63, 64, 65, 71, 129].map((rows) => ({ rows, n: 50, k: 9 }));
  const pieces = [511, 512, 513, 1023, 1024, 1025, 2049].map((k) => ({ rows: 9, n: 33, k }));
  return [...random, ...edges, ...heights, ...pieces];
})();

interface Options {
  bias?: FloatArray;
  old?: FloatArray;
  relu?: boolean;
  reluOf?: FloatArray;
  /** The distance between L's columns, if they are contiguous. */
  lKStride?: number;
}

/** Computes L R with NaN between the operands' rows, and compares it with plain loops. */
function checkWideProduct(type: FloatType, { rows, n, k }: Shape, options: Options = {}) {
  const draw = draws(rows * 41 + n * 7 + k);
  const { bias, old, relu = false, reluOf, lKStride } = options;
  const ld = padded(type, n) + 16;
  const spread = (values: FloatArray, height: number) => {
    const data = type.array(height * ld).fill(Number.NaN);
    for (let i = 0; i < height; i++) data.set(values.subarray(i * n, (i + 1) * n), i * ld);
    return data;
  };
  const [L, R] = [integers(type, rows * k, draw), integers(type, k * n, draw)];
  let left = L;
  if (lKStride !== undefined) {
    left = type.array((k - 1) * lKStride + rows).fill(Number.NaN);
    for (let i = 0; i < rows; i++)
      for (let q = 0; q < k; q++) left[q * lKStride + i] = L[i * k + q] as number;
  }
  const out = guarded(type, rows * ld);
  if (old !== undefined) out.data.set(spread(old, rows));
  kernels.wideProduct(
    rows,
    n,
    k,
    left,
    lKStride === undefined ? k : 1,
    lKStride ?? 1,
    spread(R, k),
    bias ?? null,
    old !== undefined,
    relu ? 1 : reluOf === undefined ? 0 : 2,
    reluOf === undefined ? null : spread(reluOf, rows),
    out.data,
    ld,
  );
  out.intact();
  let wrong = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < ld; j++) {
      const value = out.data[i * ld + j] as number;
      if (j >= n) {
        if (j >= padded(type, n) && !Number.isNaN(value)) wrong++;
        continue;
      }
      let sum = (old?.[i * n + j] ?? bias?.[i] ?? 0) as number;
      for (let q = 0; q < k; q++) sum += (L[i * k + q] as number) * (R[q * n + j] as number);
      if (relu && sum <= 0) sum = 0;
      if (reluOf !== undefined && (reluOf[i * n + j] as number) <= 0) sum = 0;
      if (value !== sum) wrong++;
    }
  }
  expect(wrong, `${rows} x ${n} x ${k}`).toBe(0);
}

describe.each(floatTypes)('products of wide layers, $dtype', (type) => {
  it('wideProduct equals plain loops, and touches no memory beyond the padding', () => {
    for (const shape of shapes) {
      checkWideProduct(type, shape);
      checkWideProduct(type, shape, { lKStride: shape.rows });
    }
  });

  it('wideProduct equals plain loops where it packs L', () => {
    for (const rows of [1, 5, 8, 63, 65])
      checkWideProduct(type, { rows, n: 100, k: 1100 }, { lKStride: 512 });
  });

  it('wideProduct starts at the bias or at C, and ends in relu or its derivative', () => {
    for (const shape of [
      { rows: 3, n: 5, k: 2 },
      { rows: 71, n: 100, k: 9 },
      { rows: 9, n: 49, k: 1030 },
    ]) {
      const draw = draws(shape.k);
      const bias = integers(type, shape.rows, draw);
      const [old, reluOf] = [0, 1].map(() => integers(type, shape.rows * shape.n, draw)) as [
        FloatArray,
        FloatArray,
      ];
      checkWideProduct(type, shape, { bias });
      checkWideProduct(type, shape, { bias, relu: true });
      checkWideProduct(type, shape, { old });
      checkWideProduct(type, shape, { old, reluOf, lKStride: 200 });
      checkWideProduct(type, shape, { bias, old, relu: true });
      checkWideProduct(type, shape, { reluOf });
    }
  });

  it('wideProduct gives a column the same bits, whichever columns are beside it', () => {
    const [rows, most, k] = [20, 70, 1100];
    const draw = draws(5);
    const L = type.array(Array.from({ length: rows * k }, () => draw(1e6) / 1e6 - 0.5));
    const R = Array.from({ length: k * most }, () => draw(1e6) / 1e6 - 0.5);
    const first = (n: number) => {
      const ld = padded(type, n);
      const right = type.array(k * ld);
      for (let q = 0; q < k; q++) for (let j = 0; j < n; j++) right[q * ld + j] = R[q * most + j] as number;
      const C = type.array(rows * ld);
      kernels.wideProduct(rows, n, k, L, k, 1, right, null, false, 0, null, C, ld);
      return Array.from({ length: rows }, (_, i) => C[i * ld]);
    };
    const expected = first(1);
    for (const n of [2, 4, 5, 16, 17, 49, 70]) expect(first(n)).toEqual(expected);
  });

  it('wideProductTransposed equals plain loops, and writes nothing beyond the columns', () => {
    for (const { rows, n: cols, k } of shapes) {
      const draw = draws(rows * 41 + cols * 7 + k);
      const ldc = cols + 3;
      const [L, R, old] = [rows * k, cols * k, rows * ldc].map((size) => integers(type, size, draw)) as [
        FloatArray,
        FloatArray,
        FloatArray,
      ];
      for (const accumulate of [false, true]) {
        const out = guarded(type, rows * ldc);
        out.data.set(old);
        kernels.wideProductTransposed(rows, cols, k, L, R, out.data, ldc, accumulate);
        out.intact();
        let wrong = 0;
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < ldc; j++) {
            let sum = accumulate || j >= cols ? (old[i * ldc + j] as number) : 0;
            for (let q = 0; q < k && j < cols; q++)
              sum += (L[i * k + q] as number) * (R[j * k + q] as number);
            if (out.data[i * ldc + j] !== sum) wrong++;
          }
        }
        expect(wrong, `${rows} x ${cols} x ${k}`).toBe(0);
      }
    }
  });

  it('copyTransposed equals plain loops, and writes nothing between its rows', () => {
    for (const { rows, n: cols } of [...shapes, { rows: 0, n: 3 }, { rows: 3, n: 0 }]) {
      const A = integers(type, rows * cols, draws(rows + cols));
      const ld = rows + 2;
      const out = guarded(type, cols * ld);
      kernels.copyTransposed(rows, cols, A, out.data, ld);
      out.intact();
      const right = out.data.every((value, at) => {
        const [j, i] = [Math.floor(at / ld), at % ld];
        return i < rows ? value === A[i * cols + j] : Number.isNaN(value);
      });
      expect(right, `${rows} x ${cols}`).toBe(true);
    }
  });

  it('wide products pass NaN and infinities on to the elements that they are part of', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const L = type.array(9 * 3).fill(1);
      L[7 * 3 + 2] = value;
      const C = type.array(9 * 48);
      kernels.wideProduct(9, 33, 3, L, 3, 1, type.array(3 * 48).fill(1), null, false, 1, null, C, 48);
      const D = type.array(9 * 33);
      kernels.wideProductTransposed(9, 33, 3, L, type.array(33 * 3).fill(1), D, 33, false);
      for (let i = 0; i < 9; i++) {
        for (let j = 0; j < 33; j++) {
          const expected = i === 7 ? value : 3;
          expect([C[i * 48 + j], D[i * 33 + j]]).toEqual([expected, expected]);
        }
      }
    }
  });
});
