// What is refused, and with which sentence. Nothing is trained then.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adam, Network } from '../../lib';
import { Classifier, type ClassifierOptions, Regressor, Table, type TrainOptions } from '../../lib/tabular';
import { newFolder } from '../support/scratch';

const rows = Array.from({ length: 40 }, (_, i) => ({ x: i, word: i % 2 ? 'a' : 'b', y: i % 3 }));
const small = { epochs: 2, seed: 1, hidden: [4] };

type Case = [
  what: string,
  records: object[],
  options: Partial<ClassifierOptions>,
  message: RegExp,
  code?: string,
];

async function refusal(training: Promise<unknown>): Promise<{ code: string; message: string }> {
  return training.then(
    () => ({ code: 'none', message: 'it was trained' }),
    ({ code, message }) => ({ code, message }),
  );
}

describe('a Classifier refuses', () => {
  const value = 'ERR_BLASNET_ARG_VALUE';
  test.each<Case>([
    [
      'a target that is no column',
      rows,
      { target: 'wrod' },
      /^Unknown column "wrod"; did you mean "word"\?$/,
      'ERR_BLASNET_UNKNOWN_NAME',
    ],
    [
      'a target with one class',
      rows.map((row) => ({ ...row, word: 'a' })),
      {},
      /^Expected column "word", the target, to have at least 2 classes, got "a" alone$/,
    ],
    [
      'a target of gaps',
      rows.map((row) => ({ ...row, word: null })),
      {},
      /^Expected column "word", the target, to have at least 2 classes, got missing values alone$/,
    ],
    [
      'a target with some gaps',
      rows.map((row, i) => ({ ...row, word: i % 4 === 1 ? null : row.word })),
      {},
      /^Expected row 1, column "word" to be a value of the target, got null; the target is missing in 10 of 40 rows: \{ missingTarget: 'drop' \} leaves these rows out$/,
      'ERR_BLASNET_ARG_TYPE',
    ],
    [
      'a target of broken numbers',
      rows.map((row) => ({ ...row, y: row.y + 0.5 })),
      { target: 'y' },
      /^Expected row 0, column "y" to be a class: a text, a truth value or a whole number, got 0.5 \(number\); a Regressor predicts numbers$/,
    ],
    [
      'a target of times',
      rows.map((row, i) => ({ ...row, word: new Date(i) })),
      {},
      /^Expected column "word" to be classes, got "times" \(string\); a Classifier predicts texts/,
      'ERR_BLASNET_ARG_TYPE',
    ],
    [
      'several targets, one of them of three classes',
      rows,
      { target: ['word', 'y'] },
      /^Expected column "y", one of several targets, to have 2 classes, got 3; train a Classifier for each/,
    ],
    ['one row', rows.slice(0, 1), {}, /to have at least 2 classes/],
    ['two rows of one class', [rows[0], rows[2]] as object[], {}, /to have at least 2 classes/],
    [
      'a table without other columns',
      rows.map(({ word }) => ({ word })),
      {},
      /^Expected the table to have a column that differs from row to row, besides the target$/,
      'ERR_BLASNET_SHAPE',
    ],
    [
      'other columns of gaps',
      rows.map(({ word }) => ({ word, x: null, y: null })),
      {},
      /^Expected the table to have a column that differs/,
      'ERR_BLASNET_SHAPE',
    ],
    [
      'an infinite number',
      rows.map((row, i) => ({ ...row, x: i === 11 ? Number.POSITIVE_INFINITY : i })),
      {},
      /^Expected row 11, column "x" to be a finite number, or null, got Infinity \(number\)$/,
      'ERR_BLASNET_NOT_FINITE',
    ],
    [
      'a class weight for no class',
      rows,
      { classWeight: { c: 2 } },
      /^Unknown class "c" in classWeight; column "word" has "a", "b"$/,
      'ERR_BLASNET_UNKNOWN_NAME',
    ],
    [
      'class weights of several targets',
      rows.map((row, i) => ({ ...row, z: i > 20 })),
      { target: ['word', 'z'], classWeight: 'balanced' },
      /^Expected classWeight to be left out with several targets$/,
    ],
    [
      'a positive class that is none',
      rows,
      { positive: 'c' },
      /^Expected positive to be one of the classes of column "word": "a" and "b", got "c" \(string\)$/,
    ],
    [
      'a positive class of three',
      rows,
      { target: 'y', positive: 2 },
      /^Expected positive to be left out, since column "y" has 3 classes, got 2 \(number\)$/,
    ],
    ['a weight that is no column', rows, { weight: 'w' }, /^Unknown column "w"/, 'ERR_BLASNET_UNKNOWN_NAME'],
    [
      'a weight of texts',
      rows.map((row) => ({ ...row, w: 'much' })),
      { weight: 'w' },
      /^Expected column "w" to be of the kind number/,
      'ERR_BLASNET_ARG_TYPE',
    ],
    [
      'a negative weight',
      rows.map((row, i) => ({ ...row, w: i === 5 ? -1 : 1 })),
      { weight: 'w' },
      /^Expected row 5, column "w" to be a weight, a finite number of at least 0, got -1 \(number\)$/,
    ],
    [
      'a missing weight',
      rows.map((row, i) => ({ ...row, w: i === 5 ? null : 1 })),
      { weight: 'w' },
      /^Expected row 5, column "w" to be a weight/,
      'ERR_BLASNET_ARG_TYPE',
    ],
    [
      'the target as the weight',
      rows,
      { weight: 'word' },
      /^Expected weight to be another column than the target/,
    ],
    [
      'weights of 0',
      rows.map((row) => ({ ...row, w: 0 })),
      { weight: 'w' },
      /^Expected at least 2 rows with a target and a weight above 0, got 0$/,
      'ERR_BLASNET_SHAPE',
    ],
    [
      'an unknown option',
      rows,
      { hiden: [3] } as never,
      /^Unknown option "hiden"; did you mean "hidden"\?$/,
      'ERR_BLASNET_UNKNOWN_OPTION',
    ],
    [
      'options of fit that have another form here',
      rows,
      { sampleWeight: [1] } as never,
      /^Unknown option "sampleWeight"/,
      'ERR_BLASNET_UNKNOWN_OPTION',
    ],
    [
      'two validation sets',
      rows,
      { validationSplit: 0.2, validationData: rows },
      /^Expected either validationData or validationSplit, got both$/,
    ],
    [
      'a share that holds out no row',
      rows,
      { validationSplit: 0.01 },
      /^Expected validationSplit to be a share that holds out at least one of the 40 rows, got 0.01 \(number\)$/,
    ],
    [
      'validation data of an unknown class',
      rows,
      {
        validationData: [
          { x: 1, word: 'c', y: 1 },
          { x: 2, word: 'a', y: 1 },
        ],
      },
      /^In validationData: Expected row 0, column "word" to be one of the 2 classes \("a", "b"\), got "c" \(string\)$/,
    ],
    [
      'validation data without a column',
      rows,
      {
        validationData: [
          { word: 'a', y: 1 },
          { word: 'b', y: 2 },
        ],
      },
      /to have the column "x"/,
    ],
  ])('%s, with a sentence about it', async (_, records, options, message, code = value) => {
    const got = await refusal(
      Classifier.train(records, { target: 'word', ...small, ...options } as ClassifierOptions & {
        target: string;
      }),
    );
    expect(got.message).toMatch(message);
    expect(got.code).toBe(code);
  });

  test('what is no table', async () => {
    for (const data of [null, 3, 'rows.csv', new Float64Array(3)]) {
      const { code, message } = await refusal(Classifier.train(data as never, { target: 'y' }));
      expect(code).toBe('ERR_BLASNET_ARG_TYPE');
      expect(message.endsWith('; readTable reads a file')).toBe(data === 'rows.csv');
    }
  });
});

