// Errors next to the categories: numbers for a network that has none, numbers that the preprocessing refuses, and an
// output that overlaps the codes.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import {
  minMaxScaler,
  oneHotEncoder,
  type PreprocessingStep,
  preprocessing,
  standardScaler,
} from '../../lib/preprocessing';
import { expectError, thrownBy } from '../support/bad-input';

const last = { outputDim: 1, activation: 'sigmoid' } as const;
const first = {
  inputDim: 2,
  outputDim: 4,
  activation: 'tanh',
  embeddings: [
    { categories: 3, outputDim: 2 },
    { categories: 5, outputDim: 1 },
  ],
} as const;
const numbers = [
  [1, 2],
  [3, 4],
];
const categories = Int32Array.of(0, 4, -1, 2);
const X = { numbers, categories };
const Y = [1, 0];
const onlyCategories = () => new Network([{ ...first, inputDim: 0 }, last], { seed: 1 });

describe('a network of categories alone', () => {
  const rule = "Expected X.numbers to be left out, since the network's inputDim is 0, got ";
  it.each([
    { what: 'in rows', numbers: [[1], [2]], message: `${rule}an array of length 2` },
    { what: 'in empty rows', numbers: [[], []], message: `${rule}an array of length 2` },
    { what: 'in an array', numbers: new Float64Array(2), message: `${rule}a Float64Array of length 2` },
    { what: 'in a matrix', numbers: Matrix.zeros(2, 1), message: `${rule}an object (Matrix)` },
    { what: 'that are null', numbers: null, message: `${rule}null` },
    {
      what: 'of other rows',
      numbers: Matrix.zeros(3, 0),
      message: 'Expected X.categories to have as many rows as X.numbers (3), got 2',
    },
  ])('refuses numbers $what', ({ numbers, message }) => {
    const call = () => onlyCategories().predictSync({ numbers, categories } as never);
    expectError(call, RangeError, 'ERR_BLASNET_SHAPE', message);
  });

  it('takes a matrix without columns, such as the input of its predictor', () => {
    const net = onlyCategories();
    const { input } = net.predictor({ maxBatch: 2 });
    expect(net.predictSync({ numbers: input, categories })).toEqual(net.predictSync({ categories }));
  });
});

it('predictSync refuses an out that shares memory with the codes', () => {
  const net = new Network([first, last], { seed: 1 });
  const buffer = new ArrayBuffer(32);
  const own = new Int32Array(buffer, 16, 4);
  own.set(categories);
  const call = (at: number) =>
    net.predictSync({ numbers, categories: own }, new Matrix(new Float64Array(buffer, at, 2), 2, 1));
  expectError(
    () => call(8),
    RangeError,
    'ERR_BLASNET_ARG_VALUE',
    'Expected out to be a matrix that shares no memory with X, got an object (Matrix)',
  );
  expect(call(0).data).toEqual(net.predictSync(X).data);
  expect(own).toEqual(categories);
});

describe('an error of preprocessing', () => {
  const made = (steps: readonly PreprocessingStep[], layer: Partial<LayerOptions> = {}) => {
    return new Network([{ ...first, ...layer }, last], { seed: 1, preprocessing: preprocessing(steps) });
  };

  it('names X.numbers when preprocessing learns', () => {
    const net = made([standardScaler()]);
    expectError(
      () =>
        net.fitSync(
          {
            numbers: [
              [1, 2],
              [3, Number.NaN],
            ],
            categories,
          },
          Y,
          { epochs: 1 },
        ),
      RangeError,
      'ERR_BLASNET_NOT_FINITE',
      'In X.numbers: Expected X to hold finite numbers (an imputer replaces NaN), got NaN at row 1, column 1',
    );
    expect(net.preprocessing?.fitted).toBe(false);
  });

  it('names X.numbers when preprocessing transforms', () => {
    const net = made([oneHotEncoder({ columns: [0] })], { inputDim: 3 });
    net.fitSync(X, Y, { epochs: 1 });
    expectError(
      () =>
        net.predictSync({
          numbers: [
            [1, 2],
            [9, 4],
          ],
          categories,
        }),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      'In X.numbers: Expected X to hold a category that was learned from column 0 (1, 3), got 9 at row 1',
    );
  });

  it('does not stand in front of an error about X itself, or about its columns', () => {
    const net = made([standardScaler()]);
    expect(thrownBy(() => net.fitSync(numbers, Y, { epochs: 1 }))).toMatchObject({
      message:
        'Expected X to be { numbers, categories }, since the network has embeddings, got an array of length 2',
    });
    net.fitSync(X, Y, { epochs: 1 });
    expect(thrownBy(() => net.predictSync({ numbers: [[1], [2]], categories }))).toMatchObject({
      message: "Expected X.numbers to have 2 columns (the network's preprocessing), got 1",
    });
  });

  it('names X.numbers when there are no numbers to preprocess', () => {
    const net = made([minMaxScaler()], { inputDim: 0 });
    expectError(
      () => net.fitSync({ categories }, Y, { epochs: 1 }),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'In X.numbers: Expected X to be a Matrix or an array of rows, got undefined',
    );
    net.preprocessing?.fit(numbers);
    expectError(
      () => net.predictSync({ categories }),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected X.numbers to be a Matrix, a typed array of numbers or an array of rows, got undefined',
    );
    expectError(
      () => net.predictSync(X),
      RangeError,
      'ERR_BLASNET_SHAPE',
      "Expected the preprocessing to output 0 columns (the network's inputDim), got 2",
    );
  });
});
