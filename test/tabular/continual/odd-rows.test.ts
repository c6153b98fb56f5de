// Updates and drift with rows that are not like those of every day.

import { describe, expect, test } from 'vitest';
import { workHere } from '../../../lib/addon/work';
import type { Json } from '../../../lib/formats/json';
import { Classifier, type ClassifierOptions, type Encoding, type UpdateOptions } from '../../../lib/tabular';
import { readMemory } from '../../../lib/tabular/continual/memory';
import { partsOf } from '../../../lib/tabular/table-model';
import { rejectionOf } from '../../support/bad-input';
import { customers } from './rows';

const options = { target: 'y', hidden: [4], epochs: 2, seed: 1, remember: 100 } as const;
// Accepts all, and changes nothing that counts.
const still: UpdateOptions = { epochs: 1, learningRate: 1e-300, tolerance: Number.MAX_VALUE };
const cities = (count: number, seed: number, names: string[]) => customers(count, seed, { cities: names });
const train = (rows: object[], more: Partial<Omit<ClassifierOptions, 'target'>> = {}) =>
  Classifier.train(rows, { ...options, ...more });

/** The places of cities before an update and after it, and those that are new. */
async function placesOf(categories: Encoding, before: object[], after: object[]) {
  const model = await train(before, { inputs: { categories, missing: 'fill' } });
  const { model: next, newCategories } = await model.update(after, still);
  const places = [model, next].map((each) => {
    const column = partsOf(each).rows.inputs.columns.find(({ name }) => name === 'city');
    return column?.parts[0]?.numbers[0];
  });
  return { places, fresh: [...(newCategories.city ?? [])].sort() };
}

describe('categories that share a place', () => {
  const present = (rows: ReturnType<typeof cities>) => rows.filter(({ city }) => city !== null);
  const three = present(cities(90, 1, ['Rome', 'Paris', 'Oslo']));
  // Oslo twice.
  const rare = [...present(cities(80, 1, ['Rome', 'Paris'])), ...present(cities(3, 4, ['Oslo'])).slice(0, 2)];
  const five = present(cities(90, 2, ['Rome', 'Paris', 'Oslo', 'Bonn', 'Bern']));
  const bonnOften = [...present(cities(60, 3, ['Rome', 'Bonn'])), ...present(cities(3, 5, ['Bern', 'Kiel']))];
  test.each<[string, Encoding, object[], object[], [number, number], string[]]>([
    ['without a limit', { encode: 'oneHot' }, three, five, [3, 5], ['Bern', 'Bonn']],
    ['are never more than most', { encode: 'oneHot', most: 3 }, three, five, [3, 3], ['Bern', 'Bonn']],
    ['fill what most leaves', { encode: 'oneHot', most: 4 }, three, five, [3, 4], ['Bern', 'Bonn']],
    ['are embedded with a limit', { encode: 'embedding', most: 4 }, three, five, [3, 4], ['Bern', 'Bonn']],
    [
      'share one if they are rare',
      { encode: 'oneHot', least: 8 },
      three,
      bonnOften,
      [3, 5],
      ['Bern', 'Bonn', 'Kiel'],
    ],
    ['join a rare one that is alone', { encode: 'oneHot', least: 25 }, rare, five, [3, 3], ['Bern', 'Bonn']],
  ])('new ones: %s', async (_, encoding, before, after, places, fresh) => {
    const kiel = fresh.includes('Kiel')
      ? [...after, { ...(after[0] as object), city: 'Kiel' }, { ...(after[0] as object), city: 'Bern' }]
      : after;
    expect(await placesOf(encoding, before, kiel)).toEqual({ places, fresh });
  });
});

test('a model that refuses unknown categories learns them', async () => {
  const model = await train(cities(60, 1, ['Rome', 'Paris']), { inputs: { unseen: 'error' } });
  const { model: next, newCategories } = await model.update(cities(60, 2, ['Rome', 'Oslo']), still);
  expect(newCategories).toEqual({ city: ['Oslo'] });
  const { y: _, ...record } = cities(1, 3, ['Oslo'])[0] as object & { y: string };
  expect(next.predict(record)).toMatch(/high|low/);
  expect(() => model.predict(record)).toThrow('"Oslo"');
});

