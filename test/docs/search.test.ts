// docs/search.md: its tables agree with the library.

import { describe, expect, test } from 'vitest';
import { Classifier, crossValidate, Regressor, Table } from '../../lib/tabular';
import { codeIn, namesIn, optionsOf, optionsTaken, tableOf, toldDefaults } from './markdown';

const page = 'docs/search.md';

const table = Table.from(
  Array.from({ length: 24 }, (_, i) => ({ x: (i * 7) % 24, y: i % 5, word: i % 2 ? 'a' : 'b' })),
);
const quick = { hidden: [2], epochs: 1, seed: 1 } as const;

describe('crossValidate', () => {
  test('has the options and defaults of the table, and those of train', async () => {
    const told = optionsOf(page, 'Option of crossValidate');
    const ofTrain = await optionsTaken((options) => Classifier.train(table, options));
    const taken = await optionsTaken((options) => crossValidate(Classifier, table, options));
    expect([...new Set([...told.keys(), ...ofTrain])].sort()).toEqual(taken.sort());
    expect(toldDefaults(told)).toEqual({ folds: 5, repeats: 1, keepModels: false });
    const { folds, models } = await crossValidate(Classifier, table, { ...quick, target: 'word' });
    expect([folds.length, folds.at(-1)?.repeat, models.length]).toEqual([5, 1, 0]);
  });

  test('gives what the tables say', async () => {
    const result = await crossValidate(Classifier, table, { ...quick, target: 'word', folds: 2 });
    expect(namesIn(page, 'Property of a cross-validation').sort()).toEqual(Object.keys(result).sort());
    const [folds, scores] = tableOf(page, 'Property of a cross-validation').map(({ Meaning = '' }) =>
      codeIn(Meaning),
    );
    expect(folds?.sort()).toEqual(Object.keys(result.folds[0] ?? {}).sort());
    expect(scores?.sort()).toEqual(Object.keys(result.scores.f1 ?? {}).sort());
  });

  test('names the scores of several targets as the page does', async () => {
    const given = table
      .toRecords()
      .map(({ x, y, word }) => ({ x, Price: y, Area: x, Status: word, Other: word }));
    const labels = await crossValidate(Classifier, given, {
      ...quick,
      target: ['Status', 'Other'],
      folds: 2,
    });
    expect(Object.keys(labels.scores)).toContain('Status.f1');
    const numbers = await crossValidate(Regressor, given, { ...quick, target: ['Price', 'Area'], folds: 2 });
    expect(Object.keys(numbers.scores)).toEqual(expect.arrayContaining(['r2', 'Price.meanAbsoluteError']));
  });
});
