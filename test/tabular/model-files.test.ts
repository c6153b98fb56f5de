// What a model's file and its JSON hold, how damage is answered, and how a training goes on from a checkpoint.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCallsSync } from '../../lib/formats/file-calls';
import { BytesSource } from '../../lib/formats/hashed-bytes';
import { safetensorsBytes } from '../../lib/formats/safetensors';
import { parseSafetensors } from '../../lib/formats/safetensors-reader';
import { Classifier, type ClassifierOptions, Regressor, Table } from '../../lib/tabular';
import { newFolder } from '../support/scratch';

const records = Array.from({ length: 150 }, (_, i) => ({
  x: i % 13 === 0 ? null : Math.sin(i) * 3,
  colour: ['red', 'green', 'blue', 'grey'][(i * 7) % 4] as string,
  at: new Date(Date.UTC(2024, 0, 1 + i, i % 24)),
  word: Math.sin(i) > 0.2 ? 'up' : 'down',
  size: (i * 7) % 4,
}));
const table = Table.from(records);
const options = { target: 'word', seed: 9, hidden: [12], epochs: 6 } as const;

/** The options with a random order, hold-out and early stopping. */
const full: ClassifierOptions & { target: string } = {
  ...options,
  epochs: 12,
  earlyStopping: { patience: 50 },
  metrics: ['f1'],
  classWeight: 'balanced',
};

describe('toJSON', () => {
  test.each(['float32', 'float64'] as const)('holds a Classifier in %s to the last bit', async (dtype) => {
    const model = await Classifier.train(table, { ...options, dtype });
    const text = JSON.stringify(model);
    const copy = Classifier.fromJSON(JSON.parse(text));
    expect(copy.toBytesSync()).toEqual(model.toBytesSync());
    expect(JSON.stringify(copy)).toBe(text);
    expect(copy.predictSync(table)).toEqual(model.predictSync(table));
    const { W1, b1 } = JSON.parse(text).parameters;
    expect(W1.length).toBe(12);
    expect(b1.length).toBe(12);
  });

  test('holds a Regressor with its scaler and embeddings', async () => {
    const model = await Regressor.train(table, {
      ...options,
      target: ['x', 'size'],
      missingTarget: 'drop',
      inputs: { categories: 'embedding' },
    });
    const copy = Regressor.fromJSON<typeof model>(JSON.parse(JSON.stringify(model)));
    expect(copy.toBytesSync()).toEqual(model.toBytesSync());
    expect(copy.predict({ colour: 'red', at: 0, word: 'up' })).toEqual(
      model.predict({ colour: 'red', at: 0, word: 'up' }),
    );
  });

  test('refuses a model of more than a million parameters', async () => {
    const model = await Classifier.train(table, { ...options, hidden: [1024, 1024], epochs: 1 });
    expect(() => JSON.stringify(model)).toThrow(
      'Expected a model of at most 1000000 parameters for toJSON, got',
    );
  });

  test('is read with every part checked', async () => {
    const json = JSON.parse(JSON.stringify(await Classifier.train(table, options)));
    const changed = (change: (copy: typeof json) => void) => {
      const copy = structuredClone(json);
      change(copy);
      return () => Classifier.fromJSON(copy);
    };
    expect(changed((copy) => delete copy.parameters)).toThrow('Expected json.parameters to be an object');
    expect(changed((copy) => (copy.parameters.W1 = 3))).toThrow('Expected json.parameters.W1 to be an array');
    expect(changed((copy) => copy.parameters.W1[0].pop())).toThrow('json.parameters.W1');
    expect(changed((copy) => delete copy.parameters.b1)).toThrow(/tensor "b1"/);
    expect(changed((copy) => (copy.parameters.b1[0] = 'one'))).toThrow('json.parameters.b1');
    expect(changed((copy) => delete copy.table)).toThrow('a network without a schema');
    expect(changed((copy) => (copy.format = 99))).toThrow('99');
    expect(() => Regressor.fromJSON(json)).toThrow('a Classifier; Classifier.load reads it');
    expect(() => Classifier.fromJSON(null as never)).toThrow('Expected json to be an object');
  });
});

