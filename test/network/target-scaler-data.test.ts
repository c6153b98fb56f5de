// The data of a network with a targetScaler: forms of Y, weights, parts, many rows, precision; and what is refused.

import { describe, expect, it } from 'vitest';
import { getThreads, setThreads } from '../../lib/addon/threads';
import { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { adam, lbfgs } from '../../lib/optimizers/optimizers';
import {
  imputer,
  labelEncoder,
  minMaxScaler,
  oneHotEncoder,
  preprocessing,
  standardScaler,
} from '../../lib/preprocessing';
import { type BadCall, expectError, itRejects, rejectionOf } from '../support/bad-input';
import { layers, randomMatrix, snapshot } from './helpers';

const rows = 40;
const X = randomMatrix(rows, 2, 1);
const numbers = Array.from(randomMatrix(rows, 1, 2).data, (x) => Math.round(5000 + 900 * x));
const Y = new Matrix(Float64Array.from(numbers), rows, 1);
const shape = layers([2, 4, 1], 'tanh', 'linear');
const network = (options: NetworkOptions = {}) => new Network(shape, { seed: 1, ...options });
const scaling = (options: NetworkOptions = {}) => network({ targetScaler: standardScaler(), ...options });
const options = { epochs: 2, batchSize: 8, seed: 4 };
const scalerOf = (net: Network) => net.targetScaler?.toJSON();

describe('Y', () => {
  const expected = scaling();
  const history = expected.fitSync(X, Y, options);

  it.each([
    ['a Float64Array', Float64Array.from(numbers)],
    ['a Float32Array', Float32Array.from(numbers)],
    ['an Int32Array', Int32Array.from(numbers)],
    ['an Uint16Array', Uint16Array.from(numbers)],
    ['numbers', numbers],
    ['rows', numbers.map((y) => [y])],
    ['a Matrix of float32', new Matrix(Float32Array.from(numbers), rows, 1)],
  ])('may be %s, and is not changed', async (_, given) => {
    const before = structuredClone(given instanceof Matrix ? given.data : given);
    for (const dtype of ['float64', 'float32'] as const) {
      const [net, twin] = [scaling({ dtype }), scaling({ dtype })];
      expect(net.fitSync(X, given, options)).toEqual(
        dtype === 'float64' ? history : twin.fitSync(X, Y, options),
      );
      const metrics = ['meanSquaredError', 'r2'] as const;
      expect(await net.evaluate(X, given, { metrics })).toEqual(net.evaluateSync(X, Y, { metrics }));
      expect(await scaling({ dtype }).fit(X, given, options)).toEqual(
        scaling({ dtype }).fitSync(X, Y, options),
      );
    }
    expect(given instanceof Matrix ? given.data : given).toEqual(before);
  });

  it('keeps small differences of large targets in float32: it is rounded when it has been scaled', () => {
    const targets = Float64Array.from(numbers, (y) => 1e6 + (y - 5000) / 900);
    const net = scaling({ dtype: 'float32' });
    const lone = layers([2, 1], 'tanh', 'linear');
    const line = new Network(lone, { seed: 1, dtype: 'float32', targetScaler: standardScaler() });
    // A line through y = 1e6 + x exactly: its error is far below the steps of float32 near a million, 1/16.
    const ends = Float64Array.from(
      X.data.filter((_, i) => i % 2 === 0),
      (x) => 1e6 + x,
    );
    line.fitSync(X, ends, { epochs: 200, optimizer: lbfgs() });
    const { meanAbsoluteError, loss } = line.evaluateSync(X, ends, { metrics: ['meanAbsoluteError'] });
    expect(meanAbsoluteError).toBeLessThan(1e-5);
    expect(loss).toBeLessThan(1e-10);
    // Rounded before, 1e6 + x is a staircase.
    const stairs = new Network(lone, { seed: 1, dtype: 'float32', targetScaler: standardScaler() });
    stairs.fitSync(X, Float32Array.from(ends), { epochs: 200, optimizer: lbfgs() });
    expect(stairs.evaluateSync(X, Float32Array.from(ends)).loss).toBeGreaterThan(1e-5);
    // Predictions are float32 again, and no worse than its steps.
    const predictions = line.predictSync(X);
    expect(predictions.dtype).toBe('float32');
    for (const [i, y] of ends.entries()) {
      expect(Math.abs((predictions.data[i] as number) - y)).toBeLessThanOrEqual(1 / 16);
    }
    // What the network learns from equals what is scaled by hand in double.
    const twin = network({ dtype: 'float32' });
    const byHand = preprocessing([standardScaler()]).fitTransform(new Matrix(targets, rows, 1));
    net.fitSync(X, targets, options);
    twin.fitSync(X, Float32Array.from(byHand.data), options);
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('is not divided by zero if it is constant', () => {
    const net = scaling();
    const { loss } = net.fitSync(X, new Array(rows).fill(7), { epochs: 50, optimizer: adam() });
    expect(loss.every(Number.isFinite)).toBe(true);
    expect(scalerOf(net)?.steps).toMatchObject([{ center: [7], scale: [1] }]);
  });

  it('in rows of weight 0 is not learned from', () => {
    const weights = numbers.map((_, row) => row % 3);
    const present = numbers.filter((_, row) => row % 3 !== 0);
    const odd = numbers.map((y, row) => (row % 3 === 0 ? 1e9 : y));
    const net = scaling();
    const metrics = ['meanAbsoluteError'] as const;
    const given = { ...options, metrics, sampleWeight: weights };
    const history = net.fitSync(X, odd, given);
    expect(scalerOf(net)).toEqual(
      preprocessing([standardScaler()])
        .fit(present.map((y) => [y]))
        .toJSON(),
    );
    // They count nowhere.
    expect(scaling().fitSync(X, numbers, given)).toEqual(history);
  });

  it('is scaled on other threads as on this one, with any number of threads', async () => {
    const many = 60_000;
    const inputs = randomMatrix(many, 2, 3);
    const targets = randomMatrix(many, 1, 4);
    for (const [i, y] of targets.data.entries()) targets.data[i] = 1e4 + 10 * y;
    const given = { epochs: 1, batchSize: 5000, validationSplit: 0.2, seed: 3, metrics: ['r2'] as const };
    const run = async (threads: number) => {
      const net = scaling();
      const history = await net.fit(inputs, targets, { ...given, threads });
      const outputs = await net.predict(inputs, { threads });
      expect(net.predictSync(inputs)).toEqual(outputs);
      return { history: { ...history }, scaler: scalerOf(net), last: [...outputs.data.slice(-50)] };
    };
    const before = getThreads();
    setThreads(4);
    const alone = await run(1);
    for (const threads of [2, 4]) expect(await run(threads)).toEqual(alone);
    setThreads(before);
    const here = scaling();
    expect({ ...here.fitSync(inputs, targets, given) }).toEqual(alone.history);
  });

  it('goes with preprocessing that infers inputDim', async () => {
    const parts = { targetScaler: standardScaler(), preprocessing: preprocessing([standardScaler()]) };
    const open = [
      { outputDim: 4, activation: 'tanh' },
      { outputDim: 1, activation: 'linear' },
    ] as const;
    const [net, twin] = [new Network(open, { seed: 1, ...parts }), network(parts)];
    const given = { ...options, validationSplit: 0.25 };
    expect(await net.fit(X, Y, given)).toEqual(twin.fitSync(X, Y, given));
    expect(net.predictSync(X)).toEqual(twin.predictSync(X));
    expect(scalerOf(net)).toEqual(scalerOf(twin));
  });
});

describe('parts of the data', () => {
  it('train a network whose targetScaler has learned before', async () => {
    const net = scaling();
    const halves = [Y.data.slice(0, 20), Y.data.slice(20)].map((data) => new Matrix(data, 20, 1));
    for (const half of halves) net.targetScaler?.partialFit(half);
    const twin = network({ targetScaler: preprocessing([standardScaler()]).fit(Y) });
    const [own, whole] = [scalerOf(net), scalerOf(twin)].map(
      (json) => json?.steps[0] as { scale?: number[] },
    );
    expect(Math.abs((own?.scale?.[0] as number) / (whole?.scale?.[0] as number) - 1)).toBeLessThan(1e-14);
    const loss = twin.evaluateSync(X, Y).loss;
    expect(twin.trainOnBatch(X, Y)).toEqual({ loss });
    const { loss: next } = twin.evaluateSync(X, Y);
    const { loss: first } = await twin.partialFit(X, Y, { batchSize: 'full' });
    expect(Math.abs(first / next - 1)).toBeLessThan(1e-12);
  });
});

it('a predictor follows a targetScaler that learns anew, unless it has other columns', () => {
  const net = scaling();
  net.fitSync(X, Y, options);
  const predictor = net.predictor({ maxBatch: rows });
  predictor.input.data.set(X.data);
  for (const factor of [1, 10]) {
    net.targetScaler?.fit(numbers.map((y) => [factor * y]));
    predictor.run();
    expect([...predictor.output.data]).toEqual([...net.predictSync(X).data]);
  }
  net.targetScaler?.fit([
    [1, 2],
    [3, 5],
  ]);
  const message = "Expected targetScaler to take 1 columns (the network's outputDim), got 2";
  for (const call of [() => predictor.run(), () => net.predictSync(X), () => net.evaluateSync(X, Y)]) {
    expectError(call, RangeError, 'ERR_BLASNET_SHAPE', message);
  }
});

const notFitted =
  'Expected targetScaler to be fitted before the network is used: call fit. The network has a copy of its own, ' +
  'net.targetScaler';
const onlyPart =
  'which gets only a part of the data: call net.targetScaler.partialFit(Y) with each part before, or ' +
  'net.targetScaler.fit(Y), with Y as a Matrix or as rows';
const undone =
  'Expected targetScaler to have only steps that can be undone exactly, such as standardScaler(), got';
const nan = numbers.map((y, row) => (row === 7 ? Number.NaN : y));

describe('a call', () => {
  const value = { error: RangeError, code: 'ERR_BLASNET_ARG_VALUE' } as const;
  const unfitted = { error: Error, code: 'ERR_BLASNET_NOT_FITTED' } as const;
  const table: BadCall[] = [
    {
      what: 'with an imputer',
      call: () => network({ targetScaler: imputer() }),
      ...value,
      message: `${undone} imputer`,
    },
    {
      what: 'with a pipeline that has an encoder',
      call: () => network({ targetScaler: preprocessing([standardScaler(), oneHotEncoder()]) }),
      ...value,
      message: `${undone} oneHotEncoder`,
    },
    {
      what: 'with a scaler that clips',
      call: () => network({ targetScaler: minMaxScaler({ clip: true }) }),
      ...value,
      message: `${undone} minMaxScaler with clip: true`,
    },
    {
      what: 'with a scaler that clips and has learned',
      call: () => network({ targetScaler: preprocessing([minMaxScaler({ clip: true })]).fit(Y) }),
      ...value,
      message: `${undone} minMaxScaler with clip: true`,
    },
    {
      what: 'with the JSON of an imputer',
      call: () => network({ targetScaler: preprocessing([imputer()]).fit(Y).toJSON() }),
      ...value,
      message: `${undone} imputer`,
    },
    {
      what: 'with a scaler of other columns',
      call: () =>
        network({
          targetScaler: preprocessing([standardScaler()]).fit([
            [1, 2],
            [3, 4],
          ]),
        }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: "Expected targetScaler to take 1 columns (the network's outputDim), got 2",
    },
    {
      what: 'with the name of a scaler',
      call: () => network({ targetScaler: 'standardScaler' as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected targetScaler to be a scaler such as standardScaler(), or a pipeline of such steps, got ' +
        '"standardScaler" (string)',
    },
    {
      what: 'with labels',
      call: () => scaling({ labels: labelEncoder() }),
      ...value,
      message:
        'Expected targetScaler to be left out of a network with labels, whose targets are classes, got ' +
        'an object (PreprocessingStep)',
    },
    { what: 'to predict before fit', call: () => scaling().predictSync(X), ...unfitted, message: notFitted },
    {
      what: 'to evaluate before fit',
      call: () => scaling().evaluateSync(X, Y),
      ...unfitted,
      message: notFitted,
    },
    {
      what: 'for gradients before fit',
      call: () => scaling().gradients(X, Y),
      ...unfitted,
      message: notFitted,
    },
    {
      what: 'for a predictor before fit',
      call: () => scaling().predictor(),
      ...unfitted,
      message: notFitted,
    },
    {
      what: 'to save before fit',
      call: () => scaling().toBytesSync(),
      ...unfitted,
      message: 'Expected fit to be called before toJSON is used',
    },
    {
      what: 'to train on a batch first',
      call: () => scaling().trainOnBatch(X, Y),
      ...unfitted,
      message: `Expected targetScaler to be fitted before trainOnBatch, ${onlyPart}`,
    },
    {
      what: 'to fit NaN',
      call: () => scaling().fitSync(X, nan, options),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected Y to hold finite numbers (the loss is meanSquaredError), got NaN at row 7, column 0',
    },
    {
      what: 'to evaluate NaN',
      call: () => network({ targetScaler: preprocessing([standardScaler()]).fit(Y) }).evaluateSync(X, nan),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected Y to hold finite numbers (the loss is meanSquaredError), got NaN at row 7, column 0',
    },
    {
      what: 'to weigh classes',
      call: () => scaling().fitSync(X, Y, { ...options, classWeight: 'balanced' }),
      ...value,
      message:
        'Expected classWeight to be left out when labels are not classes (the loss is meanSquaredError, the output ' +
        'linear), got "balanced" (string)',
    },
    {
      what: 'to stratify the rows of a sigmoid',
      call: () =>
        new Network(layers([2, 1], 'tanh', 'sigmoid'), { targetScaler: minMaxScaler() }).fitSync(X, Y, {
          ...{ ...options, loss: 'meanSquaredError', validationSplit: 0.2, stratify: true },
        }),
      ...value,
      message:
        'Expected stratify to be left out, since the network has a targetScaler, and its targets are not classes, got true (boolean)',
    },
  ];
  itRejects(table);

  it('is refused with Infinity in the validation data, and nothing is learned', async () => {
    const validationData = { X, Y: numbers.map((y, row) => (row === 3 ? Number.POSITIVE_INFINITY : y)) };
    for (const more of [{ validationData }, {}]) {
      const net = scaling();
      const error = await rejectionOf(net.fit(X, more.validationData ? Y : nan, { ...options, ...more }));
      expect(error.message).toBe(
        more.validationData
          ? 'In validationData: Expected Y to hold finite numbers (the loss is meanSquaredError), got Infinity at row 3, column 0'
          : 'Expected Y to hold finite numbers (the loss is meanSquaredError), got NaN at row 7, column 0',
      );
      expect(net.targetScaler?.fitted).toBe(false);
      const twin = scaling();
      expect(net.fitSync(X, Y, options)).toEqual(twin.fitSync(X, Y, options));
      expect(snapshot(net)).toEqual(snapshot(twin));
    }
  });

  it('learns nothing if it is aborted before its first step', async () => {
    const net = scaling();
    const signal = AbortSignal.abort();
    expect((await rejectionOf(net.fit(X, Y, { ...options, signal }))).name).toBe('AbortError');
    expect(net.targetScaler?.fitted).toBe(false);
  });

  it('is refused with a step of the user’s own that has no way back, or gives other numbers', () => {
    const step = (transform: (y: number) => number[], inverse?: (y: number) => number[]) => ({
      name: 'own',
      fit: () => ({
        outputColumns: transform(1).length,
        transform: (given: Matrix) => given.toArray().map(([y = 0]) => transform(y)),
        ...(inverse && { inverse: (given: Matrix) => given.toArray().map(([y = 0]) => inverse(y)) }),
      }),
    });
    const cases = [
      [step((y) => [y]), `${undone} the step "own" without inverse`],
      [
        step(
          (y) => [y, y],
          (y) => [y],
        ),
        'Expected targetScaler to have steps that keep the number of columns, got 2 from 1',
      ],
      [
        step(
          (y) => [Math.log(5000 - y)],
          (y) => [y],
        ),
        'Expected the scaled Y to hold finite numbers (the loss is meanSquaredError), got NaN at row',
      ],
    ] as const;
    for (const [targetScaler, message] of cases) {
      const net = network({ targetScaler });
      expect(() => net.fitSync(X, Y, options)).toThrow(message);
      expect(net.targetScaler?.fitted).toBe(false);
    }
  });
});
