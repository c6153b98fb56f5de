// docs/search.md: its tables agree with the library.

import { describe, expect, test } from 'vitest';
import { Network } from '../../lib';
import { Bag, Classifier, choice, crossValidate, Regressor, search, Table } from '../../lib/tabular';
import { rungsOf } from '../../lib/tabular/trials';
import { codeIn, namesIn, optionsOf, optionsTaken, read, tableOf, toldDefaults } from './markdown';

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
    expect(toldDefaults(told)).toEqual({ folds: 5, repeats: 1, keepModels: false, priority: 'normal' });
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

describe('crossValidate for networks', () => {
  const make = () => new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });
  const X = [[1], [2], [3], [4], [5]];

  test('has the options and defaults of the tables, and gives what the page says', async () => {
    const told = optionsOf(page, 'Option for networks');
    const shared = [
      'folds',
      'repeats',
      'workers',
      'distributed',
      'seed',
      'keepModels',
      'parallel',
      'threads',
      'priority',
      'signal',
      'onFoldEnd',
    ];
    const taken = await optionsTaken((options) => crossValidate(make, X, X, options));
    expect([...told.keys(), ...shared].sort()).toEqual(taken.sort());
    expect(toldDefaults(told)).toEqual({ stratify: false, shuffle: true });
    const result = await crossValidate(make, X, X, { fit: { epochs: 1 }, seed: 3 });
    const own = namesIn(page, 'Property of a cross-validation').filter((name) => name !== 'probabilities');
    expect(Object.keys(result).sort()).toEqual(own.sort());
    expect(result.folds.length).toBe(5);
  });
});

describe('search', () => {
  const given = { target: 'word', space: { hidden: choice([[1], [2]]), epochs: 1 }, seed: 1 } as const;

  test('has the options and defaults of the table', async () => {
    const told = tableOf(page, 'Option of search').flatMap((row) =>
      codeIn(row['Option of search'] as string),
    );
    expect(told.sort()).toEqual((await optionsTaken((own) => search(Classifier, table, own))).sort());
    const defaults = toldDefaults(optionsOf(page, 'Option of search'));
    expect(defaults).toEqual({
      ...{ trials: 20, folds: 5, method: 'random', reduction: 3, refit: true, priority: 'normal' },
    });
    const { trials, model, best } = await search(Classifier, table, given);
    expect([trials.length, new Set(trials.map(({ state }) => state)), model?.constructor]).toEqual([
      20,
      new Set(['finished']),
      Classifier,
    ]);
    expect(best.score).toBe(best.scores.logLoss);
  });

  test('gives what the table says', async () => {
    const result = await search(Classifier, table, { ...given, folds: 2, trials: 1 });
    expect(namesIn(page, 'Property of a search').sort()).toEqual(Object.keys(result).sort());
    const [row] = tableOf(page, 'Property of a search').filter(({ Meaning }) =>
      Meaning?.startsWith('for each trial'),
    );
    expect(codeIn(row?.Meaning as string).sort()).toEqual(Object.keys(result.best).sort());
  });

  test('goes on with as many trials as the page says', () => {
    expect(read(page).replace(/\s+/g, ' ')).toContain(
      'With 27 trials of 81 epochs, all train 3 epochs; the best 9 go on to epoch 9, the best 3 of these to 27, the best one to 81.',
    );
    const rungs = rungsOf(27, 81, 3);
    expect(rungs.map(({ epoch }) => epoch)).toEqual([3, 9, 27]);
    expect(rungs.map(({ keep }) => keep)).toEqual([9, 3, 1]);
  });
});

describe('search for networks', () => {
  const make = () => new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });
  const X = [[1], [2], [3], [4], [5]];
  const own = 'Search option for networks';

  test('has the options and defaults of the tables', async () => {
    const named = (header: string) => tableOf(page, header).flatMap((row) => codeIn(row[header] as string));
    const others = named('Option of search').filter((name) => name !== 'target');
    const taken = await optionsTaken((options) => search(make, X, X, options as never));
    expect([...new Set([...named(own), ...others])].sort()).toEqual(taken.sort());
    expect(toldDefaults(optionsOf(page, own))).toEqual({ metric: 'loss', refit: true });
  });

  test('gives what the page says', async () => {
    const result = await search(make, X, X, {
      ...{ space: { a: choice([1, 2]) }, fit: { epochs: 1 }, trials: 1, seed: 1 },
    });
    const shared = ['best', 'trials', 'table', 'seed'];
    expect([...namesIn(page, 'Property of a search for networks'), ...shared].sort()).toEqual(
      Object.keys(result).sort(),
    );
    expect(result.best.score).toBe(result.best.scores.loss);
    expect(result.model).toBeInstanceOf(Network);
  });
});

test('the table of a Bag has its members', async () => {
  const { models } = await crossValidate(Classifier, table, {
    ...quick,
    target: 'word',
    folds: 2,
    keepModels: true,
  });
  const statics = Object.getOwnPropertyNames(Bag).filter(
    (name) => typeof Reflect.get(Bag, name) === 'function',
  );
  const members = [...Object.getOwnPropertyNames(Bag.prototype), ...Object.keys(new Bag(models)), ...statics];
  expect(namesIn(page, 'Member of a Bag').sort()).toEqual(
    members.filter((name) => name !== 'constructor').sort(),
  );
});