describe('a damaged file', () => {
  /** The bytes of a model with another description of its table. */
  async function withTable(change: (table: Record<string, never>) => void): Promise<Uint8Array> {
    return withOther((await Classifier.train(table, options)).toBytesSync(), change);
  }

  function withOther(bytes: Uint8Array, change: (table: Record<string, never>) => void): Uint8Array {
    const { tensors, metadata } = runCallsSync(parseSafetensors(new BytesSource(bytes), 'bytes'));
    const described = JSON.parse(metadata['blasnet.table'] as string);
    change(described);
    const { format: _, 'blasnet.sha256': __, ...others } = metadata;
    return runCallsSync(
      safetensorsBytes({ tensors, metadata: { ...others, 'blasnet.table': JSON.stringify(described) } }),
    );
  }

  type Described = {
    version: number;
    targets: { columns: { name: string; classes: string[] }[]; single: boolean; kind: string };
    schema: { columns: { name: string; kind: string }[] };
    inputs: { columns: { name: string; parts: object[]; categories?: string[] }[] };
  };
  test.each<[what: string, change: (table: Described) => void]>([
    ['a newer version', (t) => (t.version = 2)],
    ['no targets', (t) => delete (t as Partial<Described>).targets],
    ['targets of another kind', (t) => (t.targets.kind = 'oracle')],
    ['no classes', (t) => (t.targets.columns = [])],
    ['a class too many', (t) => t.targets.columns[0]?.classes.push('sideways')],
    ['classes that are no names', (t) => ((t.targets.columns[0] as { classes: unknown }).classes = [{}, []])],
    ['a missing column', (t) => t.inputs.columns.pop()],
    ['a column that the schema lacks', (t) => ((t.inputs.columns[0] as { name: string }).name = 'nothing')],
    ['no parts', (t) => ((t.inputs.columns[0] as { parts: object[] }).parts = [])],
    ['a category less', (t) => t.inputs.columns.find((column) => column.categories)?.categories?.pop()],
    ['another kind of column', (t) => ((t.schema.columns[0] as { kind: string }).kind = 'category')],
    ['no schema', (t) => delete (t as Partial<Described>).schema],
    ['a temperature of 0', (t) => ((t.targets.columns[0] as { temperature?: number }).temperature = 0)],
    ['no temperature', (t) => ((t.targets.columns[0] as { temperature?: unknown }).temperature = null)],
  ])('is refused with its name: %s', async (_, change) => {
    const path = join(newFolder(), 'damaged.safetensors');
    writeFileSync(path, await withTable(change as never));
    await expect(Classifier.load(path)).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringContaining('damaged.safetensors'),
    });
  });

  type Targets = { targets: { quantiles: unknown; intervals: unknown; single: boolean } };
  test.each<[what: string, change: (table: Targets) => void]>([
    ['a quantile less', (t) => (t.targets.quantiles = [0.1, 0.5])],
    ['quantiles without the median', (t) => (t.targets.quantiles = [0.1, 0.4, 0.9])],
    ['quantiles in another order', (t) => (t.targets.quantiles = [0.9, 0.5, 0.1])],
    ['one number as quantiles', (t) => (t.targets.quantiles = 0.5)],
    ['quantiles of several targets', (t) => (t.targets.single = false)],
    ['no margin', (t) => (t.targets.intervals = { coverage: 0.9, margin: null, rows: 30 })],
    ['a coverage of 1', (t) => (t.targets.intervals = { coverage: 1, margin: 3, rows: 30 })],
    ['no intervals', (t) => (t.targets.intervals = null)],
  ])('is refused with its name, of a Regressor with intervals: %s', async (_, change) => {
    const model = await Regressor.train(table, {
      ...{ ...options, target: 'size', quantiles: [0.1, 0.9], epochs: 1 },
    });
    await model.conformal(table);
    const path = join(newFolder(), 'damaged.safetensors');
    writeFileSync(
      path,
      withOther(model.toBytesSync(), () => {}),
    );
    expect((await Regressor.load(path)).intervals).toEqual(model.intervals);
    writeFileSync(path, withOther(model.toBytesSync(), change as never));
    await expect(Regressor.load(path)).rejects.toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringContaining('damaged.safetensors'),
    });
  });
});

describe('resume', () => {
  test('ends as a training without interruption, to the last bit, for each kind of target', async () => {
    type Step = (...given: never[]) => Promise<Classifier>;
    const classify = { train: Classifier.train as Step, resume: Classifier.resume as Step };
    const regress = {
      train: Regressor.train as unknown as Step,
      resume: Regressor.resume as unknown as Step,
    };
    const cases = [
      { ...classify, given: table, own: full },
      {
        ...classify,
        given: Table.from(records.map((record) => ({ ...record, even: record.size % 2 === 0 }))),
        own: { ...full, target: ['word', 'even'], classWeight: undefined, metrics: [] },
      },
      {
        ...regress,
        given: table,
        own: { ...options, target: 'x', missingTarget: 'drop', epochs: 12, metrics: ['r2'] },
      },
    ] as const;
    for (const { train, resume, given, own } of cases) {
      const whole = await train(given as never, own as never);
      const directory = join(newFolder(), 'checkpoints');
      const checkpoint = { directory };
      const first = { ...own, checkpoint, epochs: 5 };
      await train(given as never, first as never);
      const model = await resume(directory as never, given as never, { ...own, checkpoint } as never);
      expect(model.history?.loss).toEqual(whole.history?.loss);
      expect(model.history?.valLoss).toEqual(whole.history?.valLoss);
      expect(Buffer.from(model.toBytesSync())).toEqual(Buffer.from(whole.toBytesSync()));
      expect(await model.predict(given)).toEqual(await whole.predict(given));
    }
  });

  test('refuses other rows, another target, and a checkpoint of a plain network', async () => {
    const directory = join(newFolder(), 'checkpoints');
    const checkpoint = { directory };
    await Classifier.train(table, { ...options, checkpoint });
    const more = { ...options, epochs: 9, checkpoint };
    await expect(Classifier.resume(directory, table.slice(0, 100), more)).rejects.toThrow(/rows/);
    await expect(Classifier.resume(directory, table, { ...more, target: 'colour' })).rejects.toThrow(
      'Expected target to be "word", as in the checkpoint, got "colour" (string)',
    );
    await expect(Regressor.resume(directory, table, {})).rejects.toThrow(
      'a Classifier; Classifier.load reads it',
    );
    await expect(Classifier.resume(directory, table, { epoch: 3 } as never)).rejects.toThrow(
      'Unknown option "epoch"; did you mean "epochs"?',
    );
    const model = await Classifier.resume(directory, table, more);
    expect(model.history?.loss.length).toBe(9);
  });

  test('lets a checkpoint be loaded as the model of its epoch', async () => {
    const directory = join(newFolder(), 'checkpoints');
    const model = await Classifier.train(table, { ...options, checkpoint: { directory } });
    const latest = readFileSync(join(directory, 'checkpoint-000006.safetensors'));
    const copy = await Classifier.fromBytes(latest);
    // Only the final model is calibrated.
    expect(copy.targets).toEqual(model.targets.map(({ name, classes }) => ({ name, classes })));
    expect(copy.temperature).toBeUndefined();
    expect(model.temperature).toBeGreaterThan(0);
    expect(copy.predictSync(table).length).toBe(150);
  });
});
