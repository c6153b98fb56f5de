// What a caller gets for a row that does not fit: one typed error, for this caller alone.

import { beforeAll, describe, expect, test } from 'vitest';
import { Network } from '../../lib';
import {
  Batcher,
  checkRecord,
  type FieldError,
  httpStatus,
  ModelSlot,
  type ServedModel,
} from '../../lib/serving';
import { Classifier } from '../../lib/tabular';
import { kinds, record } from './models';

const kind = (name: string) => kinds.find((each) => each.name === name) as (typeof kinds)[0];
const two = kind('a Classifier of two classes');
let model: Classifier;
beforeAll(async () => {
  model = (await two.make(1)) as unknown as Classifier;
});
const good = record(1);
const { age: _, ...withoutAge } = good;

const faults = [
  ['a missing field', withoutAge, 'ERR_BLASNET_ARG_VALUE', 'age', 'missing', 'have the field "age"'],
  ['null without gaps', { ...good, age: null }, 'ERR_BLASNET_ARG_VALUE', 'age', 'missing', 'got null'],
  ['an additional field', { ...good, agee: 1 }, 'ERR_BLASNET_UNKNOWN_NAME', 'agee', 'additional', '"age"?'],
  ['NaN', { ...good, age: Number.NaN }, 'ERR_BLASNET_NOT_FINITE', 'age', 'notFinite', 'got NaN (number)'],
  // Without ", or null": the model has learned from no gaps there.
  [
    'infinity',
    { ...good, age: 1 / 0 },
    ...(['ERR_BLASNET_NOT_FINITE', 'age', 'notFinite', 'to be a finite number, got Infinity'] as const),
  ],
  [
    'an invalid Date',
    { ...good, since: new Date(Number.NaN) },
    ...(['ERR_BLASNET_NOT_FINITE', 'since', 'notFinite', 'to be a time, got an invalid Date'] as const),
  ],
  ['a text as number', { ...good, age: '31' }, 'ERR_BLASNET_ARG_VALUE', 'age', 'type', 'got "31" (string)'],
  ['a list as text', { ...good, code: [] }, 'ERR_BLASNET_ARG_TYPE', 'code', 'type', 'an array of length 0'],
  ['a bad time', { ...good, since: 'soon' }, 'ERR_BLASNET_ARG_VALUE', 'since', 'type', 'a time, got "soon"'],
] as const;

describe('a record', () => {
  test.each(faults)(
    'is refused with %s, and all others are answered',
    async (_name, bad, code, field, rule, text) => {
      for (const atOnce of [0, 1e6]) {
        const batcher = new Batcher(model, { atOnce });
        const rows = [good, bad, record(2), bad, record(3)];
        const answers = await Promise.allSettled(rows.map((row) => batcher.probabilities(row)));
        const error = (answers[1] as PromiseRejectedResult).reason;
        expect(error).toMatchObject({ code, field, rule });
        expect(error.message).toContain(text);
        expect(httpStatus(error)).toBe(422);
        expect(answers.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true]);
        const shares = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
        expect(shares).toEqual([1, 2, 3].map((i) => model.probabilities(record(i))));
        expect(batcher.figures()).toMatchObject({ requests: 5, answered: 3, failed: 2 });
      }
      expect(() => checkRecord(model, bad)).toThrow(text);
    },
  );

  test.each([[null], ['text'], [[good]], [new Float64Array(3)], [undefined], [7]])(
    'is refused if it is no record at all: %s',
    async (bad) => {
      const error = await new Batcher(model).predict(bad as never).catch((each) => each);
      expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_TYPE', name: 'TypeError' });
      expect(httpStatus(error)).toBe(400);
    },
  );

  test('is refused for a name of any length without repeating all of it', () => {
    const name = 'y'.repeat(1e6);
    expect(() => checkRecord(model, { ...good, [name]: 1 })).toThrow(
      expect.objectContaining({ field: `${name.slice(0, 57)}...`, rule: 'additional' }),
    );
  });

  test('passes by rules that are less strict', () => {
    const rules = { missing: 'accept', additional: 'ignore', notFinite: 'accept' } as const;
    for (const row of [
      withoutAge,
      { ...good, age: null },
      { ...good, more: 1 },
      { ...good, age: Number.NaN },
    ]) {
      checkRecord(model, row, rules);
    }
    // What the model itself does not take is refused all the same.
    expect(() => checkRecord(model, { ...good, age: 1 / 0 }, rules)).toThrow('the field "age"');
  });

  test('is answered with a category never seen, or refused by a rule', () => {
    const row = { ...good, code: 'new' };
    checkRecord(model, row);
    expect(() => checkRecord(model, row, { unknownCategory: 'reject' })).toThrow(
      /^Expected the field "code" to be one of the 12 categories that were learned \("c\d+", .*\.\.\.\), got "new"/,
    );
  });
});

