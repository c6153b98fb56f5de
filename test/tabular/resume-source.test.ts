// A training of a Classifier or a Regressor from a source goes on from its checkpoint, and ends equal to the last bit.

import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { adam, RandomState } from '../../lib';
import { Classifier, type ClassifierOptions, Regressor, Table } from '../../lib/tabular';
import { bitsOf } from '../streaming/samples';
import { newFolder } from '../support/scratch';

const random = new RandomState(3);
const size = Float64Array.from({ length: 300 }, () => random.uniform(0, 9));
const table = Table.from({
  size,
  fruit: Array.from(size, (_, row) => ['pear', 'fig', null, 'nut'][row % 4] as string | null),
  price: Float64Array.from(size, (value, row) => 2 * value + (row % 4) + random.uniform(0, 1)),
  dear: Array.from(size, (value) => (value + random.uniform(0, 3) > 6 ? 'yes' : 'no')),
});
const source = () => [table.slice(0, 90), table.slice(90, 110), table.slice(110, 250), table.slice(250)];

/** A source that fails when this many of its tables were asked for, all passes together. */
function broken(tables: number) {
  let left = tables;
  return function* () {
    for (const part of source()) {
      if (left-- === 0) throw new Error('the disk is gone');
      yield part;
    }
  };
}

const options = {
  ...{ target: 'dear', epochs: 3, seed: 5, windowRows: 64, batchSize: 16, classWeight: 'balanced' },
  ...{
    inputs: { columns: { price: 'ignore' } },
    hidden: [{ outputDim: 8, activation: 'relu', dropout: 0.2 }],
  },
  ...{ optimizer: adam(), earlyStopping: { patience: 3 }, validationSplit: 0.2 },
} as const satisfies ClassifierOptions & { windowRows: number };

describe('a training from a source', () => {
  test('ends equal wherever it was interrupted, calibration included', async () => {
    const whole = await Classifier.train(source, options);
    const places = new Set<string>();
    // After the passes that learn, count and read the rows held out, 4 tables each.
    for (const tables of [14, 16, 17, 19, 22]) {
      const checkpoint = { directory: newFolder(), everySeconds: 1e-9 };
      const failing = Classifier.train(broken(tables), { ...options, checkpoint });
      await expect(failing).rejects.toMatchObject({ code: 'ERR_BLASNET_SOURCE' });
      places.add(readdirSync(checkpoint.directory).sort().at(-1) as string);
      const resumed = await Classifier.resume(checkpoint.directory, source, options);
      expect(bitsOf(resumed.network)).toBe(bitsOf(whole.network));
      expect(resumed.temperature).toBe(whole.temperature);
      expect({ ...resumed.history }).toEqual({ ...whole.history });
      expect(resumed.predict({ size: 3, fruit: 'fig' })).toBe(whole.predict({ size: 3, fruit: 'fig' }));
    }
    expect(places.size).toBeGreaterThan(2);
    expect([...places].some((name) => name.endsWith('-part.safetensors'))).toBe(true);
  });

  test('goes on with a preset, in order and with clamped numbers, too', async () => {
    const ofNumbers = {
      ...{ target: 'price', epochs: 2, preset: 'fast', seed: 1, clamp: true, shuffle: false, windowRows: 64 },
    } as const;
    const whole = await Regressor.train(source, ofNumbers);
    const checkpoint = { directory: newFolder(), everySeconds: 1e-9 };
    await expect(Regressor.train(broken(22), { ...ofNumbers, checkpoint })).rejects.toThrow('gone');
    const resumed = await Regressor.resume(checkpoint.directory, source, ofNumbers);
    expect(bitsOf(resumed.network)).toBe(bitsOf(whole.network));
    expect(await resumed.predict(table)).toEqual(await whole.predict(table));
  });

  test('refuses a table, another share and, after a table, a source', async () => {
    const checkpoint = { directory: newFolder() };
    await Classifier.train(source, { ...options, epochs: 1, checkpoint });
    const refused = async (rows: never, more: object, message: string) =>
      expect(Classifier.resume(checkpoint.directory, rows, { ...options, ...more })).rejects.toThrow(message);
    const { windowRows: _, ...ofTable } = options;
    await expect(Classifier.resume(checkpoint.directory, table, ofTable)).rejects.toThrow(
      'Expected table to be a source, as in the training of the checkpoint',
    );
    await refused(source as never, { validationSplit: 0.3 }, 'Expected validationSplit to be 0.2');
    await refused((() => source().slice(1)) as never, {}, 'Expected the source to give');
    checkpoint.directory = newFolder();
    await Classifier.train(table, { ...ofTable, epochs: 1, checkpoint });
    await refused(source as never, {}, 'Expected table to be a table or records, as in the training');
  });
});
