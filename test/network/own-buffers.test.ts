// Results belong to the caller: what takes only ordinary buffers, such as Response and transfers, takes them.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as library from '../../lib/index';
import { newFolder } from '../support/scratch';
import { randomMatrix } from './helpers';

const { Matrix, Network, RandomState, functional, labelEncoder, metrics, preprocessing, standardScaler } =
  library;

/** All typed arrays in a value: in matrices, in objects, in arrays. */
function arraysIn(value: unknown): (Float64Array | Float32Array | Int32Array | Uint32Array)[] {
  if (ArrayBuffer.isView(value)) return [value as Float64Array];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(arraysIn);
}

const rows = 9;
const X = randomMatrix(rows, 2, 1);
const names = Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 'a' : 'b'));
const numbers = names.map((name) => (name === 'a' ? 0 : 1));
const Y = Matrix.from(numbers.map((number) => [number]));
const many = randomMatrix(30_000, 2, 1);
const manyNames = Array.from({ length: many.rows }, (_, i) => names[i % rows] as string);
const classes = labelEncoder().fit(names);
const scaler = preprocessing([standardScaler()]).fit(X);
const custom = preprocessing([
  standardScaler(),
  { name: 'keep', fit: () => ({ transform: (given) => given, inverse: (given) => given }) },
  standardScaler(),
]);

type Call = () => unknown;
type Calls = Readonly<Record<string, Call>>;

const ofNetwork = (dtype: library.Dtype): Calls => {
  const net = new Network(
    [
      { inputDim: 2, outputDim: 3, activation: 'tanh' },
      { outputDim: 1, activation: 'linear' },
    ],
    { seed: 1, dtype },
  );
  const [x, y, big] = [X, Y, many].map(({ data, cols }) => {
    const own = Matrix.zeros(data.length / cols, cols, dtype);
    own.data.set(data);
    return own;
  }) as [library.Matrix, library.Matrix, library.Matrix];
  return {
    predictSync: () => net.predictSync(x),
    'predictSync of arrays of numbers': () => net.predictSync([[1, 2]]),
    predict: () => net.predict(x),
    'predict of many rows': () => net.predict(big),
    gradients: () => net.gradients(x, y),
  };
};

const ofPreprocessing: Calls = {
  fitTransform: () => preprocessing([standardScaler()]).fitTransform(X),
  fitTransformAsync: () => preprocessing([standardScaler()]).fitTransformAsync(many),
  transform: () => scaler.transform(X),
  transformAsync: () => scaler.transformAsync(many),
  inverse: () => scaler.inverse(X),
  inverseAsync: () => scaler.inverseAsync(many),
  'transform with a step of the user’s': () => custom.fit(X).transform(X),
  'transformAsync with a step of the user’s': () => custom.fit(X).transformAsync(many),
};

const ofLabelEncoder: Calls = {
  indices: () => classes.indices(names),
  indicesAsync: () => classes.indicesAsync(manyNames),
  oneHot: () => classes.oneHot(names, 'float32'),
  oneHotAsync: () => classes.oneHotAsync(manyNames),
  binary: () => classes.binary(names),
  binaryAsync: () => classes.binaryAsync(manyNames),
  signs: () => classes.signs(names),
  signsAsync: () => classes.signsAsync(manyNames),
};

const ofMatrix: Calls = {
  zeros: () => Matrix.zeros(2, 3, 'float32'),
  from: () => Matrix.from([[1, 2]]),
  transpose: () => X.transpose(),
};

const ofRandomState: Calls = {
  permutation: () => new RandomState(1).permutation(9),
  getState: () => new RandomState(1).getState(),
};

const functions: Calls = {
  makeMoons: () => library.makeMoons({ samples: 9, noise: 0.1, dtype: 'float32' }),
  trainTestSplit: () => library.trainTestSplit(X, Y),
  trainTestSplitAsync: () => library.trainTestSplitAsync(many, Matrix.zeros(many.rows, 1)),
};

