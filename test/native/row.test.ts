import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/base/matrix';
import * as oracle from '../support/oracle';
import { combinations, expectClose, type FloatType, floatTypes, guarded } from './helpers';
import { kernels } from './kernels';

// Every size up to some blocks of units, and up to some vectors of every length.
const all = Array.from({ length: 70 }, (_, i) => i + 1);
const some = [1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 50, 65];

/** Integers from -8 to 8. Their products and sums are exact, so that any wrong term changes the result. */
const integers = ({ array }: FloatType, length: number, step: number): FloatArray =>
  array(length).map((_, i) => ((i * step) % 17) - 8);

/** W x + b in plain loops. */
function layer(W: FloatArray, b: FloatArray, x: ArrayLike<number>): number[] {
  return Array.from(b, (start, unit) => {
    let sum = start;
    for (let k = 0; k < x.length; k++) sum += (W[unit * x.length + k] as number) * (x[k] as number);
    return sum;
  });
}

const relu = (values: number[]): number[] => values.map((value) => (value <= 0 ? 0 : value));

interface Given {
  x: FloatArray;
  W: FloatArray;
  b: FloatArray;
  V: FloatArray;
  c: FloatArray;
}

function twoLayers(type: FloatType, { x, W, b, V, c }: Given, rectified: boolean) {
  const [h, z] = [guarded(type, b.length), guarded(type, c.length)];
  kernels.rowForward(x.length, b.length, c.length, x, W, b, rectified, V, c, h.data, z.data);
  h.intact();
  z.intact();
  return { h: h.data, z: z.data };
}

describe.each(floatTypes)('one row of $dtype', (type) => {
  it.each([
    ['wide rows of few', all, some],
    ['short rows of many', some, all],
  ])('goes through two layers like plain loops: %s units', (_, widths, heights) => {
    for (const [inputs, units] of combinations(widths, heights)) {
      const outputs = (inputs % 11) + 1;
      const given = {
        x: integers(type, inputs, 3),
        W: integers(type, inputs * units, 5),
        b: integers(type, units, 7),
        V: integers(type, units * outputs, 11),
        c: integers(type, outputs, 13),
      };
      const sums = layer(given.W, given.b, given.x);
      for (const rectified of [false, true]) {
        const { h, z } = twoLayers(type, given, rectified);
        const hidden = rectified ? relu(sums) : sums;
        const what = `${inputs}-${units}-${outputs}${rectified ? ', relu' : ''}`;
        expectClose(h, hidden, 0, `h of ${what}`);
        expectClose(z, layer(given.V, given.c, hidden), 0, `z of ${what}`);
      }
    }
  });

  it('rounds once a term at most', () => {
    for (const [inputs, units] of combinations([65, 300], [7, 17])) {
      const [W, x] = [oracle.randomDense(units, inputs, 1), oracle.randomDense(inputs, 1, 2)].map((A) =>
        type.array(A.data),
      ) as [FloatArray, FloatArray];
      const [b, V, c] = [type.array(units), type.array(units), type.array(1)];
      const sizes = layer(W.map(Math.abs), b, x.map(Math.abs));
      const allowed = sizes.map((size) => inputs * type.epsilon * size);
      expectClose(twoLayers(type, { x, W, b, V, c }, false).h, layer(W, b, x), allowed);
    }
  });

  it('passes NaN and infinities on to the units that they are part of, and reads nothing of other rows', () => {
    for (const [inputs, units, value] of combinations([3, 9, 25], [1, 2, 5, 9, 17], [Number.NaN, Infinity])) {
      for (const [unit, rectified] of combinations([0, units - 1], [false, true])) {
        const W = type.array(inputs * units).fill(1);
        for (let k = 0; k < inputs; k++) W[unit * inputs + k] = value;
        const given = { W, x: type.array(inputs).fill(1), b: type.array(units).fill(2) };
        const { h } = twoLayers(type, { ...given, V: type.array(units), c: type.array(1) }, rectified);
        const expected = Array.from({ length: units }, (_, i) => (i === unit ? value : inputs + 2));
        expectClose(h, expected, 0, `${inputs} inputs, unit ${unit} of ${units}`);
      }
    }
  });

  it('may have no inputs, units or outputs', () => {
    const none = type.array(0);
    const one = type.array([3]);
    expect(twoLayers(type, { x: none, W: none, b: one, V: one, c: one }, true).z).toEqual(type.array([12]));
    expect(twoLayers(type, { x: one, W: none, b: none, V: none, c: one }, true).z).toEqual(one);
    expect(twoLayers(type, { x: one, W: one, b: one, V: none, c: none }, true).h).toEqual(type.array([12]));
  });
});
