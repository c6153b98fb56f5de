// Wrong X and Y: every method throws one message, and changes nothing.

import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { expectError } from '../support/bad-input';
import { detached, detachedMatrix, hasResizable, resizable } from './bad-buffers';
import { layers, randomMatrix, snapshot } from './helpers';
import { expectRejected, methods, type Rejection } from './rejections';

const network = (dtype: Dtype = 'float64') =>
  new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 1, dtype });

const array = (...values: number[]) => Float64Array.from(values);
const matrix = (cols: number, ...values: number[]) =>
  new Matrix(array(...values), values.length / cols, cols);

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

// Values that are wrong for both X (2 columns) and Y (1 column); `values` makes two rows.
function wrongForBoth(name: 'X' | 'Y', cols: number): Rejection<() => unknown>[] {
  const values = Array(2 * cols).fill(1);
  const kind = (got: string) => ({
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE' as const,
    message: `Expected ${name} to be a Matrix, a typed array of numbers or an array of rows, got ${got}`,
  });
  const missing =
    name === 'X'
      ? '; write NaN for a missing number, and preprocess with imputer()'
      : '; leave out samples without a label';
  const empty = `Expected ${name} to have at least one row, got 0`;
  const rejections: Rejection<() => unknown>[] = [
    { what: 'nothing', wrong: () => undefined, ...kind('undefined') },
    { what: 'null', wrong: () => null, ...kind('null') },
    { what: 'a number', wrong: () => 5, ...kind('5 (number)') },
    { what: 'text', wrong: () => '1,0', ...kind('"1,0" (string)') },
    { what: 'an object', wrong: () => ({ data: values, rows: 2, cols }), ...kind('an object (Object)') },
    {
      what: 'a promise',
      wrong: () => Promise.resolve(values),
      ...kind('an object (Promise); await the promise'),
    },
    { what: 'a set', wrong: () => new Set(values), ...kind('an object (Set)') },
    { what: 'a function', wrong: () => () => values, ...kind('a function') },
    {
      what: 'big integers',
      wrong: () => new BigInt64Array(2 * cols),
      ...kind(`a BigInt64Array of length ${2 * cols}; Float64Array.from(values, Number) converts it`),
    },
    {
      what: 'a bare buffer',
      wrong: () => new ArrayBuffer(16 * cols),
      ...kind('an object (ArrayBuffer); new Float64Array(buffer) shows its numbers'),
    },
    { what: 'a DataView', wrong: () => new DataView(new ArrayBuffer(16 * cols)), ...kind('a DataView') },
    {
      what: 'an empty array',
      wrong: () => array(),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: empty,
    },
    {
      what: 'a matrix without rows',
      wrong: () => Matrix.zeros(0, cols),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: empty,
    },
    {
      what: 'no rows',
      wrong: () => [],
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: `Expected ${name} to be a non-empty array of rows, got an array of length 0`,
    },
    {
      what: 'an empty row',
      wrong: () => [[], []],
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: `Expected ${name}[0] to be a non-empty row, got an array of length 0`,
    },
    {
      what: 'a matrix of other columns',
      wrong: () => Matrix.zeros(2, 3),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message:
        name === 'X'
          ? "Expected X to have 2 columns (the network's inputDim), got 3"
          : "Expected Y to have 1 columns (the network's outputDim), got 3",
    },
    {
      what: 'rows of other columns',
      wrong: () => [
        [1, 1, 1],
        [1, 1, 1],
      ],
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message:
        name === 'X'
          ? "Expected X to have 2 columns (the network's inputDim), got 3"
          : "Expected Y to have 1 columns (the network's outputDim), got 3",
    },
    {
      what: 'ragged rows',
      wrong: () => [[1], [1, 0]],
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: `Expected ${name}[1] to be of length 1, like the first row, got an array of length 2`,
    },
    {
      what: 'a flat array',
      wrong: () => values,
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected ${name}[0] to be an array of numbers, got 1 (number); write one row as [[${values.join(', ')}]]`,
    },
    {
      what: 'text in a row',
      wrong: () => [Array(cols).fill(1), Array(cols).fill('1')],
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected ${name}[1][0] to be a number, got "1" (string); Number(text) converts it`,
    },
    {
      what: 'null in a row',
      wrong: () => [Array(cols).fill(null)],
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected ${name}[0][0] to be a number, got null${missing}`,
    },
    {
      what: 'a hole for a row',
      wrong: () => {
        const rows = [Array(cols).fill(1)];
        rows[2] = Array(cols).fill(1);
        return rows;
      },
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected ${name}[1] to be an array of numbers, got undefined${missing}`,
    },
    {
      what: 'an array on a detached buffer',
      wrong: () => detached(array(...values)),
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: `Expected ${name} to be an array whose buffer is not detached, got a Float64Array of length 0`,
    },
    {
      what: 'a matrix on a detached buffer',
      wrong: () => detachedMatrix(2, cols),
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: `Expected ${name} to be an array whose buffer is not detached, got a Float64Array of length 0`,
    },
  ];
  if (hasResizable) {
    rejections.push({
      what: 'an array on a resizable buffer',
      wrong: () => new Float64Array(resizable(16 * cols)),
      error: TypeError,
      code: 'ERR_BLASNET_RESIZABLE',
      message: `Expected ${name} to be an array on a buffer of fixed length, got a Float64Array of length ${2 * cols}`,
    });
  }
  // Labels of a single output may be an array of numbers.
  const fine = name === 'Y' ? ['a flat array'] : [];
  return rejections.filter(({ what }) => !fine.includes(what));
}