const ofMetrics: Calls = {
  confusionMatrix: () => metrics.confusionMatrix(numbers, numbers),
  'async confusionMatrix': () => metrics.async.confusionMatrix(numbers, numbers),
};

const layers = [{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }] as const;
const columns = X.transpose();
const ofFunctional: Calls = {
  initLayers: () => functional.initLayers(layers),
  sigmoid: () => functional.sigmoid(X),
  relu: () => functional.relu(X),
  sigmoidBackward: () => functional.sigmoidBackward(X, X),
  reluBackward: () => functional.reluBackward(X, X),
  singleLayerForwardPropagation: () =>
    functional.singleLayerForwardPropagation(columns, Matrix.zeros(3, 2), Matrix.zeros(3, 1), 'relu'),
  singleLayerBackwardPropagation: () =>
    functional.singleLayerBackwardPropagation(
      Matrix.zeros(3, rows),
      Matrix.zeros(3, 2),
      Matrix.zeros(3, 1),
      Matrix.zeros(3, rows),
      columns,
      'relu',
    ),
  fullForwardPropagation: () =>
    functional.fullForwardPropagation(columns, functional.initLayers(layers), layers).yHat,
  fullBackwardPropagation: () => {
    const params = functional.initLayers(layers);
    const { yHat, memory } = functional.fullForwardPropagation(columns, params, layers);
    return functional.fullBackwardPropagation(yHat, Y.transpose(), memory, params, layers);
  },
  update: () => {
    const params = functional.initLayers(layers);
    return functional.update(
      params,
      { dW1: Matrix.zeros(1, 2), db1: Matrix.zeros(1, 1) } as never,
      layers,
      0.1,
    );
  },
  convertProbIntoClass: () => functional.convertProbIntoClass(X),
  train: () => functional.train(columns, Y.transpose(), layers, 2, 0.1).params,
};

// Public names whose results are no arrays of numbers, or are views of their object's own.
const others: Readonly<Record<string, readonly string[]>> = {
  // A mapped matrix lies on the file: test/mapping.
  Matrix: ['constructor', 'dtype', 'get', 'set', 'row', 'toArray', 'length', 'name', 'prototype', 'map'],
  RandomState: [
    ...['constructor', 'random', 'uniform', 'fillUniform', 'randn', 'normal', 'fillNormal', 'shuffle'],
    'setState',
  ],
  functional: ['getAccuracyValue', 'getCostValue'],
};

const membersOf = (kind: { readonly prototype: object }) => Object.getOwnPropertyNames(kind.prototype);

const tables: [name: string, names: readonly string[], calls: Calls][] = [
  ['Network', membersOf(Network), ofNetwork('float64')],
  ['Network', membersOf(Network), ofNetwork('float32')],
  ['Preprocessing', membersOf(library.Preprocessing), ofPreprocessing],
  ['LabelEncoder', membersOf(library.LabelEncoder), ofLabelEncoder],
  ['Matrix', [...membersOf(Matrix), ...Object.getOwnPropertyNames(Matrix)], ofMatrix],
  ['RandomState', membersOf(RandomState), ofRandomState],
  ['functional', Object.keys(functional), ofFunctional],
];

it.each(tables.filter(([name]) => name in others))(
  'every public name of %s is tried here, or returns no new array',
  (name, known, calls) => {
    const tried = Object.keys(calls).filter((key) => !key.includes(' '));
    expect([...tried, ...(others[name] ?? [])].sort()).toEqual([...known].sort());
  },
);

const all = [...tables, ['index', [], functions], ['metrics', [], ofMetrics]] as typeof tables;

