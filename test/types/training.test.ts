// The public types of trainings and of layers' options.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { describe, expectTypeOf, test } from 'vitest';
import {
  adam,
  type BatchReport,
  batchNorm,
  type Callbacks,
  type ClassWeight,
  type EpochReport,
  type Evaluation,
  type FitOptions,
  type History,
  type LabelsLike,
  type LayerOptions,
  labelEncoder,
  layerNorm,
  type Matrix,
  metric,
  Network,
  type PartialFitOptions,
  preprocessing,
  type SampleWeight,
  type Statistics,
  type StepOptions,
  schedules,
  sgd,
  standardScaler,
  type ValidationData,
} from '../../lib/index';

/** Compiled and never run. */
function compiled(_: (net: Network, X: Matrix, Y: Matrix) => unknown): void {}

describe('layers', () => {
  test('may have all their options', () => {
    compiled(() => {
      const layer: LayerOptions = {
        ...{ inputDim: 2, outputDim: 3, activation: 'relu', normalization: batchNorm({ momentum: 0.01 }) },
        ...{ dropout: 0.5, noise: 0.1, l1: 1e-4, l2: 1e-4, maxNorm: 3, trainable: false },
      };
      new Network([layer, { outputDim: 1, activation: 'sigmoid', normalization: layerNorm() }]);
      new Network([{ inputDim: 2, outputDim: 3, activation: 'relu', normalization: 'layer' }]);
      // @ts-expect-error: a normalisation is made, not the function that makes it
      new Network([{ inputDim: 2, outputDim: 3, activation: 'relu', normalization: batchNorm }]);
      // @ts-expect-error: a share is a number
      new Network([{ inputDim: 2, outputDim: 3, activation: 'relu', dropout: true }]);
      // @ts-expect-error: layers have no momentum
      layerNorm({ momentum: 0.1 });
    });
  });

  test('are frozen by number', () => {
    compiled((net) => {
      net.setTrainable(1, false);
      net.setTrainable([1, 2], true);
      // @ts-expect-error: by number, not by name
      net.setTrainable('W1', false);
      // @ts-expect-error: the value is true or false
      net.setTrainable(1);
    });
  });

  test('have running moments, which may not be there', () => {
    expectTypeOf<Network['statistics']>().toEqualTypeOf<Statistics>();
    compiled(({ statistics }) => {
      expectTypeOf(statistics.mean1).toEqualTypeOf<Matrix | undefined>();
      expectTypeOf(statistics.variance2).toEqualTypeOf<Matrix | undefined>();
      // @ts-expect-error: no such moment
      statistics.deviation1;
    });
  });
});

describe('a network', () => {
  test('takes its own inputs and labels', () => {
    compiled((_, X) => {
      const net = new Network([{ inputDim: 2, outputDim: 3, activation: 'softmax' }], {
        preprocessing: preprocessing([standardScaler()]),
        labels: labelEncoder(),
      });
      net.fit(X, ['cat', 'dog'], { epochs: 1 });
      expectTypeOf(net.classify(X)).resolves.toEqualTypeOf<(string | number)[]>();
      expectTypeOf(net.classifySync(X)).toEqualTypeOf<(string | number)[]>();
      // @ts-expect-error: steps make no pipeline yet
      new Network(net.architecture, { preprocessing: [standardScaler()] });
      // @ts-expect-error: an encoder, not the names
      new Network(net.architecture, { labels: ['cat', 'dog'] });
    });
  });

  test('takes labels as classes', () => {
    expectTypeOf<Int32Array>().toExtend<LabelsLike>();
    expectTypeOf<Uint8Array>().toExtend<LabelsLike>();
    expectTypeOf<number[]>().toExtend<LabelsLike>();
    expectTypeOf<readonly string[]>().toExtend<LabelsLike>();
    expectTypeOf<boolean[]>().not.toExtend<LabelsLike>();
    expectTypeOf<BigInt64Array>().not.toExtend<LabelsLike>();
  });
});

