import { describe, expect, it } from 'vitest';
import { native } from '../../lib/native';
import * as oracle from '../oracle';
import { combinations, expectClose, expectSameBits, floatTypes, guarded, lengths } from './helpers';

describe.each(floatTypes)('gradient descent of $dtype', (type) => {
  it('equals the oracle, in place, and leaves the gradients alone', () => {
    for (const [length, learningRate] of combinations(lengths, [0.01, 0.5, 3])) {
      const start = type.array(oracle.randomArray(length, 1));
      const gradients = type.array(oracle.randomArray(length, 2));
      const parameters = guarded(type, length);
      parameters.data.set(start);
      native.gradientDescent(parameters.data, gradients, learningRate);
      parameters.intact();
      const expected = Array.from(start, (p, i) => p - learningRate * (gradients[i] as number));
      // The learning rate, the product and the difference are rounded once each; all are below 4.
      expectClose(parameters.data, expected, 6 * type.epsilon);
      expectSameBits(gradients, type.array(oracle.randomArray(length, 2)));
    }
  });

  it('has worked values', () => {
    const parameters = type.array([1, -2, 0.5, 0, 7]);
    native.gradientDescent(parameters, type.array([4, -4, 1, -0.5, 0]), 0.25);
    expect(Array.from(parameters)).toEqual([0, -1, 0.25, 0.125, 7]);
  });

  it("doesn't depend on where a parameter stands", () => {
    const start = type.array(oracle.randomArray(100, 3));
    const gradients = type.array(oracle.randomArray(100, 4));
    const whole = start.slice();
    native.gradientDescent(whole, gradients, 0.3);
    for (const [from, length] of combinations([0, 1, 3, 17], lengths)) {
      const piece = start.slice(from, from + length);
      native.gradientDescent(piece, gradients.subarray(from, from + length), 0.3);
      expectSameBits(piece, whole.subarray(from, from + length));
    }
  });

  it('passes NaN and infinities on', () => {
    const parameters = type.array([1, 1, Number.NaN, Number.POSITIVE_INFINITY]);
    native.gradientDescent(parameters, type.array([Number.NaN, Number.POSITIVE_INFINITY, 1, 1]), 0.5);
    expectClose(parameters, [Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY], 0);
  });

  it('takes more gradients than it needs', () => {
    const parameters = type.array([1]);
    native.gradientDescent(parameters, type.array([1, 9, 9]), 1);
    expect(Array.from(parameters)).toEqual([0]);
  });
});
