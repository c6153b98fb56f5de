import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Network } from '../../lib';
import { inChild, type Library } from './child';

const layers = [
  { inputDim: 2, outputDim: 50, activation: 'relu', embeddings: [{ categories: 3, outputDim: 4 }] },
  { outputDim: 1000, activation: 'tanh', dropout: 0.5 },
  { outputDim: 1, activation: 'sigmoid' },
] as const;

it('console.log shows the sizes, the activations and the number of parameters of a network', async () => {
  const net = new Network(layers, { seed: 1, dtype: 'float32' });
  const line = 'Network 6-50-1000-1 (relu, tanh, sigmoid), 52,367 parameters, float32';
  expect(inspect(net)).toBe(line);
  expect(inspect([[net]], { breakLength: 200 })).toBe(`[ [ ${line} ] ]`);
  const { stdout } = await inChild((path) => {
    const { Network: Built }: Library = require(path);
    console.log(new Built([{ inputDim: 1, outputDim: 1, activation: 'linear' }]));
  }, {});
  expect(stdout).toBe('Network 1-1 (linear), 2 parameters, float64\n');
});

it('JSON.stringify gives the layers of a network, and no parameters', () => {
  const net = new Network(layers, { seed: 7 });
  const description = JSON.parse(JSON.stringify(net));
  expect(description).toEqual({
    layers: net.architecture,
    dtype: 'float64',
    seed: 7,
    parameterCount: net.parameterCount,
  });
  const again = new Network(description.layers, { seed: description.seed });
  expect(again.parameters).toEqual(net.parameters);
});
