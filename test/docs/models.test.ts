// docs/models.md: its tables agree with the library.

import { describe, expect, test } from 'vitest';
import { adam, Network } from '../../lib';
import { Classifier, type ClassifierOptions, Regressor, Table } from '../../lib/tabular';
import type { TargetValues } from '../../lib/tabular/labels';
import type { Preset } from '../../lib/tabular/presets';
import { recipesFor } from '../../lib/tabular/recipe';
import {
  codeIn,
  codeOf,
  namesIn,
  optionsOf,
  optionsTaken,
  type Row,
  read,
  tableOf,
  toldDefaults,
} from './markdown';

const page = 'docs/models.md';

/** Rows of a table that is quick to learn. */
const rowsOf = (count: number) =>
  Table.from(Array.from({ length: count }, (_, i) => ({ x: i % 7, y: i % 3, word: i % 2 ? 'a' : 'b' })));
const quick = { target: 'word', seed: 1, hidden: [2], epochs: 1 } as const;
const bytesWith = async (table: Table, options: Partial<ClassifierOptions>) =>
  (await Classifier.train(table, { ...quick, ...options } as typeof quick)).toBytesSync();

describe('the options of train', () => {
  const told = optionsOf(page, 'Option of train');
  const cell = (name: string) =>
    tableOf(page, 'Option of train').find(
      (row) => codeIn(row['Option of train'] as string)[0] === name,
    ) as Row;

  test('are those of the table, and those of fit that the page does not leave out', async () => {
    const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }]);
    const ofFit = await optionsTaken((options: never) => net.fit([[1]], [[1]], options));
    const kept = ofFit.filter((name) => !['sampleWeight', 'stratify'].includes(name));
    const taken = await optionsTaken((options) => Classifier.train(rowsOf(2), options));
    const ofRegressor = await optionsTaken((options) => Regressor.train(rowsOf(2), options));
    const all = [...new Set([...taken, ...ofRegressor])];
    expect([...new Set([...told.keys(), ...kept])].sort()).toEqual(all.sort());
    const onlyRegressor = [...told.keys()].filter((name) => cell(name).Meaning?.startsWith('Regressor: '));
    expect(ofRegressor.filter((name) => !taken.includes(name)).sort()).toEqual(onlyRegressor.sort());
    const onlyClassifier = [...told.keys()].filter((name) => cell(name).Meaning?.startsWith('Classifier: '));
    expect(taken.filter((name) => !ofRegressor.includes(name)).sort()).toEqual(onlyClassifier.sort());
  });

  test('have the defaults of the table, as far as they are values', async () => {
    expect(toldDefaults(told)).toEqual({ dtype: 'float32', missingTarget: 'error', clamp: false });
    const without = (name: string) => codeIn(cell(name).Default as string)[0];
    expect(['hidden', 'activation', 'initializer', 'optimizer'].map(without)).toEqual([
      '[128, 64]',
      "'relu'",
      "'auto'",
      'adam()',
    ]);
    // 99 rows hold none out, so nothing stops the training early.
    const own = await Classifier.train(rowsOf(99), { target: 'word', seed: 1, earlyStopping: false });
    const shape = own.network.architecture.map(({ outputDim, activation }) => [outputDim, activation]);
    expect(shape).toEqual([
      [128, 'relu'],
      [64, 'relu'],
      [1, 'sigmoid'],
    ]);
    expect(own.network.dtype).toBe('float32');
    expect(cell('epochs').Default).toContain(`${own.history?.loss.length};`);
  });

  test('have the presets of the table, and the first one by default', async () => {
    const presets = tableOf(page, 'Preset').map((row) => codeIn(row.Preset as string)[0]);
    expect(presets).toEqual(["'default'", "'fast'", "'best'"]);
    const rows = rowsOf(40);
    const train = async (options: object) =>
      (await Classifier.train(rows, { target: 'word', seed: 1, epochs: 2, ...options })).toBytesSync();
    expect(await train({})).toEqual(await train({ preset: 'default' }));
    expect(await train({})).not.toEqual(await train({ preset: 'fast' }));
    const classes = {
      kind: 'classes',
      target: { name: 'y', classes: [0, 1] },
      numbers: new Int32Array(9),
    } as const;
    const numbers = { kind: 'numbers', values: [new Float64Array(9)] } as const;
    const epochsOf = (preset: Preset, values: TargetValues) =>
      recipesFor(preset, { target: 'y' }, values)[0].epochs;
    const [long, short] = [epochsOf('default', classes), epochsOf('best', numbers)];
    expect(cell('epochs').Default).toBe(
      `200; with a preset ${long} for classes, and ${short} for numbers or \`'fast'\``,
    );
    expect(epochsOf('fast', classes)).toBe(short);
  });

  test('have the optimiser of the table', async () => {
    const table = rowsOf(200);
    expect(await bytesWith(table, {})).toEqual(await bytesWith(table, { optimizer: adam() }));
  });

  test.each([
    { rows: 1_999, batchSize: 32 },
    { rows: 2_000, batchSize: 128 },
    { rows: 19_999, batchSize: 128 },
    { rows: 20_000, batchSize: 256 },
  ])('have batches of $batchSize for $rows rows that train', async ({ rows, batchSize }) => {
    expect(cell('batchSize').Default).toContain(
      '32 below 2,000 rows that train, 128 below 20,000, otherwise 256; with a preset 16 below 100, 32 below 300, 64 below 1,000, 128 below 2,000, otherwise 256',
    );
    const table = rowsOf(rows);
    const train = (options: object) => bytesWith(table, { validationSplit: 0, ...options });
    expect(await train({})).toEqual(await train({ batchSize }));
    expect(await train({})).not.toEqual(await train({ batchSize: batchSize + 1 }));
  });

  test('hold out 15 % from 100 rows on, with a patience of 20', async () => {
    expect(cell('validationSplit').Default).toBe('0.15 from 100 rows on, 0 below; folds with a preset');
    expect(codeOf(cell('earlyStopping'), 'Default')).toBe('{ patience: 20 }');
    const table = rowsOf(100);
    const options = { ...quick, epochs: 120 };
    const [byDefault, told15, none] = await Promise.all([
      Classifier.train(table, options),
      Classifier.train(table, { ...options, validationSplit: 0.15, earlyStopping: { patience: 20 } }),
      Classifier.train(rowsOf(99), options),
    ]);
    expect(byDefault.history).toEqual(told15.history);
    expect(Object.keys(byDefault.history ?? {})).toContain('valLoss');
    expect(Object.keys(none.history ?? {})).not.toContain('valLoss');
  });
});

