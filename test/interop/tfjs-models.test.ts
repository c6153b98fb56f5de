// Models of TensorFlow.js and Keras in JSON of every spelling, and those that are refused.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Network } from '../../lib/index';
import { newFolder } from '../support/scratch';

// Models by hand: X (2) -> 3 x1 + 4 x2 + 5, and its relu.

const weights = [
  { name: 'dense/kernel', shape: [2, 1], dtype: 'float32' },
  { name: 'dense/bias', shape: [1], dtype: 'float32' },
];
const manifest = [{ paths: ['weights.bin'], weights }];
const input = { class_name: 'InputLayer', config: { name: 'input', batch_input_shape: [null, 2] } };
const dense = { class_name: 'Dense', config: { name: 'dense', units: 1, activation: 'relu' } };
const sequential = (...layers: object[]) => ({ class_name: 'Sequential', config: { layers } });
const plain = { modelTopology: sequential(input, dense), weightsManifest: manifest };

function modelFile(json: unknown, shard = new Uint8Array(Float32Array.of(3, 4, 5).buffer)): string {
  const folder = join(newFolder(), 'model');
  mkdirSync(folder);
  writeFileSync(join(folder, 'weights.bin'), shard);
  writeFileSync(join(folder, '../outside.bin'), shard);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  symlinkSync('../outside.bin', join(folder, 'link.bin'));
  return join(folder, 'model.json');
}

const tensorOf = (name: string) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 2], dtype: 'float32', keras_history: [name, 0, 0] },
});
const graph = (layers: object[], kind = 'Functional', out: unknown = [['dense', 0, 0]]) => ({
  class_name: kind,
  config: { name: 'model', layers, input_layers: [['input', 0, 0]], output_layers: out },
});
const call = (...names: string[]) => [{ args: names.map(tensorOf), kwargs: { mask: null, training: false } }];
const policy = {
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name: 'float32' },
  registered_name: null,
};

test.each<[string, object]>([
  ['Sequential', plain],
  [
    'within model_config',
    { ...plain, modelTopology: { keras_version: '2.15.0', model_config: plain.modelTopology } },
  ],
  [
    'with a list as its config',
    { ...plain, modelTopology: { class_name: 'Sequential', config: [input, dense] } },
  ],
  [
    'with the input shape in the first layer',
    {
      ...plain,
      modelTopology: sequential({ ...dense, config: { ...dense.config, batch_input_shape: [null, 2] } }),
    },
  ],
  [
    'in the spelling of TensorFlow.js',
    {
      ...plain,
      modelTopology: {
        className: 'Sequential',
        config: {
          layers: [
            { className: 'InputLayer', config: { name: 'input', batchInputShape: [null, 2] } },
            { className: 'Dense', config: { name: 'dense', units: 1, activation: 'relu', useBias: true } },
          ],
        },
      },
    },
  ],
  [
    'in the spelling of Keras 3',
    {
      weightsManifest: [
        { ...manifest[0], weights: weights.map((each) => ({ ...each, name: `functional_1/${each.name}` })) },
      ],
      modelTopology: {
        keras_version: '3.8.0',
        model_config: graph(
          [
            {
              ...input,
              name: 'input',
              config: { name: 'input', batch_shape: [null, 2], dtype: policy },
              inbound_nodes: [],
            },
            {
              ...dense,
              name: 'dense',
              config: { ...dense.config, dtype: policy },
              inbound_nodes: call('input'),
            },
          ],
          'Functional',
          ['dense', 0, 0],
        ),
      },
    },
  ],
  [
    'functional, in the spelling of Keras 2',
    {
      ...plain,
      modelTopology: graph(
        [
          { ...dense, name: 'dense', inbound_nodes: [[['input', 0, 0, {}]]] },
          { ...input, name: 'input', inbound_nodes: [] },
        ],
        'Model',
      ),
    },
  ],
  [
    'with a model as its layer, and one within',
    {
      ...plain,
      modelTopology: sequential(input, {
        class_name: 'Sequential',
        config: {
          name: 'inner',
          layers: [{ class_name: 'Sequential', config: { name: 'innermost', layers: [dense] } }],
        },
      }),
    },
  ],
])('a model %s is read', async (_, json) => {
  const network = await Network.import(modelFile(json));
  expect(
    network
      .predictSync([
        [1, 2],
        [-9, 1],
      ])
      .toArray(),
  ).toEqual([[16], [0]]);
});

