// A bag in one file.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Network } from '../../lib';
import { runCallsSync } from '../../lib/formats/file-calls';
import { BytesSource } from '../../lib/formats/hashed-bytes';
import { type Safetensors, safetensorsBytes } from '../../lib/formats/safetensors';
import { parseSafetensors } from '../../lib/formats/safetensors-reader';
import { Bag, type BagOf, Classifier, crossValidate, Regressor, Table } from '../../lib/tabular';
import { newFolder } from '../support/scratch';

const table = Table.from(
  Array.from({ length: 60 }, (_, i) => {
    const [x, y] = [(i * 37) % 60, (i * 11) % 7];
    return { x, y, city: ['Paris', 'Rome', 'Bonn'][i % 3], kind: `k${(x + y) % 3}`, price: x * y };
  }),
);
const options = { hidden: [4], epochs: 2, seed: 1, folds: 3, keepModels: true } as const;

let bag: Bag;
let numbers: BagOf<Regressor>;
beforeAll(async () => {
  bag = new Bag((await crossValidate(Classifier, table, { ...options, target: 'kind' })).models);
  const { models } = await crossValidate(Regressor, table, { ...options, target: 'price', clamp: true });
  numbers = new Bag(models);
});

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const contentOf = (bytes: Uint8Array) => runCallsSync(parseSafetensors(new BytesSource(bytes), 'bytes'));

/** The bytes of the bag's file with other content. */
function changed(change: (content: Safetensors, bag: Described) => Partial<Safetensors>): Uint8Array {
  const { tensors, metadata } = contentOf(bag.toBytesSync());
  const { format: _, 'blasnet.sha256': __, ...others } = metadata;
  const described = JSON.parse(metadata['blasnet.bag'] as string) as Described;
  const own = change({ tensors, metadata }, described);
  return runCallsSync(
    safetensorsBytes({
      ...{ tensors, metadata: { ...others, 'blasnet.bag': JSON.stringify(described) } },
      ...own,
    }),
  );
}

type Described = {
  version: number;
  schemas: unknown[];
  models: {
    dtype: string;
    architecture: { outputDim: number }[];
    table: { schema: unknown; targets: { kind: string; columns: { classes: unknown[] }[] } };
  }[];
};