test('A Classifier learns from two rows of two classes.', async () => {
  const model = await Classifier.train(
    [
      { x: 1, word: 'a' },
      { x: 2, word: 'b' },
    ],
    { target: 'word', seed: 1, epochs: 100, hidden: [8], optimizer: adam({ learningRate: 0.05 }) },
  );
  expect([model.predict({ x: 1 }), model.predict({ x: 2 })]).toEqual(['a', 'b']);
});

test('An evaluation leaves out rows without a target, if that is asked for.', async () => {
  const noWords = rows.map((row, i) => ({ ...row, word: i % 4 === 1 ? null : row.word }));
  const words = await Classifier.train(rows, { target: 'word', ...small });
  const present = Table.from(rows.filter((_, i) => i % 4 !== 1));
  expect(await words.evaluate(noWords, { missingTarget: 'drop' })).toEqual(await words.evaluate(present));
  const noNumbers = Table.from(rows.map((row, i) => ({ ...row, y: i % 5 ? row.y : null })));
  const numbers = await Regressor.train(rows, { target: 'y', ...small });
  const there = Table.from(rows.filter((_, i) => i % 5));
  expect(await numbers.evaluate(noNumbers, { missingTarget: 'drop' })).toEqual(await numbers.evaluate(there));
  await expect(numbers.evaluate(noNumbers)).rejects.toThrow(
    'Expected row 0, column "y" to be a value of the target',
  );
  await expect(words.evaluate(rows, { missing: 1 } as never)).rejects.toThrow('Unknown option "missing"');
});

