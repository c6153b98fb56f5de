// Damaged files and false files: the error names the file, and no network is made.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { AbortError } from '../../../lib/base/errors';
import type { Tensor } from '../../../lib/formats/safetensors';
import { Network } from '../../../lib/network/network';
import type { NetworkContent } from '../../../lib/network/network-file';
import { adam } from '../../../lib/optimizers/optimizers';
import { preprocessing, standardScaler } from '../../../lib/preprocessing';
import { parse } from '../../formats/helpers';
import { thrownBy } from '../../support/bad-input';
import { newFolder } from '../../support/scratch';
import { randomLabels, randomMatrix } from '../helpers';
import { bytesOf, forged } from './helpers';

const X = randomMatrix(12, 3, 1);
const Y = randomLabels(12, 1, 2);
const fitOptions = { batchSize: 4, optimizer: adam() };
const settings = { seed: 1234, numRuns: 300 };

const make = () =>
  new Network(
    [
      { inputDim: 3, outputDim: 4, activation: 'relu', normalization: 'batch', dropout: 0.2 },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 1, preprocessing: preprocessing([standardScaler()]) },
  );

/** Makes a folder with a checkpoint, which is also a model file, and returns its bytes. */
async function checkpoint() {
  const folder = newFolder();
  const options = { ...fitOptions, validationSplit: 0.3, earlyStopping: { patience: 5 }, seed: 3 };
  await make().fit(X, Y, { ...options, epochs: 2, checkpoint: { directory: folder } });
  const path = join(folder, 'checkpoint-000002.safetensors');
  return { path, bytes: readFileSync(path), options };
}

/** The error about the file, which every method that reads it must throw. */
async function refusal(path: string, bytes: Uint8Array, options: object): Promise<Error> {
  writeFileSync(path, bytes);
  const error = thrownBy(() => Network.loadSync(path)) as Error;
  await expect(Network.load(path)).rejects.toThrow(error.message);
  await expect(Network.resume(path, X, Y, { epochs: 3, ...options })).rejects.toThrow(error.message);
  expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
  expect(error.message).toContain(JSON.stringify(path));
  return error;
}

describe('a real file', () => {
  it('is refused when it ends too early, wherever it ends', async () => {
    const { path, bytes, options } = await checkpoint();
    const length = fc.integer({ min: 0, max: bytes.length - 1 });
    await fc.assert(
      fc.asyncProperty(length, async (end) => {
        await refusal(path, bytes.subarray(0, end), options);
      }),
      settings,
    );
  });

  it('is refused when one bit is wrong, whichever it is', async () => {
    const { path, bytes, options } = await checkpoint();
    const flip = fc.record({
      // Half of the changes are in the first bytes, which are the header's, since the numbers are longer.
      byte: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: bytes.length - 1 })),
      bit: fc.integer({ min: 0, max: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(flip, async ({ byte, bit }) => {
        const damaged = Buffer.from(bytes);
        damaged[byte] = (damaged[byte] as number) ^ (1 << bit);
        await refusal(path, damaged, options);
      }),
      settings,
    );
  });

  it('is refused when bytes are overwritten, taken out or put in', async () => {
    const { path, bytes, options } = await checkpoint();
    const change = fc.record({
      at: fc.integer({ min: 0, max: bytes.length }),
      out: fc.integer({ min: 0, max: 16 }),
      put: fc.uint8Array({ maxLength: 16 }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, out, put }) => {
        const damaged = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + out)]);
        if (!damaged.equals(bytes)) await refusal(path, damaged, options);
      }),
      settings,
    );
  });
});

