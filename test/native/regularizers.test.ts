import { describe, expect, it } from 'vitest';
import * as oracle from '../support/oracle';
import { combinations, expectClose, expectSameBits, floatTypes, guarded, lengths, sizes } from './helpers';
import { kernels } from './kernels';

const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe.each(floatTypes)('regularisers of $dtype', (type) => {
  it.each([
    [0, 0],
    [0.5, 0],
    [0, 0.25],
    [0.5, 0.25],
  ])('the penalty and its gradient are those of plain loops with l1 %s and l2 %s', (l1, l2) => {
    for (const length of [...lengths, 1000, 5000]) {
      const W = type.array(oracle.randomArray(length, 1));
      const before = oracle.randomArray(length, 2);
      const gradients = guarded(type, length);
      gradients.data.set(before);
      const started = Array.from(gradients.data);
      const penalty = kernels.addPenalty(W, l1, l2, gradients.data);
      gradients.intact();
      const expected = Array.from(W, (w, i) => (started[i] as number) + l1 * Math.sign(w) + 2 * l2 * w);
      expectClose(gradients.data, expected, 4 * type.epsilon, `gradients of ${length}`);
      const terms = Array.from(W, (w) => l1 * Math.abs(w) + l2 * w * w);
      expectClose([penalty], [sum(terms)], 70 * type.epsilon * (sum(terms) || 1), `penalty of ${length}`);
      for (const none of [null, undefined]) expect(kernels.addPenalty(W, l1, l2, none as null)).toBe(penalty);
    }
  });

  it('the penalty has worked values, and no slope at zero', () => {
    const gradients = type.array([1, 1, 1, 1]);
    expect(kernels.addPenalty(type.array([2, -4, 0, -0]), 0.5, 0.25, gradients)).toBe(8);
    expect(Array.from(gradients)).toEqual([2.5, -1.5, 1, 1]);
  });

  it('gradients are clipped by value, and NaN passes', () => {
    const [most = 0] = type.array([0.3]);
    for (const length of lengths) {
      const gradients = guarded(type, length);
      gradients.data.set(oracle.randomArray(length, 3));
      const expected = gradients.data.map((g) => Math.max(-most, Math.min(g, most)));
      kernels.clipByValue(gradients.data, most);
      gradients.intact();
      expectSameBits(gradients.data, expected);
    }
    const special = type.array([nan, infinity, -infinity, 0, -0, nan, 0.5, -0.5, nan]);
    kernels.clipByValue(special, 0.5);
    expectSameBits(special, type.array([nan, 0.5, -0.5, 0, -0, nan, 0.5, -0.5, nan]));
  });

  it('rows beyond a norm are scaled down to it, and the others stay', () => {
    for (const [rows, cols] of combinations(sizes, sizes)) {
      const W = guarded(type, rows * cols);
      W.data.set(oracle.randomArray(rows * cols, 4));
      const before = W.data.slice();
      const norms = (data: ArrayLike<number>) =>
        Array.from({ length: rows }, (_, r) =>
          Math.sqrt(sum(oracle.row(oracle.dense(data, rows, cols), r).map((w) => w * w))),
        );
      const most = 0.58 * Math.sqrt(cols);
      kernels.limitRowNorms(rows, cols, most, W.data);
      W.intact();
      for (const [r, norm] of norms(before).entries()) {
        const [row, old] = [
          W.data.subarray(r * cols, (r + 1) * cols),
          before.subarray(r * cols, (r + 1) * cols),
        ];
        const scaled = old.map((w) => (norm <= most ? w : (w * most) / norm));
        expectClose(row, scaled, norm <= most ? 0 : 20 * type.epsilon);
      }
      expect(norms(W.data).every((norm) => norm <= most * (1 + 20 * type.epsilon))).toBe(true);
    }
    const worked = type.array([3, 4, 0.3, 0.4]);
    kernels.limitRowNorms(2, 2, 2.5, worked);
    expectClose(worked, type.array([1.5, 2, 0.3, 0.4]), 0);
  });
});