test('what the model itself refuses is refused at the door by any rules', async () => {
  const records = Array.from({ length: 40 }, (_, i) => ({ x: i, word: i % 2 ? 'a' : 'b', y: i > 20 }));
  const strict = await Classifier.train(records, {
    ...{ target: 'y', hidden: [3], epochs: 1, seed: 1 },
    inputs: { unseen: 'error', additional: 'error' },
  });
  const rules = { missing: 'accept', additional: 'ignore', notFinite: 'accept' } as const;
  const refusedBy = (row: object) => {
    try {
      checkRecord(strict, row, rules);
    } catch (error) {
      const { code, field, rule, message } = error as FieldError;
      return [code, field, rule, message];
    }
    return undefined;
  };
  expect(refusedBy({ x: 1, word: 'a', y: true })).toBeUndefined();
  expect(refusedBy({ x: 1, word: 'c' })).toEqual([
    ...['ERR_BLASNET_ARG_VALUE', 'word', 'unknownCategory'],
    'Expected the field "word" to be one of the 2 categories that were learned ("b", "a"), got "c" (string)',
  ]);
  expect(refusedBy({ x: 1, word: 'a', z: 1 })).toEqual([
    ...['ERR_BLASNET_UNKNOWN_NAME', 'z', 'additional'],
    'Unknown field "z" in the record; did you mean "x"?',
  ]);
  expect(refusedBy({ x: 1 / 0, word: 'a' })).toEqual([
    ...['ERR_BLASNET_NOT_FINITE', 'x', 'notFinite'],
    'Expected the field "x" to be a finite number, or null, got Infinity (number)',
  ]);
});

describe('a row of a network', () => {
  const net = new Network([{ inputDim: 3, outputDim: 2, activation: 'tanh' }], { seed: 1, dtype: 'float32' });
  test.each([
    [
      'too few numbers',
      [1, 2],
      'ERR_BLASNET_SHAPE',
      422,
      'row to be an array of 3 numbers, got an array of length 2',
    ],
    ['too many', new Float32Array(4), 'ERR_BLASNET_SHAPE', 422, 'got a Float32Array of length 4'],
    ['NaN', [1, Number.NaN, 2], 'ERR_BLASNET_NOT_FINITE', 422, 'row[1] to be a finite number, got NaN'],
    ['a number that floats lack', [1, 1e300, 2], 'ERR_BLASNET_NOT_FINITE', 422, 'row[1]'],
    ['a text', [1, 2, 'x'], 'ERR_BLASNET_ARG_TYPE', 422, 'row[2] to be a number, got "x" (string)'],
    ['no array', { 0: 1 }, 'ERR_BLASNET_ARG_TYPE', 400, 'row to be an array of 3 numbers'],
  ])('is refused with %s, and all others are answered', async (_name, bad, code, status, text) => {
    for (const atOnce of [0, 1e6]) {
      const batcher = new Batcher(net, { atOnce });
      const rows = [[1, 2, 3], bad, [4, 5, 6]];
      const [first, error, last] = await Promise.all(
        rows.map((row) => batcher.predict(row as never).catch((each) => each)),
      );
      expect(error).toMatchObject({ code });
      expect(error.message).toContain(text);
      expect(httpStatus(error)).toBe(status);
      const both = net.predictSync([rows[0], rows[2]] as number[][]);
      expect([first, last]).toEqual([both.row(0).slice(), both.row(1).slice()]);
    }
  });
});

describe('a row of a network with embeddings', () => {
  const kindOf = kind('a network with embeddings and 3 numbers');
  const row = { numbers: [1, 2, 3], categories: [0, 6] };
  test.each([
    [
      'no categories',
      { numbers: [1, 2, 3] },
      'ERR_BLASNET_ARG_TYPE',
      400,
      'row.categories to be an array of 2 codes',
    ],
    [
      'too few codes',
      { ...row, categories: [1] },
      'ERR_BLASNET_SHAPE',
      422,
      'row.categories to be an array of 2',
    ],
    [
      'a code outside',
      { ...row, categories: [4, 0] },
      'ERR_BLASNET_ARG_VALUE',
      422,
      'a code from 0 to 3, or -1',
    ],
    ['half a code', { ...row, categories: [0.5, 0] }, 'ERR_BLASNET_ARG_VALUE', 422, 'row.categories[0]'],
    [
      'an additional field',
      { ...row, codes: [1] },
      'ERR_BLASNET_UNKNOWN_NAME',
      422,
      'Unknown field "codes" in row',
    ],
    ['NaN', { ...row, numbers: [1, 2, Number.NaN] }, 'ERR_BLASNET_NOT_FINITE', 422, 'row.numbers[2]'],
    ['an array', [1, 2, 3], 'ERR_BLASNET_ARG_TYPE', 400, '{ numbers, categories }'],
  ])('is refused with %s, and all others are answered', async (_name, bad, code, status, text) => {
    const net = (await kindOf.make(1)) as Network;
    const batcher = new Batcher<ServedModel>(net, { atOnce: 0 });
    const [first, error] = await Promise.all([
      batcher.predict(row),
      batcher.predict(bad).catch((each: Error) => each),
    ]);
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
    expect(httpStatus(error)).toBe(status);
    expect([first]).toEqual(kindOf.expected(net as never, [row]));
    const unknown = { ...row, categories: [-1, 0] };
    checkRecord(net, unknown);
    expect(() => checkRecord(net, unknown, { unknownCategory: 'reject' })).toThrow(
      'a code from 0 to 3, got -1',
    );
  });
});

