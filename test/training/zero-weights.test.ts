// A sample of weight 0 is not there: every result equals, to the last bit, that of the same call without the sample.

import { describe, expect, it } from 'vitest';
import { type Dtype, type FloatArray, Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { adam, lbfgs, type Optimizer, sgd } from '../../lib/optimizers/optimizers';
import { imputer, preprocessing, standardScaler } from '../../lib/preprocessing';
import { cosine } from '../../lib/schedules/schedule';
import type { FitOptions } from '../../lib/training/options';
import { areAlike, randomMatrix } from '../network/helpers';
import { rejectionOf, thrownBy } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { oneHot, randomClasses, stateOf } from './helpers';

const rows = 150;
const absent = [0, 7, 8, 40, 77, 149];
const kept = Array.from({ length: rows }, (_, row) => row).filter((row) => !absent.includes(row));
const weights = Array.from({ length: rows }, (_, row) => (absent.includes(row) ? 0 : 0.5 + (row % 4)));
const some = <T>(of: ArrayLike<T>): T[] => kept.map((row) => of[row] as T);

// The engine takes these networks through tiles, a whole batch at a time, and in sweeps.
const kinds = [
  { what: 'a small network', units: 6, normalized: false },
  { what: 'a network that normalises batches', units: 6, normalized: true },
  { what: 'a large network', units: 512, normalized: false },
];
const dtypes = ['float64', 'float32'] as const satisfies Dtype[];

function make(dtype: Dtype, units = 6, normalized = true): Network {
  return new Network(
    [
      { inputDim: 3, outputDim: units, activation: 'tanh', ...(normalized && { normalization: 'batch' }) },
      { outputDim: units, activation: 'relu', dropout: 0.1 },
      { outputDim: 3, activation: 'softmax' },
    ],
    { seed: 3, dtype },
  );
}

function samples(dtype: Dtype) {
  const X = randomMatrix(rows, 3, 1, dtype);
  // What a sample of weight 0 holds is of no interest, even if all others are small beside it.
  for (const row of absent) X.data.fill(1e6 * (row + 1), 3 * row, 3 * row + 3);
  const classes = randomClasses(rows, 3, 5);
  const all = X.toArray();
  return {
    X,
    classes,
    Y: oneHot(classes, 3),
    without: {
      X: Matrix.from(some(all), dtype),
      classes: Int32Array.from(some(classes)),
      Y: some(oneHot(classes, 3)),
    },
  };
}

describe.each(dtypes)('in %s', (dtype) => {
  const { X, Y, classes, without } = samples(dtype);

  describe.each(kinds)('of $what', ({ units, normalized }) => {
    const optimizers: [string, Optimizer, Omit<FitOptions, 'epochs'>][] = [
      ['sgd', sgd({ learningRate: 0.1, momentum: 0.5 }), { batchSize: 'full' }],
      ['adam, shuffled', adam(), { batchSize: 16, accumulate: 2, clipNorm: 1 }],
      ['adam, in order, with a schedule', adam(), { shuffle: false, schedule: cosine({ per: 'step' }) }],
    ];

    it.each(optimizers)('a training by %s is that without the samples', (_, optimizer, options) => {
      for (const threads of [1, 2]) {
        const [net, twin] = [make(dtype, units, normalized), make(dtype, units, normalized)];
        const given = { ...options, epochs: units > 100 ? 1 : 2, optimizer, threads };
        const history = net.fitSync(X, Y, { ...given, sampleWeight: weights });
        const expected = twin.fitSync(without.X, without.Y, { ...given, sampleWeight: some(weights) });
        expect(history).toEqual(expected);
        expect(areAlike(net, twin)).toBe(true);
        expect(net.statistics).toEqual(twin.statistics);
      }
    });
  });

  it('a training by lbfgs is that without the samples', () => {
    const normalized = () =>
      new Network(
        [
          { inputDim: 3, outputDim: 4, activation: 'tanh', normalization: 'batch' },
          { outputDim: 3, activation: 'softmax' },
        ],
        { seed: 1, dtype },
      );
    const [net, twin] = [normalized(), normalized()];
    const options = { epochs: 5, optimizer: lbfgs() };
    const history = net.fitSync(X, Y, { ...options, sampleWeight: weights });
    expect(history).toEqual(twin.fitSync(without.X, without.Y, { ...options, sampleWeight: some(weights) }));
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('all methods that train take no step with it', async () => {
    for (const train of [
      (net: Network, x: Matrix, y: number[][], sampleWeight: number[]) =>
        net.fit(x, y, { epochs: 3, sampleWeight, batchSize: 20 }),
      async (net: Network, x: Matrix, y: number[][], sampleWeight: number[]) => {
        const reports = [];
        for await (const report of net.epochs(x, y, { epochs: 3, sampleWeight })) reports.push(report);
        return reports;
      },
      (net: Network, x: Matrix, y: number[][], sampleWeight: number[]) =>
        net.partialFit(x, y, { sampleWeight, batchSize: 20 }),
      async (net: Network, x: Matrix, y: number[][], sampleWeight: number[]) =>
        net.trainOnBatch(x, y, { sampleWeight }),
    ]) {
      const [net, twin] = [make(dtype), make(dtype)];
      expect(await train(net, X, Y, weights)).toEqual(await train(twin, without.X, without.Y, some(weights)));
      expect(stateOf(net)).toEqual(stateOf(twin));
    }
  });

  it('its kind of weights and of labels makes no difference', () => {
    for (const [y, other] of [
      [Y, without.Y],
      [classes, without.classes],
    ] as const) {
      for (const Kind of [Float64Array, Float32Array]) {
        const [net, twin] = [make(dtype), make(dtype)];
        net.fitSync(X, y, { epochs: 2, sampleWeight: Kind.from(weights) });
        twin.fitSync(without.X, other, { epochs: 2, sampleWeight: some(weights) });
        expect(stateOf(net)).toEqual(stateOf(twin));
      }
    }
  });

  it('a class of weight 0 has no samples', () => {
    const others = Array.from(classes.keys()).filter((row) => classes[row] !== 1);
    const x = Matrix.from(
      others.map((row) => X.toArray()[row] as number[]),
      dtype,
    );
    const y = Int32Array.from(others, (row) => classes[row] as number);
    for (const options of [{}, { validationSplit: 0.3 }, { validationSplit: 0.3, stratify: true }]) {
      const [net, twin] = [make(dtype), make(dtype)];
      const given = { ...options, epochs: 3, batchSize: 20 };
      const history = net.fitSync(X, classes, { ...given, classWeight: [2, 0, 0.5] });
      expect(history).toEqual(twin.fitSync(x, y, { ...given, classWeight: [2, 0, 0.5] }));
      expect(stateOf(net)).toEqual(stateOf(twin));
    }
  });

  it('balanced weights of classes do not count it', () => {
    const [net, twin] = [make(dtype), make(dtype)];
    net.fitSync(X, classes, { epochs: 2, classWeight: 'balanced', sampleWeight: weights });
    twin.fitSync(without.X, without.classes, {
      epochs: 2,
      classWeight: 'balanced',
      sampleWeight: some(weights),
    });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it.each([
    ['at random', {}],
    ['by classes', { stratify: true }],
    ['from the end', { shuffle: false }],
  ] as const)('validationSplit %s neither counts it nor holds it out', (_, options) => {
    const [net, twin] = [make(dtype), make(dtype)];
    const given = { ...options, epochs: 3, batchSize: 20, validationSplit: 0.25, metrics: ['f1' as const] };
    const history = net.fitSync(X, Y, { ...given, sampleWeight: weights });
    expect(history).toEqual(twin.fitSync(without.X, without.Y, { ...given, sampleWeight: some(weights) }));
    expect(history.valF1).toHaveLength(3);
    expect(stateOf(net)).toEqual(stateOf(twin));
  });

  it('validation data, evaluate and gradients are without it', async () => {
    const [net, twin] = [make(dtype), make(dtype)];
    const metrics = ['accuracy', 'f1', 'logLoss', 'rocAuc'] as const;
    const [all, fewer] = [{ sampleWeight: weights }, { sampleWeight: some(weights) }];
    const history = net.fitSync(X, Y, { epochs: 2, metrics, ...all, validationData: { X, Y, ...all } });
    const expected = twin.fitSync(without.X, without.Y, {
      ...{ epochs: 2, metrics, ...fewer },
      validationData: { X: without.X, Y: without.Y, ...fewer },
    });
    expect(history).toEqual(expected);
    const evaluation = net.evaluateSync(X, Y, { metrics, ...all });
    expect(evaluation).toEqual(twin.evaluateSync(without.X, without.Y, { metrics, ...fewer }));
    expect(await net.evaluate(X, Y, { metrics, ...all })).toEqual(evaluation);
    expect(net.gradients(X, Y, all)).toEqual(twin.gradients(without.X, without.Y, fewer));
  });

  it('metrics of the training set, also the user’s own, see the others alone', () => {
    const seen: unknown[] = [];
    function mine(labels: Matrix, predictions: Matrix, given?: FloatArray): number {
      seen.push([labels, predictions, Array.from(given ?? [])]);
      return predictions.rows;
    }
    const [net, twin] = [make(dtype), make(dtype)];
    const given = { epochs: 1, metrics: ['accuracy' as const, mine] };
    const history = net.fitSync(X, Y, { ...given, sampleWeight: weights });
    expect(history).toEqual(twin.fitSync(without.X, without.Y, { ...given, sampleWeight: some(weights) }));
    expect(seen[0]).toEqual(seen[1]);
    expect((history as unknown as { mine: number[] }).mine).toEqual([kept.length]);
  });

  it('preprocessing does not learn from it', () => {
    const learned = (x: Matrix, y: number[][], sampleWeight: number[], options: object) => {
      const net = new Network(
        [
          { inputDim: 3, outputDim: 4, activation: 'tanh' },
          { outputDim: 3, activation: 'softmax' },
        ],
        { seed: 1, dtype, preprocessing: preprocessing([imputer({ strategy: 'median' }), standardScaler()]) },
      );
      net.fitSync(x, y, { epochs: 2, sampleWeight, ...options });
      return [net.preprocessing?.toJSON(), stateOf(net)];
    };
    for (const options of [{}, { validationSplit: 0.3 }]) {
      expect(learned(X, Y, weights, options)).toEqual(learned(without.X, without.Y, some(weights), options));
    }
  });

  it('its label may be out of every class of a loss that learns shares', () => {
    const labels = Y.map((label, row) => (absent.includes(row) ? [0, 0, 0] : label));
    const [net, twin] = [make(dtype), make(dtype)];
    net.fitSync(X, labels, { epochs: 2, sampleWeight: weights });
    twin.fitSync(without.X, without.Y, { epochs: 2, sampleWeight: some(weights) });
    expect(stateOf(net)).toEqual(stateOf(twin));
  });
});

it('many weights, which are read and counted on other threads, do the same', async () => {
  const many = 150_000;
  const X = randomMatrix(many, 3, 1);
  const Y = Matrix.from(Array.from({ length: many }, (_, row) => [row % 2]));
  const sampleWeight = Float64Array.from({ length: many }, (_, row) => (row % 3 === 1 ? 0 : 1 + (row % 2)));
  const rest = Array.from(sampleWeight.keys()).filter((row) => sampleWeight[row] !== 0);
  const x = Matrix.from(rest.map((row) => Array.from(X.row(row))));
  const y = Matrix.from(rest.map((row) => [row % 2]));
  const build = () =>
    new Network(
      [
        { inputDim: 3, outputDim: 4, activation: 'tanh', normalization: 'batch' },
        { outputDim: 1, activation: 'sigmoid' },
      ],
      { seed: 1 },
    );
  const [net, other, twin] = [build(), build(), build()];
  const options = { epochs: 1, batchSize: 5000, validationSplit: 0.2, stratify: true };
  const history = await net.fit(X, Y, { ...options, sampleWeight });
  expect(await other.fit(X, Y, { ...options, sampleWeight: Array.from(sampleWeight) })).toEqual(history);
  const fewer = rest.map((row) => sampleWeight[row] as number);
  expect(history).toEqual(await twin.fit(x, y, { ...options, sampleWeight: fewer }));
  expect(stateOf(net)).toEqual(stateOf(twin));
  expect(stateOf(other)).toEqual(stateOf(twin));
});

it('a training with it continues from a checkpoint to the same bits', async () => {
  const { X, Y } = samples('float64');
  for (const split of [{}, { validationSplit: 0.3 }]) {
    const folder = newFolder();
    const options = { ...split, epochs: 6, batchSize: 16, sampleWeight: weights, optimizer: adam() };
    const whole = make('float64');
    const history = whole.fitSync(X, Y, options);
    const net = make('float64');
    const stop = ({ epoch }: { epoch: number }) => epoch < 3;
    net.fitSync(X, Y, { ...options, callbacks: stop, checkpoint: { directory: folder } });
    const { network, history: rest } = await Network.resume(folder, X, Y, options);
    expect(rest.loss).toEqual(history.loss);
    expect(stateOf(network)).toEqual(stateOf(whole));
    const other = weights.map((weight, row) => (row === 3 ? 0 : weight));
    const error = await rejectionOf(Network.resume(folder, X, Y, { ...options, sampleWeight: other }));
    expect(error.message).toMatch(/^Expected sampleWeight to be/);
  }
});

it('a split needs two samples that are there', () => {
  const X = Matrix.from([[1], [2], [3]]);
  const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });
  const options = { epochs: 1, validationSplit: 0.5, sampleWeight: [0, 1, 0] };
  expect(thrownBy(() => net.fitSync(X, X, options))).toMatchObject({
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected validationSplit to be left out for a single sample, got 0.5 (number)',
  });
});
