// Whatever holds numbers is taken as samples, labels, weights and codes, and gives what plain arrays of numbers give.

import { describe, expect, it } from 'vitest';
import { typedReading } from '../../lib/base/matrix';
import {
  type CategoriesLike,
  type Dtype,
  initializers,
  labelEncoder,
  Matrix,
  type MatrixLike,
  metrics,
  Network,
  preprocessing,
  standardScaler,
  type TypedNumbers,
} from '../../lib/index';
import { expectError } from '../support/bad-input';
import { randomArray } from '../support/oracle';
import { snapshot } from './helpers';

type Kind = { from(values: Iterable<number>): TypedNumbers; readonly name: string };

// Node 20 lacks Float16Array.
const half = (globalThis as { Float16Array?: Kind }).Float16Array;
const kinds: Kind[] = [
  ...[Float64Array, Float32Array, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array],
  ...[Int32Array, Uint32Array, Buffer as unknown as Kind],
  ...(half === undefined ? [] : [half]),
];
const integers = kinds.filter(({ name }) => !name.startsWith('Float'));

// Small whole numbers, which every kind holds.
const numbers = (count: number, most: number, seed: number) =>
  Array.from(randomArray(count, seed, 0, most), (value) => Math.min(most - 1, Math.floor(value)));
const inRows = <T>(values: readonly T[], cols: number): T[][] =>
  Array.from({ length: values.length / cols }, (_, r) => values.slice(r * cols, (r + 1) * cols));