test('A Classifier leaves out rows without a target, if that is asked for.', async () => {
  const gaps = Table.from(rows.map((row, i) => ({ ...row, word: i % 4 === 1 ? null : row.word })));
  const present = Table.from(rows.filter((_, i) => i % 4 !== 1));
  const a = await Classifier.train(gaps, { target: 'word', ...small, missingTarget: 'drop' });
  const b = await Classifier.train(present, { target: 'word', ...small });
  expect(a.predictSync(present)).toEqual(b.predictSync(present));
  expect(a.history?.loss).toEqual(b.history?.loss);
  await expect(a.evaluate(gaps)).rejects.toThrow(
    'Expected row 1, column "word" to be a value of the target, got null; { missingTarget: \'drop\' } leaves out rows',
  );
});

describe('a Regressor refuses', () => {
  test.each<[string, object[], Partial<TrainOptions>, RegExp, string]>([
    [
      'a target of texts',
      rows,
      { target: 'word' },
      /^Expected row 0, column "word" to be a number, got "b" \(string\); a Classifier predicts texts and truth values$/,
      'ERR_BLASNET_ARG_VALUE',
    ],
    [
      'a constant target',
      rows.map((row) => ({ ...row, y: 4 })),
      {},
      /^Expected column "y", the target, to have at least 2 different numbers, got 4 alone$/,
      'ERR_BLASNET_ARG_VALUE',
    ],
    [
      'a target of gaps',
      rows.map((row) => ({ ...row, y: null })),
      {},
      /got missing values alone$/,
      'ERR_BLASNET_ARG_VALUE',
    ],
    [
      'an infinite target',
      rows.map((row, i) => ({ ...row, y: i === 3 ? -1 / 0 : i })),
      {},
      /^Expected row 3, column "y" to be a finite number, got -Infinity \(number\)$/,
      'ERR_BLASNET_ARG_VALUE',
    ],
    [
      'a target with some gaps',
      rows.map((row, i) => ({ ...row, y: i === 9 ? null : row.y })),
      {},
      /^Expected row 9, column "y" to be a value of the target/,
      'ERR_BLASNET_ARG_TYPE',
    ],
    [
      'options of a Classifier',
      rows,
      { classWeight: 'balanced' } as never,
      /^Unknown option "classWeight"/,
      'ERR_BLASNET_UNKNOWN_OPTION',
    ],
  ])('%s, with a sentence about it', async (_, records, options, message, code) => {
    const got = await refusal(
      Regressor.train(records, { target: 'y', ...small, ...options } as TrainOptions & { target: string }),
    );
    expect(got.message).toMatch(message);
    expect(got.code).toBe(code);
  });
});