const other = (config: object, class_name = 'Dense') => ({
  class_name,
  config: { ...dense.config, ...config },
});
const withManifest = (change: object) => ({ ...plain, weightsManifest: [{ ...manifest[0], ...change }] });
const withLayers = (...layers: object[]) => ({ ...plain, modelTopology: sequential(...layers) });
const spec = (change: object) => withManifest({ weights: [{ ...weights[0], ...change }, weights[1]] });
const add = { class_name: 'Add', name: 'add', config: { name: 'add' } };
const named = (each: { readonly config: { readonly name: string } }, ...sources: string[]) => ({
  ...each,
  name: each.config.name,
  inbound_nodes: sources.length === 0 ? [] : call(...sources),
});
const rescaling = { class_name: 'Rescaling', config: { name: 'r', scale: 0.5, offset: 0 } };
const cube = { ...input, config: { name: 'input', batch_input_shape: [null, 2, 1] } };
const flatten = { class_name: 'Flatten', config: { name: 'f' } };
const second = { ...dense, config: { ...dense.config, name: 'other' } };

test.each<[string, unknown, string]>([
  ['no object', [1], 'Expected the model of "model.json" to be an object, got [1]'],
  [
    'no topology',
    { weightsManifest: manifest },
    'Expected modelTopology of the model of "model.json" to be an object, got none',
  ],
  [
    'a graph model',
    { ...plain, format: 'graph-model' },
    "to be 'layers-model'; the converter of TensorFlow.js makes one",
  ],
  [
    'a layer that is not known',
    withLayers(input, other({}, 'Conv1D')),
    'Expected the class of layer "dense" (Conv1D) of "model.json" to be one of InputLayer',
  ],
  [
    'a class of JavaScript',
    withLayers(input, other({}, 'constructor')),
    'Expected the class of layer "dense" (constructor)',
  ],
  [
    'an activation that is not known',
    withLayers(input, other({ activation: 'relu6' })),
    'Expected activation of layer "dense" (Dense) of "model.json" to be one of linear',
  ],
  [
    'the hard sigmoid of Keras 2',
    withLayers(input, other({ activation: 'hardSigmoid' })),
    'whose slope is 1/5, not 1/6',
  ],
  [
    'units that are no number',
    withLayers(input, other({ units: '1' })),
    'Expected units of layer "dense" (Dense) of "model.json" to be a number, got "1"',
  ],
  [
    'units that the kernel does not have',
    withLayers(input, other({ units: 2 })),
    'Expected the shape of the kernel of layer "dense" (Dense) of "model.json" to be (2 x 2), got (2 x 1)',
  ],
  [
    'half numbers',
    withLayers(input, other({ dtype: 'mixed_float16' })),
    'Expected dtype of layer "dense" (Dense) of "model.json" to be \'float32\' or \'float64\', got "mixed_float16"',
  ],
  ['no input shape', withLayers(dense), 'Expected the input shape of "dense" of "model.json" to be present'],
  [
    'an input shape that is open',
    withLayers({ ...input, config: { name: 'input', batch_input_shape: [null, null] } }, dense),
    'sizes of 1 and more',
  ],
  [
    'inputs of two dimensions',
    withLayers({ ...input, config: { name: 'input', batch_input_shape: [null, 1, 2] } }, dense),
    '(1 x 2); Flatten makes it one',
  ],
  ['no layers', withLayers(), 'Expected the layers of the model of "model.json" to be present'],
  ['too many layers', withLayers(input, ...Array(1000).fill(dense)), 'to be at most 1000, got 1001'],
  [
    'an input that fills the memory',
    withLayers({ ...input, config: { name: 'input', batch_input_shape: [null, 2 ** 40] } }, dense),
    'to be sizes of at most 4194304 numbers',
  ],
  [
    'too many weights',
    withManifest({ paths: [], weights: Array(10_001).fill({ name: 'a/b', shape: [0], dtype: 'float32' }) }),
    'Expected the weights of "model.json" to be at most 10000, got more',
  ],
  [
    'two layers of a name',
    withLayers(input, dense, dense),
    'Expected the names of layers of "model.json" to be unique, got "dense"',
  ],
  [
    'weights of another layer',
    withLayers(input, second),
    'Expected the weight "other/kernel" of layer "other" (Dense) of "model.json" to be there once, got none',
  ],
  [
    'a weight twice',
    withManifest({ weights: [...weights, weights[1]], paths: ['weights.bin'] }),
    'to be 16 bytes, as it says, got 12',
  ],
  ['no weights', { ...plain, weightsManifest: [] }, 'Expected the weight "dense/kernel"'],
  [
    'a softmax over a part of the inputs',
    withLayers(
      cube,
      { class_name: 'Activation', config: { name: 'a', activation: 'softmax' } },
      flatten,
      dense,
    ),
    'Expected activation of layer "a" (Activation) of "model.json" to be one of each unit alone, in front of Flatten',
  ],
  [
    'a Flatten that changes the order of the inputs',
    withLayers(cube, { ...flatten, config: { name: 'f', data_format: 'channels_first' } }, dense),
    'Expected data_format of layer "f" (Flatten) of "model.json" to be "channels_last", got "channels_first"',
  ],
  [
    'a sum with what is in front of the preprocessing',
    {
      ...plain,
      modelTopology: graph(
        [named(input), named(rescaling, 'input'), named(dense, 'r'), named(add, 'dense', 'input')],
        'Functional',
        [['add', 0, 0]],
      ),
    },
    'Expected layer "add" (Add) of "model.json" to be a sum of layers behind the preprocessing, got one of "input"',
  ],
  [
    'a weight of two layers',
    withLayers(input, dense, { class_name: 'Sequential', config: { name: 'inner', layers: [dense] } }),
    'Expected the weight "dense/kernel" of "model.json" to be that of one layer, got also that of layer "dense"',
  ],
  [
    'quantised weights',
    spec({ quantization: { dtype: 'uint8', min: 0, scale: 1 } }),
    'to be left out for "dense/kernel": convert the model without quantization',
  ],
  [
    'integers',
    spec({ dtype: 'int32' }),
    'Expected the dtype of the weight "dense/kernel" of "model.json" to be float32, got int32',
  ],
  [
    'an unknown dtype',
    spec({ dtype: 'float128' }),
    'Expected dtype of weightsManifest[0].weights[0] of "model.json" to be float32',
  ],
  ['a negative size', spec({ shape: [-2, 1] }), 'to be a list of sizes, got [-2,1]'],
  ['sizes beyond exact numbers', spec({ shape: [2 ** 50, 2 ** 50] }), 'one of at most 2^53 - 1 bytes'],
  ['a shard that is missing', withManifest({ paths: ['other.bin'] }), 'other.bin'],
  [
    'a shard outside the folder',
    withManifest({ paths: ['../outside.bin'] }),
    'Expected each file that it needs of',
  ],
  ['a link out of the folder', withManifest({ paths: ['link.bin'] }), 'Expected each file that it needs of'],
  ['an absolute path', withManifest({ paths: ['/etc/hostname'] }), 'Expected each file that it needs of'],
  [
    'a shard that is named again',
    withManifest({ paths: ['weights.bin', './weights.bin'] }),
    'to be names of different files, got "./weights.bin"',
  ],
  [
    'a layer that is used twice',
    {
      ...plain,
      modelTopology: graph([
        named(input),
        { ...named(dense), inbound_nodes: [...call('input'), ...call('input')] },
      ]),
    },
    'to be one use of the layer',
  ],
  [
    'a cycle',
    { ...plain, modelTopology: graph([named(input), named(dense, 'dense')]) },
    'a graph that branches at "input"',
  ],
  [
    'a branch',
    { ...plain, modelTopology: graph([named(input), named(dense, 'input'), named(second, 'input')]) },
    'a graph that branches at "other"',
  ],
  [
    'a layer that is not there',
    { ...plain, modelTopology: graph([named(input), named(dense, 'input', 'ghost')]) },
    'to be layers of the model, got "ghost"',
  ],
  [
    'two inputs of a dense layer',
    { ...plain, modelTopology: graph([named(input), named(dense, 'input', 'input')]) },
    'to be one layer, or two for Add',
  ],
  [
    'an addition of three',
    {
      ...plain,
      modelTopology: graph(
        [named(input), named(dense, 'input'), { ...add, inbound_nodes: call('dense', 'dense', 'dense') }],
        'Model',
        [['add', 0, 0]],
      ),
    },
    'to be one layer, or two for Add',
  ],
  [
    'two outputs',
    {
      ...plain,
      modelTopology: graph([named(input), named(dense, 'input')], 'Model', [
        ['dense', 0, 0],
        ['dense', 0, 0],
      ]),
    },
    'Expected output_layers of "model.json" to be one layer of the model, got 2 layers',
  ],
  [
    'dropout in predictions',
    {
      ...plain,
      modelTopology: graph([
        named(input),
        { ...named(dense), inbound_nodes: [{ args: [tensorOf('input')], kwargs: { training: true } }] },
      ]),
    },
    'to be calls without options, got {"training":true}',
  ],
  [
    'another output of a layer',
    {
      ...plain,
      modelTopology: graph([named(input), { ...named(dense), inbound_nodes: [[['input', 1, 0, {}]]] }]),
    },
    'to be outputs of other layers',
  ],
])('%s is refused', async (_, json, message) => {
  const path = modelFile(json);
  const error = await Network.import(path).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
  expect(error.message.replaceAll(path, 'model.json')).toContain(message);
});

test('bytes alone lack the weights, which the error says', async () => {
  const bytes = readFileSync(modelFile(plain));
  await expect(Network.import(bytes)).rejects.toThrow('weights.bin');
});