test('preprocessing refuses a row for its caller alone', async () => {
  const own = kind('a network of float64 with preprocessing and a targetScaler');
  const net = await own.make(1);
  const batcher = new Batcher<ServedModel>(net, { atOnce: 0, input: { notFinite: 'accept' } });
  const rows = [own.row(1), [Number.NaN, 1, 2], [1, Number.NaN, Infinity], own.row(2)];
  const [first, gap, error, last] = await Promise.all(
    rows.map((row) => batcher.predict(row).catch((each: Error) => each)),
  );
  // The imputer takes NaN.
  expect([first, gap, last]).toEqual(own.expected(net as never, [0, 1, 3].map((i) => rows[i]) as object[]));
  expect(error).toMatchObject({ code: expect.stringMatching(/NOT_FINITE|ARG_VALUE/) });
  expect(httpStatus(error)).toBe(422);
});

describe('a slot', () => {
  test('refuses to answer without a model', async () => {
    const slot = new ModelSlot();
    const error = await new Batcher(slot).predict([1]).catch((each) => each);
    expect(error).toMatchObject({ code: 'ERR_BLASNET_NO_MODEL' });
    expect(httpStatus(error)).toBe(503);
    expect(() => slot.rollback()).toThrow('Expected the slot to keep an earlier model');
    expect(slot.history).toEqual([]);
  });

  test('is not what a batcher makes of nothing', () => {
    // An empty slot that nobody knows would answer 503 for ever.
    for (const nothing of [undefined, null]) {
      expect(() => new Batcher(nothing as never)).toThrow(
        expect.objectContaining({
          code: 'ERR_BLASNET_ARG_TYPE',
          message: expect.stringContaining(`got ${nothing}`),
        }),
      );
    }
  });

  test('refuses another model before it goes live, and says why', async () => {
    const slot = new ModelSlot<ServedModel>(model);
    const others: [string, () => Promise<unknown>, string][] = [
      ['classes', () => kind('a Classifier of three classes in floats').make(1), 'the class "yes" of "paid"'],
      ['kind', () => kind('a Regressor').make(1), 'is a Regressor, and the live one is a Classifier'],
    ];
    for (const [, make, text] of others) {
      await expect(slot.swap((await make()) as never)).rejects.toMatchObject({
        code: 'ERR_BLASNET_SHAPE',
        message: expect.stringContaining(text),
      });
    }
    expect(slot.version).toBe(1);
    expect(await slot.swap((await others[1]?.[1]()) as never, { allowChanges: true })).toBe(2);
  });

  test('refuses all calls after close', async () => {
    const slot = new ModelSlot(model);
    const batcher = new Batcher(slot, { atOnce: 0 });
    const before = batcher.predict(good);
    slot.close();
    expect(await before).toBe(model.predict(good));
    for (const call of [() => slot.model, () => slot.rollback()]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_CLOSED' }));
    }
    await expect(batcher.predict(good)).rejects.toMatchObject({ code: 'ERR_BLASNET_CLOSED' });
    await expect(slot.swap(model)).rejects.toMatchObject({ code: 'ERR_BLASNET_CLOSED' });
  });
});

test('a full queue refuses calls, and answers those that wait', async () => {
  const batcher = new Batcher(model, { atOnce: 0, maxQueue: 3, maxBatch: 2 });
  const calls = await Promise.allSettled([1, 2, 3, 4, 5].map((i) => batcher.predict(record(i))));
  expect(calls.map(({ status }) => status)).toEqual([
    ...Array(3).fill('fulfilled'),
    ...Array(2).fill('rejected'),
  ]);
  const { reason } = calls[4] as PromiseRejectedResult;
  expect(reason).toMatchObject({ code: 'ERR_BLASNET_QUEUE_FULL' });
  expect(httpStatus(reason)).toBe(503);
  expect(batcher.figures()).toMatchObject({ requests: 5, answered: 3, rejected: 2, queued: 0, running: 0 });
});
