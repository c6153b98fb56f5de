// The tables of docs/data.md and docs/preprocessing.md agree with the library.

import { describe, expect, test } from 'vitest';
import {
  imputer,
  LabelEncoder,
  labelEncoder,
  Matrix,
  makeMoons,
  minMaxScaler,
  oneHotEncoder,
  Preprocessing,
  type PreprocessingStep,
  preprocessing,
  RandomState,
  robustScaler,
  standardScaler,
  trainTestSplit,
  trainTestSplitAsync,
} from '../../lib/index';
import { codeOf, namesIn, optionsIn, optionsOf, optionsTaken, tableOf, toldDefaults } from './markdown';

/** The members of a class that are not internal, including static ones. */
function membersOf(kind: { readonly prototype: object }, ...instance: string[]): string[] {
  const internal = ['constructor', 'length', 'name', 'prototype', 'forget', 'learnedSteps'];
  const names = [
    ...Object.getOwnPropertyNames(kind),
    ...Object.getOwnPropertyNames(kind.prototype),
    ...instance,
  ];
  return names.filter((name) => !internal.includes(name) && !name.endsWith('Work')).sort();
}

/** The members in the first column of a table: `matrix.get(r, c)`, `Matrix.zeros(rows)`  ->  get, zeros. */
function membersIn(page: string, firstColumn: string): string[] {
  return namesIn(page, firstColumn)
    .filter((code) => !code.startsWith('new '))
    .map((code) => code.replace(/\(.*/, '').replace(/^.*\./, ''))
    .sort();
}

describe('docs/data.md', () => {
  const page = 'docs/data.md';

  test('the members of a matrix are those in the table', () => {
    expect(membersIn(page, 'Member')).toEqual(membersOf(Matrix, 'data', 'rows', 'cols'));
  });

  test('Matrix.map has the options in the table', async () => {
    const told = optionsOf(page, 'Option of map');
    expect([...told.keys()]).toEqual(await optionsTaken((options) => Matrix.map('missing.npy', options)));
  });

  test('the members of a generator are those in the table', () => {
    expect(membersIn(page, 'Member of RandomState')).toEqual(membersOf(RandomState));
  });

  test('makeMoons has the options and defaults in the table', async () => {
    const told = optionsOf(page, 'Option of makeMoons');
    expect([...told.keys()]).toEqual(await optionsTaken(makeMoons));
    const defaults = toldDefaults(told);
    expect(Object.keys(defaults)).toEqual(['samples', 'shuffle', 'dtype']);
    expect(makeMoons({ seed: 1, ...defaults })).toEqual(makeMoons({ seed: 1 }));
  });

  test('trainTestSplit has the options and defaults in the table', async () => {
    const { X, Y } = makeMoons({ samples: 50, seed: 1 });
    const told = optionsOf(page, 'Option of trainTestSplit');
    expect([...told.keys()]).toEqual(await optionsTaken((options) => trainTestSplit(X, Y, options)));
    const defaults = toldDefaults(told);
    expect(Object.keys(defaults)).toEqual(['testSize', 'shuffle', 'stratify']);
    expect(trainTestSplit(X, Y, { seed: 1, ...defaults })).toEqual(trainTestSplit(X, Y, { seed: 1 }));
    const more = optionsOf(page, 'Further option of trainTestSplitAsync');
    expect([...told.keys(), ...more.keys()]).toEqual(
      await optionsTaken((options) => trainTestSplitAsync(X, Y, options)),
    );
  });
});

describe('docs/preprocessing.md', () => {
  const page = 'docs/preprocessing.md';
  const steps: Record<string, (options?: never) => PreprocessingStep> = {
    standardScaler,
    minMaxScaler,
    robustScaler,
    imputer,
    oneHotEncoder,
  };
  const rows = tableOf(page, 'Step');

  test('the table has every step', () => {
    expect(namesIn(page, 'Step')).toEqual(Object.keys(steps));
  });

  // Mean, median and percentiles of the numbers differ; only the imputer accepts the gap.
  const tables: Record<string, number[][]> = { imputer: [[1], [2], [9], [2], [Number.NaN]] };
  const numbers = [[1], [2], [9], [2.5], [4]];

  test.each(rows)('$Step has the options and defaults in the table', async (row) => {
    const name = codeOf(row, 'Step');
    const make = steps[name] as (options?: object) => PreprocessingStep;
    const told = optionsIn(row['Options and defaults'] as string);
    expect([...told.keys()].sort()).toEqual((await optionsTaken(make)).sort());
    const learned = (options: object) =>
      preprocessing([make(options)])
        .fit(tables[name] ?? numbers)
        .toJSON();
    const defaults = Object.entries(toldDefaults(told));
    expect(defaults).not.toEqual([]);
    for (const [option, value] of defaults) expect(learned({ [option]: value })).toEqual(learned({}));
  });

  test('every option is explained', () => {
    const options = rows.flatMap((row) => [...optionsIn(row['Options and defaults'] as string).keys()]);
    expect(namesIn(page, 'Option of steps').sort()).toEqual([...new Set(options)].sort());
  });

  test('the members of a pipeline are those in the table', () => {
    expect(membersIn(page, 'Member of Preprocessing')).toEqual(membersOf(Preprocessing));
  });

  test('the members of a label encoder are those in the table', () => {
    expect(membersIn(page, 'Member of LabelEncoder')).toEqual(membersOf(LabelEncoder));
    expect(labelEncoder()).toBeInstanceOf(LabelEncoder);
  });
});
