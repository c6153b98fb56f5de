import { describe, expect, it } from 'vitest';
import * as oracle from '../support/oracle';
import { expectClose, expectSameBits, floatTypes, guarded, lengths } from './helpers';
import { kernels } from './kernels';

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe.each(floatTypes)('whole arrays of $dtype', (type) => {
  it.each([...lengths, 1000, 4097])(
    '%s elements have the products, sizes and sums of plain loops',
    (length) => {
      const [a, b] = [type.array(oracle.randomArray(length, 1)), type.array(oracle.randomArray(length, 2))];
      const products = Array.from(a, (x, i) => x * (b[i] as number));
      const sizes = Array.from(a, Math.abs);
      // At most 70 roundings, each of a part of the sum of absolute values.
      const allowed = 70 * type.epsilon * sum(products.map(Math.abs));
      expectClose([kernels.dot(a, b)], [sum(products)], allowed, 'dot');
      expectClose([kernels.sumOfSizes(a)], [sum(sizes)], 70 * type.epsilon * sum(sizes), 'sumOfSizes');
      expect(kernels.largestSize(a)).toBe(Math.max(0, ...sizes));

      const out = guarded(type, length);
      kernels.addScaled(a, 0.75, b, out.data);
      out.intact();
      const added = Array.from(a, (x, i) => x + 0.75 * (b[i] as number));
      expectClose(out.data, added, 2 * type.epsilon, 'addScaled');
      kernels.scale(a, -0.75, out.data);
      out.intact();
      expectSameBits(out.data, type.array(Array.from(a, (x) => -0.75 * x)), 'scale');
    },
  );

  it('find the largest size at any place', () => {
    for (const at of [0, 1, 7, 16, 30, 34]) {
      const values = type.array(35).fill(-1);
      values[at] = -3;
      expect(kernels.largestSize(values)).toBe(3);
    }
  });

  it('work in place', () => {
    const [x, y] = [type.array([1, 2, 3]), type.array([4, 5, 6])];
    kernels.addScaled(x, 2, y, x);
    expect([...x]).toEqual([9, 12, 15]);
    kernels.addScaled(x, -1, y, y);
    expect([...y]).toEqual([5, 7, 9]);
    kernels.scale(y, 0.5, y);
    expect([...y]).toEqual([2.5, 3.5, 4.5]);
  });
});
