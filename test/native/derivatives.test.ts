// The activations' derivatives at single values: worked examples, kinks, saturation, NaN and infinities.

import { describe, expect, it } from 'vitest';
import type * as oracle from '../support/oracle';
import { alpha, byInputs, derive, elementwise } from './activation-calls';
import { expectClose, floatTypes } from './helpers';

const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
const [scale, limit] = [1.0507009873554805, 1.7580993408473766]; // selu's

describe.each(floatTypes)('activations of $dtype', (type) => {
  it('derivatives are exactly 0 where the function is saturated', () => {
    expect(derive(type, 'sigmoid', [3, -3, type.most], [1, 0, 1])).toEqual([0, -0, 0]);
    expect(derive(type, 'tanh', [3, -3], [1, -1])).toEqual([0, -0]);
    expect(derive(type, 'softmax', [3, -3], [1, 0])).toEqual([0, -0]);
    expect(derive(type, 'softsign', [3, -3], [1, -1])).toEqual([0, -0]);
    expect(derive(type, 'hardSigmoid', [3, -3], [1, 0])).toEqual([0, 0]);
    expect(derive(type, 'elu', [3], [-alpha])).toEqual([0]);
  });

  it.each(byInputs)('the derivative of %s is 0 or 1 for large inputs, infinite ones included', (name) => {
    for (const size of [1000, 1e30, type.most, infinity]) {
      expect(derive(type, name, [3, 3], [size, -size]).map(Math.abs)).toEqual([3, 0]);
    }
  });

  it('derivatives at kinks are those from below, and 0 for relu', () => {
    expect(derive(type, 'relu', [3, 3], [0, -0])).toEqual([0, 0]);
    expect(derive(type, 'leakyRelu', [8, 8], [0, -0])).toEqual([3, 3]);
    expect(derive(type, 'elu', [8, 8], [0, -0])).toEqual([3, 3]);
    const atSeluKink = derive(type, 'selu', [1, 1], [0, -0]);
    expectClose(atSeluKink, [limit, limit], 2 * type.epsilon);
  });

  it('derivatives have worked values', () => {
    expect(derive(type, 'linear', [2, -0, 3], [9, 9, 9])).toEqual([2, -0, 3]);
    expect(derive(type, 'sigmoid', [2, -4], [0.5, 0.25])).toEqual([0.5, -0.75]);
    expect(derive(type, 'relu', [2, 3, -4, 5], [1, 0, 7, -0])).toEqual([2, 0, -4, 0]);
    expect(derive(type, 'tanh', [2, -4], [0.5, -0.25])).toEqual([1.5, -3.75]);
    expect(derive(type, 'softmax', [1, 2, 4], [0.25, 0.25, 0.5])).toEqual([-0.4375, -0.1875, 0.625]);
    expect(derive(type, 'leakyRelu', [2, -4], [3, -3])).toEqual([2, -4 * alpha]);
    expect(derive(type, 'elu', [2, -4], [3, -0.125])).toEqual([2, -4 * (alpha - 0.125)]);
    expect(derive(type, 'softsign', [2, -4], [0.5, -0.75])).toEqual([0.5, -0.25]);
    expect(derive(type, 'exponential', [2, -4], [0.5, 3])).toEqual([1, -12]);
    const near = (name: oracle.Activation, dA: number[], values: number[], expected: number[]) =>
      expectClose(derive(type, name, dA, values), expected, 4 * type.epsilon, name);
    near('selu', [2, 1, 1], [3, 0, -1], [2 * scale, limit, limit - 1]);
    near('softplus', [2, 4], [Math.LN2, Math.log(4)], [1, 3]);
    near('hardSigmoid', [6, 3], [0.5, 0.25], [1, 0.5]);
    near('logSoftmax', [1, 2], [-Math.LN2, -Math.LN2], [-0.5, 0.5]);
    for (const name of byInputs) near(name, [2], [0], [name === 'mish' ? 1.2 : 1]);
  });

  it('derivatives pass NaN and infinities through', () => {
    for (const name of ['sigmoid', 'tanh'] as const) {
      expect(derive(type, name, [nan, 1, infinity, -infinity], [0.5, nan, 0.5, 0.5])).toEqual([
        nan,
        nan,
        infinity,
        -infinity,
      ]);
    }
    // As in the article: 0 where Z <= 0, otherwise dA, even if dA is not finite. NaN <= 0 is false.
    expect(derive(type, 'relu', [nan, nan, infinity, infinity, 3], [1, 0, 1, 0, nan])).toEqual([
      nan,
      0,
      infinity,
      0,
      3,
    ]);
    expect(derive(type, 'linear', [nan, infinity], [0, 0])).toEqual([nan, infinity]);
    expect(derive(type, 'softmax', [nan, 1, 1], [0.5, 0.25, 0.25])).toEqual([nan, nan, nan]);
    expect(derive(type, 'softmax', [1, 1], [nan, 0.5])).toEqual([nan, nan]);
    expect(derive(type, 'logSoftmax', [nan, 1], [-1, -2])).toEqual([nan, nan]);
    for (const name of elementwise) {
      expect(derive(type, name, [nan, 1], [0.5, 0.25])[0], name).toBe(nan);
      // NaN fails each test: leakyRelu asks whether A > 0, relu whether A <= 0, hardSigmoid whether A is
      // flat.
      if (['linear', 'relu', 'leakyRelu', 'hardSigmoid'].includes(name)) continue;
      expect(derive(type, name, [1], [nan])[0], name).toBe(nan);
    }
  });
});
