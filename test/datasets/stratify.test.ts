// Stratified splits have scikit-learn's rows, and splits take and give what `fit` takes.

import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  labelEncoder,
  Matrix,
  Network,
  type SplitLabels,
  type SplitOptions,
  trainTestSplit,
  trainTestSplitAsync,
} from '../../lib/index';
import fixture from '../fixtures/sklearn-stratified.json';
import { randomMatrix } from '../network/helpers';
import { type BadCall, itRejects } from '../support/bad-input';

const numbered = (rows: number) =>
  new Matrix(
    Float64Array.from({ length: rows }, (_, row) => row),
    rows,
    1,
  );

describe('stratify', () => {
  it.each(fixture.cases.map((split) => ({ ...split, rows: split.y.length })))(
    'gives the rows of scikit-learn for $rows rows, testSize $testSize and seed $seed',
    async ({ y, testSize, seed, train, test, rows }) => {
      const X = numbered(rows);
      const labels = y as SplitLabels;
      const options: SplitOptions = { testSize, seed };
      const splits = [
        trainTestSplit(X, labels, { ...options, stratify: true }),
        trainTestSplit(X, undefined, { ...options, stratify: labels }),
        await trainTestSplitAsync(X, labels, { ...options, stratify: true, threads: 2 }),
      ];
      for (const split of splits) {
        expect(Array.from(split.testIndex)).toEqual(test);
        expect(Array.from(split.trainIndex)).toEqual(train);
        expect(Array.from(split.test.X.data)).toEqual(test);
        expect(Array.from(split.train.X.data)).toEqual(train);
      }
    },
  );

  it('takes labels in any form, with one result', () => {
    const classes = Array.from({ length: 40 }, (_, i) => (i * 7) % 3);
    const X = numbered(40);
    const expected = trainTestSplit(X, undefined, { stratify: classes, seed: 1 }).testIndex;
    const forms: SplitLabels[] = [
      Int32Array.from(classes),
      Int8Array.from(classes),
      Float32Array.from(classes),
      classes.map((label) => 'abc'[label] as string),
      classes.map((label) => ['abc'[label] as string]),
      classes.map((label) => [label]),
      new Matrix(Float64Array.from(classes), 40, 1),
      classes.map((label) => [0, 1, 2].map((c) => Number(c === label)).reverse()),
      new Matrix(Float32Array.from(classes.flatMap((label) => [label, -label])), 40, 2),
    ];
    for (const stratify of forms) {
      expect(trainTestSplit(X, undefined, { stratify, seed: 1 }).testIndex).toEqual(expected);
      expect(trainTestSplit(X, stratify, { stratify: true, seed: 1 }).testIndex).toEqual(expected);
    }
  });

  it('keeps the share of every class among many rows, on any number of threads', async () => {
    const rows = 200_000;
    const labels = Array.from({ length: rows }, (_, i) => (i % 10 === 0 ? 'rare' : 'common'));
    const X = numbered(rows);
    const split = await trainTestSplitAsync(X, labels, { stratify: true, seed: 1, threads: 1 });
    expect(split.test.Y.filter((name) => name === 'rare')).toHaveLength(5000);
    expect(split.train.Y.filter((name) => name === 'rare')).toHaveLength(15_000);
    expect(new Set([...split.trainIndex, ...split.testIndex]).size).toBe(rows);
    expect(await trainTestSplitAsync(X, labels, { stratify: true, seed: 1, threads: 3 })).toEqual(split);
  });

  const refusal = (what: string, call: () => unknown, message: string): BadCall => ({
    what,
    call,
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message,
  });

  itRejects([
    refusal(
      'a class with a single row',
      () => trainTestSplit(numbered(5), ['a', 'a', 'b', 'c', 'c'], { stratify: true }),
      'Expected Y to have at least 2 rows of every class, to stratify by, got 1 of "b"',
    ),
    refusal(
      'labels whose rows have a class with a single row',
      () =>
        trainTestSplit(numbered(3), undefined, {
          stratify: [
            [0, 1],
            [0, 1],
            [1, 0],
          ],
        }),
      'Expected stratify to have at least 2 rows of every class, to stratify by, got 1 of [1,0]',
    ),
    refusal(
      'a test with fewer rows than classes',
      () => trainTestSplit(numbered(6), [1, 1, 2, 2, 3, 3], { stratify: true, testSize: 2 }),
      'Expected testSize to be such that both parts have a row of each of the 3 classes, got 2 of 6 rows',
    ),
    refusal(
      'a training set with fewer rows than classes',
      () => trainTestSplit(numbered(6), [1, 1, 2, 2, 3, 3], { stratify: true, testSize: 4 }),
      'Expected testSize to be such that both parts have a row of each of the 3 classes, got 4 of 6 rows',
    ),
    refusal(
      'a split without a shuffle',
      () => trainTestSplit(numbered(4), [1, 1, 2, 2], { stratify: true, shuffle: false }),
      'Expected stratify to be left out without shuffle, got true (boolean)',
    ),
    refusal(
      'true without Y',
      () => trainTestSplit(numbered(4), undefined, { stratify: true }),
      'Expected stratify to be the labels, since Y is left out, got true (boolean)',
    ),
    {
      what: 'the name of a column',
      call: () => trainTestSplit(numbered(4), [1, 1, 2, 2], { stratify: 'Y' as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected stratify to be a Matrix, a typed array of numbers, an array of rows, or an array of numbers or names, got "Y" (string)',
    },
    {
      what: 'labels for other rows',
      call: () => trainTestSplit(numbered(4), undefined, { stratify: ['a', 'a', 'b'] }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected stratify to have as many rows as X (4), got 3',
    },
    {
      what: 'a label that is neither a number nor a name',
      call: () => trainTestSplit(numbered(4), undefined, { stratify: ['a', 'a', null, 'b'] }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected stratify[2] to be a string or a number, got null; leave out samples without a label',
    },
    {
      what: 'NaN in a row of labels',
      call: () =>
        trainTestSplit(numbered(2), undefined, {
          stratify: [
            [0, 1],
            [Number.NaN, 1],
          ],
        }),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected stratify[1][0] to be a finite number, got NaN (number)',
    },
  ]);
});

describe('a split of', () => {
  const options = { testSize: 2, shuffle: false };
  const X = numbered(5);

  it('names gives names', () => {
    const split = trainTestSplit(X, ['a', 'b', 'c', 'd', 'e'], options);
    expectTypeOf(split.train.Y).toEqualTypeOf<string[]>();
    expect(split.train.Y).toEqual(['a', 'b', 'c']);
    expect(split.test.Y).toEqual(['d', 'e']);
  });

  it('names in rows of one gives such rows', () => {
    const { test } = trainTestSplit(X, [['a'], ['b'], ['c'], ['d'], ['e']], options);
    expect(test.Y).toEqual([['d'], ['e']]);
  });

  it.each([
    ...[Int32Array, Uint8Array, Int8Array, Int16Array, Uint16Array, Uint32Array, Uint8ClampedArray],
    ...[Float32Array, Float64Array],
  ])('labels in a %o gives that kind', async (Kind) => {
    const Y = Kind.of(1, 2, 3, 4, 5);
    for (const split of [trainTestSplit(X, Y, options), await trainTestSplitAsync(X, Y, options)]) {
      expect(split.train.Y).toEqual(Kind.of(1, 2, 3));
      expect(split.test.Y).toEqual(Kind.of(4, 5));
    }
  });

  it('numbers gives numbers, rows of numbers a matrix, and typed rows as well', () => {
    expect(trainTestSplit(X, [1, 2, 3, 4, 5], options).test.Y).toEqual([4, 5]);
    const rows = [1, 2, 3, 4, 5].map((value) => Float32Array.of(value, -value));
    const { test } = trainTestSplit(rows, rows, options);
    expect(test).toEqual({
      X: Matrix.from([
        [4, -4],
        [5, -5],
      ]),
      Y: Matrix.from([
        [4, -4],
        [5, -5],
      ]),
    });
  });

  it('typed arrays for X takes their rows from Y', () => {
    const flat = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    const { train, test } = trainTestSplit(flat, Int32Array.of(0, 1, 2, 3, 4), options);
    expectTypeOf(test.X).toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expect(train.X).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(test).toEqual({ X: Float32Array.of(7, 8, 9, 10), Y: Int32Array.of(3, 4) });
    expect(trainTestSplit(flat, X, options).test).toEqual({
      X: Float32Array.of(7, 8, 9, 10),
      Y: Matrix.from([[3], [4]]),
    });
  });

  it('one-hot rows in a typed array gives such rows', () => {
    const { test } = trainTestSplit(X, Uint8Array.of(1, 0, 0, 1, 1, 0, 0, 1, 1, 1), options);
    expect(test.Y).toEqual(Uint8Array.of(0, 1, 1, 1));
  });

  it('numbers and categories gives both', async () => {
    const mixed = { numbers: X, categories: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) };
    const { train, test } = await trainTestSplitAsync(mixed, [0, 1, 0, 1, 0], options);
    expect(test.X).toEqual({ numbers: Matrix.from([[3], [4]]), categories: Int32Array.of(6, 7, 8, 9) });
    expect(train.X.categories).toEqual(Int32Array.of(0, 1, 2, 3, 4, 5));
    const alone = trainTestSplit({ categories: Int32Array.of(0, 1, 2, 3, 4) }, [0, 1, 0, 1, 0], options);
    expect(alone.test.X).toEqual({ categories: Int32Array.of(3, 4) });
  });

  it('X alone gives X alone', () => {
    const { train, test } = trainTestSplit(X, undefined, options);
    expect(train).toEqual({ X: Matrix.from([[0], [1], [2]]) });
    expect(test).toEqual({ X: Matrix.from([[3], [4]]) });
  });

  it('names is what a network learns and is tested on', () => {
    const samples = randomMatrix(60, 2, 1);
    const names = Array.from({ length: 60 }, (_, i) => (samples.get(i, 0) > 0 ? 'right' : 'left'));
    const { train, test } = trainTestSplit(samples, names, { stratify: true, seed: 1 });
    const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], {
      seed: 1,
      labels: labelEncoder(),
    });
    net.fitSync(train.X, train.Y, { epochs: 300, batchSize: 8 });
    expect(net.evaluateSync(test.X, test.Y).accuracy).toBeGreaterThan(0.9);
  });

  itRejects([
    {
      what: 'a typed array alone',
      call: () => trainTestSplit(new Float64Array(4)),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected X to be a Matrix or an array of rows, since nothing else says how many rows there are, got a Float64Array of length 4',
    },
    {
      what: 'a typed array that ends within a row',
      call: () => trainTestSplit(new Float64Array(5), [1, 2]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected X to have as many rows as Y (2), got 5',
    },
    {
      what: 'big integers',
      call: () => trainTestSplit(X, new BigInt64Array(5) as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected Y to be a Matrix, a typed array of numbers, an array of rows, or an array of numbers or names, ' +
        'got a BigInt64Array of length 5; Float64Array.from(values, Number) converts it',
    },
    {
      what: 'codes for other rows than numbers',
      call: () => trainTestSplit({ numbers: X, categories: [[0]] }, [0, 1, 0, 1, 0]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected X.categories to have as many rows as X.numbers (5), got 1',
    },
  ]);
});
