// An interrupted and resumed training has results that are bit-identical to those of an uninterrupted one.

import { describe, expect, it } from 'vitest';
import * as lib from '../../../lib';
import type { Matrix } from '../../../lib/base/matrix';
import { Network } from '../../../lib/network/network';
import type { Optimizer } from '../../../lib/optimizers/optimizers';
import type { FitOptions } from '../../../lib/training/options';
import { inputsFor, randomLabels, randomMatrix } from '../../network/helpers';
import { newFolder } from '../../support/scratch';
import {
  expectResumable,
  expectSame,
  interruptedAfter,
  networkOf,
  plain,
  plainStacked,
  samplesOf,
  stacked,
  type Training,
  uninterrupted,
} from './helpers';

const { adam, schedules, sgd } = lib;

const optimizers: readonly (readonly [what: string, optimizer: Optimizer])[] = [
  ['sgd', sgd({ learningRate: 0.1, weightDecay: 0.01 })],
  ['momentum', sgd({ momentum: 0.9, dampening: 0.1 })],
  ['nesterov', sgd({ momentum: 0.9, nesterov: true })],
  ['rmsProp', lib.rmsProp({ momentum: 0.5, centered: true })],
  ['adagrad', lib.adagrad({ initialAccumulator: 0.1, learningRateDecay: 0.1 })],
  ['adadelta', lib.adadelta()],
  ['adam', adam({ learningRate: 0.01 })],
  ['amsgrad', adam({ amsgrad: true })],
  ['adamW', lib.adamW()],
  ['adamax', lib.adamax()],
  ['nadam', lib.nadam()],
  ['lion', lib.lion()],
];

describe.each(['float64', 'float32'] as const)(
  'a training in %s with dropout, noise and both normalisations',
  (dtype) => {
    it.each(optimizers)('continues as if it had never been interrupted, with %s', async (_, optimizer) => {
      await expectResumable({ dtype, options: () => ({ epochs: 6, batchSize: 16, optimizer, threads: 1 }) });
    });

    it('continues as if it had never been interrupted, with lbfgs', async () => {
      const optimizer = lib.lbfgs({ historySize: 4, maxEvaluations: 6 });
      await expectResumable(
        { dtype, layers: plain, options: () => ({ epochs: 8, optimizer, threads: 1 }) },
        5,
      );
    });

    it('continues as if it had never been interrupted, with batches of many tiles, on one thread and then on two', async () => {
      const options = () => ({ epochs: 5, batchSize: 500, optimizer: adam(), threads: 1 });
      await expectResumable({ dtype, rows: 1200, options });
    });
  },
);

describe.each(['float64', 'float32'] as const)(
  'a training in %s with residual connections and embeddings',
  (dtype) => {
    it.each(optimizers)('continues as if it had never been interrupted, with %s', async (_, optimizer) => {
      const options = () => ({ epochs: 6, batchSize: 16, optimizer, threads: 1 });
      await expectResumable({ dtype, layers: stacked, options });
    });

    it('continues as if it had never been interrupted, with lbfgs', async () => {
      const optimizer = lib.lbfgs({ historySize: 4, maxEvaluations: 6 });
      const options = () => ({ epochs: 8, optimizer, threads: 1 });
      await expectResumable({ dtype, layers: plainStacked, options }, 5);
    });

    it('continues as if it had never been interrupted, with batches of many tiles, on one thread and then on two', async () => {
      const options = () => ({ epochs: 5, batchSize: 500, optimizer: adam(), threads: 1 });
      await expectResumable({ dtype, layers: stacked, rows: 1200, options });
    });

    it('continues as if it had never been interrupted, with a share of every class held out and the best parameters kept', async () => {
      const options = () => ({
        epochs: 7,
        batchSize: 16,
        optimizer: adam({ learningRate: 0.05 }),
        validationSplit: 0.3,
        stratify: true,
        earlyStopping: { patience: 4 },
        threads: 1,
      });
      await expectResumable({ dtype, layers: stacked, options });
    });

    it('continues as if it had never been interrupted, with categories in the validation data', async () => {
      const validationData = { X: inputsFor(stacked, 20, 5, dtype), Y: randomLabels(20, 1, 6, dtype) };
      await expectResumable({ dtype, layers: stacked, options: () => ({ epochs: 6, validationData }) });
    });
  },
);

