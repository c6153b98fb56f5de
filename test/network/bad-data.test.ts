// X, Y and out that are wrong: every method says so in the same words, and changes nothing.

import { describe, expect, it } from 'vitest';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { expectError } from '../support/bad-input';
import { layers, randomMatrix, snapshot } from './helpers';
import { expectRejected, methods, type Rejection } from './rejections';

const network = (dtype: Dtype = 'float64') =>
  new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 1, dtype });

const array = (...values: number[]) => Float64Array.from(values);
const matrix = (cols: number, ...values: number[]) =>
  new Matrix(array(...values), values.length / cols, cols);

function detached<T extends { readonly buffer: ArrayBufferLike }>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

function detachedMatrix(rows: number, cols: number): Matrix {
  const result = new Matrix(new Float64Array(rows * cols), rows, cols);
  detached(result.data);
  return result;
}

const hasResizable = 'resizable' in ArrayBuffer.prototype;
const resizable = (bytes: number): ArrayBuffer =>
  Reflect.construct(ArrayBuffer, [bytes, hasResizable ? { maxByteLength: 2 * bytes } : undefined]);

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

// Wrong in the same way for X (2 columns) and Y (1 column); `values` makes two rows of them.
function wrongForBoth(name: 'X' | 'Y', cols: number): Rejection<() => unknown>[] {
  const values = Array(2 * cols).fill(1);
  const kind = (got: string) =>
    [
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `Expected ${name} to be a Matrix, a typed array or an array of rows, got ${got}`,
    ] as const;
  const dtype = `Expected ${name} to be a Float64Array (the network's dtype is 'float64'), got a`;
  const empty = `Expected ${name} to have at least one row, got 0`;
  const rejections: Rejection<() => unknown>[] = [
    ['nothing', () => undefined, ...kind('undefined')],
    ['null', () => null, ...kind('null')],
    ['a number', () => 5, ...kind('5 (number)')],
    ['text', () => '1,0', ...kind('"1,0" (string)')],
    ['an object', () => ({ data: values, rows: 2, cols }), ...kind('an object (Object)')],
    ['a promise', () => Promise.resolve(values), ...kind('an object (Promise)')],
    ['a set', () => new Set(values), ...kind('an object (Set)')],
    ['a function', () => () => values, ...kind('a function')],
    ['integers', () => Int32Array.from(values), ...kind(`an Int32Array of length ${2 * cols}`)],
    ['big integers', () => new BigInt64Array(2 * cols), ...kind(`a BigInt64Array of length ${2 * cols}`)],
    ['bytes', () => Buffer.alloc(16 * cols), ...kind(`a Buffer of length ${16 * cols}`)],
    ['a bare buffer', () => new ArrayBuffer(16 * cols), ...kind('an object (ArrayBuffer)')],
    ['a DataView', () => new DataView(new ArrayBuffer(16 * cols)), ...kind('a DataView')],
    [
      'an array of the other dtype',
      () => Float32Array.from(values),
      TypeError,
      'ERR_BLASNET_DTYPE',
      `${dtype} Float32Array of length ${2 * cols}`,
    ],
    [
      'a matrix of the other dtype',
      () => new Matrix(Float32Array.from(values), 2, cols),
      TypeError,
      'ERR_BLASNET_DTYPE',
      `${dtype} Float32Array of length ${2 * cols}`,
    ],
    ['an empty array', () => array(), RangeError, 'ERR_BLASNET_SHAPE', empty],
    ['a matrix without rows', () => Matrix.zeros(0, cols), RangeError, 'ERR_BLASNET_SHAPE', empty],
    [
      'no rows',
      () => [],
      RangeError,
      'ERR_BLASNET_SHAPE',
      `Expected ${name} to be a non-empty array of rows, got an array of length 0`,
    ],
    [
      'an empty row',
      () => [[], []],
      RangeError,
      'ERR_BLASNET_SHAPE',
      `Expected ${name}[0] to be a non-empty row, got an array of length 0`,
    ],
    [
      'a matrix of other columns',
      () => Matrix.zeros(2, 3),
      RangeError,
      'ERR_BLASNET_SHAPE',
      name === 'X'
        ? "Expected X to have 2 columns (the network's inputDim), got 3"
        : "Expected Y to have 1 columns (the network's outputDim), got 3",
    ],
    [
      'rows of other columns',
      () => [
        [1, 1, 1],
        [1, 1, 1],
      ],
      RangeError,
      'ERR_BLASNET_SHAPE',
      name === 'X'
        ? "Expected X to have 2 columns (the network's inputDim), got 3"
        : "Expected Y to have 1 columns (the network's outputDim), got 3",
    ],
    [
      'ragged rows',
      () => [[1], [1, 0]],
      RangeError,
      'ERR_BLASNET_SHAPE',
      `Expected ${name}[1] to be of length 1, as the first row, got an array of length 2`,
    ],
    [
      'a flat array',
      () => values,
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `Expected ${name}[0] to be an array of numbers, got 1 (number)`,
    ],
    [
      'typed arrays for rows',
      () => [array(...values.slice(cols))],
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `Expected ${name}[0] to be an array of numbers, got a Float64Array of length ${cols}`,
    ],
    [
      'text in a row',
      () => [Array(cols).fill(1), Array(cols).fill('1')],
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `Expected ${name}[1][0] to be a number, got "1" (string)`,
    ],
    [
      'null in a row',
      () => [Array(cols).fill(null)],
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `Expected ${name}[0][0] to be a number, got null`,
    ],
    [
      'a hole for a row',
      () => {
        const rows = [Array(cols).fill(1)];
        rows[2] = Array(cols).fill(1);
        return rows;
      },
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      `Expected ${name}[1] to be an array of numbers, got undefined`,
    ],
    [
      'an array on a detached buffer',
      () => detached(array(...values)),
      TypeError,
      'ERR_BLASNET_DETACHED',
      `Expected ${name} to be an array whose buffer is not detached, got a Float64Array of length 0`,
    ],
    [
      'a matrix on a detached buffer',
      () => detachedMatrix(2, cols),
      TypeError,
      'ERR_BLASNET_DETACHED',
      `Expected ${name} to be an array whose buffer is not detached, got a Float64Array of length 0`,
    ],
  ];
  if (hasResizable) {
    rejections.push([
      'an array on a resizable buffer',
      () => new Float64Array(resizable(16 * cols)),
      TypeError,
      'ERR_BLASNET_RESIZABLE',
      `Expected ${name} to be an array on a buffer of fixed length, got a Float64Array of length ${2 * cols}`,
    ]);
  }
  // Labels of a single output may come one by one.
  const fine = name === 'Y' ? ['integers', 'bytes', 'a flat array'] : [];
  return rejections.filter(([what]) => !fine.includes(what));
}

