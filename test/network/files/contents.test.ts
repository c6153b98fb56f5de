// The contents of a file for another reader of safetensors, and files of earlier versions.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildInfo } from '../../../lib/addon/build-info';
import type { Matrix } from '../../../lib/base/matrix';
import { batchNorm } from '../../../lib/layers/normalization';
import { Network } from '../../../lib/network/network';
import { preprocessing, standardScaler } from '../../../lib/preprocessing';
import { newFolder } from '../../support/scratch';
import { randomLabels, randomMatrix } from '../helpers';
import { bits, readSafetensors } from './helpers';

it.each([
  ['float64', 'F64'],
  ['float32', 'F32'],
] as const)('a file has every parameter of %s by its name and shape, as %s', (dtype, tensorDtype) => {
  const path = join(newFolder(), 'model.safetensors');
  const net = new Network(
    [
      {
        inputDim: 3,
        outputDim: 2,
        activation: 'relu',
        normalization: batchNorm({ momentum: 0.25 }),
        l2: 0.1,
      },
      { outputDim: 4, activation: { name: 'elu', alpha: 2 }, normalization: 'layer', trainable: false },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { dtype, seed: 12, preprocessing: preprocessing([standardScaler()]) },
  );
  net.fitSync(randomMatrix(9, 3, 1, dtype), randomLabels(9, 1, 2, dtype), { epochs: 1 });
  net.saveSync(path);
  const { tensors, metadata } = readSafetensors(path);
  expect(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))).toEqual({
    W1: [2, 3],
    b1: [2],
    gamma1: [2],
    beta1: [2],
    mean1: [2],
    variance1: [2],
    W2: [4, 2],
    b2: [4],
    gamma2: [4],
    beta2: [4],
    W3: [1, 4],
    b3: [1],
  });
  const arrays = { ...net.parameters, ...net.statistics } as Record<string, Matrix>;
  for (const [name, { dtype, values }] of Object.entries(tensors)) {
    expect([name, dtype, values]).toEqual([name, tensorDtype, Array.from(arrays[name]?.data ?? [])]);
  }
  const { 'blasnet.sha256': digest, 'blasnet.preprocessing': inputs = '', ...rest } = metadata;
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.parse(inputs)).toEqual({ inputs: net.preprocessing?.toJSON() });
  expect(rest).toEqual({
    format: 'blasnet',
    'blasnet.format': '1',
    'blasnet.version': buildInfo().version,
    'blasnet.dtype': dtype,
    'blasnet.seed': '12',
    'blasnet.architecture': JSON.stringify(net.architecture),
  });
});

it('the tables of embeddings in two dimensions, and names and connections in the architecture', () => {
  const path = join(newFolder(), 'model.safetensors');
  const net = new Network(
    [
      {
        inputDim: 1,
        outputDim: 6,
        activation: 'relu',
        name: 'body',
        skip: true,
        embeddings: [{ categories: 7 }],
        trainable: false,
      },
      { outputDim: 6, activation: 'tanh', skip: 'body' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 12 },
  );
  net.saveSync(path);
  const { tensors, metadata } = readSafetensors(path);
  expect(Object.entries(tensors).map(([name, { shape }]) => [name, shape])).toEqual(
    expect.arrayContaining([
      ['E1', [8, 5]],
      ['W1', [6, 6]],
      ['b1', [6]],
    ]),
  );
  expect(tensors.E1?.values).toEqual(Array.from(net.parameters.E1?.data ?? []));
  expect(JSON.parse(metadata['blasnet.architecture'] ?? '')).toEqual([
    {
      name: 'body',
      inputDim: 1,
      outputDim: 6,
      activation: 'relu',
      embeddings: [{ categories: 7, outputDim: 5 }],
      trainable: false,
      skip: true,
    },
    { inputDim: 6, outputDim: 6, activation: 'tanh', skip: 'body' },
    { inputDim: 6, outputDim: 1, activation: 'sigmoid' },
  ]);
});

it('the same network makes the same bytes', async () => {
  const [one, two] = ['one', 'two'].map((name) => join(newFolder(), name)) as [string, string];
  const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], { seed: 1 });
  await net.save(one);
  Network.loadSync(one).saveSync(two);
  expect(readFileSync(two).equals(readFileSync(one))).toBe(true);
});

// Written by the first version of the format (models.json says how); every later version loads them.
describe.each(['float64', 'float32'] as const)('a file of format 1, %s', (dtype) => {
  const folder = join(__dirname, '../../fixtures/models');
  const path = join(folder, `format-1-${dtype}.safetensors`);
  const { rows, ...expected } = JSON.parse(readFileSync(join(folder, 'models.json'), 'utf8'));

  it('has the parameters that it had when it was written', () => {
    const net = Network.loadSync(path);
    const { metadata, tensors } = readSafetensors(path);
    expect(metadata['blasnet.format']).toBe('1');
    expect([net.dtype, net.seed]).toEqual([dtype, expected.seed]);
    expect(net.architecture).toEqual(expected.architecture);
    expect(net.labels?.classes).toEqual(expected.classes);
    for (const [name, { data }] of Object.entries({ ...net.parameters, ...net.statistics }) as [
      string,
      Matrix,
    ][]) {
      expect([name, Array.from(data)]).toEqual([name, tensors[name]?.values]);
    }
  });

  it('predicts what it did when it was written, up to another processor’s rounding', () => {
    const net = Network.loadSync(path);
    const X = rows.map((row: (number | null)[]) => row.map((value) => value ?? Number.NaN));
    const outputs = net.predictSync(X);
    const digits = dtype === 'float64' ? 12 : 5;
    expected[dtype].outputs.flat().forEach((value: number, i: number) => {
      expect(outputs.data[i]).toBeCloseTo(value, digits);
    });
    expect(net.classifySync(X)).toEqual(expected[dtype].classes);
  });

  it('is written again with the same contents except the version', () => {
    const again = join(newFolder(), 'again');
    const net = Network.loadSync(path);
    net.saveSync(again);
    const [old, now] = [readSafetensors(path), readSafetensors(again)];
    const { 'blasnet.version': _, 'blasnet.sha256': __, ...lines } = old.metadata;
    expect(now.tensors).toEqual(old.tensors);
    expect(now.metadata).toMatchObject(lines);
    expect(bits(Network.loadSync(again))).toEqual(bits(net));
  });
});