describe.each(all.map(([name, , calls]) => [name, calls] as const))('a result of %s', (_, calls) => {
  it.each(Object.entries(calls))('%s lies on an ordinary buffer and can be transferred', async (_, call) => {
    const arrays = arraysIn(await call());
    expect(arrays.length).toBeGreaterThan(0);
    const buffers = new Set(arrays.map(({ buffer }) => buffer));
    const copies = new Map(arrays.map((array) => [array, array.slice()]));
    for (const buffer of buffers) expect(buffer).toBeInstanceOf(ArrayBuffer);
    const moved = structuredClone(arrays, { transfer: [...buffers] as ArrayBuffer[] });
    for (const [i, array] of arrays.entries()) {
      expect(array).toHaveLength(0);
      expect(moved[i]).toEqual(copies.get(array));
    }
  });
});

it('no two of the arrays of a split lie on one buffer', async () => {
  for (const split of [
    library.trainTestSplit(X, Y),
    library.trainTestSplit(X, Y, { shuffle: false }),
    await library.trainTestSplitAsync(X, Y),
  ]) {
    const arrays = arraysIn(split);
    expect(arrays).toHaveLength(6);
    expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(6);
  }
});

describe('a prediction', () => {
  const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'linear' }], { seed: 1 });
  const expected = Buffer.from(net.predictSync(X).data.slice().buffer);

  it('is the body of a Response', async () => {
    const data = net.predictSync(X).data as Float64Array<ArrayBuffer>;
    expect(Buffer.from(await new Response(data).arrayBuffer())).toEqual(expected);
    expect(Buffer.from(await new Response(new Blob([data])).arrayBuffer())).toEqual(expected);
  });

  it('is digested by Web Crypto', async () => {
    const digest = async (data: Float64Array | Buffer) =>
      Buffer.from(await crypto.subtle.digest('SHA-256', data as Buffer<ArrayBuffer>));
    expect(await digest((await net.predict(X)).data as Float64Array)).toEqual(await digest(expected));
  });

  it('is written to a file', () => {
    const path = join(newFolder(), 'prediction.bin');
    writeFileSync(path, net.predictSync(X).data);
    expect(readFileSync(path)).toEqual(expected);
  });

  it('is measured, and then still the caller’s', async () => {
    const result = await net.predict(X);
    expect(metrics.meanSquaredError(result, result)).toBe(0);
    const { data } = result;
    expect(structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })).toHaveLength(rows);
    expect(data).toHaveLength(0);
  });
});

it('what a step of the user’s takes away while native code works stays where it is', async () => {
  const taken: unknown[] = [];
  const thief: library.CustomStep = {
    name: 'thief',
    fit: () => ({
      transform(given) {
        try {
          taken.push(structuredClone(given.data, { transfer: [given.data.buffer as ArrayBuffer] }));
        } catch {
          // Shared memory is refused.
        }
        return Matrix.from(given.toArray());
      },
    }),
  };
  const steps = preprocessing([standardScaler(), thief, standardScaler()]);
  const twin = preprocessing([standardScaler(), standardScaler()]).fit(many);
  expect(await steps.fitTransformAsync(many)).toEqual(twin.transform(many));
  expect(await steps.transformAsync(many)).toEqual(twin.transform(many));
  expect(taken).toEqual([]);
});

it('outputs that a metric of the user’s sees cannot be taken away before the other metrics have read them', async () => {
  const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
  const thief: library.Metric = {
    name: 'thief',
    compute: (_, predictions) => {
      const { buffer } = predictions.data;
      expect(() => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })).toThrow();
      return 1;
    },
  };
  const labels = Matrix.zeros(many.rows, 1);
  labels.data.forEach((_, i) => {
    labels.data[i] = i % 2;
  });
  const options = { metrics: [thief, 'rocAuc'] as const };
  const { rocAuc } = net.evaluateSync(many, labels, { metrics: ['rocAuc'] });
  expect((await net.evaluate(many, labels, options as never)).rocAuc).toBe(rocAuc);
  expect(net.evaluateSync(many, labels, options as never).rocAuc).toBe(rocAuc);
});
