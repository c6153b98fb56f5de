// NumPy's archives, written and read.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { batchNorm, labelEncoder, Matrix, Network } from '../../lib/index';
import { crc32 } from '../../lib/interop/npz/crc32';
import { zipOf } from '../../lib/interop/npz/zip-writer';
import { contentOf } from '../../lib/network/savable';
import { checksumOf, npyFile, plainArray, storedFiles } from './npz-files';
import { forCases, inputsOf } from './random-networks';

const scalers = ['standardScaler', 'minMaxScaler', 'robustScaler'] as const;
const unlike = [...scalers, 'imputer', 'oneHotEncoder', 'targetScaler', 'skip'] as const;

/** An archive of these files. */
function archive(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).map(([name, content]) => ({ name: `${name}.npy`, parts: [content] }));
  return Buffer.concat(workHere(zipOf(entries)));
}
const floats = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer);
const layer = { W1: npyFile('<f8', [2, 3], floats(1, 2, 3, 4, 5, 6)), b1: npyFile('<f8', [2], floats(7, 8)) };
const import1 = (files: Readonly<Record<string, Uint8Array>>, activations = ['linear']) =>
  Network.import(archive(files), { activations });

test('export writes every parameter and running moment under its name, to the last bit', async () => {
  // What the dictionary has no place for is 1e-5 in all layers.
  const { format, ...how } = {
    format: 'npz',
    without: [...unlike, 'batchNorm', 'layerNorm', 'labels'],
  } as const;
  await forCases(40, how, async ({ network }) => {
    const files = storedFiles(await network.exportBytes({ format }));
    const own = contentOf(network).arrays;
    expect([...files.keys()].sort()).toEqual(
      Object.keys(own)
        .map((name) => `${name}.npy`)
        .sort(),
    );
    for (const [name, { rows, cols, data }] of Object.entries(own)) {
      expect(plainArray(files.get(`${name}.npy`) as Buffer)).toEqual({
        shape: [rows, cols],
        data: copyOf(data),
      });
    }
  });
});

function copyOf(data: Float64Array | Float32Array) {
  return data instanceof Float64Array ? Float64Array.from(data) : Float32Array.from(data);
}

test('a network comes back from its archive with the activations that are told', async () => {
  const without = [
    ...unlike,
    'batchNorm',
    'layerNorm',
    'embeddings',
    'numericEmbeddings',
    'noise',
    'dropout',
  ] as const;
  await forCases(40, { without }, async (given) => {
    const { network } = given;
    const activations = network.architecture.map(({ activation }) => activation);
    const copy = await Network.import(await network.exportBytes({ format: 'npz' }), { activations });
    expect(copy.dtype).toBe(network.dtype);
    expect(copy.labels?.classes).toEqual(network.labels?.classes);
    expect(copy.predictSync(inputsOf(given))).toEqual(network.predictSync(inputsOf(given)));
  });
});

test.each(['batch', 'layer'] as const)("the normalization '%s' comes back", async (normalization) => {
  const layers = [
    { inputDim: 2, outputDim: 3, activation: 'relu', normalization },
    { outputDim: 1, activation: 'sigmoid' },
  ];
  const network = new Network(layers, { seed: 1 });
  for (const { data } of Object.values(contentOf(network).arrays))
    for (const [i, x] of data.entries()) data[i] = x + i / 7 + 0.1;
  const copy = await Network.import(await network.exportBytes({ format: 'npz' }), {
    activations: ['relu', 'sigmoid'],
  });
  expect(copy.architecture).toEqual(network.architecture);
  expect(contentOf(copy).arrays).toEqual(contentOf(network).arrays);
});

test('names of classes travel as texts or as numbers', async () => {
  for (const classes of [
    ['ä', 'naïve', '日本𝄞'],
    ['a\0b', '', '\0c'],
    [3, 5, 8],
  ]) {
    const network = new Network([{ inputDim: 2, outputDim: 3, activation: 'softmax' }], {
      labels: labelEncoder({ classes: classes as string[] }),
    });
    const copy = await Network.import(await network.exportBytes({ format: 'npz' }), {
      activations: ['softmax'],
    });
    expect(copy.labels?.classes).toEqual(classes);
  }
});

test('a name that NumPy would shorten is refused', async () => {
  const network = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], {
    labels: labelEncoder({ classes: ['a', 'b\0'] }),
  });
  await expect(network.exportBytes({ format: 'npz' })).rejects.toThrow('texts that do not end with \\0');
});

test('arrays may be vectors, stored by columns, or float32', async () => {
  const transposed = npyFile('<f8', [2, 3], floats(1, 4, 2, 5, 3, 6), true);
  const [plain, other] = [await import1(layer), await import1({ ...layer, W1: transposed })];
  expect(plain.parameters.W1).toEqual(new Matrix(Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3));
  expect(other.parameters).toEqual(plain.parameters);
  expect(plain.predictSync([[1, 1, 1]]).toArray()).toEqual([[13, 23]]);
  const single = npyFile('<f4', [1, 1], new Uint8Array(Float32Array.of(3).buffer));
  expect((await import1({ W1: single, b1: single })).dtype).toBe('float32');
});

