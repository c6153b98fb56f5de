// The losses of a network with a targetScaler: those of one output are in the targets' own units.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import { huber, lossEntry, lossNames } from '../../lib/layers/losses';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { adam } from '../../lib/optimizers/optimizers';
import {
  type CustomStep,
  minMaxScaler,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../lib/preprocessing';
import { reduceOnPlateau } from '../../lib/schedules/schedule';
import type { FitOptions } from '../../lib/training/options';
import { randomMatrix, snapshot } from '../network/helpers';
import { expectError } from '../support/bad-input';

const rows = 40;
const X = randomMatrix(rows, 2, 1);
const Y = new Matrix(
  randomMatrix(rows, 1, 2).data.map((x) => 3000 + 700 * x),
  rows,
  1,
);
const layers: LayerOptions[] = [
  { inputDim: 2, outputDim: 4, activation: 'tanh' },
  { outputDim: 1, activation: 'linear' },
];
const network = (options: NetworkOptions = {}, shape: readonly LayerOptions[] = layers) =>
  new Network(shape, { seed: 1, ...options });
const scaler = preprocessing([standardScaler()]);
const scaled = scaler.fitTransform(Y);
const unit = scaler.inverse([[1]]).get(0, 0) - scaler.inverse([[0]]).get(0, 0);

const ofError: Record<string, (error: number, delta: number) => number> = {
  meanSquaredError: (error) => error ** 2,
  meanAbsoluteError: Math.abs,
  huber: (error, delta) =>
    Math.abs(error) <= delta ? error ** 2 / 2 : delta * (Math.abs(error) - delta / 2),
  quantile: (error) => Math.abs(error) / 2,
};

/** The mean loss of predictions, in plain loops. */
function lossOf(name: string, predictions: Matrix, targets: Matrix, delta: number): number {
  const losses = Array.from(targets.data, (y, i) =>
    ofError[name]?.((predictions.data[i] as number) - y, delta),
  );
  return losses.reduce((sum: number, loss) => sum + (loss as number), 0) / losses.length;
}

function expectClose(actual: readonly number[] | undefined, expected: readonly number[], tolerance: number) {
  expect(actual?.length).toBe(expected.length);
  for (const [i, number] of expected.entries()) {
    expect(Math.abs((actual?.[i] as number) / number - 1)).toBeLessThan(tolerance);
  }
}

describe('the loss of one output', () => {
  it('is known for all losses that have a degree', () => {
    expect(lossNames.filter((name) => lossEntry(name).degree !== undefined)).toEqual(Object.keys(ofError));
  });

  it.each(Object.keys(ofError))('is that of the predictions in the targets’ own units: %s', (name) => {
    const numbers = { min: Math.fround(1e-3), max: 1e4, noNaN: true } as const;
    const property = fc.property(
      fc.double(numbers),
      fc.double({ min: -1e5, max: 1e5, noNaN: true }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.constantFrom(standardScaler, robustScaler, minMaxScaler),
      (spread, center, share, make) => {
        const targets = new Matrix(
          randomMatrix(rows, 1, 2).data.map((x) => center + spread * x),
          rows,
          1,
        );
        const delta = share * spread;
        const net = network({ targetScaler: make() });
        const loss = name === 'huber' ? huber({ delta }) : name;
        net.fitSync(X, targets, { epochs: 1, loss });
        const expected = lossOf(name, net.predictSync(X), targets, delta);
        const { loss: own } = net.evaluateSync(X, targets);
        // Predictions around a center of 1e5 have its rounding errors.
        const rounding = (1e-15 * Math.abs(center)) / spread;
        expect(Math.abs(own / expected - 1)).toBeLessThan(1e-12 + 1e3 * rounding);
        expect(net.evaluateSync(X, targets, { loss })).toEqual({ loss: own });
      },
    );
    fc.assert(property, { numRuns: 40, seed: 3 });
  });

  it('is that of the scaled targets for a loss without a degree, and for a step of the user’s own', () => {
    const logCosh = { epochs: 3, loss: 'logCosh' } as const;
    const [net, twin] = [network({ targetScaler: standardScaler() }), network()];
    expect(net.fitSync(X, Y, logCosh)).toEqual(twin.fitSync(X, scaled, logCosh));
    expect(net.evaluateSync(X, Y)).toEqual(twin.evaluateSync(X, scaled));

    const logarithm: CustomStep = {
      name: 'logarithm',
      fit: () => ({
        transform: (given) => given.toArray().map((row) => row.map(Math.log)),
        inverse: (given) => given.toArray().map((row) => row.map(Math.exp)),
      }),
    };
    const [own, byHand] = [network({ targetScaler: logarithm }), network()];
    const logarithms = new Matrix(Y.data.map(Math.log), rows, 1);
    const history = own.fitSync(X, Y, { epochs: 3, metrics: ['meanAbsoluteError'] });
    expect(history.loss).toEqual(byHand.fitSync(X, logarithms, { epochs: 3 }).loss);
    const predictions = new Matrix(byHand.predictSync(X).data.map(Math.exp), rows, 1);
    expect(own.predictSync(X)).toEqual(predictions);
    expectClose(
      history.meanAbsoluteError?.slice(-1),
      [lossOf('meanAbsoluteError', predictions, Y, 1)],
      1e-12,
    );
    const predictor = own.predictor({ maxBatch: rows });
    predictor.input.data.set(X.data);
    predictor.run(7);
    expect([...predictor.output.data.subarray(0, 7)]).toEqual([...predictions.data.subarray(0, 7)]);
  });

  it('counts penalties as the training does, in epochs, steps and validation', async () => {
    const shape = layers.map((layer) => ({ ...layer, l2: 0.01, l1: 0.001 }));
    const [net, twin] = [network({ targetScaler: standardScaler() }, shape), network({}, shape)];
    const run = async (trained: Network, targets: Matrix) => {
      const batches: number[] = [];
      const onBatchEnd = ({ loss }: { loss: number }) => void batches.push(loss);
      const data = { X, Y: targets };
      const options = { epochs: 2, batchSize: 8, seed: 1, validationData: data, callbacks: { onBatchEnd } };
      const history = await trained.fit(X, targets, options);
      return { ...history, batches, now: [trained.evaluateSync(X, targets).loss] };
    };
    const [own, ofScaled] = [await run(net, Y), await run(twin, scaled)];
    expect(snapshot(net)).toEqual(snapshot(twin));
    expect(ofScaled.batches.length).toBe(10);
    for (const series of ['loss', 'valLoss', 'batches', 'now'] as const) {
      const expected = (ofScaled[series] as number[]).map((loss) => unit ** 2 * loss);
      expectClose(own[series], expected, 1e-12);
    }
  });
});

describe('what depends on the loss', () => {
  const outlier = new Matrix(Y.data.slice(), rows, 1);
  outlier.set(3, 0, 9000);

  it('is trained by hand alike: delta of huber is in the targets’ own units', () => {
    const own = preprocessing([standardScaler()]);
    const targets = own.fitTransform(outlier);
    const scale = own.inverse([[1]]).get(0, 0) - own.inverse([[0]]).get(0, 0);
    const [net, twin] = [network({ targetScaler: standardScaler() }), network()];
    const history = net.fitSync(X, outlier, { epochs: 5, loss: huber({ delta: 500 }) });
    const byHand = twin.fitSync(X, targets, { epochs: 5, loss: huber({ delta: 500 / scale }) });
    expectClose(snapshot(net), snapshot(twin), 1e-12);
    expectClose(
      history.loss,
      byHand.loss.map((loss) => scale ** 2 * loss),
      1e-12,
    );
    // It is no mean squared error.
    expect(network().fitSync(X, targets, { epochs: 5 }).loss[0]).not.toBe(2 * (byHand.loss[0] as number));
  });

  const stopping = (minDelta: number): FitOptions => ({
    epochs: 60,
    validationSplit: 0.25,
    seed: 2,
    optimizer: adam({ learningRate: 0.02 }),
    earlyStopping: { patience: 2, minDelta },
  });

  it('early stopping has its minDelta in the targets’ own units, and restores the best epoch', async () => {
    const net = network({ targetScaler: standardScaler() });
    const history = await net.fit(X, Y, stopping(4000));
    const learned = net.targetScaler?.inverse([[1], [0]]).data as Float64Array;
    const scale = (learned[0] as number) - (learned[1] as number);
    const twin = network();
    const targets = net.targetScaler?.transform(Y) as Matrix;
    const byHand = twin.fitSync(X, targets, stopping(4000 / scale ** 2));
    expect(history.loss.length).toBe(byHand.loss.length);
    expect([history.stoppedBy, history.bestEpoch]).toEqual(['earlyStopping', byHand.bestEpoch]);
    expect(history.bestEpoch).toBeLessThan(history.loss.length);
    expect(snapshot(net)).toEqual(snapshot(twin));
    expect(network({ targetScaler: standardScaler() }).fitSync(X, Y, stopping(4000))).toEqual(history);
    // Another minDelta ends it elsewhere.
    const other = network({ targetScaler: standardScaler() }).fitSync(X, Y, stopping(4000 / scale ** 2));
    expect(other.loss.length).not.toBe(history.loss.length);
  });

  it('a plateau is found as by hand', () => {
    const options = {
      epochs: 30,
      seed: 2,
      optimizer: adam({ learningRate: 0.3 }),
      schedule: reduceOnPlateau({ patience: 1, monitor: 'loss', threshold: 0.05 }),
    };
    const [net, twin] = [network({ targetScaler: standardScaler() }), network()];
    const { learningRate } = net.fitSync(X, Y, options);
    expect(learningRate).toEqual(twin.fitSync(X, scaled, options).learningRate);
    expect(new Set(learningRate).size).toBeGreaterThan(1);
    expect(snapshot(net)).toEqual(snapshot(twin));
  });

  it('gradients are those of the loss that is minimised', () => {
    const net = network({ targetScaler: preprocessing([standardScaler()]).fit(Y) });
    const twin = network();
    const [step] = (net.targetScaler?.toJSON().steps ?? []) as unknown as { scale: number[] }[];
    const delta = 500 / (step?.scale[0] as number);
    expect(delta).toBeGreaterThan(1);
    for (const [own, byHand] of [
      ['meanSquaredError', 'meanSquaredError'],
      [huber({ delta: 500 }), huber({ delta })],
    ] as const) {
      expect(net.gradients(X, Y, { loss: own })).toEqual(twin.gradients(X, scaled, { loss: byHand }));
    }
  });
});

const refused = lossNames.filter((name) => lossEntry(name).labelRule !== 'finite');

describe('losses of other labels than numbers', () => {
  it('are those with a rule for their labels', () => {
    expect(refused).toEqual([
      ...['binaryCrossEntropy', 'categoricalCrossEntropy', 'sparseCategoricalCrossEntropy'],
      ...['poisson', 'hinge', 'klDivergence'],
    ]);
  });

  it.each(refused)('are refused by name: %s', (loss) => {
    const { outputs } = lossEntry(loss);
    const activation = outputs[0] as never;
    const outputDim = outputs[0] === 'softmax' ? 2 : 1;
    const net = network({ targetScaler: standardScaler() }, [{ inputDim: 2, outputDim, activation }]);
    const message =
      "Expected loss to be one of all numbers, such as 'meanSquaredError', since the network has a targetScaler, " +
      `got "${loss}" (string)`;
    expectError(() => net.fitSync(X, Y, { epochs: 1, loss }), RangeError, 'ERR_BLASNET_ARG_VALUE', message);
    expect(net.targetScaler?.fitted).toBe(false);
    net.targetScaler?.fit(Y);
    expectError(() => net.evaluateSync(X, Y, { loss }), RangeError, 'ERR_BLASNET_ARG_VALUE', message);
  });
});
