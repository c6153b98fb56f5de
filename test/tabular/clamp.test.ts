// A Regressor whose predictions stay within the range of the targets that it learned from.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { adam } from '../../lib';
import { Bag, Regressor, type RegressorOptions, Table } from '../../lib/tabular';
import { newFolder } from '../support/scratch';

// A line. Far outside of its rows, a network goes on with it.
const table = Table.from(
  Array.from({ length: 60 }, (_, i) => ({ x: i / 10, y: 100.25 + 7 * i, z: -i, weight: i < 5 ? 0 : 1 })),
);
const far = Table.from([{ x: -50 }, { x: 3 }, { x: 50 }]);
const inputs = { columns: { z: 'ignore', weight: 'ignore' } } as const;
const options = {
  ...{ target: 'y', hidden: [8], epochs: 40, seed: 2, dtype: 'float64' },
  ...{ inputs, optimizer: adam({ learningRate: 0.05 }) },
} as const;
const clamping = { ...options, clamp: true } as const;
const least = 100.25;
const most = 100.25 + 7 * 59;
const within = (values: ArrayLike<number>, from = least, to = most) =>
  Array.from(values, (value) => Math.min(to, Math.max(from, value)));

describe('clamp', () => {
  test('keeps predictions within the range of the targets, and changes nothing in the training', async () => {
    const [plain, model] = [await Regressor.train(table, options), await Regressor.train(table, clamping)];
    const free = await plain.predict(far);
    // Otherwise this test would show nothing.
    expect([Number(free[0]) < least, Number(free[2]) > most]).toEqual([true, true]);
    expect(Array.from(await model.predict(far))).toEqual(within(free));
    expect(Array.from(model.predictSync(far))).toEqual(within(free));
    expect(far.toRecords().map((record) => model.predict(record))).toEqual(within(free));
    expect(model.network.parameters).toEqual(plain.network.parameters);
  });

  test('acts on the scores of evaluate', async () => {
    const model = await Regressor.train(table, clamping);
    const beyond = Table.from([{ x: 50, y: most + 3, z: 0, weight: 1 }]);
    expect((await model.evaluate(beyond)).meanAbsoluteError).toBeCloseTo(3, 9);
  });

  test('takes the range of the rows that train: neither those held out, nor those of weight 0', async () => {
    const held = table.take([58, 59]);
    const model = await Regressor.train(table.take([...Array(58).keys()]), {
      ...{ ...clamping, inputs: { columns: { z: 'ignore' } } },
      ...{ weight: 'weight', validationData: held },
    });
    const [low, , high] = await model.predict(far);
    expect([low, high]).toEqual([100.25 + 7 * 5, 100.25 + 7 * 57]);
  });

  test('has a range for each of several targets', async () => {
    const target = ['y', 'z'] as const;
    const both = { ...clamping, target, inputs: { columns: { weight: 'ignore' } } } as const;
    const model = await Regressor.train(table, both);
    const answers = await model.predict(far);
    expect(answers.toRecords()[0]).toEqual({ y: least, z: expect.closeTo(0, 12) });
    expect(answers.toRecords()[2]).toEqual({ y: most, z: -59 });
  });

  test('keeps quantiles within the range, too', async () => {
    const model = await Regressor.train(table, { ...clamping, quantiles: [0.1, 0.9] });
    const { '0.1': low, '0.5': middle, '0.9': high } = model.quantiles({ x: 50 });
    expect([low, middle, high]).toEqual(within([low, middle, high] as number[]));
    expect(high).toBe(most);
    expect((await model.quantiles(far)).toRecords()[2]).toEqual({ '0.1': low, '0.5': middle, '0.9': high });
  });

  test('rounds the range to float32 in a network of float32', async () => {
    const tenths = Table.from(Array.from({ length: 60 }, (_, i) => ({ x: i / 10, y: 0.1 + i })));
    const { inputs: _, ...others } = clamping;
    const model = await Regressor.train(tenths, { ...others, dtype: 'float32' });
    expect(model.predict({ x: -50 })).toBe(Math.fround(0.1));
  });

  test('belongs to the file and to checkpoints', async () => {
    const directory = join(newFolder(), 'checkpoints');
    const checkpoint = { checkpoint: { directory } };
    const short: RegressorOptions = { ...clamping, ...checkpoint, epochs: 20 };
    await Regressor.train(table, { ...short, target: 'y' });
    const resumed = await Regressor.resume(directory, table, { ...short, epochs: 40 });
    const model = await Regressor.train(table, clamping);
    expect(resumed.toBytesSync()).toEqual(model.toBytesSync());
    expect(resumed.predict({ x: 50 })).toBe(most);
    for (const loaded of [Regressor.fromBytesSync(model.toBytesSync()), Regressor.fromJSON(model.toJSON())]) {
      expect(loaded.predict({ x: 50 })).toBe(most);
      expect(await loaded.predict(far)).toEqual(await model.predict(far));
    }
    await expect(Regressor.resume(directory, table, { ...short, clamp: false })).rejects.toThrow(
      'Expected clamp to be true, as in the checkpoint, got false',
    );
  });

  test('is true or false, and a file with damaged ranges is refused', async () => {
    await expect(Regressor.train(table, { ...options, clamp: 1 as never })).rejects.toThrow(
      'Expected clamp to be true or false, got 1',
    );
    const json = (await Regressor.train(table, { ...clamping, epochs: 1 })).toJSON();
    for (const ranges of [[], [[2, 1]], [[1, 2, 3]], [[1, null]], { 0: [1, 2] }]) {
      const { targets, ...others } = json.table as { targets: object };
      const damaged = { ...json, table: { ...others, targets: { ...targets, ranges } } };
      expect(() => Regressor.fromJSON(damaged as never)).toThrow('its targets are damaged');
    }
  });

  test('belongs to a module that needs no library', async () => {
    for (const quantiles of [undefined, [0.1, 0.9]]) {
      const model = await Regressor.train(table, { ...clamping, ...(quantiles && { quantiles }) });
      const path = join(newFolder(), 'model.mjs');
      await model.export(path);
      const { predict } = await import(pathToFileURL(path).href);
      for (const x of [-50, 50]) expect(predict({ x })).toBe(model.predict({ x }));
    }
  });

  test('acts on each model of a bag before their mean', async () => {
    const models = await Promise.all(
      [1, 2].map(() => Regressor.train(table.take([...Array(40).keys()]), { ...clamping, epochs: 40 })),
    );
    const whole = await Regressor.train(table, clamping);
    const bag = new Bag([...models.slice(0, 1), whole]);
    expect(bag.predict({ x: 50 })).toBe((100.25 + 7 * 39 + most) / 2);
    expect(bag.predictSync(far)[2]).toBe((100.25 + 7 * 39 + most) / 2);
  });
});
