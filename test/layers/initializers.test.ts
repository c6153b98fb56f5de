import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import type { ActivationName } from '../../lib/layers/activations';
import type { InitializerName } from '../../lib/layers/initializers';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { RandomState } from '../../lib/random/random-state';
import { itRejects } from '../support/bad-input';

const layersOf = (activation: ActivationName) => [
  { inputDim: 3, outputDim: 5, activation },
  { outputDim: 2, activation },
];

/** The parameters of 3-5-2, one array each, in their order. */
function parametersOf(options: NetworkOptions, activation: ActivationName = 'tanh'): number[][] {
  const net = new Network(layersOf(activation) as never, { seed: 4, ...options });
  return Object.values(net.parameters).map(({ data }: Matrix) => Array.from(data));
}

/** The parameters that a formula computes from one stream of draws, layer 1 first; biases are zero. */
function drawn(weight: (random: RandomState, fanIn: number, fanOut: number) => number): number[][] {
  const random = new RandomState(4);
  return [
    [3, 5],
    [5, 2],
  ].flatMap(([fanIn = 0, fanOut = 0]) => [
    Array.from({ length: fanIn * fanOut }, () => weight(random, fanIn, fanOut)),
    Array(fanOut).fill(0),
  ]);
}

const heNormal = drawn((random, fanIn) => random.randn() * Math.sqrt(2 / fanIn));
const glorotUniform = drawn((random, fanIn, fanOut) => {
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return -limit + 2 * limit * random.random();
});

// initializer-objects.test.ts has the others.
type Simple = 'heNormal' | 'heUniform' | 'glorotNormal' | 'glorotUniform' | 'zeros';

const expectedOf: Record<Simple, number[][]> = {
  heNormal,
  heUniform: drawn((random, fanIn) => {
    const limit = Math.sqrt(6 / fanIn);
    return -limit + 2 * limit * random.random();
  }),
  glorotNormal: drawn((random, fanIn, fanOut) => random.randn() * Math.sqrt(2 / (fanIn + fanOut))),
  glorotUniform,
  zeros: drawn(() => 0),
};

describe.each(Object.entries(expectedOf))('%s', (initializer, expected) => {
  it('draws what NumPy’s generator gives, row by row and layer by layer, with biases of zero', () => {
    expect(parametersOf({ initializer: initializer as InitializerName })).toEqual(expected);
  });

  it('rounds the same draws in float32', () => {
    const rounded = expected.map((values) => values.map(Math.fround));
    expect(parametersOf({ initializer: initializer as InitializerName, dtype: 'float32' })).toEqual(rounded);
  });
});

it('article draws weights and biases alike, as 0.1 * randn', () => {
  const random = new RandomState(4);
  const expected = [15, 5, 10, 2].map((length) => Array.from({ length }, () => random.randn() * 0.1));
  expect(parametersOf({ initializer: 'article' })).toEqual(expected);
  const rounded = expected.map((values) => values.map(Math.fround));
  expect(parametersOf({ initializer: 'article', dtype: 'float32' })).toEqual(rounded);
});

it.each([
  ['relu', heNormal],
  ['linear', glorotUniform],
  ['sigmoid', glorotUniform],
  ['tanh', glorotUniform],
  ['softmax', glorotUniform],
] as const)('auto, the default, suits %s layers', (activation, expected) => {
  expect(parametersOf({}, activation)).toEqual(expected);
  expect(parametersOf({ initializer: 'auto' }, activation)).toEqual(expected);
});

it('auto chooses layer by layer', () => {
  const net = new Network(
    [
      { inputDim: 3, outputDim: 5, activation: 'relu' },
      { outputDim: 2, activation: 'softmax' },
    ],
    { seed: 4 },
  );
  const random = new RandomState(4);
  const first = Array.from({ length: 15 }, () => random.randn() * Math.sqrt(2 / 3));
  const limit = Math.sqrt(6 / 7);
  const second = Array.from({ length: 10 }, () => -limit + 2 * limit * random.random());
  expect([net.parameters.W1?.data, net.parameters.W2?.data].map((data) => Array.from(data ?? []))).toEqual([
    first,
    second,
  ]);
});

describe('spread over a large layer', () => {
  // For the mean square of 200,000 weights, 2 % is six standard deviations.
  const weightsOf = (initializer: InitializerName) => {
    const net = new Network([{ inputDim: 500, outputDim: 400, activation: 'tanh' }], {
      seed: 1,
      initializer,
    });
    return Array.from(net.parameters.W1?.data ?? []);
  };

  it.each([
    ['heNormal', 2 / 500],
    ['heUniform', 2 / 500],
    ['glorotNormal', 2 / 900],
    ['glorotUniform', 2 / 900],
    ['article', 0.01],
  ] as const)('%s has the variance of its paper', (initializer, variance) => {
    const weights = weightsOf(initializer);
    const meanSquare = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    expect(meanSquare / variance).toBeGreaterThan(0.98);
    expect(meanSquare / variance).toBeLessThan(1.02);
    const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length;
    expect(Math.abs(mean)).toBeLessThan(6 * Math.sqrt(variance / weights.length));
  });

  it.each([
    ['heUniform', Math.sqrt(6 / 500)],
    ['glorotUniform', Math.sqrt(6 / 900)],
  ] as const)('%s keeps to its limits, and comes near them', (initializer, limit) => {
    const largest = weightsOf(initializer).reduce((most, w) => Math.max(most, Math.abs(w)), 0);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.999 * limit);
  });
});

it.each(['float64', 'float32'] as Dtype[])('zeros leaves every %s parameter zero', (dtype) => {
  const net = new Network(layersOf('relu') as never, { dtype, initializer: 'zeros' });
  for (const matrix of Object.values(net.parameters) as Matrix[]) {
    expect(matrix).toEqual(Matrix.zeros(matrix.rows, matrix.cols, dtype));
  }
});

itRejects([
  {
    what: 'an initializer that does not exist',
    call: () => parametersOf({ initializer: 'xavier' as never }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message:
      'Unknown initializer "xavier"; known: auto, article, heNormal, heUniform, glorotNormal, glorotUniform, zeros, ' +
      'lecunNormal, lecunUniform, orthogonal, truncatedNormal',
  },
  {
    what: 'a function for an initializer',
    call: () => parametersOf({ initializer: Math.random as never }),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      "Expected initializer to be a name such as 'heNormal', or an initializer such as " +
      'initializers.orthogonal({ gain: 1.4 }), got function random',
  },
]);
