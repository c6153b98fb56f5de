// docs/standalone.md is compared with the modules that are written.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { labelEncoder, Network } from '../../lib';
import { Classifier, type LabelsClassifier, Regressor, type TargetsRegressor } from '../../lib/tabular';
import { newFolder } from '../support/scratch';
import { codeIn, tableOf } from './markdown';

const page = 'docs/standalone.md';
const rows = Array.from({ length: 12 }, (_, i) => ({
  size: i,
  since: new Date(1e9 * i),
  kind: i % 2 === 0 ? 'a' : 'b',
  other: i % 3 === 0,
  price: i * i,
}));
const quick = { epochs: 1, hidden: [], seed: 1 };

/** What each of these modules exports: a model of every kind. */
async function exportsOfAll(): Promise<Map<string, ReadonlySet<string>>> {
  const layers = [{ inputDim: 2, outputDim: 2, activation: 'softmax' }];
  const quantiles = await Regressor.train(rows, { ...quick, target: 'price', quantiles: [0.1, 0.9] });
  await quantiles.conformal(rows, { coverage: 0.5 });
  const several: LabelsClassifier = await Classifier.train(rows, { ...quick, target: ['kind', 'other'] });
  const numbers: TargetsRegressor = await Regressor.train(rows, { ...quick, target: ['price', 'size'] });
  const models = {
    network: new Network(layers, { labels: labelEncoder({ classes: ['x', 'y'] }) }),
    classifier: await Classifier.train(rows, { ...quick, target: 'kind' }),
    several,
    quantiles,
    numbers,
  };
  const found = new Map<string, ReadonlySet<string>>();
  const folder = newFolder();
  for (const [name, model] of Object.entries(models)) {
    const path = join(folder, `${name}.mjs`);
    await model.export(path);
    const text = readFileSync(path, 'utf8');
    const types = readFileSync(path.replace('.mjs', '.d.mts'), 'utf8');
    const names = [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, own]) => own as string);
    const declared = [...types.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, own]) => own);
    expect([...new Set(declared)].sort()).toEqual([...names].sort());
    found.set(name, new Set(names));
  }
  return found;
}

describe('the exports of modules', () => {
  const named = tableOf(page, 'Name').flatMap(({ Name = '' }) => codeIn(Name));

  test('are those of the table, and declared in the types', async () => {
    const found = await exportsOfAll();
    expect([...new Set([...found.values()].flatMap((names) => [...names]))].sort()).toEqual(
      [...named].sort(),
    );
    expect([...(found.get('network') ?? [])]).toEqual(['classes', 'predict', 'classify']);
    expect([...(found.get('quantiles') ?? [])].sort()).toEqual(
      ['target', 'levels', 'columns', 'predict', 'quantiles', 'interval'].sort(),
    );
  });
});

test('the sizes of the page are about those of modules', async () => {
  const text = readFileSync(join(__dirname, '../..', page), 'utf8');
  const [, small, large] = /small network are (\d+) kB, those of a Classifier.*? (\d+) kB/s.exec(text) ?? [];
  const codeOf = async (model: Pick<Network, 'exportBytes'>) =>
    Buffer.from(await model.exportBytes({ format: 'module' }))
      .toString()
      .replace(/^ {2}'[\w+/=]+',\n/gm, '').length / 1000;
  const layers = [
    { inputDim: 3, outputDim: 8, activation: 'relu' },
    { outputDim: 1, activation: 'sigmoid' },
  ];
  expect(Math.round(await codeOf(new Network(layers)))).toBe(Number(small));
  const classifier = await Classifier.train(rows, { ...quick, target: 'kind' });
  expect(Math.round(await codeOf(classifier))).toBe(Number(large));
});