const optimizer = adam({ learningRate: 0.01 });
const validationData = { X: randomMatrix(20, 3, 5), Y: randomLabels(20, 1, 6) };
const common = { epochs: 7, batchSize: 16, optimizer };
const weight = (i: number) => 1 + (i % 3);

// JSON lacks some of these numbers.
const strange = [1, Number.NaN, Number.POSITIVE_INFINITY, -0, Number.NEGATIVE_INFINITY, 1 / 3, 2];
/** A metric that returns one of some numbers after another, from the number of the epoch after `after`. */
const sequence = (values: readonly number[], after: number) => {
  let i = after;
  return { name: 'score', compute: (_: Matrix, __: Matrix) => values[i++] as number };
};

const variants: Record<string, (after: number) => Partial<FitOptions>> = {
  'samples in order': () => ({ shuffle: false }),
  'full batches': () => ({ batchSize: 'full' }),
  'a share held out': () => ({ validationSplit: 0.3 }),
  'a share of every class held out': () => ({ validationSplit: 0.3, stratify: true }),
  'validation data': () => ({ validationData }),
  'a seed of its own': () => ({ seed: 99 }),
  'a seed of its own and a share held out': () => ({ seed: 99, validationSplit: 0.25 }),
  'accumulated gradients': () => ({ accumulate: 3 }),
  'clipped gradients': () => ({ clipValue: 0.1, clipNorm: 0.2 }),
  'weighted samples': () => ({ sampleWeight: Array.from({ length: 60 }, (_, i) => weight(i)) }),
  'weighted classes': () => ({ classWeight: 'balanced' }),
  'weighted samples and classes, a share held out': () => ({
    sampleWeight: Array.from({ length: 60 }, (_, i) => weight(i)),
    classWeight: [1, 3],
    validationSplit: 0.3,
  }),
  'a loss with a hyperparameter': () => ({ loss: lib.huber({ delta: 0.3 }) }),
  'steps down': () => ({ schedule: schedules.step({ every: 2, factor: 0.5 }) }),
  'an exponential decay by the step': () => ({
    schedule: schedules.exponential({ decay: 0.99, per: 'step' }),
  }),
  'a polynomial': () => ({ schedule: schedules.polynomial({ power: 2 }) }),
  'a cosine with restarts': () => ({ schedule: schedules.cosine({ restartEvery: 2, restartFactor: 2 }) }),
  'one cycle': () => ({ schedule: schedules.oneCycle() }),
  'schedules of all kinds, without the last batch': () => ({
    dropLast: true,
    batchSize: 9,
    optimizer: lib.adamW({ weightDecay: 0.5 }),
    schedule: schedules.coslog(),
    weightDecaySchedule: schedules.flatCosine(),
    dropoutSchedule: schedules.flatCosine({ flat: 0.2 }),
  }),
  'a warm-up that ends later': () => ({ schedule: schedules.warmUp(15, schedules.cosine()) }),
  'a schedule of one’s own': () => ({ schedule: ({ step }, base) => base / (1 + step) }),
  reduceOnPlateau: () => ({
    schedule: schedules.reduceOnPlateau({
      monitor: 'loss',
      patience: 0,
      threshold: 0.9,
      factor: 0.5,
      cooldown: 1,
    }),
  }),
  'reduceOnPlateau after a warm-up': () => ({
    validationSplit: 0.3,
    schedule: schedules.warmUp(3, schedules.reduceOnPlateau({ patience: 1, threshold: 0.9 })),
  }),
  metrics: () => ({ metrics: ['f1', 'rocAuc', lib.metric('precision', { threshold: 0.3, name: 'other' })] }),
  'metrics of the validation set': () => ({ validationSplit: 0.3, metrics: ['brier'] }),
  'a metric that JSON has no numbers for': (after) => ({ metrics: [sequence(strange, after)] }),
  'callbacks after every batch': () => ({ callbacks: { onBatchEnd: () => {} } }),
};

it.each(Object.entries(variants))(
  'a training with %s continues as if it had never been interrupted',
  async (_, variant) => {
    await expectResumable({ options: (after) => ({ ...common, ...variant(after) }) });
  },
);