// Brief data are read at once, many in slices.
describe.each([
  ['few', 24],
  ['many', 9000],
] as const)('%s rows', (_, rows) => {
  const flat = numbers(rows * 3, 11, 1);
  const plainX = inRows(flat, 3);
  const ones = numbers(rows, 2, 1);
  const classes = numbers(rows, 4, 2);
  const weights = numbers(rows, 5, 3).map((weight) => weight + 1);
  const options = { epochs: 2, batchSize: 16, seed: 3 };

  describe.each(['float64', 'float32'] as const)('in %s', (dtype: Dtype) => {
    const single = () =>
      new Network(
        [
          { inputDim: 3, outputDim: 4, activation: 'tanh' },
          { outputDim: 1, activation: 'sigmoid' },
        ],
        { seed: 1, dtype },
      );
    const several = (labels?: ReturnType<typeof labelEncoder>) =>
      new Network(
        [
          { inputDim: 3, outputDim: 5, activation: 'tanh' },
          { outputDim: 4, activation: 'softmax' },
        ],
        { seed: 1, dtype, ...(labels && { labels }) },
      );

    const forms: [string, MatrixLike][] = [
      ...kinds.map((kind): [string, MatrixLike] => [`a ${kind.name}`, kind.from(flat)]),
      ...kinds.map((kind): [string, MatrixLike] => [
        `rows that are ${kind.name}s`,
        plainX.map((row) => kind.from(row)),
      ]),
      ['rows of several kinds', plainX.map((row, i) => (kinds[i % kinds.length] as Kind).from(row))],
      ['a matrix of doubles', new Matrix(Float64Array.from(flat), rows, 3)],
      ['a matrix of floats', new Matrix(Float32Array.from(flat), rows, 3)],
      ['a matrix without its methods', { ...new Matrix(Float64Array.from(flat), rows, 3) } as Matrix],
    ];

    it.each(forms)('are taken as X in %s by every method', async (_, X) => {
      const [net, twin] = [single(), single()];
      expect(await net.fit(X, ones, { ...options, validationData: { X, Y: ones } })).toEqual(
        await twin.fit(plainX, ones, { ...options, validationData: { X: plainX, Y: ones } }),
      );
      expect(net.fitSync(X, ones, options)).toEqual(twin.fitSync(plainX, ones, options));
      expect(await net.partialFit(X, ones)).toEqual(await twin.partialFit(plainX, ones));
      expect(net.trainOnBatch(X, ones)).toEqual(twin.trainOnBatch(plainX, ones));
      expect(snapshot(net)).toEqual(snapshot(twin));
      expect(net.predictSync(X)).toEqual(twin.predictSync(plainX));
      expect(await net.predict(X)).toEqual(twin.predictSync(plainX));
      expect(await net.evaluate(X, ones)).toEqual(twin.evaluateSync(plainX, ones));
      expect(net.evaluateSync(X, ones)).toEqual(twin.evaluateSync(plainX, ones));
      expect(net.gradients(X, ones)).toEqual(twin.gradients(plainX, ones));
    });

    it.each(kinds)('are taken as the labels of one output in a $name', async (kind) => {
      const [net, twin] = [single(), single()];
      const expected = twin.fitSync(plainX, ones, options);
      expect(await net.fit(plainX, kind.from(ones), options)).toEqual(expected);
      expect(net.evaluateSync(plainX, kind.from(ones))).toEqual(twin.evaluateSync(plainX, ones));
      const column = ones.map((one) => kind.from([one]));
      expect(await net.evaluate(plainX, column)).toEqual(twin.evaluateSync(plainX, ones));
    });

    it.each(integers)('are taken as class numbers in a $name', async (kind) => {
      const [net, twin] = [several(), several()];
      const expected = twin.fitSync(plainX, Int32Array.from(classes), options);
      expect(await net.fit(plainX, kind.from(classes), options)).toEqual(expected);
      expect(net.evaluateSync(plainX, kind.from(classes))).toEqual(twin.evaluateSync(plainX, classes));
    });

    it.each([
      ...kinds.map((kind): [string, MatrixLike] => [`a ${kind.name}`, kind.from(classes)]),
      ['rows of one', inRows(classes, 1)],
      ['rows of one byte', classes.map((label) => Uint8Array.of(label))],
      ['a matrix of one column', new Matrix(Float32Array.from(classes), rows, 1)],
    ] as [string, MatrixLike][])('are class numbers in %s where the loss takes them', async (_, Y) => {
      const loss = 'sparseCategoricalCrossEntropy';
      const [net, twin] = [several(), several()];
      const expected = twin.fitSync(plainX, Int32Array.from(classes), { ...options, loss });
      expect(await net.fit(plainX, Y, { ...options, loss })).toEqual(expected);
      expect(net.evaluateSync(plainX, Y, { loss })).toEqual(twin.evaluateSync(plainX, classes, { loss }));
      if (Array.isArray(Y)) expect(several().fitSync(plainX, Y, options)).toEqual(expected);
    });

    it.each(kinds)('are taken as one-hot rows in a $name', async (kind) => {
      const [net, twin] = [several(), several()];
      const oneHot = classes.map((label) => [0, 1, 2, 3].map((c) => Number(c === label)));
      const expected = twin.fitSync(plainX, oneHot, options);
      const Y = oneHot.map((row) => kind.from(row));
      expect(await net.fit(plainX, Y, options)).toEqual(expected);
    });

    it.each(kinds)('have weights in a $name', async (kind) => {
      const [net, twin] = [single(), single()];
      const expected = twin.fitSync(plainX, ones, {
        ...options,
        sampleWeight: weights,
        classWeight: [1, 2],
      });
      const given = { sampleWeight: kind.from(weights), classWeight: kind.from([1, 2]) };
      expect(await net.fit(plainX, ones, { ...options, ...given })).toEqual(expected);
      expect(net.evaluateSync(plainX, ones, { sampleWeight: kind.from(weights) })).toEqual(
        twin.evaluateSync(plainX, ones, { sampleWeight: weights }),
      );
    });

    it.each(kinds)('are preprocessed in a $name', async (kind) => {
      const make = () =>
        new Network([{ inputDim: 3, outputDim: 1, activation: 'sigmoid' }], {
          seed: 1,
          dtype,
          preprocessing: preprocessing([standardScaler()]),
        });
      const [net, twin] = [make(), make()];
      const expected = twin.fitSync(plainX, ones, options);
      const X = plainX.map((row) => kind.from(row));
      expect(await net.fit(X, ones, options)).toEqual(expected);
      expect(await net.predict(kind.from(flat))).toEqual(twin.predictSync(plainX));
    });

    it.each([
      ['names in rows of one', (names: string[]) => names.map((name) => [name])],
      ['names', (names: string[]) => names],
    ])('have labels that are %s', async (_, form) => {
      const [net, twin] = [several(labelEncoder()), several()];
      const names = classes.map((label) => ['ant', 'bee', 'cat', 'dog'][label] as string);
      const expected = twin.fitSync(plainX, Int32Array.from(classes), options);
      expect(await net.fit(plainX, form(names), options)).toEqual(expected);
      expect(net.labels?.classes).toEqual(['ant', 'bee', 'cat', 'dog']);
      expect(net.evaluateSync(plainX, form(names)).accuracy).toBe(
        twin.evaluateSync(plainX, classes).accuracy,
      );
    });

    it.each(integers)('have labels that are numbers in a $name, as in an array', async (kind) => {
      const [net, twin] = [several(labelEncoder()), several(labelEncoder())];
      const answers = classes.map((label) => 10 * label + 5);
      const expected = twin.fitSync(plainX, answers, options);
      expect(await net.fit(plainX, kind.from(answers), options)).toEqual(expected);
      expect(net.labels?.classes).toEqual([5, 15, 25, 35]);
      expect(net.evaluateSync(plainX, kind.from(answers))).toEqual(twin.evaluateSync(plainX, answers));
      expect(net.classifySync(plainX)).toEqual(twin.classifySync(plainX));
    });
  });

  it.each([
    ...kinds.map((kind): [string, CategoriesLike] => [`a ${kind.name}`, kind.from(numbers(rows * 2, 4, 5))]),
    ...kinds.map((kind): [string, CategoriesLike] => [
      `rows that are ${kind.name}s`,
      inRows(numbers(rows * 2, 4, 5), 2).map((row) => kind.from(row)),
    ]),
    ['a matrix', new Matrix(Float64Array.from(numbers(rows * 2, 4, 5)), rows, 2)],
  ] as [string, CategoriesLike][])('have codes in %s', async (_, categories) => {
    const net = new Network(
      [
        {
          inputDim: 3,
          outputDim: 1,
          activation: 'sigmoid',
          embeddings: [{ categories: 4 }, { categories: 4 }],
        },
      ],
      { seed: 1 },
    );
    const plain = inRows(numbers(rows * 2, 4, 5), 2);
    const expected = net.predictSync({ numbers: plainX, categories: plain });
    expect(net.predictSync({ numbers: Uint8Array.from(flat), categories })).toEqual(expected);
    expect(await net.predict({ numbers: plainX, categories })).toEqual(expected);
  });

  it.each(kinds)('are compared by metrics in a $name', async (kind) => {
    const predicted = numbers(rows, 2, 8);
    const given = { sampleWeight: kind.from(weights) };
    const expected = metrics.f1(ones, predicted, { sampleWeight: weights });
    expect(metrics.f1(kind.from(ones), kind.from(predicted), given)).toBe(expected);
    expect(await metrics.async.f1(kind.from(ones), kind.from(predicted), given)).toBe(expected);
    const [rowsOfY, rowsOfP] = [ones, predicted].map((values) => values.map((value) => kind.from([value])));
    expect(metrics.f1(rowsOfY as never, rowsOfP as never, given)).toBe(expected);
  });
});

