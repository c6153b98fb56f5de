// Wrong X of networks with categories: every method throws one message, and changes nothing.

import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../lib/base/errors';
import { type Dtype, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { expectError } from '../support/bad-input';
import { snapshot } from './helpers';

// biome-ignore lint/suspicious/noExplicitAny: bad arguments are of any type
type Any = any;

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

const network = (dtype: Dtype = 'float64') => new Network([first, last], { seed: 1, dtype });
const numbers = [
  [1, 2],
  [3, 4],
];
const categories = Int32Array.of(0, 4, -1, 2);
const X = { numbers, categories };
const Y = [1, 0];

function detached<T extends { readonly buffer: ArrayBufferLike }>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

const hasResizable = 'resizable' in ArrayBuffer.prototype;
const resizable = (bytes: number): ArrayBuffer =>
  Reflect.construct(ArrayBuffer, [bytes, hasResizable ? { maxByteLength: 2 * bytes } : undefined]);

interface Method {
  readonly name: string;
  readonly call: (net: Network, X: Any) => unknown;
}

/** Every method that takes samples, and every option that does. */
const methods: readonly Method[] = [
  { name: 'fit', call: (net, x) => net.fit(x, Y, { epochs: 1 }) },
  { name: 'fitSync', call: (net, x) => net.fitSync(x, Y, { epochs: 1 }) },
  { name: 'epochs', call: async (net, x) => net.epochs(x, Y, { epochs: 1 }).next() },
  { name: 'partialFit', call: (net, x) => net.partialFit(x, Y) },
  { name: 'trainOnBatch', call: (net, x) => net.trainOnBatch(x, Y) },
  { name: 'evaluate', call: (net, x) => net.evaluate(x, Y) },
  { name: 'evaluateSync', call: (net, x) => net.evaluateSync(x, Y) },
  { name: 'gradients', call: (net, x) => net.gradients(x, Y) },
  { name: 'predict', call: (net, x) => net.predict(x) },
  { name: 'predictSync', call: (net, x) => net.predictSync(x) },
];

interface Wrong {
  readonly what: string;
  readonly x: () => unknown;
  readonly errorClass: typeof TypeError | typeof RangeError;
  readonly code: ErrorCode;
  readonly message: string;
}

const type = { errorClass: TypeError, code: 'ERR_BLASNET_ARG_TYPE' } as const;
const range = { errorClass: RangeError, code: 'ERR_BLASNET_ARG_VALUE' } as const;
const shape = { errorClass: RangeError, code: 'ERR_BLASNET_SHAPE' } as const;

const notMixed = (what: string, x: unknown, got: string): Wrong => ({
  what,
  x: () => x,
  ...type,
  message: `Expected X to be { numbers, categories }, since the network has embeddings, got ${got}`,
});
const notNumbers = (what: string, x: unknown, got: string): Wrong => ({
  what,
  x: () => ({ numbers: x, categories }),
  ...type,
  message: `Expected X.numbers to be a Matrix, a typed array of numbers or an array of rows, got ${got}`,
});
const notCodes = (what: string, x: unknown, got: string): Wrong => ({
  what,
  x: () => ({ numbers, categories: x }),
  ...type,
  message: `Expected X.categories to be a Matrix, a typed array of codes or an array of rows, got ${got}`,
});
const codes = (what: string, ...values: unknown[]) => ({
  what,
  x: () => ({ numbers, categories: [values.slice(0, 2), values.slice(2)] }),
});
const array = (what: string, ...values: number[]) => ({
  what,
  x: () => ({ numbers, categories: Int32Array.from(values) }),
});
const notInColumn = (most: number, got: string) => ({
  ...range,
  message:
    `Expected X.categories to hold codes from 0 to ${most}, or -1 for unknown categories, in this column, ` +
    `got ${got}`,
});
const noCode = (place: string, got: string) => ({
  ...range,
  message: `Expected X.categories${place} to be a code, an integer from -1 to 2^31 - 1, got ${got}`,
});

const wrong: readonly Wrong[] = [
  notMixed('that is undefined', undefined, 'undefined'),
  notMixed('that is null', null, 'null'),
  notMixed('that is a matrix', Matrix.from(numbers), 'an object (Matrix)'),
  notMixed('that is an array of rows', numbers, 'an array of length 2'),
  notMixed('that is a typed array', new Float64Array(4), 'a Float64Array of length 4'),
  notMixed('that is the codes alone', categories, 'an Int32Array of length 4'),
  notMixed('that is a number', 5, '5 (number)'),
  notMixed('that is a function', () => X, 'a function'),
  notNumbers('without numbers', undefined, 'undefined'),
  notNumbers('with null for numbers', null, 'null'),
  notCodes('without categories', undefined, 'undefined'),
  notCodes('with null for categories', null, 'null'),
  notCodes(
    'with codes of 64 bits',
    new BigInt64Array(4),
    'a BigInt64Array of length 4; Float64Array.from(values, Number) converts it',
  ),
  {
    what: 'with a matrix of codes of other columns',
    x: () => ({ numbers, categories: Matrix.zeros(2, 3) }),
    ...shape,
    message: "Expected X.categories to be of 2 columns (the network's embeddings), got an object (Matrix)",
  },
  {
    what: 'with half a code in doubles',
    x: () => ({ numbers, categories: Float64Array.of(0, 1, 1.5, 2) }),
    ...noCode('[2]', '1.5 (number)'),
  },
  {
    what: 'with a code in doubles that no integer has',
    x: () => ({ numbers, categories: Float64Array.of(0, 1, 2, 2 ** 31) }),
    ...noCode('[3]', '2147483648 (number)'),
  },
  notCodes('with text', '0,1', '"0,1" (string)'),
  {
    what: 'with a misspelt key',
    x: () => ({ numbers, categorie: categories }),
    errorClass: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "categorie" in X; did you mean "categories"?',
  },
  {
    what: 'with another key next to the two',
    x: () => ({ ...X, weights: [1, 1] }),
    errorClass: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "weights" in X; known: numbers, categories',
  },
  {
    what: 'with more rows of numbers than of codes',
    x: () => ({ numbers: [...numbers, [5, 6]], categories }),
    ...shape,
    message: 'Expected X.categories to have as many rows as X.numbers (3), got 2',
  },
  {
    what: 'with more rows of codes than of numbers',
    x: () => ({ numbers, categories: new Int32Array(6) }),
    ...shape,
    message: 'Expected X.categories to have as many rows as X.numbers (2), got 3',
  },
  {
    what: 'with numbers of other columns',
    x: () => ({ numbers: [[1], [2]], categories }),
    ...shape,
    message: "Expected X.numbers to have 2 columns (the network's inputDim), got 1",
  },
  {
    what: 'with NaN among the numbers',
    x: () => ({
      numbers: [
        [1, 2],
        [3, Number.NaN],
      ],
      categories,
    }),
    errorClass: RangeError,
    code: 'ERR_BLASNET_NOT_FINITE',
    message: 'Expected X.numbers to hold finite numbers, got NaN at row 1, column 1',
  },
  {
    ...array('with an array that ends within a row', 0, 1, 2),
    ...shape,
    message:
      "Expected X.categories to be of a length that is a multiple of 2 (the network's embeddings), got an Int32Array of length 3",
  },
  {
    ...array('with an empty array'),
    ...shape,
    message: 'Expected X.categories to have at least one row, got 0',
  },
  {
    what: 'without rows of codes',
    x: () => ({ numbers, categories: [] }),
    ...shape,
    message: 'Expected X.categories to have at least one row, got 0',
  },
  {
    what: 'with a number for a row',
    x: () => ({ numbers, categories: [0, 1, 2, 2] }),
    ...type,
    message:
      'Expected X.categories[0] to be an array of codes, got 0 (number); write one row as [[0, 1, 2, 2]]',
  },
  {
    what: 'with a typed array for a row',
    x: () => ({ numbers, categories: [[0, 1], new BigInt64Array(2)] }),
    ...type,
    message:
      'Expected X.categories[1] to be an array of codes, got a BigInt64Array of length 2; ' +
      'Float64Array.from(values, Number) converts it',
  },
  {
    what: 'with a row that is too short',
    x: () => ({ numbers, categories: [[0, 1], [2]] }),
    ...shape,
    message:
      "Expected X.categories[1] to be of length 2 (the network's embeddings), got an array of length 1",
  },
  {
    what: 'with a row that is too long',
    x: () => ({
      numbers,
      categories: [
        [0, 1, 2],
        [0, 1],
      ],
    }),
    ...shape,
    message:
      "Expected X.categories[0] to be of length 2 (the network's embeddings), got an array of length 3",
  },
  { ...array('with a code of one too many', 0, 4, 3, 0), ...notInColumn(2, '3 at row 1, column 0') },
  {
    ...array('with a code of one too many in the other column', 2, 5, 0, 0),
    ...notInColumn(4, '5 at row 0, column 1'),
  },
  { ...array('with the code -2', 0, 0, 0, -2), ...notInColumn(4, '-2 at row 1, column 1') },
  {
    ...array('with the largest code there can be', 2 ** 31 - 1, 0, 0, 0),
    ...notInColumn(2, '2147483647 at row 0, column 0'),
  },
  {
    ...array('with the least code there can be', 0, 0, -(2 ** 31), 0),
    ...notInColumn(2, '-2147483648 at row 1, column 0'),
  },
  { ...array('with several wrong codes', 0, 0, 7, 9), ...notInColumn(2, '7 at row 1, column 0') },
  { ...codes('with a code of one too many in rows', 0, 4, 3, 0), ...notInColumn(2, '3 at row 1, column 0') },
  { ...codes('with the code -2 in rows', 0, 0, -2, 0), ...noCode('[1][0]', '-2 (number)') },
  { ...codes('with half a code', 0, 0.5, 0, 0), ...noCode('[0][1]', '0.5 (number)') },
  { ...codes('with NaN for a code', 0, 0, 0, Number.NaN), ...noCode('[1][1]', 'NaN (number)') },
  {
    ...codes('with infinity for a code', Number.POSITIVE_INFINITY, 0, 0, 0),
    ...noCode('[0][0]', 'Infinity (number)'),
  },
  {
    ...codes('with a code of more than 32 bits', 0, 0, 2 ** 32, 0),
    ...noCode('[1][0]', '4294967296 (number)'),
  },
  {
    ...codes('with text for a code', 0, 0, 0, '1'),
    ...type,
    message: 'Expected X.categories[1][1] to be a number, got "1" (string); Number(text) converts it',
  },
  {
    ...codes('with null for a code', null, 0, 0, 0),
    ...type,
    message: 'Expected X.categories[0][0] to be a number, got null; write -1 for an unknown category',
  },
  {
    what: 'with codes on a detached buffer',
    x: () => ({ numbers, categories: detached(Int32Array.of(0, 1, 2, 2)) }),
    errorClass: TypeError,
    code: 'ERR_BLASNET_DETACHED',
    message:
      'Expected X.categories to be an array whose buffer is not detached, got an Int32Array of length 0',
  },
  {
    what: 'with numbers on a detached buffer',
    x: () => ({ numbers: detached(new Float64Array(4)), categories }),
    errorClass: TypeError,
    code: 'ERR_BLASNET_DETACHED',
    message: 'Expected X.numbers to be an array whose buffer is not detached, got a Float64Array of length 0',
  },
  ...(hasResizable
    ? [
        {
          what: 'with codes on a resizable buffer',
          x: () => ({ numbers, categories: new Int32Array(resizable(16)) }),
          errorClass: TypeError,
          code: 'ERR_BLASNET_RESIZABLE' as const,
          message:
            'Expected X.categories to be an array on a buffer of fixed length, got an Int32Array of length 4',
        },
      ]
    : []),
];

/** Returns the error that a call throws or rejects with. */
async function failure(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  return expect.fail('Expected the call to fail');
}

/** Expects the call to fail with this error, and to leave the network unchanged. */
async function expectRefused(net: Network, call: () => unknown, { errorClass, code, message }: Wrong) {
  const before = snapshot(net);
  const error = await failure(call);
  expect(error).toMatchObject({ code, message });
  expect(error.constructor).toBe(errorClass);
  expect(snapshot(net)).toEqual(before);
}

describe.each(methods)('$name', ({ name, call }) => {
  // A function is a source for predict.
  const refused = wrong.filter(({ what }) => name !== 'predict' || what !== 'that is a function');
  it.each(refused)('refuses X $what', async (row) => {
    const [net, twin] = [network(), network()];
    await expectRefused(net, () => call(net, row.x()), row);
    // Nothing was drawn, either: both train to equal results.
    const options = { epochs: 2, batchSize: 1 };
    expect(net.fitSync(X, Y, options)).toEqual(twin.fitSync(X, Y, options));
    expect(snapshot(net)).toEqual(snapshot(twin));
  });
});

describe('validationData', () => {
  // Native code checks the codes in typed arrays before the first step.
  it.each(wrong)('is refused for an X $what', async (row) => {
    const message = `In validationData: ${row.message}`;
    const [net, twin] = [network(), network()];
    const validationData = () => ({ X: row.x() as typeof X, Y });
    await expectRefused(net, () => net.fit(X, Y, { epochs: 1, validationData: validationData() }), {
      ...row,
      message,
    });
    await expectRefused(net, async () => net.fitSync(X, Y, { epochs: 1, validationData: validationData() }), {
      ...row,
      message,
    });
    expect(net.fitSync(X, Y, { epochs: 2 })).toEqual(twin.fitSync(X, Y, { epochs: 2 }));
  });
});

it('a network without embeddings takes no object', async () => {
  const net = new Network([{ inputDim: 2, outputDim: 3, activation: 'relu' }, last], { seed: 1 });
  for (const { call } of methods) {
    await expectRefused(net, () => call(net, X), {
      what: '',
      x: () => X,
      ...type,
      message:
        'Expected X to be a Matrix, a typed array of numbers or an array of rows, got an object (Object)',
    });
  }
});

it('Y of other rows than X.categories is refused', () => {
  expectError(
    () => network().evaluateSync(X, [1]),
    RangeError,
    'ERR_BLASNET_SHAPE',
    'Expected Y to have as many rows as X (2), got 1',
  );
});
