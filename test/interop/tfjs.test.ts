// Models of TensorFlow.js, written and read.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { elu, type LayerOptions, type Matrix, minMaxScaler, Network, preprocessing } from '../../lib/index';
import { newFolder } from '../support/scratch';
import { expectClose } from './plain-modules';
import { compareNetworks } from './tfjs-networks';
import { tensorflow } from './tfjs-runtime';

test('TensorFlow.js answers like the network that was exported', async () => {
  await compareNetworks('cpu', 15);
});

test('what TensorFlow.js saved answers as it did there', async () => {
  const { module, ...tf } = await tensorflow('cpu');
  const { layers } = module;
  const model = module.sequential({
    layers: [
      layers.gaussianNoise({ stddev: 0.1, inputShape: [3] }),
      layers.dense({ units: 5, useBias: false }),
      layers.batchNormalization({ betaInitializer: 'randomNormal', movingMeanInitializer: 'randomNormal' }),
      layers.activation({ activation: 'selu' }),
      layers.dropout({ rate: 0.5 }),
      layers.layerNormalization({ gammaInitializer: 'randomNormal', center: false }),
      layers.dense({ units: 4, activation: 'swish', biasInitializer: 'randomNormal' }),
      layers.leakyReLU({ alpha: 0.125 }),
      layers.elu(),
      layers.dense({ units: 3, activation: 'logSoftmax' }),
      layers.reLU(),
      layers.softmax(),
    ],
  });
  const path = join(newFolder(), 'model.json');
  await tf.save(model, path);
  const X = [
    [0.5, -1, 2],
    [3, 0.25, -0.75],
  ];
  const network = await Network.import(path);
  expectClose(network.predictSync(X).toArray(), await tf.predict(model, X), 1e-6);
  expect(network.architecture[0]).toMatchObject({ noise: 0.1, outputDim: 5 });
});

test('factors of inputs are in the weights, and by themselves where they are added, too', async () => {
  const layers = [
    { inputDim: 3, outputDim: 3, activation: 'tanh', members: 2, inputScale: true, noise: 0.1, skip: true },
    { outputDim: 2, activation: 'linear', inputScale: true },
  ];
  const network = new Network(layers, { dtype: 'float32', seed: 1 }).keepMembers([1]);
  for (const { data } of [network.parameters.s1, network.parameters.s2] as Matrix[]) data.set([0.5, 2, -3]);
  const X = [
    [0.5, -1, 2],
    [3, 0.25, -0.75],
  ];
  const expected = network.predictSync(X).toArray();
  const path = join(newFolder(), 'model.json');
  await network.export(path);
  const tf = await tensorflow('cpu');
  expectClose(await tf.predict(await tf.load(path), X), expected, 1e-6);
  // Adding needs an architecture, which the dictionary of NumPy does not have.
  const plain = new Network([{ ...layers[0], skip: false } as LayerOptions, layers[1] as LayerOptions], {
    seed: 1,
  });
  const lone = plain.keepMembers([1]);
  for (const { data } of [lone.parameters.s1, lone.parameters.s2] as Matrix[]) data.set([0.5, 2, -3]);
  const activations = ['tanh', 'linear'];
  for (const format of ['npz', 'safetensors']) {
    const copy = await Network.import(await lone.exportBytes({ format }), { activations });
    expectClose(copy.predictSync(X).toArray(), lone.predictSync(X).toArray(), 1e-12);
  }
});

test('weights are cut into shards of 4 MB', async () => {
  const network = new Network([{ inputDim: 1000, outputDim: 1100, activation: 'linear' }], {
    dtype: 'float32',
  });
  const folder = newFolder();
  await network.export(join(folder, 'large.json'));
  const names = readdirSync(folder).sort();
  expect(names).toEqual(['large-shard1of2.bin', 'large-shard2of2.bin', 'large.json']);
  const sizes = names.slice(0, 2).map((name) => statSync(join(folder, name)).size);
  expect(sizes).toEqual([2 ** 22, 4 * 1001 * 1100 - 2 ** 22]);
  const { W1 } = (await Network.import(join(folder, 'large.json'))).parameters;
  const memoryOf = ({ data }: { data: ArrayBufferView }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  expect(memoryOf(W1).equals(memoryOf(network.parameters.W1))).toBe(true);
});

const layer = { inputDim: 2, outputDim: 2, activation: 'linear' };
const clipped = preprocessing([minMaxScaler({ clip: true })]).fit([
  [0, 1],
  [2, 3],
]);

test.each<[string, Network, string]>([
  ['float64', new Network([layer]), "TensorFlow.js has no float64: pass { dtype: 'float32' }"],
  [
    'an activation that it lacks',
    new Network([{ ...layer, activation: 'geluTanh' }], { dtype: 'float32' }),
    'TensorFlow.js cannot hold the activation geluTanh: export ONNX or a module',
  ],
  [
    'an elu that it lacks',
    new Network([{ ...layer, activation: elu({ alpha: 0.5 }) }], { dtype: 'float32' }),
    'Expected the alpha of elu to be 1, got 0.5 (number); TensorFlow.js has no other',
  ],
  [
    'a scaler that limits its results',
    new Network([layer], { dtype: 'float32', preprocessing: clipped }),
    'Expected clip of minMaxScaler to be false, got true (boolean); TensorFlow.js has no layer',
  ],
])('%s is not exported', async (_, network, message) => {
  const folder = newFolder();
  const error = await network.export(join(folder, 'model.json')).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE' });
  expect(error.message).toContain(message);
  expect(readdirSync(folder)).toEqual([]);
});
