// Initialisers that draw biases, and those that are one for each layer.

import { describe, expect, it } from 'vitest';
import { workHere } from '../../lib/addon/work';
import type { Matrix } from '../../lib/base/matrix';
import { completeArchitecture } from '../../lib/layers/architecture';
import { initialization } from '../../lib/layers/initialization';
import { type InitializerOption, initializers, resolveInitializer } from '../../lib/layers/initializers';
import { allocateParameters } from '../../lib/layers/parameters';
import { Network } from '../../lib/network/network';
import { RandomState } from '../../lib/random/random-state';
import { itRejects } from '../support/bad-input';

const { normal, byLayer, initialParameters } = initializers;

const architecture = completeArchitecture([
  { inputDim: 3, outputDim: 5, activation: 'tanh' },
  { outputDim: 2, activation: 'tanh' },
]);

/** The parameters of 3-5-2, from the seed 4. */
function parametersOf(option: InitializerOption) {
  const { named } = allocateParameters(architecture, 'float64');
  workHere(initialization(resolveInitializer(option), new RandomState(4), architecture, named).work);
  return named;
}

const arraysOf = (option: InitializerOption) =>
  Object.values(parametersOf(option)).map(({ data }: Matrix) => Array.from(data));

it('normal draws weights and then biases, layer by layer', () => {
  const random = new RandomState(4);
  const draws = (count: number, deviation: number) =>
    Array.from({ length: count }, () => random.randn() * deviation);
  const expected = [draws(15, 2 / Math.sqrt(3)), draws(5, 0.5), draws(10, 2 / Math.sqrt(5)), draws(2, 0.5)];
  const found = arraysOf(normal({ gain: 2, biasDeviation: 0.5 }));
  for (const [i, values] of expected.entries()) {
    for (const [j, value] of values.entries()) expect(found[i]?.[j]).toBeCloseTo(value, 14);
  }
  expect(arraysOf(normal())).toEqual(arraysOf('lecunNormal'));
});

describe('byLayer', () => {
  it('gives each layer its own initialiser', () => {
    const [W1, b1] = arraysOf(normal({ biasDeviation: 1 }));
    const zeros = [Array(10).fill(0), Array(2).fill(0)];
    expect(arraysOf(byLayer([normal({ biasDeviation: 1 }), 'zeros']))).toEqual([W1, b1, ...zeros]);
    expect(arraysOf(byLayer(['zeros', 'zeros']))).toEqual(arraysOf('zeros'));
    expect(arraysOf(byLayer(['heNormal', 'heNormal']))).toEqual(arraysOf('heNormal'));
  });

  it('is what is left beside the parameters of a user', () => {
    const found = arraysOf(initialParameters({ b1: [1, 2, 3, 4, 5] }, byLayer(['zeros', 'heNormal'])));
    expect(found.slice(0, 2)).toEqual([Array(15).fill(0), [1, 2, 3, 4, 5]]);
    expect(found[2]?.every((value) => value !== 0)).toBe(true);
  });

  it('makes the tables as its first initialiser does', () => {
    const layers = [
      { inputDim: 1, outputDim: 2, activation: 'tanh', embeddings: [{ categories: 3 }] },
      { outputDim: 1, activation: 'linear' },
    ] as const;
    const tables = (initializer: InitializerOption) =>
      new Network(layers, { seed: 1, initializer }).parameters.E1?.toArray();
    expect(tables(byLayer(['zeros', 'heNormal']))).toEqual(tables('zeros'));
    expect(tables(byLayer(['heNormal', 'zeros']))).toEqual(tables('heNormal'));
  });

  it('keeps its meaning in JSON', () => {
    const plain = byLayer([normal({ gain: 2 }), 'zeros']);
    expect(arraysOf(JSON.parse(JSON.stringify(plain)))).toEqual(arraysOf(plain));
  });
});

itRejects([
  {
    what: 'byLayer of a name',
    call: () => byLayer('zeros' as never),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected layers to be an array of initializers, one for each layer, got "zeros" (string)',
  },
  {
    what: 'byLayer of an unknown name',
    call: () => byLayer(['zeros', 'heNorma']),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: 'Unknown layers[1] "heNorma"; did you mean "heNormal"?',
  },
  {
    what: 'byLayer of parameters',
    call: () => byLayer([initialParameters({ b1: [1] })]),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      'Expected layers[0] to be an initializer for any layer; write initialParameters(values, byLayer(layers)), got an object (Object)',
  },
  {
    what: 'byLayer of too few layers',
    call: () => parametersOf(byLayer(['zeros'])),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected initializer.layers to be 2 initializers, one for each layer, got an array of length 1',
  },
  {
    what: 'a bias deviation below 0',
    call: () => normal({ biasDeviation: -1 }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected biasDeviation to be a finite number of at least 0, got -1 (number)',
  },
]);
