// Networks come back from the ONNX that they were written to.

import { expect, test } from 'vitest';
import { labelEncoder, Network } from '../../lib/index';
import { type Case, forCases, inputsOf } from './random-networks';

// Runtimes have no gelu in float64.
const isRefused = ({ network }: Case) =>
  network.dtype === 'float64' && network.architecture.some(({ activation }) => activation === 'gelu');

test.each([13, 18, 20, 26])('networks come back from the operators of version %i', async (opset) => {
  await forCases(opset === 18 ? 40 : 8, {}, async (given) => {
    if (isRefused(given)) return;
    const { network } = given;
    const copy = await Network.import(await network.exportBytes({ format: 'onnx', opset }), { seed: 1 });
    expect(copy.dtype).toBe(network.dtype);
    expect(copy.labels?.classes).toEqual(network.labels?.classes);
    // Noise has no operator, and names are not in the file.
    const plain = (of: Network) =>
      of.architecture.map(({ noise: _, name: __, skip, ...layer }) => ({
        ...layer,
        ...(skip && { skip: true }),
      }));
    expect(plain(copy)).toEqual(plain(network));
    const X = inputsOf(given);
    const [own, again] = [network.predictSync(X).data, copy.predictSync(X).data];
    const margin = network.dtype === 'float32' ? 1e-6 : 1e-13;
    for (const [i, value] of own.entries()) {
      expect(Math.abs((again[i] as number) - value)).toBeLessThanOrEqual(
        margin * Math.max(1, Math.abs(value)),
      );
    }
  });
});

test.each([1, 2])('names that are no whole numbers come back, with %i outputs', async (outputDim) => {
  const activation = outputDim === 1 ? 'sigmoid' : 'softmax';
  const labels = labelEncoder({ classes: [0.5, 2 ** 60] });
  const network = new Network([{ inputDim: 2, outputDim, activation }], { labels });
  const copy = await Network.import(await network.exportBytes({ format: 'onnx' }));
  expect(copy.labels?.classes).toEqual([0.5, 2 ** 60]);
});