const [one] = [npyFile('<f8', [1], floats(1))];

test.each<[string, Readonly<Record<string, Uint8Array>>, string]>([
  [
    'an unknown name',
    { ...layer, weights: one },
    'Expected the names of the arrays of "bytes" to be W1, b1, W2, ...',
  ],
  ['no bias', { W1: layer.W1 }, 'Expected the array b1 of "bytes" to be present'],
  [
    'a missing layer',
    { ...layer, W3: layer.W1, b3: layer.b1 },
    'Expected the array W2 of "bytes" to be present',
  ],
  ['a layer that is far away', { ...layer, W9999: one }, 'complete up to those of layer 9999'],
  [
    'a bias of another length',
    { ...layer, b1: one },
    'Expected the shape of b1 of "bytes" to be (2) or (2 x 1), got (1)',
  ],
  [
    'weights of one dimension',
    { ...layer, W1: one },
    'Expected the shape of W1 of "bytes" to be (outputs x inputs), got (1)',
  ],
  [
    'layers that do not chain',
    { ...layer, W2: layer.W1, b2: layer.b1 },
    'Expected the shape of W2 of "bytes" to be (outputs x inputs), with 2 inputs, got (2 x 3)',
  ],
  [
    'half a normalisation',
    { ...layer, gamma1: layer.b1 },
    'Expected the array beta1 of "bytes" to be present',
  ],
  [
    'float16',
    { ...layer, b1: npyFile('<f2', [2], new Uint8Array(4)) },
    'to be float32 or float64, little-endian, got f2',
  ],
  [
    'integers',
    { ...layer, b1: npyFile('<i8', [2], new Uint8Array(16)) },
    'to be float32 or float64, little-endian, got i8',
  ],
  ['big-endian numbers', { ...layer, b1: npyFile('>f8', [2], new Uint8Array(16)) }, 'got >f8'],
  [
    'two dtypes',
    { ...layer, b1: npyFile('<f4', [2], new Uint8Array(8)) },
    'Expected the dtype of b1 of "bytes" to be float64',
  ],
  [
    'fewer numbers than the header says',
    { ...layer, b1: npyFile('<f8', [2], floats(1)) },
    'to be 16 bytes, as the header says, got 8',
  ],
  ['more numbers than the header says', { ...layer, b1: npyFile('<f8', [2], floats(1, 2, 3)) }, 'got 24'],
  ['a huge shape', { ...layer, b1: npyFile('<f8', [2 ** 50, 2 ** 50], floats(1)) }, 'is too large'],
  ['NaN', { ...layer, b1: npyFile('<f8', [2], floats(1, Number.NaN)) }, 'element 1 of "b1"'],
])('%s is refused', async (_, files, message) => {
  const activations = Object.keys(files).includes('b3')
    ? ['relu', 'relu', 'relu']
    : ['relu', 'relu'].slice(0, 'b2' in files ? 2 : 1);
  const error = await import1(files, activations).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
  expect(error.message).toContain(message);
});

test.each<[string, unknown, string, string]>([
  [
    'missing',
    undefined,
    'ERR_BLASNET_ARG_VALUE',
    'Expected activations to be 1 activation, one for each layer of "bytes", got undefined: the file has numbers alone',
  ],
  ['too many', ['relu', 'relu'], 'ERR_BLASNET_SHAPE', 'got an array of length 2'],
  ['unknown', ['rellu'], 'ERR_BLASNET_UNKNOWN_NAME', 'activations[0]'],
  ['no array', 'relu', 'ERR_BLASNET_ARG_TYPE', 'Expected activations to be an array of activations'],
])('activations that are %s are refused', async (_, activations, code, message) => {
  const error = await Network.import(archive(layer), { activations } as never).catch((reason) => reason);
  expect(error).toMatchObject({ code });
  expect(error.message).toContain(message);
});

test('an epsilon that the dictionary has no place for is refused', async () => {
  const layers = [
    { inputDim: 2, outputDim: 2, activation: 'relu', normalization: batchNorm({ epsilon: 0.01 }) },
    { outputDim: 1, activation: 'linear' },
  ];
  await expect(new Network(layers).exportBytes({ format: 'npz' })).rejects.toThrow(
    "Expected the normalizations' epsilon to be 0.00001 in all layers, since NumPy (npz) has no place for it, got 0.01",
  );
});

test('the checksum is that of zlib, for any parts', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 });
  fc.assert(
    fc.property(parts, (list) => {
      expect(workHere(crc32(list))).toBe(checksumOf(Buffer.concat(list)));
    }),
    { seed: 1 },
  );
  const large = new Uint8Array(200_001).map((_, i) => i * i);
  expect(workHere(crc32([large]))).toBe(checksumOf(large));
});
