// Errors about data say what to write instead.

import { describe, expect, it } from 'vitest';
import {
  imputer,
  labelEncoder,
  Matrix,
  metrics,
  minMaxScaler,
  Network,
  type NetworkOptions,
  oneHotEncoder,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../lib/index';
import { itRejects, thrownBy } from '../support/bad-input';
import { layers, snapshot } from './helpers';
import { methods } from './rejections';

const network = (options: NetworkOptions = {}) =>
  new Network(layers([2, 3, 1], 'tanh', 'sigmoid'), { seed: 1, ...options });
const softmax = (options: NetworkOptions = {}) =>
  new Network(layers([2, 3], 'tanh', 'softmax'), { seed: 1, ...options });

interface Case {
  what: string;
  given: unknown;
  message: string;
}

const number = 'Expected X[0][0] to be a number, got';
const row = 'Expected X[0] to be an array of numbers, got';
const table = 'Expected X to be a Matrix, a typed array of numbers or an array of rows, got';
const missing = '; write NaN for a missing number, and preprocess with imputer()';
const name =
  '; number the names of a column with labelEncoder().fit(names).indices(names), and preprocess with oneHotEncoder()';
const flat = '; a row has numbers alone, so remove one level of arrays: row.flat()';

const wrongX: Case[] = [
  { what: 'null', given: [[null, 1]], message: `${number} null${missing}` },
  { what: 'undefined', given: [[undefined, 1]], message: `${number} undefined${missing}` },
  { what: 'a name', given: [['red', 1]], message: `${number} "red" (string)${name}` },
  { what: 'empty text', given: [['', 1]], message: `${number} "" (string)${name}` },
  {
    what: 'a number in text',
    given: [['1.5', 1]],
    message: `${number} "1.5" (string); Number(text) converts it`,
  },
  {
    what: 'true',
    given: [[true, 1]],
    message: `${number} true (boolean); write 1 for true and 0 for false`,
  },
  { what: 'a big integer', given: [[1n, 1]], message: `${number} 1 (bigint); Number(value) converts it` },
  {
    what: 'a date',
    given: [[new Date(0), 1]],
    message: `${number} an object (Date); date.getTime() is a number`,
  },
  { what: 'an array in a row', given: [[[1], 1]], message: `${number} an array of length 1${flat}` },
  {
    what: 'a typed array in a row',
    given: [[Float64Array.of(1), 1]],
    message: `${number} a Float64Array of length 1${flat}`,
  },
  { what: 'one flat row', given: [1, 0], message: `${row} 1 (number); write one row as [[1, 0]]` },
  {
    what: 'a long flat row',
    given: Array(9).fill(1),
    message: `${row} 1 (number); write one row as [row]`,
  },
  { what: 'names', given: ['red', 'blue'], message: `${row} "red" (string)${name}` },
  {
    what: 'records',
    given: [{ age: 3, height: 4 }],
    message: `${row} an object (Object); write the values of each record as an array: rows.map(({ age, height }) => [age, height])`,
  },
  {
    what: 'wide records',
    given: [{ a: 1, b: 2, c: 3, d: 4 }],
    message: `${row} an object (Object); write the values of each record as an array: rows.map(({ a, b, c, ... }) => [a, b, c, ...])`,
  },
  { what: 'a hole', given: [null], message: `${row} null${missing}` },
  {
    what: 'rows of big integers',
    given: [new BigInt64Array(2)],
    message: `${row} a BigInt64Array of length 2; Float64Array.from(values, Number) converts it`,
  },
  {
    what: 'big integers',
    given: new BigInt64Array(2),
    message: `${table} a BigInt64Array of length 2; Float64Array.from(values, Number) converts it`,
  },
  {
    what: 'a promise',
    given: Promise.resolve([[1, 0]]),
    message: `${table} an object (Promise); await the promise`,
  },
  {
    what: 'a bare buffer',
    given: new ArrayBuffer(16),
    message: `${table} an object (ArrayBuffer); new Float64Array(buffer) shows its numbers`,
  },
];

const errorOf = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .then(
      () => expect.fail('the call succeeded'),
      (error: unknown) => error,
    );

describe.each(wrongX)('$what in X', ({ given, message }) => {
  it('is refused by every method with what to write', async () => {
    const nets = [
      network(),
      network({
        preprocessing: preprocessing([standardScaler()]).fit([
          [0, 0],
          [1, 1],
        ]),
      }),
    ];
    for (const net of nets) {
      const before = snapshot(net);
      for (const { call } of methods) {
        const error = await errorOf(() => call(net, given as never, [1] as never));
        expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_TYPE', message });
      }
      expect(snapshot(net)).toEqual(before);
    }
  });

  it('is refused by preprocessing with what to write', () => {
    const pipeline = preprocessing([standardScaler()]);
    const message_ = message.replace('a Matrix, a typed array of numbers or', 'a Matrix or');
    expect(thrownBy(() => pipeline.fit(given as never))).toMatchObject({ message: message_ });
    expect(pipeline.fitted).toBe(false);
    pipeline.fit([
      [0, 0],
      [1, 1],
    ]);
    expect(thrownBy(() => pipeline.transform(given as never))).toMatchObject({ message });
  });
});

const X = [
  [0, 1],
  [1, 0],
];

describe.each([
  {
    what: 'names without labels',
    make: () => softmax(),
    Y: ['cat', 'dog'],
    message:
      'Expected Y[0] to be an array of numbers, got "cat" (string); names need the network\'s option labels: labelEncoder()',
  },
  {
    what: 'names in rows without labels',
    make: () => network(),
    Y: [['cat'], ['dog']],
    message:
      'Expected Y[0][0] to be a number, got "cat" (string); names need the network\'s option labels: labelEncoder()',
  },
  {
    what: 'a name among class numbers',
    make: () => softmax(),
    Y: [0, 'dog'],
    message:
      'Expected Y[1] to be a number, got "dog" (string); names need the network\'s option labels: labelEncoder()',
  },
  {
    what: 'null among the labels',
    make: () => network(),
    Y: [1, null],
    message: 'Expected Y[1] to be a number, got null; leave out samples without a label',
  },
  {
    what: 'null in a row of labels',
    make: () => network(),
    Y: [[1], [undefined]],
    message: 'Expected Y[1][0] to be a number, got undefined; leave out samples without a label',
  },
  {
    what: 'truth',
    make: () => network(),
    Y: [true, false],
    message: 'Expected Y[0] to be an array of numbers, got true (boolean); write 1 for true and 0 for false',
  },
  {
    what: 'flat numbers for several outputs',
    make: () => new Network(layers([2, 3], 'tanh', 'linear'), { seed: 1 }),
    Y: [1, 0],
    message:
      'Expected Y[0] to be an array of numbers, got 1 (number); write a row of numbers for each sample',
  },
])('$what in Y', ({ make, Y, message }) => {
  it('are refused by every method with what to write', async () => {
    const net = make();
    const before = snapshot(net);
    for (const { call, takesLabels } of methods) {
      if (!takesLabels) continue;
      const error = await errorOf(() => call(net, X as never, Y as never));
      expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_TYPE', message });
    }
    expect(snapshot(net)).toEqual(before);
  });
});

describe('other data', () => {
  const embedded = new Network(
    [{ inputDim: 0, outputDim: 1, activation: 'sigmoid', embeddings: [{ categories: 3 }] }],
    { seed: 1 },
  );
  const codes = (categories: unknown) => () => embedded.predictSync({ categories } as never);
  const code = 'Expected X.categories[0][0] to be a number, got';
  const numbers = '; labelEncoder().fit(names).indices(names) numbers the names';
  const weighted = (sampleWeight: unknown) => () =>
    network().evaluateSync(X, [1, 0], { sampleWeight: sampleWeight as never });
  const named = (Y: unknown) => () =>
    softmax({ labels: labelEncoder() }).fitSync(X, Y as never, { epochs: 1 });

  itRejects(
    (
      [
        ['a name for a code', codes([['red']]), `${code} "red" (string)${numbers}`],
        ['null for a code', codes([[null]]), `${code} null; write -1 for an unknown category`],
        [
          'one flat row of codes',
          codes([1]),
          'Expected X.categories[0] to be an array of codes, got 1 (number); write one row as [[1]]',
        ],
        [
          'names for a metric',
          () => metrics.accuracy([0, 1], ['a', 'b'] as never),
          `Expected yPredicted[0] to be a number, got "a" (string)${numbers}`,
        ],
        [
          'big integers for weights',
          weighted(new BigInt64Array(2)),
          'Expected sampleWeight to be a typed array or an array of numbers, got a BigInt64Array of length 2; ' +
            'Float64Array.from(values, Number) converts it',
        ],
        [
          'null among names',
          named(['cat', null]),
          'Expected labels[1] to be a string or a number, got null; leave out samples without a label',
        ],
        [
          'truth for names',
          named([true, false]),
          'Expected labels[0] to be a string or a number, got true (boolean); write 1 for true and 0 for false',
        ],
      ] as const
    ).map(([what, call, message]) => ({
      what,
      call,
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message,
    })),
  );
});

it('what the errors recommend works', () => {
  const gaps = [
    [Number.NaN, 1],
    [1, 0],
    [3, 1],
  ];
  const filled = network({ preprocessing: preprocessing([imputer()]) });
  filled.fitSync(gaps, [1, 0, 1], { epochs: 1 });
  expect(filled.predictSync([[1, 0]]).rows).toBe(1);

  const colours = ['red', 'blue', 'red'];
  const indices = labelEncoder().fit(colours).indices(colours);
  const encoded = new Network(layers([3, 1], 'tanh', 'sigmoid'), {
    preprocessing: preprocessing([oneHotEncoder({ columns: [0] })]),
  });
  encoded.fitSync(
    colours.map((_, i) => [indices[i] as number, i]),
    [1, 0, 1],
    { epochs: 1 },
  );

  const named = softmax({ labels: labelEncoder({ classes: ['cat', 'cow', 'dog'] }) });
  named.fitSync(X, ['cat', 'dog'], { epochs: 1 });
  expect(metrics.accuracy([true, false].map(Number), [1, 0])).toBe(1);
});

describe('a typed array while the preprocessing has not learned', () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const rows = new Matrix(Float64Array.from(values), 4, 2);
  const Y = [0, 1, 1, 0];
  const keeping = () => preprocessing([imputer(), standardScaler(), minMaxScaler(), robustScaler()]);

  it.each([Float64Array, Float32Array, Uint8Array])(
    'has the columns of the network if all steps keep their columns, in a %o',
    async (Kind) => {
      const [net, twin] = [network({ preprocessing: keeping() }), network({ preprocessing: keeping() })];
      const options = { epochs: 2, validationSplit: 0.25, seed: 1 };
      expect(await net.fit(Kind.from(values), Y, options)).toEqual(twin.fitSync(rows, Y, options));
      expect(net.predictSync(Kind.from(values))).toEqual(twin.predictSync(rows));
      expect(net.preprocessing?.toJSON()).toEqual(twin.preprocessing?.toJSON());
    },
  );

  it('has the columns of the network in the numbers beside categories', () => {
    const make = () =>
      new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid', embeddings: [{ categories: 3 }] }], {
        seed: 1,
        preprocessing: keeping(),
      });
    const categories = Int32Array.of(0, 1, 2, 0);
    const [net, twin] = [make(), make()];
    expect(net.fitSync({ numbers: Float64Array.from(values), categories }, Y, { epochs: 1 })).toEqual(
      twin.fitSync({ numbers: rows, categories }, Y, { epochs: 1 }),
    );
  });

  const unknown =
    'Expected X to be a Matrix or an array of rows, got a Float64Array of length 8; the number of its columns is not ' +
    'known before the preprocessing has learned, so write new Matrix(X, rows, columns)';

  it.each([
    ['an encoder adds columns', preprocessing([oneHotEncoder()])],
    ['an imputer adds indicators', preprocessing([imputer({ indicators: true })])],
    [
      'a step of the user’s may add some',
      preprocessing([{ name: 'own', fit: () => ({ transform: (x) => x }) }]),
    ],
  ])('is refused with what is missing where %s', async (_, pipeline) => {
    const net = network({ preprocessing: pipeline });
    const X = Float64Array.from(values);
    const error = { code: 'ERR_BLASNET_ARG_TYPE', message: unknown };
    expect(thrownBy(() => net.fitSync(X, Y, { epochs: 1 }))).toMatchObject(error);
    expect(await errorOf(() => net.fit(X, Y, { epochs: 1 }))).toMatchObject(error);
    expect(thrownBy(() => pipeline.fit(X as never))).toMatchObject(error);
    expect(net.preprocessing?.fitted).toBe(false);
  });

  it('is refused with what is missing where the network infers its inputDim, too', () => {
    const net = new Network([{ outputDim: 1, activation: 'sigmoid' }], { preprocessing: keeping() });
    expect(thrownBy(() => net.fitSync(Float64Array.from(values), Y, { epochs: 1 }))).toMatchObject({
      code: 'ERR_BLASNET_ARG_TYPE',
      message: unknown,
    });
  });

  it('is refused if it ends within a row', () => {
    const net = network({ preprocessing: keeping() });
    expect(thrownBy(() => net.fitSync(Float64Array.of(1, 2, 3), [1], { epochs: 1 }))).toMatchObject({
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected X to be of a length that is a multiple of 2, got a Float64Array of length 3',
    });
  });
});