const wrongX: Rejection<() => unknown>[] = [
  ...wrongForBoth('X', 2),
  {
    what: 'an array that ends within a row',
    wrong: () => array(1, 2, 3),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message:
      "Expected X to be of a length that is a multiple of 2 (the network's inputDim), got a Float64Array of length 3",
  },
  ...([nan, infinity, -infinity] as const).map(
    (value): Rejection<() => unknown> => ({
      what: `${value} in an array`,
      wrong: () => array(1, 0, value, 1),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: `Expected X to hold finite numbers, got ${value} at row 1, column 0`,
    }),
  ),
  {
    what: 'NaN in a matrix',
    wrong: () => matrix(2, 1, nan, 0, 1),
    error: RangeError,
    code: 'ERR_BLASNET_NOT_FINITE',
    message: 'Expected X to hold finite numbers, got NaN at row 0, column 1',
  },
  {
    what: 'infinity in rows',
    wrong: () => [
      [1, 0],
      [0, infinity],
    ],
    error: RangeError,
    code: 'ERR_BLASNET_NOT_FINITE',
    message: 'Expected X to hold finite numbers, got Infinity at row 1, column 1',
  },
];

const wrongY: Rejection<() => unknown>[] = [
  ...wrongForBoth('Y', 1),
  {
    what: 'another number of rows than X has',
    wrong: () => array(1, 0, 1),
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected Y to have as many rows as X (2), got 3',
  },
  {
    what: 'one row for all',
    wrong: () => [[1]],
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message: 'Expected Y to have as many rows as X (2), got 1',
  },
  ...([1.5, -0.25, 1 + 2 ** -52, -Number.MIN_VALUE] as const).map(
    (value): Rejection<() => unknown> => ({
      what: `the label ${value}`,
      wrong: () => array(1, value),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected Y to hold numbers from 0 to 1 (the loss is binaryCrossEntropy), got ${value} at row 1, column 0`,
    }),
  ),
  ...([nan, infinity, -infinity] as const).map(
    (value): Rejection<() => unknown> => ({
      what: `the label ${value}`,
      wrong: () => matrix(1, value, 1),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: `Expected Y to hold numbers from 0 to 1 (the loss is binaryCrossEntropy), got ${value} at row 0, column 0`,
    }),
  ),
];

describe.each(methods)('$name', ({ name, call }) => {
  // A function is a source for predict.
  const refused = wrongX.filter(({ what }) => name !== 'predict' || what !== 'a function');
  it.each(refused)('rejects $what for X', async ({ wrong, ...rejection }) => {
    const net = network();
    await expectRejected(name, net, () => call(net, wrong(), array(1, 0)), rejection);
  });
});

describe.each(methods.filter(({ takesLabels }) => takesLabels))('$name', ({ name, call }) => {
  it.each(wrongY)('rejects $what for Y', async ({ wrong, ...rejection }) => {
    const net = network();
    await expectRejected(name, net, () => call(net, array(1, 0, 1, 0), wrong()), rejection);
  });
});

it.each(methods)('$name says first what is wrong with X', async (method) => {
  const net = network('float32');
  await expectRejected(method.name, net, () => method.call(net, array(1), null), {
    error: RangeError,
    code: 'ERR_BLASNET_SHAPE',
    message:
      "Expected X to be of a length that is a multiple of 2 (the network's inputDim), got a Float64Array of length 1",
  });
});

it('a float32 network takes numbers beyond float32 for infinite', () => {
  expectError(
    () => network('float32').predictSync([[1, 1e39]]),
    RangeError,
    'ERR_BLASNET_NOT_FINITE',
    'Expected X to hold finite numbers, got Infinity at row 0, column 1',
  );
});

describe('the loss', () => {
  it('allows the labels 0 and 1, labels between them, and a negative zero', () => {
    expect(network().evaluateSync(new Float64Array(8), array(0, 1, 0.5, -0)).loss).toBeGreaterThan(0);
  });

  it('allows any finite label when it is the mean squared error', () => {
    const net = network();
    const loss = 'meanSquaredError';
    expect(net.evaluateSync(new Float64Array(4), array(-7, 1e100), { loss }).loss).toBeGreaterThan(1e199);
    for (const value of [nan, infinity, -infinity]) {
      expectError(
        () => net.evaluateSync(new Float64Array(4), array(0, value), { loss }),
        RangeError,
        'ERR_BLASNET_NOT_FINITE',
        `Expected Y to hold finite numbers (the loss is meanSquaredError), got ${value} at row 1, column 0`,
      );
    }
  });
});

describe('the error about one bad number among many', () => {
  // Positions around the borders of vectors, of tiles, and of the pieces of the search.
  const rows = 2 ** 19 + 500;
  const X = randomMatrix(rows, 2, 1);
  const Y = randomMatrix(rows, 1, 2);
  Y.data.fill(1);
  const net = network();

  it.each([0, 1, 7, 8, 511, 512, 1023, 1024, 2 ** 20 - 1, 2 ** 20, 2 * rows - 1])(
    'names the place when it is element %i of X',
    async (index) => {
      const before = snapshot(net);
      const value = X.data[index] as number;
      X.data[index] = nan;
      const message = `Expected X to hold finite numbers, got NaN at row ${index >> 1}, column ${index & 1}`;
      for (const { call } of methods) {
        const error = await Promise.resolve()
          .then(() => call(net, X, Y))
          .catch((reason) => reason);
        expect(error).toMatchObject({ code: 'ERR_BLASNET_NOT_FINITE', message });
      }
      X.data[index] = value;
      expect(snapshot(net)).toEqual(before);
    },
  );

  it('names the first of several bad numbers', () => {
    const x = X.data.slice(0, 4000);
    x[3001] = infinity;
    x[2000] = -infinity;
    expectError(
      () => net.evaluateSync(x, Y.data.subarray(0, 2000)),
      RangeError,
      'ERR_BLASNET_NOT_FINITE',
      'Expected X to hold finite numbers, got -Infinity at row 1000, column 0',
    );
  });
});
