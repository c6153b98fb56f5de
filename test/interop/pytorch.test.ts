// The tensors of PyTorch's modules, written and read.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ImportOptions, minMaxScaler, Network, preprocessing, standardScaler } from '../../lib/index';
import { expectClose } from './plain-modules';
import { forCases, inputsOf } from './random-networks';
import { type PlainFile, readTensors, sequential, tensor, tensorsFile } from './torch-files';
import { compareWithFormulas, torchActivations, unlikeTorch } from './torch-networks';

test('export writes what Sequential of its modules computes from', async () => {
  await compareWithFormulas(60);
});

test('a network comes back from its export', async () => {
  const changed = ['standardScaler', 'robustScaler', 'targetScaler', 'inputScale', 'noise'] as const;
  const how = { without: [...unlikeTorch, ...changed], activations: torchActivations };
  await forCases(40, how, async (given) => {
    const { network } = given;
    const copy = await Network.import(await network.exportBytes({ format: 'safetensors' }));
    const plain = network.architecture.map(({ name: _, ...layer }) => layer);
    expect(copy.architecture).toEqual(plain);
    expect(copy.labels?.classes).toEqual(network.labels?.classes);
    expect(copy.predictSync(inputsOf(given))).toEqual(network.predictSync(inputsOf(given)));
  });
});

test('scalers become normalisations, which subtract before anything is rounded', async () => {
  const years = Array.from({ length: 30 }, (_, i) => [2000 + i / 8, i]);
  for (const dtype of ['float64', 'float32'] as const) {
    const network = new Network([{ inputDim: 2, outputDim: 2, activation: 'tanh' }], {
      ...{ dtype, seed: 1 },
      preprocessing: preprocessing([standardScaler(), minMaxScaler({ range: [-1, 3], columns: [1] })]).fit(
        years,
      ),
      targetScaler: preprocessing([standardScaler()]).fit(years),
    });
    const bytes = await network.exportBytes({ format: 'safetensors' });
    const expected = network.predictSync(years).toArray();
    const tolerance = dtype === 'float64' ? 1e-12 : 1e-6;
    expectClose(sequential(readTensors(bytes), years), expected, tolerance);
    expectClose((await Network.import(bytes)).predictSync(years).toArray(), expected, tolerance);
  }
});

const folder = join(__dirname, '../fixtures/interop');
const answers = JSON.parse(readFileSync(join(folder, 'pytorch.json'), 'utf8'));

test.each<[string, ImportOptions]>([
  ['sequential', { activations: ['relu', 'gelu', 'sigmoid'] }],
  ['named', { activations: ['relu', 'softmax'] }],
  ['named', { activations: ['relu', 'softmax'], modules: ['fc1', 'bn1', 'fc2'] }],
  ['nested', { activations: Array(6).fill('tanh') }],
])('the network %s of PyTorch answers as it did there', async (name, options) => {
  const network = await Network.import(join(folder, `pytorch-${name}.safetensors`), options);
  const tolerance = network.dtype === 'float64' ? 1e-12 : 1e-6;
  expect(network.dtype).toBe(name === 'nested' ? 'float64' : 'float32');
  expectClose(network.predictSync(answers.X).toArray(), answers[name], tolerance);
});

const layer = { '0.weight': tensor([1, 2], 3, 4), '0.bias': tensor([1], 5) };
const importOf = (tensors: PlainFile['tensors'], options: ImportOptions, metadata = {}) =>
  Network.import(tensorsFile({ metadata, tensors }), options);

test('a bias and the factors of a normalisation may be missing', async () => {
  const tensors = {
    '0.weight': tensor([1, 2], 3, 4),
    '1.running_mean': tensor([1], 2),
    '1.running_var': tensor([1], 4),
    '1.num_batches_tracked': { dtype: 'I64', shape: [], data: new Uint8Array(8) },
  };
  const network = await importOf(tensors, { activations: ['linear'] });
  expectClose(network.predictSync([[1, 2]]).toArray(), [[(11 - 2) / Math.sqrt(4 + 1e-5)]], 1e-12);
});

const half = { dtype: 'F16', shape: [1], data: new Uint8Array(2) };

test.each<[string, PlainFile['tensors'], string]>([
  ['no tensors', {}, 'Expected the tensors of "bytes" to be those of a network, got none'],
  [
    'a tensor of another name',
    { ...layer, '0.scale': layer['0.bias'] },
    'Expected the end of "0.scale" of "bytes" to be one of weight, bias',
  ],
  [
    'a convolution',
    { '0.weight': tensor([1, 1, 2], 3, 4) },
    'Expected the weight of "0" of "bytes" to be one of a Linear (2 dimensions)',
  ],
  [
    'a bias alone',
    { '0.bias': layer['0.bias'] },
    'Expected the weight of "0" of "bytes" to be one of a Linear',
  ],
  [
    'float16',
    { ...layer, '0.bias': half },
    'Expected the dtype of "0.bias" of "bytes" to be F32 or F64; in PyTorch, module.float() makes it so, got F16',
  ],
  [
    'two dtypes',
    { ...layer, '0.bias': { ...half, dtype: 'F32', data: new Uint8Array(4) } },
    'to be F64, as in the other tensors, got F32',
  ],
  [
    'a bias of another length',
    { ...layer, '0.bias': tensor([2], 1, 2) },
    'Expected the shape of "0.bias" of "bytes" to be (1), got (2)',
  ],
  [
    'layers that do not chain',
    { ...layer, '1.weight': layer['0.weight'] },
    'to be (outputs x inputs), with 1 inputs, got (1, 2)',
  ],
  [
    'names without numbers',
    { 'a.weight': layer['0.weight'], 'b.weight': tensor([1, 1], 2) },
    'Expected the modules\' names of "bytes" to be names with numbers, got "a"; the option modules says their order',
  ],
])('%s is refused', async (_, tensors, message) => {
  const count = Object.values(tensors).filter(({ shape }) => shape.length === 2).length;
  const error = await importOf(tensors, { activations: Array(Math.max(1, count)).fill('relu') }).catch(
    (reason) => reason,
  );
  expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
  expect(error.message).toContain(message);
});

test.each<[string, string, string]>([
  ['no list', '"Linear(2, 1)"', 'activations'],
  [
    'an unknown module',
    '["Linear(2, 1)", "Conv1d(2, 1)"]',
    'Expected modules[1] of the metadata of "bytes" to be one that export writes',
  ],
  ['a number', '[1]', 'Expected modules[0] of the metadata'],
  [
    'a module without tensors',
    '["Linear(2, 1)", "Linear(1, 1)"]',
    'Expected the tensor "1.weight" of "bytes" to be present',
  ],
  [
    'a first normalisation without tensors',
    '["Dropout(p=0.5)", "LayerNorm(2, eps=1e-5)"]',
    'Expected the tensor "1.weight" of "bytes" to be present',
  ],
  ['too few modules', '[]', 'also those of "0"'],
  ['no JSON', '[', '"modules" of the metadata'],
])('metadata with %s are refused', async (_, modules, message) => {
  await expect(importOf(layer, {}, { modules })).rejects.toThrow(message);
});

test('an order that is not that of the modules is refused', async () => {
  const options = { activations: ['relu'], modules: ['1'] };
  await expect(importOf(layer, options)).rejects.toThrow(
    'Expected modules to be an array of "0", in their order, got "1"',
  );
});

test('a file that save wrote is for load', async () => {
  const network = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }]);
  await expect(Network.import(await network.toBytes())).rejects.toThrow(
    'a file that save wrote; Network.load reads it',
  );
});