describe('a bag in a file', () => {
  test('has the same answers, models and bits, by each way of writing and reading', async () => {
    const path = join(newFolder(), 'bag.safetensors');
    const probabilities = (await bag.probabilities(table)).toRecords();
    const answers = await numbers.predict(table);
    await bag.save(path);
    const bytes = await bag.toBytes();
    expect(textOf(readFileSync(path))).toBe(textOf(bytes));
    expect(textOf(bag.toBytesSync())).toBe(textOf(bytes));
    for (const loaded of [
      ...[await Bag.load(path), Bag.loadSync(path), await Bag.fromBytes(bytes), Bag.fromBytesSync(bytes)],
      Bag.fromJSON(JSON.parse(JSON.stringify(bag))),
    ]) {
      expect((await loaded.probabilities(table)).toRecords()).toEqual(probabilities);
      expect(loaded.models.map((model) => textOf(model.toBytesSync()))).toEqual(
        bag.models.map((model) => textOf(model.toBytesSync())),
      );
      expect(textOf(loaded.toBytesSync())).toBe(textOf(bytes));
    }
    numbers.saveSync(path);
    const loaded = await Bag.load<BagOf<Regressor>>(path);
    expect(await loaded.predict(table)).toEqual(answers);
    expect(Bag.fromJSON<BagOf<Regressor>>(numbers.toJSON()).predictSync(table)).toEqual(answers);
  });

  test('has the parameters of each model under its number, and a schema once', async () => {
    const [model] = bag.models as [Classifier];
    const { tensors, metadata } = contentOf(new Bag([model, model, ...bag.models]).toBytesSync());
    const own = contentOf(model.toBytesSync()).tensors.map(({ name }) => name);
    expect(tensors.map(({ name }) => name).sort()).toEqual(
      [0, 1, 2, 3, 4].flatMap((i) => own.map((name) => `${i}.${name}`)).sort(),
    );
    const { schemas, models } = JSON.parse(metadata['blasnet.bag'] as string) as Described;
    const distinct = new Set(bag.models.map(({ schema }) => JSON.stringify(schema)));
    expect(schemas.length).toBe(distinct.size);
    expect(models.slice(0, 3).map((each) => each.table.schema)).toEqual([0, 0, 0]);
  });

  test('is read by the class of its models, and refused by others, as one model is by that of bags', async () => {
    const path = join(newFolder(), 'bag.safetensors');
    await bag.save(path);
    const isBag = 'to be one model, got a bag of several models; Bag.load of blasnet/tables reads it';
    const together = await Classifier.load(path);
    expect(together.networks).toHaveLength(bag.models.length);
    const record = bag.models[0]?.schema.columns.map(({ name }) => [name, null]) ?? [];
    expect(together.predict(Object.fromEntries(record))).toBe(bag.predict(Object.fromEntries(record)));
    await expect(Regressor.load(path)).rejects.toThrow('Classifier.load reads it');
    expect(() => Network.loadSync(path)).toThrow(isBag);
    const refused = (bytes: Uint8Array, got: string) =>
      expect(() => Bag.fromBytesSync(bytes)).toThrow(
        expect.objectContaining({
          code: 'ERR_BLASNET_FILE',
          message: `Expected the content of "bytes" to be a bag of models, got ${got}`,
        }),
      );
    const [one, other] = [bag.models[0] as Classifier, numbers.models[0] as Regressor];
    refused(one.toBytesSync(), 'a single Classifier; Classifier.load reads it');
    refused(other.toBytesSync(), 'a single Regressor; Regressor.load reads it');
    const network = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }]);
    refused(network.toBytesSync(), 'a network without a schema; Network.load reads it');
    await expect(Bag.load(newFolder())).rejects.toThrow('to be a file, got a directory');
    await expect(Bag.load(path, { threads: 0 })).rejects.toThrow('Expected threads to be');
    await expect(Bag.load(path, { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
  });

  test.each<[what: string, change: (described: Described) => void]>([
    ['a newer version', (t) => (t.version = 2)],
    ['no schemas', (t) => delete (t as Partial<Described>).schemas],
    ['no models', (t) => (t.models = [])],
    ['one model less', (t) => t.models.pop()],
    ['a model that is none', (t) => t.models.splice(0, 1, null as never)],
    ['a schema that is not there', (t) => ((t.models[0] as Described['models'][0]).table.schema = 9)],
    ['a schema by name', (t) => ((t.models[0] as Described['models'][0]).table.schema = 'length')],
    ['another dtype', (t) => ((t.models[1] as Described['models'][0]).dtype = 'float64')],
    ['a wider layer', (t) => ((t.models[1]?.architecture[0] as { outputDim: number }).outputDim = 5)],
    [
      'a model of another kind',
      (t) => ((t.models[1] as Described['models'][0]).table.targets.kind = 'regressor'),
    ],
    ['other classes', (t) => t.models[2]?.table.targets.columns[0]?.classes.reverse()],
  ])('is refused with its name, if it is damaged: %s', async (_, change) => {
    const path = join(newFolder(), 'damaged.safetensors');
    writeFileSync(
      path,
      changed(() => ({})),
    );
    expect((await Bag.load(path)).models.length).toBe(3);
    writeFileSync(
      path,
      changed((__, described) => {
        change(described);
        return {};
      }),
    );
    await expect(Bag.load(path)).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringContaining('damaged.safetensors'),
    });
  });

  test.each<[what: string, names: (name: string) => string]>([
    ['of no model', (name) => (name === '2.b2' ? '3.b2' : name)],
    ['without a number', (name) => (name === '2.b2' ? 'b2' : name)],
    ['of another model', (name) => (name === '2.b2' ? '1.b3' : name)],
  ])('is refused for a tensor %s, for a byte that differs, and where text is no JSON', (_, names) => {
    const refused = (bytes: Uint8Array) =>
      expect(() => Bag.fromBytesSync(bytes)).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_FILE' }));
    refused(
      changed(({ tensors }) => ({ tensors: tensors.map((each) => ({ ...each, name: names(each.name) })) })),
    );
    const bytes = bag.toBytesSync();
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1;
    refused(bytes);
    refused(
      changed(({ metadata: { format: __, ...metadata } }) => ({
        metadata: { ...metadata, 'blasnet.bag': '{' },
      })),
    );
  });

  test('is refused if a small file repeats a schema until it fills the memory', () => {
    const bytes = changed((_, described) => {
      described.schemas[0] = { ...(described.schemas[0] as object), pad: 'x'.repeat(2e6) } as never;
      described.models = Array.from({ length: 200 }, () => described.models[0] as Described['models'][0]);
      return {};
    });
    expect(bytes.length).toBeLessThan(3e6);
    expect(() => Bag.fromBytesSync(bytes)).toThrow(
      /the schemas of all 200 models to have at most 268435456 characters, got 4\d{8}/,
    );
  });

  test('is refused as JSON of other things', () => {
    const refused = (json: unknown, message: string) =>
      expect(() => Bag.fromJSON(json as never)).toThrow(expect.objectContaining({ message }));
    const { models } = bag.toJSON();
    refused(null, 'Expected json to be an object, got null');
    refused(
      { kind: 'oracle', models },
      "Expected json.kind to be one of 'classifier', 'regressor', got \"oracle\" (string)",
    );
    refused(
      { kind: 'classifier', models: [] },
      'Expected json.models to be an array of at least one model, got an array of length 0',
    );
    expect(() => Bag.fromJSON({ kind: 'regressor', models })).toThrow('Classifier.load reads it');
  });
});
