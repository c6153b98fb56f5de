import { join } from 'node:path';
import { expect, test } from 'vitest';
import { adam, metrics } from '../../lib';
import { Regressor, Table, type TargetsRegressor } from '../../lib/tabular';
import { newFolder } from '../support/scratch';

// Prices in the hundreds of thousands, by size and place.
const records = Array.from({ length: 300 }, (_, i) => {
  const area = 40 + ((i * 37) % 160);
  const place = ['centre', 'suburb', 'village'][i % 3] as string;
  const price = 2_000 * area + { centre: 150_000, suburb: 60_000, village: 0 }[place as 'centre'];
  return { area, place: i % 23 === 0 ? null : place, price, rooms: Math.round(area / 25) };
});
const table = Table.from(records);
const options = {
  target: 'price',
  seed: 3,
  hidden: [32],
  epochs: 60,
  optimizer: adam({ learningRate: 0.01 }),
};

test('A Regressor learns numbers, and answers in their own units.', async () => {
  const model = await Regressor.train(table.without(['rooms']), options);
  const { rootMeanSquaredError, meanAbsoluteError, r2, rows } = await model.evaluate(table);
  expect(rows).toBe(300);
  expect(r2).toBeGreaterThan(0.97);
  const answer = model.predict({ area: 100, place: 'centre' });
  expect(Math.abs(answer - 350_000)).toBeLessThan(40_000);
  const answers = await model.predict(table);
  expect(answers).toBeInstanceOf(Float64Array);
  const truth = table.column('price').values;
  expect(rootMeanSquaredError).toBeCloseTo(metrics.rootMeanSquaredError(truth, answers), 6);
  expect(meanAbsoluteError).toBeCloseTo(metrics.meanAbsoluteError(truth, answers), 6);
  expect(r2).toBeCloseTo(metrics.r2(truth, answers), 10);
  expect(String(await model.evaluate(table))).toContain('R2');
});

test('A Regressor gives equal numbers for a table, records, and each record by itself, to the last bit.', async () => {
  for (const dtype of ['float32', 'float64'] as const) {
    const model = await Regressor.train(table, { ...options, dtype, epochs: 5 });
    const rows = table.without(['price']);
    const answers = await model.predict(rows);
    expect(await model.predict(rows.toRecords())).toEqual(answers);
    expect(model.predictSync(rows)).toEqual(answers);
    expect(Float64Array.from(rows.toRecords(), (record) => model.predict(record))).toEqual(answers);
  }
});

test('A Regressor learns several targets, and answers with an object or a table of them.', async () => {
  const model = await Regressor.train(table, { ...options, target: ['price', 'rooms'] });
  expect(model.targets).toEqual(['price', 'rooms']);
  const answers = await model.predict(table);
  expect(answers.names).toEqual(['price', 'rooms']);
  expect([...table].map((record) => model.predict(record))).toEqual(answers.toRecords());
  const result = await model.evaluate(table);
  expect(result.byTarget.rooms?.r2).toBeCloseTo(
    metrics.r2(table.column('rooms').values, answers.column('rooms').values),
    10,
  );
  expect(String(result)).toContain('rooms');
  const copy = Regressor.fromBytesSync<TargetsRegressor>(await model.toBytes());
  expect((await copy.predict(table)).toRecords()).toEqual(answers.toRecords());
});

test('A Regressor is in its file, and predicts the same after it was loaded, to the last bit.', async () => {
  const path = join(newFolder(), 'price.safetensors');
  const model = await Regressor.train(table, options);
  await model.save(path);
  const copy = await Regressor.load(path);
  expect(copy.targets).toEqual(['price']);
  expect(await copy.predict(table)).toEqual(await model.predict(table));
  expect(Regressor.loadSync(path).predictSync(table)).toEqual(model.predictSync(table));
  expect(await Regressor.fromBytes(await copy.toBytes())).toBeInstanceOf(Regressor);
});

test('A Regressor holds out random rows, or the last ones.', async () => {
  const random = await Regressor.train(table, { ...options, epochs: 3 });
  const last = await Regressor.train(table, { ...options, epochs: 3, shuffle: false, validationSplit: 0.25 });
  expect(random.history?.valLoss?.length).toBe(3);
  const held = await Regressor.train(table.slice(0, 225), {
    ...options,
    epochs: 3,
    shuffle: false,
    validationData: table.slice(225),
  });
  expect(last.history?.valLoss).toEqual(held.history?.valLoss);
});