describe('a model refuses at prediction', () => {
  const model = () => Classifier.train(rows, { target: 'word', ...small });
  test.each<[string, unknown, RegExp]>([
    [
      'a record without a column',
      { x: 1 },
      /^Expected row 0 to have the column "y"; write null where a value is missing$/,
    ],
    [
      'a text where a number belongs',
      { x: '1', y: 2 },
      /^Expected row 0, column "x" to be a number, got "1" \(string\)$/,
    ],
    [
      'an infinite number',
      { x: 1 / 0, y: 2 },
      /^Expected row 0, column "x" to be a finite number, or null, got Infinity \(number\)$/,
    ],
    [
      'a later record of other keys',
      [
        { x: 1, y: 2 },
        { x: 1, z: 2 },
      ],
      /^Expected row 1 to have the column "y"/,
    ],
    [
      'what is no record',
      7,
      /^Expected rows to be a Table, an array of records, or one record, got 7 \(number\)$/,
    ],
    ['an element that is no record', [{ x: 1, y: 2 }, null], /^Expected row 1 to be an object, got null$/],
    ['a table without a column', Table.from([{ x: 1 }]), /^Expected the table to have the column "y"$/],
    ['no rows', [], /^Expected rows to have at least one row, got 0$/],
  ])('%s, with a sentence about it', async (_, given, message) => {
    const trained = await model();
    const predict = async () => trained.predict(given as never);
    await expect(predict()).rejects.toThrow(message);
    expect(() => trained.predictSync(given as never)).toThrow(message);
    // It goes on.
    expect(trained.predict({ x: 1, y: 2 })).toMatch(/a|b/);
  });
});

test('A file of another kind of model is refused, with what reads it.', async () => {
  const folder = newFolder();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, `${name}.safetensors`)) as [
    string,
    string,
    string,
  ];
  await (await Classifier.train(rows, { target: 'word', ...small })).save(a);
  await (await Regressor.train(rows, { target: 'y', ...small })).save(b);
  await new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }]).save(c);
  await expect(Regressor.load(a)).rejects.toThrow('a Classifier; Classifier.load reads it');
  await expect(Classifier.load(b)).rejects.toThrow('a Regressor; Regressor.load reads it');
  await expect(Classifier.load(c)).rejects.toThrow('a network without a schema; Network.load reads it');
  writeFileSync(c, 'no model');
  await expect(Classifier.load(c)).rejects.toMatchObject({ code: 'ERR_BLASNET_FILE' });
});

test('Additional columns are ignored, or refused by the option.', async () => {
  const weighed = rows.map((row) => ({ ...row, importance: 1 }));
  const open = await Classifier.train(weighed, { target: 'word', ...small, weight: 'importance' });
  expect(open.predict({ x: 1, y: 2, z: 3 })).toMatch(/a|b/);
  const closed = await Classifier.train(weighed, {
    ...{ target: 'word', ...small, weight: 'importance' },
    inputs: { additional: 'error' },
    validationData: rows,
  });
  for (const model of [closed, Classifier.fromBytesSync(closed.toBytesSync())]) {
    expect(model.predict({ x: 1, y: 2 })).toMatch(/a|b/);
    // The target may be there.
    expect(model.predict({ x: 1, y: 2, word: 'a' })).toMatch(/a|b/);
    expect(() => model.predict({ x: 1, y: 2, xx: 3 })).toThrow(
      'Unknown column "xx" in row 0; did you mean "x"?',
    );
    await expect(
      model.predict([
        { x: 1, y: 2 },
        { x: 1, y: 2, importance: 1 },
      ]),
    ).rejects.toThrow('Unknown column "importance" in row 1');
    await expect(model.predict(Table.from([{ x: 1, y: 2, z: 3 }]))).rejects.toMatchObject({
      message: 'Unknown column "z" in the table; did you mean "x"?',
      code: 'ERR_BLASNET_UNKNOWN_NAME',
    });
  }
});