test('a category that cannot be learned is refused by the row that the caller has', async () => {
  const order = { encode: 'ordinal', order: ['Rome', 'Paris'] } as const;
  const model = await train(cities(60, 1, ['Rome', 'Paris']), {
    inputs: { unseen: 'error', categories: order },
  });
  const rows = cities(60, 2, ['Rome']).map((row, i) => (i === 37 ? { ...row, city: 'Oslo' } : row));
  expect(await rejectionOf(model.update(rows))).toMatchObject({
    code: 'ERR_BLASNET_ARG_VALUE',
    message: expect.stringMatching(/^Expected row 37, column "city" to be one of the 2 categories/),
  });
});

test('a first layer that adds its inputs stays as wide as it is', async () => {
  const before = cities(80, 1, ['Rome', 'Paris', 'Bonn']);
  const width = (await train(before)).network.architecture[0]?.inputDim as number;
  const model = await train(before, { hidden: [{ outputDim: width, activation: 'tanh', skip: true }] });
  const { model: next, newCategories } = await model.update(cities(60, 2, ['Rome', 'Oslo']), still);
  expect(newCategories).toEqual({});
  expect(next.network.architecture[0]?.inputDim).toBe(width);
});

test('few rows, and classes of few rows, hold out one at least', async () => {
  const model = await train(customers(80, 1));
  const few = await model.update(customers(2, 2), still);
  expect(few.before.newRows.rows).toBe(1);
  const each = customers(30, 3).map((row, i) => ({ ...row, y: `class ${i}` }));
  const { before, newClasses } = await model.update(each, still);
  expect(newClasses).toHaveLength(30);
  expect(before.newRows.rows).toBe(6);
});

test('old rows without a target are left out if the caller says so', async () => {
  const old = customers(60, 4).map((row, i) => ({ ...row, y: i % 3 === 0 ? null : row.y }));
  const model = await train(customers(80, 1));
  const { before } = await model.update(customers(40, 2), { ...still, old, missingTarget: 'drop' });
  expect(before.oldRows.rows).toBe(40);
});

test('drift needs neither targets nor weights', async () => {
  const rows = (count: number, seed: number) => customers(count, seed).map((row) => ({ ...row, w: 1 }));
  const plain = customers(40, 2).map(({ y: _, ...row }) => row);
  const model = await train(rows(80, 1), { weight: 'w' });
  const columns = ['x', 't', 'city', 'member'];
  expect((await model.drift(plain)).column('column').toArray()).toEqual(columns);
  expect((await model.drift(plain, { old: plain })).column('column').toArray()).toEqual(columns);
});

test('drift refuses a target of another kind', async () => {
  const model = await train(customers(60, 1).map((row) => ({ ...row, y: row.y === 'high' })));
  expect(await rejectionOf(model.drift(customers(40, 2)))).toMatchObject({
    code: 'ERR_BLASNET_ARG_VALUE',
    message: expect.stringMatching(/^Expected row 0, column "y" to be a boolean, got "(high|low)"/),
  });
});

test('the seed of an update draws the rows that are remembered', async () => {
  const model = await train(customers(80, 1), { remember: 20 });
  const remembered = async (seed: number) => {
    const { model: next } = await model.update(customers(300, 2), { ...still, seed });
    return JSON.stringify(next.toJSON().table);
  };
  const one = await remembered(1);
  expect(await remembered(1)).toBe(one);
  expect(await remembered(2)).not.toBe(one);
});

test('the remembered rows hold no texts of rows that they lost', async () => {
  let model = await train(cities(20, 1, ['Rome', 'Paris']), { remember: 5 });
  for (let i = 0; i < 6; i++) {
    ({ model } = await model.update(cities(20, i, ['Rome', `city ${i}`]), still));
  }
  const { memory } = model.toJSON().table as unknown as { memory: Json };
  const { values, categories } = workHere(readMemory(memory)).sample.column('city');
  const used = new Set([...values].filter((value) => value >= 0));
  expect(categories).toHaveLength(used.size);
});
