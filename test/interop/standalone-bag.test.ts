// The module of a bag: several models, each with its own columns, in one file.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bag, type BagOf, Classifier, Regressor } from '../../lib/tabular';
import { newFolder } from '../support/scratch';
import { inPlainNode } from './plain-node';

const records = Array.from({ length: 90 }, (_, i) => ({
  size: i % 9 === 0 ? null : Math.sin(i * 12.9898),
  city: ['Rome', 'Oslo', 'Bonn', 'Wien'][Math.floor(i / 23)] as string,
  // Only the last part of the rows has both values.
  rare: i > 70 && i % 2 === 0,
  kind: ['a', 'b', 'c'][Math.floor(Math.abs(Math.sin(i * 7.7)) * 3)] as string,
  price: i * i - 40 * i,
}));
const quick = { epochs: 3, hidden: [5], validationSplit: 0 };
const parts = [records.slice(0, 60), records.slice(30), records];

test('the module of a bag of Classifiers gives the mean probabilities of models with different columns', async () => {
  const models = [];
  for (const [seed, rows] of parts.entries()) {
    const given = rows.map(({ price: _, ...record }) => record);
    models.push(await Classifier.train(given, { ...quick, target: 'kind', seed, dtype: 'float64' }));
  }
  expect(models.map(({ network }) => network.architecture[0]?.inputDim)).toEqual([5, 6, 7]);
  const bag = new Bag(models);
  const folder = newFolder();
  const file = join(folder, 'bag.mjs');
  await bag.export(file);
  const results = await inPlainNode(folder, [
    { file, name: 'probabilities', argument: records },
    { file, name: 'predict', argument: records },
    { file, name: 'predict', argument: records[3] },
    { file, name: 'predict', argument: { size: 'large' } },
  ]);
  const expected = (await bag.probabilities(records)).toRecords();
  const probabilities = results[0]?.value as Record<string, number>[];
  for (const [i, shares] of probabilities.entries()) {
    for (const [name, share] of Object.entries(shares)) {
      expect(Math.abs(share - (expected[i]?.[name] as number))).toBeLessThan(1e-13);
    }
  }
  expect(results[1]?.value).toEqual(await bag.predict(records));
  expect(results[2]?.value).toBe(bag.predict(records[3] as object));
  expect(results[3]?.error?.message).toMatch(/^Expected row 0, column "size" to be a number/);
  expect(readFileSync(join(folder, 'bag.d.mts'), 'utf8')).toContain(
    'city: "Rome" | "Oslo" | "Bonn" | "Wien";',
  );
});

test('the module of a bag of Regressors gives the median of the mean quantiles, and other formats refuse a bag', async () => {
  const models = [];
  for (const [seed, rows] of parts.entries()) {
    const given = rows.map(({ kind: _, ...record }) => record);
    models.push(await Regressor.train(given, { ...quick, target: 'price', quantiles: [0.2, 0.8], seed }));
  }
  const bag: BagOf<Regressor> = new Bag(models);
  const folder = newFolder();
  const file = join(folder, 'bag.mjs');
  await bag.export(file);
  const [result] = await inPlainNode(folder, [{ file, name: 'predict', argument: records }]);
  const expected = await bag.predict(records);
  const numbers = result?.value as number[];
  for (const [i, number] of numbers.entries()) {
    expect(Math.abs(number - (expected[i] as number))).toBeLessThan(1e-5 * 2000);
  }
  expect(Buffer.from(await bag.exportBytes({ format: 'module' }))).toEqual(readFileSync(file));
  await expect(bag.export(join(folder, 'bag.onnx'))).rejects.toThrow(
    "ONNX cannot hold a bag of models: format: 'module' holds it, and each of its models can be exported",
  );
});
