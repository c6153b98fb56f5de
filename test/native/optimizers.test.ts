import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/matrix';
import { native } from '../../lib/native';
import * as oracle from '../oracle';
import { combinations, expectClose, expectSameBits, floatTypes, guarded, lengths } from './helpers';

const nan = Number.NaN;

type Step = (parameters: FloatArray, state: FloatArray[], gradients: FloatArray, t: number) => void;
type Formula = (parameter: number, state: number[], gradient: number, t: number) => [number, ...number[]];

const [learningRate, momentum, beta1, beta2, epsilon] = [0.05, 0.9, 0.9, 0.999, 1e-8];

// In native code the bias corrections are arguments, for they are the same for all parameters.
const adam: Step = (parameters, state, gradients, t) =>
  native.adam(
    ...[parameters, state[0] as FloatArray, state[1] as FloatArray, gradients],
    ...[learningRate / (1 - beta1 ** t), beta1, beta2, 1 / Math.sqrt(1 - beta2 ** t), epsilon],
  );

const optimizers: [name: string, states: number, step: Step, formula: Formula][] = [
  [
    'gradientDescent',
    0,
    (parameters, _, gradients) => native.gradientDescent(parameters, gradients, learningRate),
    (p, _, g) => [p - learningRate * g],
  ],
  [
    'momentum',
    1,
    (parameters, state, gradients) =>
      native.momentum(parameters, state[0] as FloatArray, gradients, learningRate, momentum),
    (p, [v = nan], g) => [p - learningRate * (momentum * v + g), momentum * v + g],
  ],
  [
    'adam',
    2,
    adam,
    (p, [m = nan, v = nan], g, t) => {
      const mean = beta1 * m + (1 - beta1) * g;
      const square = beta2 * v + (1 - beta2) * g * g;
      const root = Math.sqrt(square / (1 - beta2 ** t));
      return [p - (learningRate * (mean / (1 - beta1 ** t))) / (root + epsilon), mean, square];
    },
  ],
];

describe.each(floatTypes)('optimisers of $dtype', (type) => {
  it.each(optimizers)('%s equals its formula, step after step, in place', (_, states, step, formula) => {
    for (const length of lengths) {
      const arrays = Array.from({ length: states + 1 }, () => guarded(type, length));
      const [parameters, ...state] = arrays.map(({ data }) => data) as [FloatArray, ...FloatArray[]];
      parameters.set(oracle.randomArray(length, 1));
      for (const data of state) data.fill(0);
      let expected = Array.from(parameters, (p) => [p, ...state.map(() => 0)]);
      for (let t = 1; t <= 5; t++) {
        const gradients = type.array(oracle.randomArray(length, 10 + t));
        const given = gradients.slice();
        step(parameters, state, gradients, t);
        expectSameBits(gradients, given, 'gradients');
        expected = expected.map(([p = nan, ...s], i) => formula(p, s, gradients[i] as number, t));
        for (const [k, { data, intact }] of arrays.entries()) {
          intact();
          // A handful of roundings a step, by the size of the value; steps of Adam have that of the rate.
          const wanted = expected.map((values) => values[k] as number);
          const allowed = wanted.map(
            (value) => 10 * t * type.epsilon * (Math.abs(value) + (k < 2 ? 0.1 : 0)),
          );
          expectClose(data, wanted, allowed, `step ${t}, array ${k} of ${length}`);
        }
      }
    }
  });

  it.each(optimizers)("%s doesn't depend on where a parameter stands", (_, states, step) => {
    const random = (seed: number) => type.array(oracle.randomArray(100, seed, 0, 1));
    const [parameters, gradients] = [random(3), random(4)];
    const state = Array.from({ length: states }, (_, i) => random(5 + i));
    const whole = [parameters, ...state].map((data) => data.slice()) as [FloatArray, ...FloatArray[]];
    step(whole[0], whole.slice(1), gradients, 3);
    for (const [from, length] of combinations([0, 1, 3, 17], lengths)) {
      const cut = (data: FloatArray) => data.slice(from, from + length);
      const pieces = [parameters, ...state].map(cut) as [FloatArray, ...FloatArray[]];
      step(pieces[0], pieces.slice(1), cut(gradients), 3);
      for (const [k, piece] of pieces.entries()) expectSameBits(piece, cut(whole[k] as FloatArray));
    }
  });

  it.each(optimizers)('%s passes NaN on, to its own parameter only', (_, states, step) => {
    for (const length of [1, 5, 16, 33]) {
      const parameters = type.array(length).fill(1);
      const state = Array.from({ length: states }, () => type.array(length));
      const gradients = type.array(length).fill(0.5);
      gradients[length - 1] = nan;
      step(parameters, state, gradients, 1);
      expect(parameters.findIndex(Number.isNaN)).toBe(length - 1);
    }
  });

  it('gradient descent has worked values, and takes more gradients than it needs', () => {
    const parameters = type.array([1, -2, 0.5, 0, 7]);
    native.gradientDescent(parameters, type.array([4, -4, 1, -0.5, 0, 9]), 0.25);
    expect(Array.from(parameters)).toEqual([0, -1, 0.25, 0.125, 7]);
    const infinite = type.array([1, Number.POSITIVE_INFINITY]);
    native.gradientDescent(infinite, type.array([Number.POSITIVE_INFINITY, 1]), 0.5);
    expect(Array.from(infinite)).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it('momentum has worked values', () => {
    const [parameters, velocity] = [type.array([1, 1]), type.array([0, 4])];
    native.momentum(parameters, velocity, type.array([2, -1]), 0.25, 0.5);
    expect([...velocity, ...parameters]).toEqual([2, 1, 0.5, 0.75]);
    native.momentum(parameters, velocity, type.array([1, 0]), 0.25, 0.5);
    expect([...velocity, ...parameters]).toEqual([2, 0.5, 0, 0.625]);
    // Without momentum it is gradient descent.
    native.momentum(parameters, velocity, type.array([4, 8]), 0.25, 0);
    expect([...velocity, ...parameters]).toEqual([4, 8, -1, -1.375]);
  });

  it('adam has worked values', () => {
    const [parameters, mean, square] = [type.array([1, 1, 1]), type.array(3), type.array(3)];
    const gradients = type.array([8, -8, 0]);
    // t = 1 with both betas 1/2: mean 4 / (1/2) = 8, square 32 / (1/2) = 64, a step of 1/4 * 8 / 8.
    native.adam(parameters, mean, square, gradients, 0.25 / 0.5, 0.5, 0.5, Math.SQRT2, 2 ** -60);
    expect([...mean, ...square]).toEqual([4, -4, 0, 32, 32, 0]);
    expectClose(parameters, [0.75, 1.25, 1], 2 * type.epsilon);
    expect(parameters[2]).toBe(1);
  });

  it("adam's first step has the learning rate's size, whatever the gradient's", () => {
    const gradients = type.array([1e-6, -1e-3, 1, -1e3, 1e6]);
    const [parameters, mean, square] = [type.array(5), type.array(5), type.array(5)];
    adam(parameters, [mean, square], gradients, 1);
    const expected = Array.from(gradients, (g) => (-learningRate * g) / (Math.abs(g) + epsilon));
    expectClose(parameters, expected, 10 * type.epsilon * learningRate);
  });
});
