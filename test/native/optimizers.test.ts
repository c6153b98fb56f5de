import { describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';
import { nativeOptimizer } from '../../lib/optimizers/make';
import * as make from '../../lib/optimizers/optimizers';
import * as oracle from '../support/oracle';
import { type Options, optimizerStep, type State } from '../support/oracle-optimizers';
import { combinations, expectClose, expectSameBits, floatTypes, guarded, lengths } from './helpers';
import { kernels } from './kernels';

const nan = Number.NaN;

const decays = { weightDecay: 0.1, decoupled: true };
const keras = { convention: 'keras', epsilon: 0.01 } as const;

/** Every optimiser and every branch of its kernel, with the names of its states in the oracle. */
const factories: Readonly<Record<make.Optimizer['name'], (options: object) => make.Optimizer>> = { ...make };

const optimizers: { what: string; optimizer: make.Optimizer; names: string[] }[] = [
  { what: 'gradient descent', optimizer: make.sgd({ learningRate: 0.05 }), names: [] },
  {
    what: 'gradient descent with a penalty',
    optimizer: make.sgd({ learningRate: 0.05, weightDecay: 0.1 }),
    names: [],
  },
  { what: 'gradient descent with decay', optimizer: make.sgd({ learningRate: 0.05, ...decays }), names: [] },
  { what: 'momentum', optimizer: make.sgd({ learningRate: 0.05, momentum: 0.9 }), names: ['velocity'] },
  {
    what: 'dampened momentum',
    optimizer: make.sgd({ momentum: 0.5, dampening: 0.25, weightDecay: 0.5 }),
    names: ['velocity'],
  },
  {
    what: 'Nesterov',
    optimizer: make.sgd({ momentum: 0.9, nesterov: true, ...decays }),
    names: ['velocity'],
  },
  { what: 'rmsProp', optimizer: make.rmsProp(), names: ['square'] },
  { what: 'rmsProp, Keras', optimizer: make.rmsProp({ decay: 0.9, ...keras, ...decays }), names: ['square'] },
  // If an optimiser divides by the root of a difference, epsilon is large: differences that are all rounding
  // error cannot be compared.
  {
    what: 'rmsProp with momentum',
    optimizer: make.rmsProp({ momentum: 0.9, weightDecay: 0.1, epsilon: 0.1 }),
    names: ['square', 'velocity'],
  },
  {
    what: 'centred rmsProp',
    optimizer: make.rmsProp({ centered: true, epsilon: 0.1 }),
    names: ['square', 'mean'],
  },
  {
    what: 'centred rmsProp with momentum, Keras',
    optimizer: make.rmsProp({ centered: true, momentum: 0.5, ...keras }),
    names: ['square', 'mean', 'velocity'],
  },
  { what: 'adagrad', optimizer: make.adagrad({ learningRateDecay: 0.1, weightDecay: 0.1 }), names: ['sum'] },
  {
    what: 'adagrad, Keras',
    optimizer: make.adagrad({ initialAccumulator: 0.1, ...keras, ...decays }),
    names: ['sum'],
  },
  { what: 'adadelta', optimizer: make.adadelta(), names: ['square', 'changes'] },
  {
    what: 'adadelta with decay',
    optimizer: make.adadelta({ learningRate: 0.5, decay: 0.5, ...decays }),
    names: ['square', 'changes'],
  },
  { what: 'adam', optimizer: make.adam({ learningRate: 0.05 }), names: ['mean', 'square'] },
  { what: 'adam with a penalty', optimizer: make.adam({ weightDecay: 0.1 }), names: ['mean', 'square'] },
  { what: 'adam, Keras', optimizer: make.adam(keras), names: ['mean', 'square'] },
  {
    what: 'amsgrad',
    optimizer: make.adam({ amsgrad: true, beta2: 0.5 }),
    names: ['mean', 'square', 'largest'],
  },
  {
    what: 'adamW',
    optimizer: make.adamW({ learningRate: 0.05, weightDecay: 0.1 }),
    names: ['mean', 'square'],
  },
  { what: 'adamax', optimizer: make.adamax({ beta2: 0.5 }), names: ['mean', 'norm'] },
  { what: 'adamax, Keras', optimizer: make.adamax({ ...keras, ...decays }), names: ['mean', 'norm'] },
  { what: 'nadam', optimizer: make.nadam({ weightDecay: 0.1 }), names: ['mean', 'square'] },
  {
    what: 'nadam, Keras',
    optimizer: make.nadam({ momentumDecay: 1, epsilon: 1e-7, ...decays }),
    names: ['mean', 'square'],
  },
  { what: 'lion', optimizer: make.lion({ learningRate: 0.05 }), names: ['mean'] },
  { what: 'lion with decay', optimizer: make.lion({ weightDecay: 0.5, beta1: 0.5 }), names: ['mean'] },
];

/**
 * Takes step t of an optimiser by native code; changes parameters and states (states, parameters) in place.
 */
function update(
  optimizer: make.Optimizer,
  t: number,
  parameters: FloatArray,
  gradients: FloatArray,
  states: FloatArray,
) {
  const { code, options } = nativeOptimizer(optimizer);
  kernels.updateParameters(
    ...([code, options, optimizer.learningRate, t, parameters, gradients, states] as const),
  );
}

it.each(optimizers)('$what keeps as many arrays as it needs', ({ optimizer, names }) => {
  expect(nativeOptimizer(optimizer).stateSize(7)).toBe(7 * names.length);
});

describe.each(floatTypes)('optimisers of $dtype', (type) => {
  it.each(optimizers)('$what equals its formula, step after step, in place', ({ optimizer, names }) => {
    for (const length of lengths) {
      const [parameters, states] = [guarded(type, length), guarded(type, names.length * length)];
      parameters.data.set(oracle.randomArray(length, 1));
      states.data.fill(0);
      const expected = Array.from(parameters.data);
      const kept = expected.map((): State => ({}));
      for (let t = 1; t <= 5; t++) {
        const gradients = type.array(oracle.randomArray(length, 10 + t));
        const given = gradients.slice();
        update(optimizer, t, parameters.data, gradients, states.data);
        expectSameBits(gradients, given, 'gradients');
        for (const [i, state] of kept.entries()) {
          const [p = nan, g = nan] = [expected[i], gradients[i]];
          expected[i] = optimizerStep(optimizer as Options, p, g, state, t);
        }
        parameters.intact();
        states.intact();
        // A few roundings per step, relative to the values, which are near 1 or below.
        const allowed = 20 * t * type.epsilon;
        expectClose(parameters.data, expected, allowed, `parameters of ${length}, step ${t}`);
        const wanted = names.flatMap((name) => kept.map((state) => state[name] as number));
        const roundings = wanted.map((value) => 20 * t * type.epsilon * (Math.abs(value) + 0.1));
        expectClose(states.data, wanted, roundings, `states of ${length}, step ${t}`);
      }
    }
  });

  it.each(optimizers)("$what doesn't depend on where a parameter stands", ({ optimizer, names }) => {
    const random = (seed: number) => type.array(oracle.randomArray(100, seed, 0, 1));
    const [parameters, gradients] = [random(3), random(4)];
    const states = type.array(names.flatMap((_name, i) => [...random(5 + i)]));
    const whole = [parameters.slice(), states.slice()] as const;
    update(optimizer, 3, whole[0], gradients, whole[1]);
    for (const [from, length] of combinations([0, 1, 3, 17], lengths)) {
      const cut = (data: FloatArray) => {
        const arrays = Array.from({ length: data.length / 100 }, (_a, i) =>
          data.subarray(100 * i + from, 100 * i + from + length),
        );
        return type.array(arrays.flatMap((array) => [...array]));
      };
      const [piece, kept] = [cut(parameters), cut(states)];
      update(optimizer, 3, piece, cut(gradients), kept);
      expectSameBits(piece, cut(whole[0]));
      expectSameBits(kept, cut(whole[1]));
    }
  });

  it.each(optimizers)('$what passes NaN on, to its own parameter only', ({ optimizer, names }) => {
    for (const length of [1, 5, 16, 33]) {
      const parameters = type.array(length).fill(1);
      const gradients = type.array(length).fill(0.5);
      gradients[length - 1] = nan;
      update(optimizer, 1, parameters, gradients, type.array(names.length * length));
      expect(parameters.findIndex(Number.isNaN)).toBe(length - 1);
    }
  });

  it.each(optimizers)('$what leaves parameters without gradient and decay', ({ optimizer, names }) => {
    const parameters = type.array([1, -0, 0, -3]);
    const { name, ...options } = optimizer;
    const bare = factories[name]({ ...options, weightDecay: 0 } as object);
    for (let t = 1; t <= 3; t++) update(bare, t, parameters, type.array(4), type.array(4 * names.length));
    expectSameBits(parameters, type.array([1, -0, 0, -3]));
  });

  const averages = optimizers.flatMap(({ what, optimizer, names }) =>
    names.flatMap((state, at) => {
      const ends =
        state === 'square' ? optimizer.name !== 'adadelta' : at === 0 && /mean|velocity/.test(state);
      return ends ? [{ what, optimizer, state, at, count: names.length }] : [];
    }),
  );
  it.each(averages)(
    '$what ends the $state of gradients that have become zero',
    ({ optimizer, at, count }) => {
      const { name, ...options } = optimizer;
      const bare = factories[name]({ ...options, weightDecay: 0 } as object);
      const states = type.array(Array(3 * count).fill(1));
      states.set([8 * type.leastNormal, -type.leastNormal, type.leastNormal * type.epsilon], 3 * at);
      update(bare, 5, type.array(3), type.array(3), states);
      const [normal = 0, ...others] = states.slice(3 * at, 3 * at + 3);
      expect(normal).toBeGreaterThan(type.leastNormal);
      expect(others.map(Math.abs)).toEqual([0, 0]);
    },
  );

  it('steps of adam are finite beside the least and the largest roots', () => {
    const parameters = type.array(Array(3).fill(1));
    const [means, squares] = [
      [0, 1, 0],
      [0, Number.POSITIVE_INFINITY, Number.MAX_VALUE],
    ];
    update(make.adam({ epsilon: 1e-310 }), 5, parameters, type.array(3), type.array([...means, ...squares]));
    expectSameBits(parameters, type.array([1, 1, 1]));
  });

  it('gradient descent has worked values, and takes more gradients than it needs', () => {
    const parameters = type.array([1, -2, 0.5, 0, 7]);
    native.gradientDescent(parameters, type.array([4, -4, 1, -0.5, 0, 9]), 0.25);
    expect(Array.from(parameters)).toEqual([0, -1, 0.25, 0.125, 7]);
    const infinite = type.array([1, Number.POSITIVE_INFINITY]);
    native.gradientDescent(infinite, type.array([Number.POSITIVE_INFINITY, 1]), 0.5);
    expect(Array.from(infinite)).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it('an epsilon that the type cannot hold stays above zero', () => {
    const parameters = type.array([1, 1]);
    update(
      make.adam({ learningRate: 0.5, epsilon: 1e-300 }),
      1,
      parameters,
      type.array([0, 1]),
      type.array(4),
    );
    expectClose(parameters, [1, 0.5], type.epsilon);
  });

  it('centred squares that rounding leaves below zero count as zero', () => {
    const optimizer = make.rmsProp({ centered: true, decay: 0, epsilon: 1 });
    // 0.1^2 - 0.1 * 0.1, where one product is rounded and the other is not.
    const parameters = type.array([0.1, 0.7, 1.3, 1e9]);
    const gradients = parameters.slice();
    update(optimizer, 1, parameters, gradients, type.array(8));
    const expected = Array.from(gradients, (g) => g - 0.01 * g);
    expectClose(
      parameters,
      expected,
      Array.from(gradients, (g) => 1e-3 * g),
    );
  });
});