describe('options of a training', () => {
  test('are all allowed, and no others', () => {
    compiled((net, X, Y) => {
      const options: FitOptions = {
        ...{
          epochs: 9,
          batchSize: 16,
          accumulate: 2,
          shuffle: true,
          seed: 1,
          optimizer: adam(),
          loss: 'hinge',
        },
        ...{ clipValue: 1, clipNorm: 1, threads: 2, progress: true, stratify: true, validationSplit: 0.1 },
        validationData: { X, Y: [0, 1], sampleWeight: [1, 2] },
        schedule: schedules.oneCycle(),
        metrics: [
          'f1',
          metric('topKAccuracy', { k: 2 }),
          (labels, predictions) => labels.rows - predictions.rows,
        ],
        earlyStopping: { patience: 3, monitor: 'valF1', mode: 'max', minDelta: 1e-3, restoreBest: false },
        callbacks: {
          onEpochEnd: ({ valLoss = 0 }) => valLoss > 1,
          onBatchEnd: async ({ learningRate }) => learningRate,
        },
        checkpoint: { directory: 'run', everyEpochs: 5 },
        signal: AbortSignal.timeout(1000),
      };
      net.fit(X, Y, options);
      net.fitSync(X, Y, { epochs: 1, callbacks: (report) => report.loss > 0.1 });
      // @ts-expect-error: Keras's name for it
      net.fit(X, Y, { epochs: 1, validation_split: 0.1 });
      // @ts-expect-error: patience is needed
      net.fit(X, Y, { epochs: 1, earlyStopping: { monitor: 'loss' } });
      // @ts-expect-error: not a number alone
      net.fit(X, Y, { epochs: 1, earlyStopping: 5 });
      // @ts-expect-error: a direction is a name
      net.fit(X, Y, { epochs: 1, earlyStopping: { patience: 1, mode: -1 } });
      // @ts-expect-error: validation data have names
      net.fit(X, Y, { epochs: 1, validationData: [X, Y] });
      // @ts-expect-error: labels are needed
      net.fit(X, Y, { epochs: 1, validationData: { X } });
      // @ts-expect-error: metrics come in an array
      net.fit(X, Y, { epochs: 1, metrics: 'f1' });
      // @ts-expect-error: a callback that does not exist
      net.fit(X, Y, { epochs: 1, callbacks: { onTrainEnd: () => {} } });
      // @ts-expect-error: reports are read-only
      net.fit(X, Y, { epochs: 1, callbacks: (report) => (report.loss = 0) });
      // @ts-expect-error: a schedule is made, not named
      net.fit(X, Y, { epochs: 1, schedule: 'cosine' });
    });
  });

  test('may be weights of samples and of classes', () => {
    expectTypeOf<'balanced'>().toExtend<ClassWeight>();
    expectTypeOf<{ 0: number; 3: number }>().toExtend<ClassWeight>();
    expectTypeOf<Float32Array>().toExtend<SampleWeight>();
    expectTypeOf<'balanced'>().not.toExtend<SampleWeight>();
    expectTypeOf<Int32Array>().toExtend<SampleWeight>();
    expectTypeOf<BigInt64Array>().not.toExtend<SampleWeight>();
  });

  test('are fewer for one epoch, and for one step', () => {
    expectTypeOf<keyof Omit<PartialFitOptions, keyof StepOptions>>().toEqualTypeOf<
      'batchSize' | 'accumulate' | 'shuffle' | 'priority' | 'signal'
    >();
    expectTypeOf<Network['partialFit']>().returns.resolves.toEqualTypeOf<Evaluation>();
    expectTypeOf<Network['trainOnBatch']>().returns.toEqualTypeOf<Evaluation>();
    compiled((net, X, Y) => {
      net.partialFit(X, Y);
      net.trainOnBatch(X, Y, { optimizer: sgd(), classWeight: [1, 2] });
      // @ts-expect-error: it trains one epoch
      net.partialFit(X, Y, { epochs: 2 });
      // @ts-expect-error: all samples are the batch
      net.trainOnBatch(X, Y, { batchSize: 2 });
    });
  });
});

