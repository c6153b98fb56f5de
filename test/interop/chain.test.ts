// A network becomes a chain, and a chain a network. Formats are left out here: each has tests of its own.

import { expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { adam, type LayerOptions, Matrix, Network } from '../../lib/index';
import type { Chain, Stage } from '../../lib/interop/chain';
import { chainOf } from '../../lib/interop/from-network';
import { networkOf } from '../../lib/interop/to-network';
import type { StoredNetwork } from '../../lib/network/network-file';
import { contentOf } from '../../lib/network/savable';
import { forCases, inputsOf } from './random-networks';

function networkFrom(chain: Chain): Network {
  const { architecture, options }: StoredNetwork = workHere(networkOf(chain, 'file', { seed: 1 }));
  return new Network(architecture as readonly LayerOptions[], options);
}

const dense = (outputs: number, W: number[], b: number[]): Stage => ({
  kind: 'dense',
  inputs: W.length / outputs,
  outputs,
  W: Float64Array.from(W),
  b: Float64Array.from(b),
});
const relu: Stage = { kind: 'activation', activation: { name: 'relu', alpha: 0 } };
const chain = (inputs: number, outputs: number, stages: Stage[]): Chain => ({
  ...{ inputs, outputs, stages, dtype: 'float64', before: [], after: [] },
});

test('a network comes back from its chain with equal layers, parameters and answers', async () => {
  await forCases(60, {}, async (given) => {
    const { network } = given;
    const copy = networkFrom(chainOf(contentOf(network)));
    const [own, again] = [contentOf(network), contentOf(copy)];
    expect(again.architecture).toEqual(own.architecture);
    expect(again.arrays).toEqual(own.arrays);
    expect(again.labels?.classes).toEqual(own.labels?.classes);
    const X = inputsOf(given);
    expect(copy.predictSync(X)).toEqual(network.predictSync(X));
  });
});

test('a network of a chain trains on, bit for bit, like one that was loaded with its parameters', () => {
  const layers: LayerOptions[] = [
    { inputDim: 2, outputDim: 3, activation: 'tanh', normalization: 'batch', dropout: 0.5, noise: 0.1 },
    { outputDim: 1, activation: 'linear' },
  ];
  const network = new Network(layers, { seed: 1 });
  const copies = [networkFrom(chainOf(contentOf(network))), Network.fromBytesSync(network.toBytesSync())];
  const [X, Y] = [
    [
      [1, 2],
      [3, 4],
      [0, 1],
    ],
    [[1], [0], [2]],
  ];
  const [copy, loaded] = copies.map((each) => {
    each.fitSync(X, Y, { epochs: 3, batchSize: 2, optimizer: adam() });
    return contentOf(each).arrays;
  });
  expect(copy).toEqual(loaded);
  expect(copy?.W1).not.toEqual(network.parameters.W1);
});

test('what does not fit into a layer begins another one, whose weights are the identity', () => {
  const stages: Stage[] = [
    dense(2, [1, -2, 3, 4], [0, 1]),
    relu,
    {
      kind: 'batchNorm',
      gamma: Float64Array.of(2, 3),
      beta: Float64Array.of(0, 1),
      mean: Float64Array.of(1, 1),
      variance: Float64Array.of(3, 8),
      epsilon: 1,
      momentum: 0.1,
    },
  ];
  const network = networkFrom(chain(2, 2, stages));
  expect(network.architecture.map(({ activation }) => activation)).toEqual(['relu', 'linear', 'linear']);
  // relu(1 * 5 - 2 * 1) = 3 and relu(3 * 5 + 4 * 1 + 1) = 20
  const X = [[5, 1]];
  expect(network.predictSync(X).toArray()).toEqual([[(2 * (3 - 1)) / 2, (3 * (20 - 1)) / 3 + 1]]);
});

test('what an earlier stage gave is added, even the input', () => {
  const twice = dense(2, [2, 0, 0, 2], [0, 0]);
  const stages: Stage[] = [twice, relu, twice, { kind: 'add', from: 0 }, { kind: 'add', from: 2 }];
  const network = networkFrom(chain(2, 2, stages));
  expect(network.predictSync([[1, -1]]).toArray()).toEqual([[4 + 1 + 2, -1]]);
});

test('weights in rows of inputs are transposed', () => {
  const W = Float32Array.from({ length: 70 * 90 }, (_, i) => i % 17);
  const turned = new Matrix(W, 70, 90).transpose().data;
  const layer = { kind: 'dense', inputs: 70, outputs: 90, b: new Float64Array(90) } as const;
  const [straight, other] = [
    networkFrom(chain(70, 90, [{ ...layer, W: turned }])),
    networkFrom(chain(70, 90, [{ ...layer, W, transposed: true }])),
  ];
  expect(other.parameters.W1).toEqual(straight.parameters.W1);
  expect(other.parameters.W1.get(3, 5)).toBe((5 * 90 + 3) % 17);
});

test.each([
  [
    'sizes that do not chain',
    chain(2, 1, [dense(2, [1, 2, 3, 4], [0, 0]), dense(1, [1, 2, 3], [0])]),
    'it multiplies 2 numbers by weights for 3',
  ],
  ['numbers that are not finite', chain(1, 1, [dense(1, [Number.NaN], [0])]), 'element 0 of "W1"'],
  ['a bias of another length', chain(1, 1, [dense(1, [1], [0, 1])]), 'the length of "b1"'],
  [
    'a variance below 0',
    chain(1, 1, [
      dense(1, [1], [0]),
      {
        ...{
          kind: 'batchNorm',
          gamma: new Float64Array(1),
          beta: new Float64Array(1),
          epsilon: 1,
          momentum: 0.1,
        },
        ...{ mean: new Float64Array(1), variance: Float64Array.of(-1) },
      },
      dense(1, [1], [0]),
    ]),
    'element 0 of "variance1"',
  ],
])('%s are refused', (_, bad, message) => {
  expect(() => networkFrom(bad)).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_FILE' }));
  expect(() => networkFrom(bad)).toThrow(message);
});
