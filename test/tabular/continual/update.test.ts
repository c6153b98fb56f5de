// A model that goes on with new rows.

import { describe, expect, test } from 'vitest';
import { setThreads } from '../../../lib';
import {
  Classifier,
  type ClassifierOptions,
  Regressor,
  Table,
  type UpdateOptions,
} from '../../../lib/tabular';
import { foldOf, realTable } from '../../support/real-tables';
import { customers, early, late } from './rows';

type Given = Omit<Partial<ClassifierOptions>, 'target'>;

const kinds: [what: string, options: Given][] = [
  ['plain layers', { hidden: [16], epochs: 20 }],
  ['the preset', { preset: 'fast', epochs: 6 }],
  ['one layer and scales of moments', { hidden: [], epochs: 20, inputs: { numbers: 'standard' } }],
  ['the extremes as scales', { hidden: [8], epochs: 20, inputs: { numbers: 'minMax', times: 'standard' } }],
  ['embeddings', { hidden: [8], epochs: 20, inputs: { categories: 'embedding' } }],
  ['members', { hidden: [8], members: 3, epochs: 20 }],
  ['an input scale', { hidden: [{ outputDim: 8, activation: 'relu', inputScale: true }], epochs: 20 }],
];

// A step of this length changes nothing in float64, and the gate accepts all.
const still: UpdateOptions = { epochs: 1, learningRate: 1e-300, tolerance: Number.MAX_VALUE };