describe('the result of a training', () => {
  test('has series and reports by the same names', () => {
    expectTypeOf<History['valLoss']>().toEqualTypeOf<number[] | undefined>();
    expectTypeOf<History['valF1']>().toEqualTypeOf<number[] | undefined>();
    expectTypeOf<EpochReport['learningRate']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<EpochReport['valF1']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<BatchReport['batch']>().toEqualTypeOf<number>();
    expectTypeOf<BatchReport['learningRate']>().toEqualTypeOf<number>();
    expectTypeOf<NonNullable<Callbacks['onBatchEnd']>>().parameter(0).toEqualTypeOf<BatchReport>();
    expectTypeOf<ValidationData['Y']>().toEqualTypeOf<LabelsLike>();
  });

  test('has the series that were asked for', () => {
    const own = (labels: Matrix, predictions: Matrix) => labels.rows - predictions.rows;
    compiled(async (net, X, Y) => {
      const plain = await net.fit(X, Y, {
        epochs: 1,
        metrics: ['f1', own, metric('f1', { name: 'second' })],
      });
      expectTypeOf(plain).toExtend<History>();
      expectTypeOf([plain.f1, plain.second]).toEqualTypeOf<number[][]>();
      expectTypeOf(plain.valF1).toEqualTypeOf<number[] | undefined>();
      expectTypeOf(plain.valLoss).toEqualTypeOf<number[] | undefined>();
      const split = net.fitSync(X, Y, { epochs: 1, metrics: ['rocAuc', 'accuracy'], validationSplit: 0.1 });
      expectTypeOf([split.valLoss, split.valRocAuc, split.valAccuracy]).toEqualTypeOf<number[][]>();
      expectTypeOf(split.rocAuc).toEqualTypeOf<number[] | undefined>();
      const validationData = { X, Y };
      for await (const epoch of net.epochs(X, Y, {
        epochs: 1,
        validationData,
        metrics: ['r2', (a) => a.rows],
      })) {
        expectTypeOf(epoch).toExtend<EpochReport>();
        expectTypeOf([epoch.valLoss, epoch.valR2]).toEqualTypeOf<number[]>();
      }
      for await (const { brier, valBrier } of net.epochs(X, Y, { epochs: 1, metrics: ['brier'] })) {
        expectTypeOf(brier).toEqualTypeOf<number>();
        expectTypeOf(valBrier).toEqualTypeOf<number | undefined>();
      }
      const resumed = await Network.resume('run', X, Y, {
        epochs: 1,
        validationSplit: 0.1,
        skipDamaged: true,
      });
      expectTypeOf(resumed.history.valLoss).toEqualTypeOf<number[]>();
      expectTypeOf(resumed.network).toEqualTypeOf<Network>();
      const again = await Network.resume('run', X, Y, { epochs: 1, metrics: ['f1'] });
      expectTypeOf(again.history.f1).toEqualTypeOf<number[]>();
      const { f1, second } = await net.evaluate(X, Y, { metrics: ['f1', metric('f1', { name: 'second' })] });
      expectTypeOf([f1, second]).toEqualTypeOf<number[]>();
    });
  });

  test('has no series for sure that depend on what the types do not tell', () => {
    type Maybe = { readonly epochs: number; readonly validationSplit?: number };
    compiled(async (net, X, Y) => {
      const named: 'f1' | 'rocAuc' = net.seed > 1 ? 'f1' : 'rocAuc';
      const either = await net.fit(X, Y, { epochs: 1, metrics: [named as 'f1' | 'rocAuc'] });
      expectTypeOf(either.f1).toEqualTypeOf<number[] | undefined>();
      const typed = (options: FitOptions, some: Maybe) => [
        net.fitSync(X, Y, options),
        net.fitSync(X, Y, { ...options, epochs: 2 }),
        net.fitSync(X, Y, some),
        net.fitSync(X, Y, { ...some, metrics: ['f1'] }),
      ];
      expectTypeOf(typed).returns.toEqualTypeOf<History[]>();
      const kept: string = 'kept';
      const renamed = net.evaluateSync(X, Y, { metrics: [metric('f1', { name: kept })] });
      expectTypeOf(renamed.f1).toEqualTypeOf<number | undefined>();
      const unknown = net.evaluateSync(X, Y, { metrics: ['f1', 'r2'].slice(1) });
      expectTypeOf(unknown.f1).toEqualTypeOf<number | undefined>();
    });
  });

  test('comes from a method that is chosen when the program runs', () => {
    compiled((net, X, Y) => {
      const method = net.seed > 1 ? 'fit' : 'fitSync';
      expectTypeOf(net[method](X, Y, { epochs: 1 })).toEqualTypeOf<History | Promise<History>>();
    });
  });

  test('has the metrics of an evaluation', () => {
    compiled((net, X, Y) => {
      const { loss, accuracy, rocAuc } = net.evaluateSync(X, Y, {
        metrics: ['rocAuc'],
        sampleWeight: [1, 2],
      });
      expectTypeOf([loss, rocAuc]).toEqualTypeOf<number[]>();
      expectTypeOf(accuracy).toEqualTypeOf<number | undefined>();
      // @ts-expect-error: classes are weighted in training
      net.evaluateSync(X, Y, { classWeight: 'balanced' });
      // @ts-expect-error: a gradient has no metrics
      net.gradients(X, Y, { metrics: ['f1'] });
    });
  });
});
