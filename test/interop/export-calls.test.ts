// The calls of export and import: their options, their errors, and when they read the network.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { adam, type Matrix, Network, preprocessing } from '../../lib/index';
import { Classifier } from '../../lib/tabular/classifier';
import { newFolder } from '../support/scratch';

const layers = [
  { inputDim: 2, outputDim: 3, activation: 'tanh' },
  { outputDim: 1, activation: 'sigmoid' },
] as const;
const X = [
  [1, 2],
  [3, 4],
];
const newNetwork = () => new Network(layers, { seed: 1 });

describe('export', () => {
  test('the extension of a path or the option says which format it is', async () => {
    const folder = newFolder();
    const network = newNetwork();
    await network.export(join(folder, 'a.ONNX'));
    await network.export(pathToFileURL(join(folder, 'b')), { format: 'onnx' });
    const bytes = await network.exportBytes({ format: 'onnx' });
    for (const name of ['a.ONNX', 'b']) expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true);
  });

  test.each([
    [{ format: 'onxx' }, 'ERR_BLASNET_UNKNOWN_NAME', 'did you mean "onnx"?'],
    [{ format: 'keras' }, 'ERR_BLASNET_UNKNOWN_NAME', 'Expected format to be one of '],
    [{}, 'ERR_BLASNET_ARG_VALUE', 'Expected format to be one of '],
    [
      { format: 'onnx', opset: 12 },
      'ERR_BLASNET_ARG_VALUE',
      'Expected opset to be an integer from 13 to 26, got 12',
    ],
    [{ format: 'npz', opset: 18 }, 'ERR_BLASNET_UNKNOWN_OPTION', 'Unknown option "opset"'],
    [{ format: 'onnx', dtype: 'float16' }, 'ERR_BLASNET_UNKNOWN_NAME', "'float64', 'float32'"],
    [{ format: 'onnx', signal: 1 }, 'ERR_BLASNET_ARG_TYPE', 'Expected signal to be an AbortSignal'],
    [null, 'ERR_BLASNET_ARG_TYPE', 'Expected options to be an object, got null'],
  ])('the options %j are refused', async (options, code, message) => {
    const call = newNetwork().exportBytes(options as never);
    await expect(call).rejects.toMatchObject({ code });
    await expect(call).rejects.toThrow(message);
  });

  test('a path of an unknown extension is refused, and no file is written', async () => {
    const folder = newFolder();
    const call = newNetwork().export(join(folder, 'model.pb'));
    await expect(call).rejects.toThrow('Expected path to be a path that ends in .onnx, ');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what a format cannot hold is refused by name, with what to do, and the older file stays', async () => {
    const folder = newFolder();
    const path = join(folder, 'model.onnx');
    writeFileSync(path, 'old');
    const network = new Network([{ inputDim: 2, outputDim: 1, activation: 'gelu' }], { seed: 1 });
    const call = network.export(path);
    await expect(call).rejects.toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE' });
    await expect(call).rejects.toThrow(
      "ONNX has no float64 for the activation gelu: pass { dtype: 'float32' }",
    );
    expect(readFileSync(path, 'utf8')).toBe('old');
    await network.export(path, { dtype: 'float32' });
    const copy = await Network.import(path);
    expect(copy.dtype).toBe('float32');
    expect(copy.predictSync(X).get(0, 0)).toBeCloseTo(network.predictSync(X).get(0, 0), 6);
  });

  test('a step of the user is refused by its name', async () => {
    const logarithm = { name: 'logarithm', fit: () => ({ transform: (of: Matrix) => of }) };
    const before = preprocessing([logarithm]).fit(X);
    const call = new Network(layers, { seed: 1, preprocessing: before }).exportBytes({ format: 'onnx' });
    await expect(call).rejects.toThrow('got "logarithm", a step of your own');
  });

  test('parameters that are not finite, or beyond float32, are refused', async () => {
    const network = newNetwork();
    network.parameters.W1.set(0, 1, 1e300);
    await expect(network.exportBytes({ format: 'onnx', dtype: 'float32' })).rejects.toThrow(
      'Expected the parameters to be within the range of float32, got 1e+300',
    );
    network.parameters.W1.set(0, 1, Number.NaN);
    await expect(network.exportBytes({ format: 'onnx' })).rejects.toMatchObject({
      code: 'ERR_BLASNET_NOT_FINITE',
    });
  });

  test('an export has the parameters of the time of its call, also if a training follows at once', async () => {
    const network = newNetwork();
    const expected = network.predictSync(X);
    const exporting = network.exportBytes({ format: 'onnx' });
    const training = network.fit(X, [[0], [1]], { epochs: 50, optimizer: adam({ learningRate: 0.1 }) });
    const copy = await Network.import(await exporting);
    await training;
    expect(copy.predictSync(X)).toEqual(expected);
    expect(network.predictSync(X)).not.toEqual(expected);
  });

  test('an aborted export ends with an AbortError, and writes nothing', async () => {
    const path = join(newFolder(), 'model.onnx');
    const call = newNetwork().export(path, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(existsSync(path)).toBe(false);
  });

  test('a network inside of a Classifier is exported without the columns, which the Classifier exports', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      a: i,
      b: i % 2 === 0 ? 'x' : 'y',
      c: i > 20 ? 'p' : 'q',
    }));
    const model = await Classifier.train(rows, { target: 'c', epochs: 1, seed: 1 });
    const copy = await Network.import(await model.network.exportBytes({ format: 'onnx' }));
    expect(copy.architecture.map(({ outputDim }) => outputDim)).toEqual(
      model.network.architecture.map(({ outputDim }) => outputDim),
    );
    const whole = await model.exportBytes({ format: 'onnx' });
    await expect(Network.import(whole)).rejects.toThrow('to be one with one input of numbers, got 2 inputs');
    const other = model.export(join(newFolder(), 'model.npz'));
    await expect(other).rejects.toThrow('cannot hold a Classifier or a Regressor');
  });
});