const wrongX: Rejection<() => unknown>[] = [
  ...wrongForBoth('X', 2),
  [
    'an array that ends within a row',
    () => array(1, 2, 3),
    RangeError,
    'ERR_BLASNET_SHAPE',
    "Expected X to be of a length that is a multiple of 2 (the network's inputDim), got a Float64Array of length 3",
  ],
  ...([nan, infinity, -infinity] as const).map(
    (value): Rejection<() => unknown> => [
      `${value} in an array`,
      () => array(1, 0, value, 1),
      RangeError,
      'ERR_BLASNET_NOT_FINITE',
      `Expected X to hold finite numbers, got ${value} at row 1, column 0`,
    ],
  ),
  [
    'NaN in a matrix',
    () => matrix(2, 1, nan, 0, 1),
    RangeError,
    'ERR_BLASNET_NOT_FINITE',
    'Expected X to hold finite numbers, got NaN at row 0, column 1',
  ],
  [
    'infinity in rows',
    () => [
      [1, 0],
      [0, infinity],
    ],
    RangeError,
    'ERR_BLASNET_NOT_FINITE',
    'Expected X to hold finite numbers, got Infinity at row 1, column 1',
  ],
];

const wrongY: Rejection<() => unknown>[] = [
  ...wrongForBoth('Y', 1),
  [
    'another number of rows than X has',
    () => array(1, 0, 1),
    RangeError,
    'ERR_BLASNET_SHAPE',
    'Expected Y to have as many rows as X (2), got 3',
  ],
  [
    'one row for all',
    () => [[1]],
    RangeError,
    'ERR_BLASNET_SHAPE',
    'Expected Y to have as many rows as X (2), got 1',
  ],
  ...([1.5, -0.25, 1 + 2 ** -52, -Number.MIN_VALUE] as const).map(
    (value): Rejection<() => unknown> => [
      `the label ${value}`,
      () => array(1, value),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      `Expected Y to hold numbers from 0 to 1 (the loss is binaryCrossEntropy), got ${value} at row 1, column 0`,
    ],
  ),
  ...([nan, infinity, -infinity] as const).map(
    (value): Rejection<() => unknown> => [
      `the label ${value}`,
      () => matrix(1, value, 1),
      RangeError,
      'ERR_BLASNET_NOT_FINITE',
      `Expected Y to hold numbers from 0 to 1 (the loss is binaryCrossEntropy), got ${value} at row 0, column 0`,
    ],
  ),
];