describe('a file whose metadata lie', () => {
  const net = make();
  net.fitSync(X, Y, { epochs: 1 });
  const { architecture, dtype, seed, preprocessing, labels, targetScaler } = net;
  const arrays = { ...net.parameters, ...net.statistics } as NetworkContent['arrays'];
  const bytes = bytesOf({ architecture, dtype, seed, arrays, preprocessing, labels, targetScaler });
  const layers =
    (first: object, second: object = {}) =>
    (_: Tensor[], metadata: Record<string, string>) => {
      metadata['blasnet.architecture'] = JSON.stringify([
        { ...architecture[0], ...first },
        { ...architecture[1], ...second },
      ]);
    };
  const line = (key: string, value: string) => (_: Tensor[], metadata: Record<string, string>) => {
    metadata[key] = value;
  };
  const named = (tensors: Tensor[], name: string) => tensors.findIndex((tensor) => tensor.name === name);
  const W1 = (change: object) => (tensors: Tensor[]) => {
    const index = named(tensors, 'W1');
    tensors[index] = { ...tensors[index], ...change } as Tensor;
  };
  const inputs = (steps: unknown) =>
    line('blasnet.preprocessing', JSON.stringify({ inputs: { name: 'preprocessing', version: 1, steps } }));

  it.each([
    {
      what: 'more units',
      change: layers({ outputDim: 5 }, { inputDim: 5 }),
      message: 'shape of tensor "W1" of @ to be [5, 3], as the architecture says, got [4, 3]',
    },
    {
      what: 'units that do not chain',
      change: layers({ outputDim: 5 }),
      message:
        'In blasnet.architecture of @: Expected layers[1].inputDim to be 5, the outputDim of layers[0], got 4',
    },
    {
      what: 'more units than memory',
      change: layers({ outputDim: 2 ** 28 }, { inputDim: 2 ** 28 }),
      message: 'shape of tensor "W1" of @ to be [268435456, 3]',
    },
    {
      what: 'more parameters than native code counts',
      change: layers({ outputDim: 2 ** 31 }, { inputDim: 2 ** 31 }),
      message: 'In blasnet.architecture of @: Expected the network to have at most 2147483647 parameters',
    },
    {
      what: 'more units than there are numbers',
      change: layers({ outputDim: 2 ** 53 }),
      message: 'In blasnet.architecture of @: Expected layers[0].outputDim to be a positive integer',
    },
    {
      what: 'no normalisation',
      change: layers({ normalization: undefined }),
      message: 'the tensors of @ to be those of the architecture only, got also "beta1"',
    },
    {
      what: 'another normalisation',
      change: layers({ normalization: 'layer' }),
      message: 'the tensors of @ to be those of the architecture only, got also "mean1"',
    },
    {
      what: 'normalisation where there was none',
      change: layers({}, { normalization: 'batch' }),
      message:
        'In blasnet.architecture of @: Expected layers[1].normalization to be left out in the last layer',
    },
    {
      what: 'an unknown activation',
      change: layers({ activation: 'exec' }),
      message: 'In blasnet.architecture of @: Expected layers[0].activation to be one of',
    },
    {
      what: 'an activation with an unknown option',
      change: layers({ activation: { name: 'elu', beta: 1 } }),
      message: 'In blasnet.architecture of @: Unknown option "beta" in layers[0].activation',
    },
    {
      what: 'an unknown option of a layer',
      change: layers({ dropuot: 0.5 }),
      message: 'In blasnet.architecture of @: Unknown option "dropuot" in layers[0]; did you mean "dropout"?',
    },
    {
      what: 'everything dropped',
      change: layers({ dropout: 1 }),
      message: 'In blasnet.architecture of @: Expected layers[0].dropout to be a number in [0, 1), got 1',
    },
    {
      what: 'a layer more',
      change: line(
        'blasnet.architecture',
        JSON.stringify([...architecture, { outputDim: 1, activation: 'linear' }]),
      ),
      message: 'tensor "W3" of @ to be present, with shape [1, 1], got none',
    },
    {
      what: 'no layers',
      change: line('blasnet.architecture', '[]'),
      message: 'In blasnet.architecture of @: Expected layers to be a non-empty array of layers',
    },
    {
      what: 'no JSON',
      change: line('blasnet.architecture', '[{]'),
      message: '"blasnet.architecture" of the metadata of @ to be JSON as this library writes it',
    },
    {
      what: 'deep JSON',
      change: line('blasnet.architecture', `${'['.repeat(1e5)}${']'.repeat(1e5)}`),
      message: '"blasnet.architecture" of the metadata of @ to be JSON as this library writes it',
    },
    {
      what: 'a prototype',
      change: line(
        'blasnet.architecture',
        '[{"inputDim":3,"outputDim":1,"activation":"linear","__proto__":{"dropout":0.5}}]',
      ),
      message: '"blasnet.architecture" of the metadata of @ to be JSON as this library writes it',
    },
    {
      what: 'the other dtype',
      change: line('blasnet.dtype', 'float32'),
      message: 'dtype of tensor "W1" of @ to be F32, as blasnet.dtype says, got F64',
    },
    {
      what: 'a seed that is none',
      change: line('blasnet.seed', '-1'),
      message: 'In blasnet.seed of @: Expected seed to be an integer from 0 to 4294967295',
    },
    {
      what: 'W turned round',
      change: W1({ shape: [3, 4] }),
      message: 'shape of tensor "W1" of @ to be [4, 3], as the architecture says, got [3, 4]',
    },
    {
      what: 'W in one dimension',
      change: W1({ shape: [12] }),
      message: 'shape of tensor "W1" of @ to be [4, 3], as the architecture says, got [12]',
    },
    {
      what: 'NaN for a weight',
      change: W1({ data: new Float64Array(12).fill(Number.NaN) }),
      message: 'W1[0][0] of @ to be a finite number, got NaN',
    },
    {
      what: 'another tensor',
      change: (tensors: Tensor[]) =>
        tensors.push({ name: 'W9', dtype: 'F64', shape: [1], data: new Float64Array(1) }),
      message: 'the tensors of @ to be those of the architecture only, got also "W9"',
    },
    {
      what: 'a tensor that is missing',
      change: (tensors: Tensor[]) => tensors.splice(named(tensors, 'variance1'), 1),
      message: 'tensor "variance1" of @ to be present, with shape [4], got none',
    },
    {
      what: 'preprocessing that is no object',
      change: line('blasnet.preprocessing', '7'),
      message: '"blasnet.preprocessing" of the metadata of @ to be an object, got "7"',
    },
    {
      what: 'preprocessing of another name',
      change: line('blasnet.preprocessing', '{"input":{}}'),
      message:
        '"blasnet.preprocessing" of the metadata of @ to be inputs, labels and targets, got "input" as well',
    },
    {
      what: 'an unknown step',
      change: inputs([{ name: 'eval', inputColumns: 3 }]),
      message: 'In blasnet.preprocessing of @: Unknown step "eval" in preprocessing.steps[0]',
    },
    {
      what: 'labels out of order',
      change: line(
        'blasnet.preprocessing',
        '{"labels":{"name":"labelEncoder","version":1,"classes":["b","a"]}}',
      ),
      message:
        'In blasnet.preprocessing of @: Expected labelEncoder.classes[1] to be greater than the class before it',
    },
  ] as const)('is refused for $what', ({ change, message }) => {
    const path = join(newFolder(), 'model');
    const file = forged(bytes, change as never);
    writeFileSync(path, file);
    const error = thrownBy(() => Network.loadSync(path)) as Error;
    expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
    expect(error.message).toContain(message.replace('@', JSON.stringify(path)));
    expect(error.message.length).toBeLessThan(600);
  });

  it('takes little memory when it is small', () => {
    const path = join(newFolder(), 'model');
    const allocations: number[] = [];
    const Real = SharedArrayBuffer;
    vi.stubGlobal(
      'SharedArrayBuffer',
      class extends Real {
        constructor(length: number) {
          allocations.push(length);
          super(length);
        }
      },
    );
    try {
      const wide = {
        name: 'oneHotEncoder',
        inputColumns: 2 ** 20,
        columns: [2 ** 20 - 1],
        categories: [[0]],
        unknown: 'zeros',
      };
      for (const change of [
        layers({ outputDim: 2 ** 28 }, { inputDim: 2 ** 28 }),
        layers({ inputDim: 2 ** 28 }),
        layers({ normalization: undefined, outputDim: 2 ** 27 }, { inputDim: 2 ** 27 }),
      ]) {
        writeFileSync(path, forged(bytes, change));
        allocations.length = 0;
        expect(() => Network.loadSync(path)).toThrow('as the architecture says');
        expect(allocations.reduce((sum, size) => sum + size, 0)).toBeLessThan(bytes.length);
      }
      // A hundred steps of a million columns: the inputs need this number of columns.
      writeFileSync(path, forged(bytes, inputs(Array(100).fill(wide))));
      const before = process.memoryUsage().heapUsed;
      const { preprocessing } = Network.loadSync(path);
      expect(preprocessing?.inputColumns).toBe(2 ** 20);
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('is refused, or is another network that works, wherever in its JSON it lies', async () => {
    const { path, bytes, options } = await checkpoint();
    const { metadata } = parse(bytes);
    const keys = ['blasnet.architecture', 'blasnet.preprocessing', 'blasnet.training'];
    const change = fc.record({
      key: fc.constantFrom(...keys),
      way: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
      value: fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom(0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, '', '__proto__', 'constructor', null, [], {}),
      ),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ key, way, value }) => {
        const json = { root: JSON.parse(metadata[key] as string) };
        let [parent, name]: [Record<string, unknown>, string] = [json, 'root'];
        for (const turn of way) {
          const child = parent[name];
          if (typeof child !== 'object' || child === null || Object.keys(child).length === 0) break;
          const names = Object.keys(child);
          [parent, name] = [child as Record<string, unknown>, names[turn % names.length] as string];
        }
        parent[name] = value;
        writeFileSync(path, forged(bytes, line(key, JSON.stringify(json.root))));
        try {
          Network.loadSync(path);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
          expect((error as Error).message).toContain(JSON.stringify(path));
        }
        try {
          // Aborts at once, so that nothing is trained.
          await Network.resume(path, X, Y, { ...options, epochs: 3, signal: AbortSignal.abort() });
          expect.fail();
        } catch (error) {
          if (error instanceof AbortError) return;
          // If the file differs from an option, the error is about the option, and names the file.
          expect((error as { code?: string }).code).toMatch(/^ERR_BLASNET_(FILE|ARG_VALUE|SHAPE)$/);
        }
      }),
      { ...settings, numRuns: 1000 },
    );
  });
});
