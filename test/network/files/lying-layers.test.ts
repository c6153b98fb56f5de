// If a file's architecture is false about names, connections or embeddings, an error refuses and names the file.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Tensor } from '../../../lib/formats/safetensors';
import { Network } from '../../../lib/network/network';
import type { NetworkContent } from '../../../lib/network/network-file';
import { thrownBy } from '../../support/bad-input';
import { newFolder } from '../../support/scratch';
import { inputsFor, randomLabels } from '../helpers';
import { bytesOf, forged } from './helpers';

const layers = [
  {
    inputDim: 2,
    outputDim: 6,
    activation: 'relu',
    name: 'body',
    embeddings: [
      { categories: 5, outputDim: 3 },
      { categories: 2, outputDim: 1 },
    ],
    skip: true,
  },
  { outputDim: 6, activation: 'tanh', skip: 'body' },
  { outputDim: 1, activation: 'sigmoid' },
] as const;
const X = inputsFor(layers, 12, 1);
const Y = randomLabels(12, 1, 2);
const net = new Network(layers, { seed: 1 });
const { architecture, dtype, seed, preprocessing, labels, targetScaler } = net;
const arrays = { ...net.parameters } as NetworkContent['arrays'];
const bytes = bytesOf({ architecture, dtype, seed, arrays, preprocessing, labels, targetScaler });

type Change = (tensors: Tensor[], metadata: Record<string, string>) => unknown;

/** The layers with these changes; undefined removes an option. */
const changed =
  (...changes: readonly object[]): Change =>
  (_, metadata) => {
    const list = architecture.map((layer, i) => ({ ...layer, ...changes[i] }));
    metadata['blasnet.architecture'] = JSON.stringify(list);
  };
const tables = (...embeddings: readonly unknown[]) => changed({ embeddings });
const [first, second] = layers[0].embeddings;

const lies: { readonly what: string; readonly change: Change; readonly message: string }[] = [
  {
    what: 'a connection to no layer',
    change: changed({}, { skip: 'head' }),
    message: 'In blasnet.architecture of @: Unknown layer "head" in layers[1].skip; known: body',
  },
  {
    what: 'a connection to the layer itself',
    change: changed({}, { name: 'self', skip: 'self' }),
    message: 'In blasnet.architecture of @: Unknown layer "self" in layers[1].skip; known: body',
  },
  {
    what: 'a connection in the last layer',
    change: changed({}, {}, { skip: true }),
    message:
      'In blasnet.architecture of @: Expected layers[2].skip to be false or left out in the last layer',
  },
  {
    what: 'a connection that is a number',
    change: changed({}, { skip: 1 }),
    message:
      'In blasnet.architecture of @: Expected layers[1].skip to be true, false or the name of an earlier layer, got 1',
  },
  {
    what: 'a connection from other units',
    change: changed({ skip: undefined }, { outputDim: 5 }, { inputDim: 5 }),
    message:
      'In blasnet.architecture of @: Expected layers[1].skip to add 5 units, the outputDim of layers[1], got 6',
  },
  {
    what: 'a name that two layers have',
    change: changed({}, { name: 'body' }),
    message:
      'In blasnet.architecture of @: Expected layers[1].name to be a name that no earlier layer has, got "body"',
  },
  {
    what: 'an empty name',
    change: changed({ name: '' }, { skip: undefined }),
    message:
      'In blasnet.architecture of @: Expected layers[0].name to be a name of 1 to 100 characters, got ""',
  },
  {
    what: 'a category more',
    change: tables({ ...first, categories: 6 }, second),
    message: 'shape of tensor "E1" of @ to be [7, 3], as the architecture says, got [6, 3]',
  },
  {
    what: 'a category less',
    change: tables(first, { ...second, categories: 1 }),
    message: 'shape of tensor "E2" of @ to be [2, 1], as the architecture says, got [3, 1]',
  },
  {
    what: 'numbers of another count for a category',
    change: tables({ categories: 5, outputDim: 2 }, { categories: 2, outputDim: 2 }),
    message: 'shape of tensor "E1" of @ to be [6, 2], as the architecture says, got [6, 3]',
  },
  {
    what: 'tables in another order',
    change: tables(second, first),
    message: 'shape of tensor "E1" of @ to be [3, 1], as the architecture says, got [6, 3]',
  },
  {
    what: 'a table less, and columns of numbers instead',
    change: changed({ inputDim: 3, embeddings: [first] }),
    message: 'the tensors of @ to be those of the architecture only, got also "E2"',
  },
  {
    what: 'a table more, and columns of numbers less',
    change: changed({ inputDim: 1, embeddings: [first, second, { categories: 2, outputDim: 1 }] }),
    message: 'tensor "E3" of @ to be present, with shape [3, 1], got none',
  },
  {
    what: 'no tables',
    change: changed({ inputDim: 6, embeddings: undefined }),
    message: 'the tensors of @ to be those of the architecture only, got also "E1"',
  },
  {
    what: 'tables in the second layer',
    change: changed({}, { embeddings: [first] }),
    message:
      'In blasnet.architecture of @: Expected layers[1].embeddings to be left out in all layers except the first',
  },
  {
    what: 'no category',
    change: tables(first, { categories: 0, outputDim: 1 }),
    message:
      'In blasnet.architecture of @: Expected layers[0].embeddings[1].categories to be an integer from 1 to 2147483646',
  },
  {
    what: 'an unknown option of a table',
    change: tables(first, { ...second, padding: 0 }),
    message: 'In blasnet.architecture of @: Unknown option "padding" in layers[0].embeddings[1]',
  },
  {
    what: 'tables that are a number',
    change: changed({ embeddings: 2 }),
    message:
      'In blasnet.architecture of @: Expected layers[0].embeddings to be an array of embeddings, got 2',
  },
  {
    what: 'categories without end',
    change: tables({ categories: 2 ** 30, outputDim: 3 }, second),
    message: 'In blasnet.architecture of @: Expected the network to have at most 2147483647 parameters',
  },
  {
    what: 'NaN in a table',
    change: (list) => {
      const index = list.findIndex(({ name }) => name === 'E1');
      const data = new Float64Array(18).fill(1);
      data[7] = Number.NaN;
      list[index] = { ...(list[index] as Tensor), data };
    },
    message: 'E1[2][1] of @ to be a finite number, got NaN',
  },
];

