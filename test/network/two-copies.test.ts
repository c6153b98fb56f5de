// Two copies of the library in one process, and arrays of another realm: what one makes, the other takes.

import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as library from '../../lib/index';
import { layers, randomLabels, randomMatrix, snapshot } from './helpers';

// The built library: its classes are others than those of the sources, although they have the same names.
const other: typeof library = require(join(__dirname, '../../dist/index.js'));

const X = randomMatrix(24, 3, 1);
const Y = randomLabels(24, 1, 2);
const shape = layers([3, 4, 1], 'tanh', 'sigmoid');

it('the copies are different', () => {
  expect(other.Matrix).not.toBe(library.Matrix);
  expect(new other.Matrix(new Float64Array(1), 1, 1)).not.toBeInstanceOf(library.Matrix);
});

describe.each([
  ['the sources take what the build made', library, other],
  ['the build takes what the sources made', other, library],
])('%s', (_, { Network, metrics, functional }, foreign) => {
  const trained = (from: typeof library) => {
    const own = (matrix: library.Matrix) => new from.Matrix(matrix.data, matrix.rows, matrix.cols);
    const net = new Network(
      [
        { ...shape[0], activation: from.leakyRelu({ negativeSlope: 0.2 }), normalization: from.batchNorm() },
        shape[1],
      ] as library.LayerOptions[],
      {
        seed: 1,
        initializer: from.initializers.orthogonal({ gain: 1.5 }),
        preprocessing: from.preprocessing([from.imputer(), from.standardScaler()]),
      },
    );
    const history = net.fitSync(own(X), own(Y), {
      epochs: 5,
      batchSize: 8,
      optimizer: from.adam({ learningRate: 0.05 }),
      loss: from.binaryCrossEntropy({ labelSmoothing: 0.1 }),
      schedule: from.schedules.warmUp(2, from.schedules.cosine()),
      metrics: ['rocAuc', from.metric('precision', { threshold: 0.4, name: 'precise' })],
      validationData: { X: own(X), Y: own(Y) },
    });
    return { history, after: snapshot(net), outputs: net.predictSync(own(X)).data };
  };

  it('options and samples of a training', () => {
    expect(trained(foreign)).toEqual(trained(library));
  });

  it('pipelines and encoders, whether they have learned or not', async () => {
    const names = Array.from(Y.data, (label) => (label > 0.5 ? 'yes' : 'no'));
    const answers = (from: typeof library, fitted: boolean) => {
      const inputs = from.preprocessing([from.minMaxScaler({ range: [-1, 1] })]);
      const labels = from.labelEncoder();
      if (fitted) {
        inputs.fit(X.toArray());
        labels.fit(names);
      }
      const net = new Network(shape, { seed: 1, preprocessing: inputs, labels });
      if (!fitted) net.fitSync(X, names, { epochs: 2 });
      return net.classifySync(X);
    };
    for (const fitted of [true, false]) expect(answers(foreign, fitted)).toEqual(answers(library, fitted));
  });

  it('matrices of predictions, metrics, splits and the article’s functions', async () => {
    const net = new Network(shape, { seed: 1 });
    const [x, y] = [X, Y].map(({ data, rows, cols }) => new foreign.Matrix(data, rows, cols)) as [
      library.Matrix,
      library.Matrix,
    ];
    const out = foreign.Matrix.zeros(24, 1);
    expect(net.predictSync(x, out)).toBe(out);
    expect(out.data).toEqual((await net.predict(X)).data);
    expect(metrics.rocAuc(y, out)).toBe(library.metrics.rocAuc(Y, out.data));
    expect(functional.relu(x).data).toEqual(library.functional.relu(X).data);
    const initial = library.initializers.initialParameters({
      W1: new foreign.Matrix(new Float64Array(12), 4, 3),
    });
    expect(new library.Network(shape, { initializer: initial }).parameters.W1?.data).toEqual(
      new Float64Array(12),
    );
  });
});

describe('arrays and signals of another realm', () => {
  const foreign = runInNewContext(`({
    doubles: Float64Array.of(1, 2, 3, 4, 5, 6),
    floats: Float32Array.of(1, 2, 3, 4, 5, 6),
    bytes: Uint8Array.of(1, 2, 3, 4, 5, 6),
    rows: [[1, 2, 3], Float64Array.of(4, 5, 6)],
    ones: Int32Array.of(0, 1),
    weights: Float64Array.of(1, 2),
    words: new Uint32Array(624).fill(1),
    options: { epochs: 2, batchSize: 'full' },
  })`);

  it.each(['doubles', 'floats', 'bytes', 'rows'] as const)('%s are samples', async (kind) => {
    for (const dtype of ['float64', 'float32'] as const) {
      const [net, twin] = [
        new library.Network(shape, { seed: 1, dtype }),
        new library.Network(shape, { seed: 1, dtype }),
      ];
      const plain = [
        [1, 2, 3],
        [4, 5, 6],
      ];
      const given = foreign[kind];
      expect(given).not.toBeInstanceOf(Object);
      expect(await net.fit(given, foreign.ones, foreign.options)).toEqual(
        twin.fitSync(plain, [0, 1], { epochs: 2, batchSize: 'full' }),
      );
      expect(net.predictSync(given)).toEqual(twin.predictSync(plain));
      expect(await net.predict(given)).toEqual(twin.predictSync(plain));
      expect(net.evaluateSync(given, foreign.ones, { sampleWeight: foreign.weights })).toEqual(
        twin.evaluateSync(plain, [0, 1], { sampleWeight: [1, 2] }),
      );
    }
  });

  it('a matrix lies on them and knows its dtype', () => {
    const matrix = new library.Matrix(foreign.floats as Float32Array, 2, 3);
    expect(matrix.dtype).toBe('float32');
    expect(matrix.transpose().toArray()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });

  it('are filled and compared', () => {
    const [own, random] = [new Float64Array(6), () => new library.RandomState(1)];
    random().fillNormal(own);
    random().fillNormal(foreign.doubles);
    expect(Array.from(foreign.doubles)).toEqual(Array.from(own));
    random().setState({ key: foreign.words, position: 3, spareNormal: null });
    expect(library.metrics.accuracy(foreign.ones, foreign.ones)).toBe(1);
  });

  it('a signal of another realm ends a call', async () => {
    const controller = new AbortController();
    const signal = new Proxy(controller.signal, {
      getPrototypeOf: () => Object.prototype,
      get: (target, key) => {
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    expect(signal).not.toBeInstanceOf(AbortSignal);
    controller.abort('enough');
    await expect(new library.Network(shape).predict(X, { signal })).rejects.toMatchObject({
      cause: 'enough',
    });
  });
});
