import { expect, it } from 'vitest';
import { formatSummary } from '../../lib/layers/summary';
import { Network } from '../../lib/network/network';
import { demonstration } from '../network/helpers';

it('the summary is a table of the layers, with the sum of the parameters', () => {
  const net = new Network(demonstration, { seed: 2 });
  expect(net.parameterCount).toBe(5226);
  expect(net.summary()).toBe(
    [
      'layer  inputs  outputs  activation  parameters',
      '----------------------------------------------',
      '    1       2       25  relu                75',
      '    2      25       50  relu             1,300',
      '    3      50       50  relu             2,550',
      '    4      50       25  relu             1,275',
      '    5      25        1  sigmoid             26',
      '5,226 parameters, float64, 40.8 KiB',
    ].join('\n'),
  );
});

it('the summary widens its columns, and counts bytes by the dtype', () => {
  const layers = [
    { inputDim: 1_000_000, outputDim: 3, activation: 'linear' },
    { inputDim: 3, outputDim: 12_345_678, activation: 'softmax' },
  ] as const;
  expect(formatSummary(layers, 'float32')).toBe(
    [
      'layer   inputs   outputs  activation  parameters',
      '------------------------------------------------',
      '    1  1000000         3  linear       3,000,003',
      '    2        3  12345678  softmax     49,382,712',
      '52,382,715 parameters, float32, 199.8 MiB',
    ].join('\n'),
  );
});

it.each([
  ['float32', '2 parameters, float32, 8 B'],
  ['float64', '2 parameters, float64, 16 B'],
] as const)('the summary counts a small network in %s in bytes', (dtype, last) => {
  const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'tanh' }], { dtype });
  expect(net.summary().split('\n').at(-1)).toBe(last);
});

it('the summary calls 1,024 bytes 1.0 KiB', () => {
  const layer = { inputDim: 1, outputDim: 64, activation: 'relu' } as const;
  expect(formatSummary([layer], 'float64').split('\n').at(-1)).toBe('128 parameters, float64, 1.0 KiB');
});

it('the summary says what else the layers do', () => {
  const net = new Network([
    { inputDim: 2, outputDim: 8, activation: 'gelu', normalization: 'batch', dropout: 0.5, noise: 0.1 },
    {
      outputDim: 4,
      activation: 'relu',
      normalization: 'layer',
      l1: 0.1,
      l2: 0.01,
      maxNorm: 3,
      trainable: false,
    },
    { outputDim: 1, activation: 'sigmoid' },
  ]);
  expect(net.summary()).toBe(
    [
      'layer  inputs  outputs  activation  parameters',
      '----------------------------------------------------------------------------------------------',
      '    1       2        8  gelu                40  batch norm, noise 0.1, dropout 0.5',
      '    2       8        4  relu                44  layer norm, l1 0.1, l2 0.01, maxNorm 3, frozen',
      '    3       4        1  sigmoid              5',
      '89 parameters, float64, 712 B',
    ].join('\n'),
  );
});

it('says names, connections and tables', () => {
  const net = new Network([
    {
      outputDim: 6,
      activation: 'relu',
      name: 'encoder',
      embeddings: [{ categories: 12 }, { categories: 3, outputDim: 2 }],
      noise: 0.1,
    },
    { outputDim: 6, activation: 'relu', skip: true, trainable: false },
    { outputDim: 6, activation: 'relu', skip: 'encoder', dropout: 0.5 },
    { outputDim: 1, activation: 'sigmoid', name: 'the "head"' },
  ]);
  expect(net.summary()).toBe(
    [
      'layer  inputs  outputs  activation  parameters',
      '-----------------------------------------------------------------------------------------------',
      '    1       8        6  relu               140  "encoder", embeddings 12 x 6 + 3 x 2, noise 0.1',
      '    2       6        6  relu                42  skip, frozen',
      '    3       6        6  relu                42  dropout 0.5, skip from "encoder"',
      '    4       6        1  sigmoid              7  "the \\"head\\""',
      '231 parameters, float64, 1.8 KiB',
    ].join('\n'),
  );
});