it('the history comes back with numbers that JSON does not have', async () => {
  const training: Training = {
    options: (after) => ({ ...common, metrics: [sequence(strange, after)] }),
  };
  const { X, Y } = samplesOf(training);
  const { history } = await Network.resume(await interruptedAfter(5, training), X, Y, training.options(5));
  expect(history.score).toEqual(strange);
});

describe('early stopping', () => {
  const stopping = (values: readonly number[], options: object): Training => ({
    options: (after) => ({
      ...common,
      epochs: 20,
      metrics: [sequence(values, after)],
      earlyStopping: { monitor: 'score', mode: 'max', patience: 3, ...options },
    }),
  });
  // The best epoch is 2, before the interruption; the last is 6.
  const before = [1, 9, 2, 3, 4, 5, 6, 7];
  // The best epoch is 5, after the interruption; the last is 9. Infinity is never the best.
  const after = [Number.POSITIVE_INFINITY, 3, Number.NaN, 2, 9, 4, 5, 6, 7, 8];

  it.each([
    { what: 'with the best before the interruption', values: before, options: {} },
    { what: 'with the best after it', values: after, options: {} },
    { what: 'without bringing the best back', values: before, options: { restoreBest: false } },
    {
      what: 'when it goes downwards, by some amount at least',
      values: before.map((value) => -value),
      options: { mode: 'min', minDelta: 0.5 },
    },
  ])('continues as if it had never been interrupted, $what', async ({ values, options }) => {
    await expectResumable(stopping(values, options));
  });

  it('does nothing more when it has ended the training', async () => {
    const training = stopping(before, {});
    const { X, Y } = samplesOf(training);
    const directory = await finished(training);
    const whole = await uninterrupted(training);
    expect(whole.history.loss.length).toBe(6);
    expectSame(await Network.resume(directory, X, Y, training.options(6)), whole, training);
  });

  it('continues when its patience is larger', async () => {
    const training = stopping(before, {});
    const patient = stopping(before, { patience: 5 });
    const { X, Y } = samplesOf(training);
    const resumed = await Network.resume(await finished(training), X, Y, patient.options(6));
    expect(resumed.history.loss.length).toBe(8);
    expectSame(resumed, await uninterrupted(patient), patient);
  });
});

/** Trains to the end, and returns the folder of the checkpoints. */
async function finished(training: Training): Promise<string> {
  const directory = newFolder();
  const { X, Y } = samplesOf(training);
  await networkOf(training).fit(X, Y, { ...training.options(0), checkpoint: { directory } });
  return directory;
}

describe('a training that is over', () => {
  it('does nothing when it is resumed', async () => {
    const training: Training = { options: () => ({ ...common, epochs: 4 }) };
    const { X, Y } = samplesOf(training);
    const resumed = await Network.resume(await finished(training), X, Y, training.options(4));
    expectSame(resumed, await uninterrupted(training), training);
  });

  it('continues with more epochs as if it had had them from the start', async () => {
    const options = (epochs: number) => ({ ...common, epochs, seed: 3, validationSplit: 0.2 });
    const { X, Y } = samplesOf({ options: () => options(1) });
    const resumed = await Network.resume(await finished({ options: () => options(4) }), X, Y, options(9));
    const long: Training = { options: () => options(9) };
    expectSame(resumed, await uninterrupted(long), long);
  });

  it('does nothing when it is resumed after lbfgs has converged', async () => {
    const optimizer = lib.lbfgs({ toleranceChange: 0.05 });
    const training: Training = { layers: plain, options: () => ({ epochs: 200, optimizer }) };
    const { X, Y } = samplesOf(training);
    const resumed = await Network.resume(await finished(training), X, Y, training.options(0));
    expect(resumed.history.loss.length).toBeLessThan(200);
    expectSame(resumed, await uninterrupted(training), training);
  });

  it('continues when a callback ended it', async () => {
    const directory = newFolder();
    const training: Training = { options: () => common };
    const { X, Y } = samplesOf(training);
    const callbacks = ({ epoch }: { epoch: number }) => epoch < 3;
    const short = await networkOf(training).fit(X, Y, { ...common, callbacks, checkpoint: { directory } });
    expect(short.loss.length).toBe(3);
    const resumed = await Network.resume(directory, X, Y, common);
    expectSame(resumed, await uninterrupted(training), training);
  });
});
