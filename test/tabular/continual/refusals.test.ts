// What `update` and `drift` refuse. The model stays what it is.

import { describe, expect, test } from 'vitest';
import { Classifier, Regressor, type Table, type UpdateOptions } from '../../../lib/tabular';
import { rejectionOf } from '../../support/bad-input';
import { customers, early, late } from './rows';

const options = { target: 'y', hidden: [4], epochs: 2, seed: 1 } as const;
const model = Classifier.train(early, { ...options, remember: 50 });
const plain = Classifier.train(early, options);

type Case = [what: string, rows: unknown, options: object, code: string, message: RegExp];

const value = 'ERR_BLASNET_ARG_VALUE';
const type = 'ERR_BLASNET_ARG_TYPE';

describe('update refuses', () => {
  test.each<Case>([
    ['rows that are no table', 'rows.csv', {}, type, /^Expected table to be a Table or an array of records/],
    ['rows without the target', late.without(['y']), {}, 'ERR_BLASNET_UNKNOWN_NAME', /^Unknown column "y"/],
    [
      'rows without a column',
      late.without(['city']),
      {},
      'ERR_BLASNET_UNKNOWN_NAME',
      /^Unknown column "city"/,
    ],
    [
      'a column of another kind',
      late.toRecords().map((row) => ({ ...row, x: String(row.x) })),
      {},
      type,
      /^Expected column "x" to be of the kind number, got "category"/,
    ],
    ['no rows', [], {}, 'ERR_BLASNET_SHAPE', /^Expected data to have at least one record, got 0/],
    ['one row', customers(1, 5), {}, 'ERR_BLASNET_SHAPE', /^Expected at least 2 rows with a target/],
    [
      'a share of too few rows',
      customers(4, 5),
      { validationSplit: 0.2 },
      value,
      /^Expected validationSplit to be a share that holds out at least one of the 4 new rows, got 0.2/,
    ],
    [
      'a target that is missing',
      customers(50, 5).map((row, i) => ({ ...row, y: i === 7 ? null : row.y })),
      {},
      type,
      /^Expected row 7, column "y" to be a value of the target, got null/,
    ],
    [
      'an infinite number',
      customers(50, 5).map((row, i) => ({ ...row, x: i === 3 ? Number.POSITIVE_INFINITY : row.x })),
      {},
      'ERR_BLASNET_NOT_FINITE',
      /^Expected row 3, column "x" to be a finite number/,
    ],
    [
      'an unknown option',
      late,
      { epoch: 3 },
      'ERR_BLASNET_UNKNOWN_OPTION',
      /^Unknown option "epoch"; did you mean "epochs"/,
    ],
    ['a tolerance below 0', late, { tolerance: -1 }, value, /^Expected tolerance to be/],
    ['a share of 1', late, { validationSplit: 1 }, value, /^Expected validationSplit to be/],
    [
      'a share of 0',
      late,
      { validationSplit: 0 },
      value,
      /^Expected validationSplit to be a number in \(0, 1\)/,
    ],
    [
      'numbers whose squares overflow',
      customers(50, 5).map((row, i) => ({ ...row, x: i % 2 === 0 ? 1e308 : -1e308 })),
      {},
      'ERR_BLASNET_NOT_FINITE',
      /^Expected column "x" to have a finite mean, spread and range, got numbers from -1e\+308 to 1e\+308/,
    ],
    [
      'a target of numbers where it was texts',
      customers(50, 5).map((row) => ({ ...row, y: row.y === 'high' ? 1 : 0 })),
      {},
      value,
      /^Expected row 0, column "y" to be a text, got [01] \(number\); to read the column as texts, write types: \{ "y": 'category' \}/,
    ],
    [
      'a target of truth values where it was texts',
      customers(50, 5).map((row) => ({ ...row, y: row.y === 'high' })),
      {},
      type,
      /^Expected row 0, column "y" to be a text, got (true|false)/,
    ],
    [
      'old rows without some targets',
      late,
      { old: customers(50, 5).map((row, i) => ({ ...row, y: i === 7 ? null : row.y })) },
      type,
      /^In old: Expected row 7, column "y" to be a value of the target, got null/,
    ],
    [
      'old rows of a class that nobody knows',
      late,
      { old: customers(50, 5).map((row, i) => ({ ...row, y: i === 7 ? 'other' : row.y })) },
      value,
      /^In old: Expected row 7, column "y" to be one of the 3 classes/,
    ],
    [
      'old rows of another kind',
      late,
      { old: customers(50, 5).map((row) => ({ ...row, x: 'many' })) },
      type,
      /^In old: Expected column "x" to be of the kind number, got "category"/,
    ],
    [
      'old weights below 0',
      customers(50, 5).map((row) => ({ ...row, w: 1 })),
      { weight: 'w', old: customers(50, 5).map((row, i) => ({ ...row, w: 3 - i })) },
      value,
      /^In old: Expected row 4, column "w" to be a weight, a finite number of at least 0, got -1/,
    ],
    [
      'remember without old',
      late,
      { remember: 5 },
      value,
      /^Expected remember to be left out without old, got 5/,
    ],
    [
      'old rows without a column',
      late,
      { old: early.without(['t']) },
      'ERR_BLASNET_UNKNOWN_NAME',
      /^In old: Unknown column "t"/,
    ],
  ])('%s, by name', async (_, rows, given, code, message) => {
    const remembering = await model;
    const bytes = await remembering.toBytes();
    const error = await rejectionOf(remembering.update(rows as Table, given as UpdateOptions));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await remembering.toBytes()).toEqual(bytes);
  });

  test('a model that remembers nothing, without old', async () => {
    const error = await rejectionOf((await plain).update(late));
    expect(error).toMatchObject({
      code: value,
      message:
        'Expected a model that remembers rows for update, got one without; train with { remember: 10000 }, or pass earlier rows as old',
    });
    const { accepted } = await (await plain).update(late, { old: early, tolerance: 10 });
    expect(accepted).toBe(true);
  });

  test('a model of several networks, whose training refuses to remember', async () => {
    const error = await rejectionOf(
      Classifier.train(early, { target: 'y', preset: 'best', remember: 10, epochs: 1 }),
    );
    expect(error).toMatchObject({
      code: value,
      message: expect.stringMatching(/^Expected remember to be left out/),
    });
    const best = await Classifier.train(early, { target: 'y', preset: 'best', epochs: 1 });
    expect(await rejectionOf(best.update(late, { old: early }))).toMatchObject({
      code: value,
      message: expect.stringMatching(/^Expected a model with one network for update, got 8 networks/),
    });
  });

  test('a new class of labels that do not exclude each other', async () => {
    const rows = customers(60, 3).map((row) => ({ ...row, big: (row.x ?? 0) > 0 }));
    const labels = await Classifier.train(rows, { ...options, target: ['y', 'big'], remember: 10 });
    const more = rows.map((row, i) => ({ ...row, y: i === 9 ? 'other' : row.y }));
    expect(await rejectionOf(labels.update(more))).toMatchObject({
      code: value,
      message: expect.stringMatching(/^Expected row 9, column "y" to be one of the 2 classes/),
    });
  });

  test('a target that is no number, for a Regressor', async () => {
    const rows = customers(60, 3).map(({ y: _, ...row }, i) => ({ ...row, z: i }));
    const regressor = await Regressor.train(rows, { ...options, target: 'z', remember: 10 });
    const texts = rows.map((row) => ({ ...row, z: 'many' }));
    expect(await rejectionOf(regressor.update(texts))).toMatchObject({
      code: value,
      message: expect.stringMatching(/^Expected row 0, column "z" to be a number/),
    });
  });

  test('work after an abort', async () => {
    const signal = AbortSignal.abort();
    expect(await rejectionOf((await model).update(late, { signal }))).toMatchObject({ name: 'AbortError' });
    expect(await rejectionOf((await model).drift(late, { signal }))).toMatchObject({ name: 'AbortError' });
  });

  test('a memory that is damaged in the file', async () => {
    const json = JSON.parse(JSON.stringify((await model).toJSON()));
    const text = JSON.stringify(json).replace('\\"capacity\\":50', '\\"capacity\\":0');
    const damaged =
      text === JSON.stringify(json) ? JSON.stringify(json).replace('"capacity":50', '"capacity":0') : text;
    expect(damaged).not.toBe(JSON.stringify(json));
    const loaded = Classifier.fromJSON(JSON.parse(damaged));
    expect(loaded.predict({ x: 1, t: 0, city: 'Rome', member: true })).toMatch(/high|low/);
    expect(await rejectionOf(loaded.drift(late))).toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: 'In the file of the model: its memory of rows is damaged',
    });
  });
});