describe.each(methods)('$name rejects X being', ({ name, call }) => {
  it.each(wrongX)('%s', async (...rejection) => {
    const net = network();
    await expectRejected(name, net, () => call(net, rejection[1](), array(1, 0)), rejection);
  });
});

describe.each(methods.filter(({ takesLabels }) => takesLabels))('$name rejects Y being', ({ name, call }) => {
  it.each(wrongY)('%s', async (...rejection) => {
    const net = network();
    await expectRejected(name, net, () => call(net, array(1, 0, 1, 0), rejection[1]()), rejection);
  });
});

it.each(methods)(
  '$name says first what is wrong with X, and wants float32 from a float32 network',
  async (method) => {
    const net = network('float32');
    await expectRejected(method.name, net, () => method.call(net, array(1, 0), null), [
      '',
      undefined,
      TypeError,
      'ERR_BLASNET_DTYPE',
      "Expected X to be a Float32Array (the network's dtype is 'float32'), got a Float64Array of length 2",
    ]);
  },
);

it('numbers beyond float32 are no numbers for a float32 network', () => {
  expectError(
    () => network('float32').predictSync([[1, 1e39]]),
    RangeError,
    'ERR_BLASNET_NOT_FINITE',
    'Expected X to hold finite numbers, got Infinity at row 0, column 1',
  );
});

describe('labels that the loss allows', () => {
  it('0, 1, what is between them, and a negative zero', () => {
    expect(network().evaluateSync(new Float64Array(8), array(0, 1, 0.5, -0)).loss).toBeGreaterThan(0);
  });

  it('any finite number with the mean squared error', () => {
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

describe('one bad number among many', () => {
  // Around the borders of vectors, of tiles, and of the pieces that the search takes.
  const rows = 2 ** 19 + 500;
  const X = randomMatrix(rows, 2, 1);
  const Y = randomMatrix(rows, 1, 2);
  Y.data.fill(1);
  const net = network();

  it.each([0, 1, 7, 8, 511, 512, 1023, 1024, 2 ** 20 - 1, 2 ** 20, 2 * rows - 1])(
    'is found at element %i of X',
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

  it('is the first of several', () => {
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

describe('predictSync rejects out being', () => {
  const X = randomMatrix(2, 2, 1);
  const wrongOut: Rejection<() => unknown>[] = [
    [
      'a typed array',
      () => array(0, 0),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected out to be a Matrix, got a Float64Array of length 2',
    ],
    ['null', () => null, TypeError, 'ERR_BLASNET_ARG_TYPE', 'Expected out to be a Matrix, got null'],
    [
      'options',
      () => ({ signal: undefined }),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected out to be a Matrix, got an object (Object)',
    ],
    [
      'of fewer rows',
      () => Matrix.zeros(1, 1),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected out to have as many rows as X (2), got 1',
    ],
    [
      'of more rows',
      () => Matrix.zeros(3, 1),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected out to have as many rows as X (2), got 3',
    ],
    [
      'without rows',
      () => Matrix.zeros(0, 1),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected out to have at least one row, got 0',
    ],
    [
      'of other columns',
      () => Matrix.zeros(2, 2),
      RangeError,
      'ERR_BLASNET_SHAPE',
      "Expected out to have 1 columns (the network's outputDim), got 2",
    ],
    [
      'of the other dtype',
      () => Matrix.zeros(2, 1, 'float32'),
      TypeError,
      'ERR_BLASNET_DTYPE',
      "Expected out to be a Float64Array (the network's dtype is 'float64'), got a Float32Array of length 2",
    ],
    [
      'on a detached buffer',
      () => detachedMatrix(2, 1),
      TypeError,
      'ERR_BLASNET_DETACHED',
      'Expected out to be an array whose buffer is not detached, got a Float64Array of length 0',
    ],
    [
      'a part of X',
      () => new Matrix(X.data.subarray(1, 3), 2, 1),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      'Expected out to be a matrix that shares no memory with X, got an object (Matrix)',
    ],
  ];
  if (hasResizable) {
    wrongOut.push([
      'on a resizable buffer',
      () => new Matrix(new Float64Array(resizable(16)), 2, 1),
      TypeError,
      'ERR_BLASNET_RESIZABLE',
      'Expected out to be an array on a buffer of fixed length, got a Float64Array of length 2',
    ]);
  }

  it.each(wrongOut)('%s', async (...rejection) => {
    const net = network();
    const before = X.toArray();
    await expectRejected('predictSync', net, () => net.predictSync(X, rejection[1]() as Matrix), rejection);
    expect(X.toArray()).toEqual(before);
  });
});