describe('the members of models', () => {
  const rows = tableOf(page, 'Member');

  test('are all named, and the table names no others', async () => {
    const classifier = await Classifier.train(rowsOf(10), quick);
    const regressor = await Regressor.train(rowsOf(10), { ...quick, target: 'y' });
    const namesOf = (type: { prototype: object }, model: object) =>
      [
        ...Object.getOwnPropertyNames(type),
        ...Object.keys(model),
        ...[type.prototype, Object.getPrototypeOf(type.prototype)].flatMap((each) =>
          Object.getOwnPropertyNames(each),
        ),
      ].filter((name) => !['length', 'name', 'prototype', 'constructor', 'toString'].includes(name));
    const words = new Set(read(page).match(/\w+/g));
    for (const name of ['save', 'load', 'toBytes', 'fromBytes']) words.add(`${name}Sync`);
    for (const [column, members] of [
      ['Classifier', namesOf(Classifier, classifier)],
      ['Regressor', namesOf(Regressor, regressor)],
    ] as const) {
      expect(members.filter((name) => !words.has(name))).toEqual([]);
      const own = rows.filter((row) => row[column] !== '').flatMap((row) => codeIn(row.Member as string));
      const named = own.map((code) => code.replace(/\(.*\)$/, '')).filter((name) => name !== 'Sync');
      expect(named.filter((name) => !members.includes(name))).toEqual([]);
    }
  });

  test('evaluate with results that have the properties of the table', async () => {
    const table = rowsOf(30);
    const results: Record<string, object> = {
      Classifier: await (await Classifier.train(table, quick)).evaluate(table),
      'Classifier of several labels': await (
        await Classifier.train(
          Table.from([
            { a: 1, b: 0, x: 1 },
            { a: 0, b: 1, x: 2 },
          ]),
          {
            ...quick,
            target: ['a', 'b'],
          },
        )
      ).evaluate([{ a: 1, b: 0, x: 1 }]),
      Regressor: await (await Regressor.train(table, { ...quick, target: 'y' })).evaluate(table),
      'Regressor of several targets': await (
        await Regressor.train(table, { ...quick, target: ['y', 'x'] })
      ).evaluate(table),
    };
    const told = tableOf(page, 'Model').map((row) => [
      row.Model,
      codeIn(row['Properties of the result'] as string).sort(),
    ]);
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(Object.entries(results).map(([name, result]) => [name, Object.keys(result).sort()])),
    );
  });
});