describe('import', () => {
  test('the dtype and the seed are options, and ArrayBuffers are bytes, too', async () => {
    const bytes = await newNetwork().exportBytes({ format: 'onnx' });
    const copy = await Network.import(bytes.buffer, { dtype: 'float32', seed: 7 });
    expect([copy.dtype, copy.seed]).toEqual(['float32', 7]);
    const view = new Uint8Array([0, 0, 0, ...bytes]).subarray(3);
    expect((await Network.import(view)).parameterCount).toBe(newNetwork().parameterCount);
  });

  test.each([
    [() => Network.import(new Uint8Array([1, 2, 3])), 'ERR_BLASNET_FILE', 'begins like none of them'],
    [() => Network.import('none.onnx'), 'ERR_BLASNET_FILE', 'none.onnx'],
    [() => Network.import('model.xyz'), 'ERR_BLASNET_ARG_VALUE', 'a path that ends in .onnx, '],
    [() => Network.import(5 as never), 'ERR_BLASNET_ARG_TYPE', 'Expected path to be '],
    [
      () => Network.import(new Float64Array(2) as never, { format: 'onnx' }),
      'ERR_BLASNET_ARG_TYPE',
      'Expected bytes to be a Uint8Array or an ArrayBuffer',
    ],
    [
      () => Network.import(new Uint8Array(1), { format: 'onnx', activations: ['relu'] }),
      'ERR_BLASNET_UNKNOWN_OPTION',
      'Unknown option "activations"',
    ],
    [
      () => Network.import('none.onnx', { signal: 1 as never }),
      'ERR_BLASNET_ARG_TYPE',
      'Expected signal to be an AbortSignal',
    ],
    [
      () => Network.import(new Uint8Array(1), { format: 'module' }),
      'ERR_BLASNET_UNKNOWN_NAME',
      'Expected format to be one of ',
    ],
  ])('a wrong call (%#) is refused', async (call, code, message) => {
    const result = call();
    await expect(result).rejects.toMatchObject({ code });
    await expect(result).rejects.toThrow(message);
  });
});