it.each(kinds)('a $name has initial parameters', (kind) => {
  const make = (W1: MatrixLike | number[], b1: MatrixLike | number[]) =>
    new Network([{ inputDim: 2, outputDim: 2, activation: 'linear' }], {
      initializer: initializers.initialParameters({ W1, b1 }),
    });
  const expected = snapshot(make([1, 2, 3, 4], [5, 6]));
  expect(snapshot(make(kind.from([1, 2, 3, 4]), kind.from([5, 6])))).toEqual(expected);
  expect(snapshot(make([kind.from([1, 2]), kind.from([3, 4])], [5, 6]))).toEqual(expected);
});

it.each(kinds)('outputs in rows that are $names are decoded', (kind) => {
  const encoder = labelEncoder().fit(['ant', 'bee', 'cat']);
  const outputs = [
    [0, 3, 1],
    [4, 0, 2],
  ];
  const rows = outputs.map((row) => kind.from(row));
  expect(encoder.decode(rows)).toEqual(['bee', 'ant']);
  expect(encoder.decode(outputs)).toEqual(encoder.decode(Matrix.from(outputs)));
});

it.each(kinds)('rows that are $names make a matrix', (kind) => {
  expect(Matrix.from([kind.from([1, 2]), [3, 4]]).toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

it('a typed array of another kind is read at the call, before it can change', async () => {
  const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], { seed: 1 });
  const X = Uint8Array.of(1, 2, 3, 4);
  const expected = net.predictSync(X);
  const pending = net.predict(X);
  X.fill(0);
  expect(await pending).toEqual(expected);
});

it('a typed array that is taken away while it is read in slices is refused', () => {
  const X = new Int16Array(6);
  const { read } = typedReading('X', X, new Float64Array(6));
  read(0, 3);
  structuredClone(X.buffer, { transfer: [X.buffer] });
  expectError(
    () => read(3, 6),
    TypeError,
    'ERR_BLASNET_DETACHED',
    'Expected X to be an array whose buffer is not detached, got an Int16Array of length 0',
  );
});