/** The message of the error that a call throws, or that its promise has. */
async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    expect((error as { code?: string }).code).toMatch(/^ERR_BLASNET_/);
    return (error as Error).message;
  }
  return 'no error';
}

/** The error of a row. It may have code inside, such as a name in backticks. */
const errorOf = (row: Row) => (row.Error as string).replace(/^`|`$/g, '');

describe('what does not fit', () => {
  const people = [
    { age: 30, city: 'Paris', left: 'no' },
    { age: 40, city: 'Rome', left: 'yes' },
    { age: 50, city: 'Paris', left: 'no' },
    { age: 60, city: 'Rome', left: 'yes' },
  ];
  const options = { target: 'left', seed: 1, epochs: 1, hidden: [2] } as const;

  test('predict answers with the errors of the table', async () => {
    const model = await Classifier.train(people, options);
    const strict = await Classifier.train(people, {
      ...options,
      inputs: { unseen: 'error', additional: 'error' },
    });
    const calls: Record<string, () => unknown> = {
      'a text in place of a number': () => model.predict({ age: '30', city: 'Rome' }),
      'a number in place of a text': () => model.predict({ age: 30, city: 7 }),
      'an infinite number': () => model.predict({ age: 1 / 0, city: 'Rome' }),
      'a record without a column': () => model.predict({ age: 30 }),
      "an unknown text, with `unseen: 'error'`": () => strict.predict({ age: 30, city: 'Bonn' }),
      "an additional key, with `additional: 'error'`": () =>
        strict.predict({ age: 30, city: 'Rome', town: 'Rome' }),
      'a table without a column': () => model.predict(Table.from([{ age: 30 }])),
      'an element that is no record': () => model.predict([people[0] as object, null as never]),
      'something else': () => model.predict(30 as never),
    };
    const told = tableOf(page, 'Given to predict').map((row) => [row['Given to predict'], errorOf(row)]);
    const got = Object.entries(calls).map(async ([given, call]) => [given, await refusal(call)]);
    expect(told).toEqual(await Promise.all(got));
    expect(model.predict({ age: 30, city: 'Bonn' })).toMatch(/yes|no/);
  });

  test('train answers with the errors of the table', async () => {
    const classify = (rows: object[], more: object = {}) =>
      Classifier.train(rows, { ...options, ...more } as typeof options);
    const calls: Record<string, () => unknown> = {
      'a target that is no column': () => classify(people, { target: 'lefd' }),
      'a gap in the target': () => classify(people.map((row, i) => (i === 1 ? { ...row, left: null } : row))),
      'a target of one class': () => classify(people.map((row) => ({ ...row, left: 'no' }))),
      'a Regressor for texts': () => Regressor.train(people, options),
      'a Classifier for broken numbers': () =>
        classify(
          people.map((row) => ({ ...row, age: row.age + 0.5 })),
          { target: 'age' },
        ),
      'no column besides the target': () => classify(people.map(({ left }) => ({ left }))),
      'a misspelt option': () => classify(people, { epoch: 3 }),
      'a misspelt class in `classWeight`': () => classify(people, { classWeight: { Yes: 2 } }),
    };
    const told = tableOf(page, 'Given to train').map((row) => [row['Given to train'], errorOf(row)]);
    const got = Object.entries(calls).map(async ([given, call]) => [given, await refusal(call)]);
    expect(told).toEqual(await Promise.all(got));
  });
});

test('records take the values that the page lists for each kind of column, and every way to write a gap', async () => {
  const when = '2024-02-29T12:00:00.000Z';
  const rows = Array.from({ length: 8 }, (_, i) => ({
    number: i,
    category: i % 3 ? 'a' : 'b',
    boolean: i % 4 > 1,
    time: new Date(Date.parse(when) + i * 3_600_000),
    word: i % 2 ? 'x' : 'y',
  }));
  const model = await Classifier.train(rows, quick);
  expect(model.schema.inputs.map(({ kind }) => kind)).toEqual(namesIn(page, 'Kind of the column'));
  const record = { number: 3, category: 'a', boolean: true, time: new Date(when) };
  const answer = (more: object) => model.probabilities({ ...record, ...more }).x;
  expect(answer({ number: 3n })).toBe(answer({}));
  for (const time of [when, '2024-02-29T12:00Z', Date.parse(when)]) expect(answer({ time })).toBe(answer({}));
  for (const name of Object.keys(record)) {
    for (const gap of [undefined, Number.NaN, '']) {
      expect(answer({ [name]: gap })).toBe(answer({ [name]: null }));
    }
  }
  expect(answer({ other: {}, word: 'z' })).toBe(answer({}));
});