describe('the new model', () => {
  test.each(kinds)(
    'answers about known categories and classes as the old one did, before it learns: %s',
    async (_, options) => {
      const model = await Classifier.train(early, {
        ...{ target: 'y', seed: 1, dtype: 'float64', remember: 200, calibrate: false },
        ...options,
      });
      const { model: next, newClasses, newCategories } = await model.update(late, still);
      expect(newClasses).toEqual(['huge']);
      expect(newCategories).toEqual({ city: ['Oslo'] });
      expect(next.targets[0]?.classes).toEqual(['high', 'low', 'huge']);
      for (const row of customers(20, 11)) {
        const { y: _target, ...record } = row;
        const [old, grown] = [model.probabilities(record), next.probabilities(record)];
        // The new class takes a share of the others alike.
        const ratio = ({ high, low }: Record<string, number>) =>
          Math.log(high as number) - Math.log(low as number);
        // Each member has a share of its own, so that their mean moves a little.
        expect(ratio(grown)).toBeCloseTo(ratio(old), options.members === undefined ? 8 : 1);
        expect(grown.huge).toBeLessThan(0.2);
      }
    },
  );

  test('answers exactly as before where only scales have moved', async () => {
    const target = customers(300, 3).map(({ x, ...row }, i) => ({
      ...row,
      x,
      price: 3 * (x ?? 0) + i / 100,
    }));
    const model = await Regressor.train(Table.from(target).without(['y']), {
      ...{ target: 'price', seed: 2, dtype: 'float64', hidden: [8], epochs: 5, remember: 500 },
      inputs: { numbers: 'standard', times: 'standard' },
    });
    const more = customers(200, 4, { shift: 5 }).map(({ y, ...row }) => ({
      ...row,
      price: 2 * (row.x ?? 0),
    }));
    const { model: next } = await model.update(more, still);
    const [before, after] = [model, next].map(({ network }) => network.parameters.W1.data);
    expect(after).not.toEqual(before);
    const rows = Table.from(more).without(['price']);
    const [old, grown] = [await model.predict(rows), await next.predict(rows)];
    // A gap is filled with the old mean in both.
    for (const [i, value] of old.entries()) expect(grown[i]).toBeCloseTo(value, 8);
  });

  test('learns new categories and classes, and remembers the old ones', async () => {
    const model = await Classifier.train(early, {
      ...{ target: 'y', seed: 1, hidden: [16], epochs: 60, remember: 1000 },
    });
    const { model: next, accepted, before, after, history } = await model.update(late, { epochs: 60 });
    expect(accepted).toBe(true);
    expect(after.loss).toBeLessThan(before.loss);
    expect(before.newRows.rows).toBe(after.newRows.rows);
    expect(after.oldRows).toMatchObject({ rows: 500 });
    expect(history.loss).toHaveLength(60);
    const later = Table.from(customers(300, 12, { cities: ['Oslo', 'Rome'], shift: 1, third: true }));
    expect((await next.evaluate(later)).accuracy).toBeGreaterThan(0.75);
    expect((await next.evaluate(Table.from(customers(300, 13)))).accuracy).toBeGreaterThan(0.8);
  });

  test('goes on from a file as it would have gone on here, to the last bit', async () => {
    const model = await Classifier.train(early, {
      ...{ target: 'y', seed: 1, hidden: [8], epochs: 10, remember: 100 },
    });
    const options = { tolerance: 10, epochs: 3 };
    const { model: here } = await model.update(late, options);
    const there = await Classifier.fromBytes(await here.toBytes());
    const third = Table.from(customers(90, 14, { cities: ['Bonn', 'Oslo'], third: true }));
    const [one, other] = [await here.update(third, options), await there.update(third, options)];
    expect(other.newCategories).toEqual({ city: ['Bonn'] });
    expect(other.after).toEqual(one.after);
    expect(await other.model.toBytes()).toEqual(await one.model.toBytes());
  });

  test('is equal on any number of threads, and the model that it comes from does not change', async () => {
    setThreads(4);
    const model = await Classifier.train(early, {
      ...{ target: 'y', seed: 1, preset: 'fast', epochs: 4, remember: 100 },
    });
    const bytes = await model.toBytes();
    const update = async (threads: number) =>
      (await model.update(late, { threads, epochs: 3, tolerance: 10 })).model.toBytes();
    const one = await update(1);
    expect(await update(3)).toEqual(one);
    expect(await model.toBytes()).toEqual(bytes);
    setThreads(2);
  });

  test('has labels that do not exclude each other, several targets, and quantiles', async () => {
    const rows = (count: number, seed: number) =>
      customers(count, seed).map((row) => ({ ...row, big: (row.x ?? 0) > 1, z: 2 * (row.x ?? 0) }));
    const common = { seed: 1, hidden: [8], epochs: 4, remember: 100 };
    const labels = await Classifier.train(rows(200, 1), { ...common, target: ['y', 'big'] });
    const ofLabels = await labels.update(rows(100, 2), { tolerance: 10 });
    expect(ofLabels.accepted).toBe(true);
    expect(Object.keys(ofLabels.model.predict(rows(1, 3)[0] as object))).toEqual(['y', 'big']);
    const quantiles = await Regressor.train(rows(200, 1), { ...common, target: 'z', quantiles: [0.1, 0.9] });
    const ofQuantiles = await quantiles.update(rows(100, 2), { tolerance: 10 });
    expect(ofQuantiles.model.levels).toEqual([0.1, 0.5, 0.9]);
    const clamped = await Regressor.train(rows(200, 1), { ...common, target: 'z', clamp: true });
    const far = rows(100, 2).map((row) => ({ ...row, z: row.z + 1000 }));
    const { model } = await clamped.update(far, {
      tolerance: Number.MAX_VALUE,
      epochs: 60,
      learningRate: 0.05,
    });
    expect(Math.max(...(await model.predict(far)))).toBeGreaterThan(20);
  });

  test('weighs rows by the column that the training had', async () => {
    const rows = (count: number, seed: number) =>
      customers(count, seed).map((row, i) => ({ ...row, weight: i % 4 }));
    const options = {
      target: 'y',
      seed: 1,
      hidden: [4],
      epochs: 2,
      remember: 100,
      weight: 'weight',
    } as const;
    const model = await Classifier.train(rows(80, 1), options);
    const { drift } = await model.update(rows(40, 2));
    expect(drift.column('column').toArray()).not.toContain('weight');
    expect(drift.record(0)).toMatchObject({ rowsBefore: 60, rowsNow: 30 });
  });
});

describe('the gate', () => {
  test('keeps the old model if the new one is worse', async () => {
    const model = await Classifier.train(early, {
      ...{ target: 'y', seed: 1, hidden: [16], epochs: 60, remember: 1000 },
    });
    // Such steps end far from any minimum.
    const update = await model.update(customers(200, 20), { learningRate: 30 });
    const { model: kept, accepted, before, after } = update;
    expect(accepted).toBe(false);
    expect(kept).toBe(model);
    expect(after.loss).toBeGreaterThan(before.loss);
  });
});

describe('a real table, of which the second half comes later', () => {
  test('gives a model that is better with rows that it never saw', async () => {
    const real = await realTable('soybean');
    const { train, test: held } = foldOf(real);
    const half = Math.floor(train.rows / 2);
    const model = await Classifier.train(train.slice(0, half), {
      ...{ target: real.target, preset: 'fast', seed: 1, remember: 10_000 },
    });
    const { model: next, accepted } = await model.update(train.slice(half));
    expect(accepted).toBe(true);
    const [before, after] = [await model.evaluate(held), await next.evaluate(held)];
    expect(after.logLoss).toBeLessThan(0.8 * before.logLoss);
  });
});