describe('a file whose architecture lies', () => {
  it.each(lies)('is refused for $what', async ({ change, message }) => {
    const path = join(newFolder(), 'model');
    writeFileSync(path, forged(bytes, change));
    const error = thrownBy(() => Network.loadSync(path)) as Error;
    expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
    expect(error.message).toContain(message.replace('@', JSON.stringify(path)));
    await expect(Network.load(path)).rejects.toThrow(error.message);
    await expect(Network.resume(path, X, Y, { epochs: 3 })).rejects.toThrow(error.message);
  });

  it('is refused before memory is allocated for tables that the file does not hold', () => {
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
      const path = join(newFolder(), 'model');
      writeFileSync(path, forged(bytes, tables({ categories: 2 ** 28, outputDim: 3 }, second)));
      allocations.length = 0;
      expect(() => Network.loadSync(path)).toThrow('to be [268435457, 3], as the architecture says');
      expect(allocations.reduce((sum, size) => sum + size, 0)).toBeLessThan(bytes.length);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

it('a lie anywhere in the layers is refused, or the file is another network that works', () => {
  const path = join(newFolder(), 'model');
  const change = fc.record({
    way: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
    value: fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(
        0,
        -1,
        1,
        2,
        3,
        6,
        1.5,
        2 ** 31,
        1e308,
        'body',
        '',
        '__proto__',
        true,
        false,
        null,
        [],
        {},
      ),
    ),
  });
  fc.assert(
    fc.property(change, ({ way, value }) => {
      const json = { root: structuredClone(architecture) as unknown };
      let [parent, name]: [Record<string, unknown>, string] = [json, 'root'];
      for (const turn of way) {
        const child = parent[name];
        if (typeof child !== 'object' || child === null || Object.keys(child).length === 0) break;
        const names = Object.keys(child);
        [parent, name] = [child as Record<string, unknown>, names[turn % names.length] as string];
      }
      parent[name] = value;
      const lie: Change = (_, metadata) => {
        metadata['blasnet.architecture'] = JSON.stringify(json.root);
      };
      writeFileSync(path, forged(bytes, lie));
      let loaded: Network;
      try {
        loaded = Network.loadSync(path);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
        expect((error as Error).message).toContain(JSON.stringify(path));
        return;
      }
      const outputs = loaded.predictSync(inputsFor(loaded.architecture, 3, 1));
      expect(outputs.data.every(Number.isFinite)).toBe(true);
    }),
    { seed: 1234, numRuns: 1000 },
  );
});

it('a file that does not lie is the network', () => {
  const path = join(newFolder(), 'model');
  writeFileSync(
    path,
    forged(bytes, () => {}),
  );
  expect(Network.loadSync(path).predictSync(X)).toEqual(net.predictSync(X));
});
