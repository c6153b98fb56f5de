// Trainings that are resumed with other options on purpose.

import { describe, expect, it } from 'vitest';
import { Network } from '../../../lib/network/network';
import type { ResumeOptions } from '../../../lib/network/network-options';
import { adam, lbfgs, sgd } from '../../../lib/optimizers/optimizers';
import * as schedules from '../../../lib/schedules';
import type { OverrideName } from '../../../lib/training/fingerprint';
import type { FitOptions } from '../../../lib/training/options';
import { randomLabels, randomMatrix } from '../../network/helpers';
import { rejectionOf } from '../../support/bad-input';
import { newFolder } from '../../support/scratch';
import { network, stateOf, X, Y } from '../helpers';

const base = { batchSize: 8, optimizer: adam({ learningRate: 0.02 }) } as const;
const more = { X: randomMatrix(70, 3, 5), Y: randomLabels(70, 1, 6) };

/** A folder with the checkpoint of epoch 3, and the network after it. */
function trained(options: Partial<FitOptions> = {}) {
  const directory = newFolder();
  const net = network();
  const history = net.fitSync(X, Y, { ...base, ...options, epochs: 3, checkpoint: { directory } });
  return { directory, net, history };
}

const resume = (
  directory: string,
  options: Partial<ResumeOptions>,
  samples: { X: unknown; Y: unknown } = { X, Y },
) =>
  Network.resume(
    directory,
    samples.X as never,
    samples.Y as never,
    { ...base, epochs: 5, ...options } as never,
  );

describe('a change that is named in override', () => {
  // The rest is what the same network does in a further fit: its generator and its optimiser go on.
  it.each<{ what: string; options: Partial<FitOptions>; override: OverrideName[]; rows?: boolean }>([
    {
      what: 'the learning rate',
      options: { optimizer: adam({ learningRate: 0.2 }) },
      override: ['learningRate'],
    },
    {
      what: 'the learning rate, as part of the optimiser',
      options: { optimizer: adam() },
      override: ['optimizer'],
    },
    { what: 'the batches', options: { batchSize: 20, accumulate: 2 }, override: ['batchSize', 'accumulate'] },
    { what: 'full batches', options: { batchSize: 'full' }, override: ['batchSize', 'shuffle'] },
    {
      what: 'the last batch',
      options: { batchSize: 20, dropLast: true },
      override: ['batchSize', 'dropLast'],
    },
    { what: 'the order', options: { shuffle: false }, override: ['shuffle'] },
    { what: 'the limits', options: { clipNorm: 0.1, clipValue: 0.01 }, override: ['clipNorm', 'clipValue'] },
    { what: 'weights', options: { sampleWeight: Array(40).fill(2) }, override: ['sampleWeight'] },
    { what: 'weights of classes', options: { classWeight: [1, 3] }, override: ['classWeight'] },
    { what: 'the rows', options: {}, override: ['rows'], rows: true },
    { what: 'another optimiser', options: { optimizer: sgd({ momentum: 0.9 }) }, override: ['optimizer'] },
    { what: 'other moments', options: { optimizer: adam({ beta1: 0.5 }) }, override: ['optimizer'] },
  ])('goes on as a further fit does: $what', async ({ options, override, rows }) => {
    const { directory, net, history } = trained();
    const samples = rows ? more : { X, Y };
    const resumed = await resume(directory, { ...options, override }, samples);
    const further = net.fitSync(samples.X, samples.Y, { ...base, ...options, epochs: 2 } as FitOptions);
    expect(stateOf(resumed.network)).toEqual(stateOf(net));
    expect(resumed.history.loss).toEqual([...history.loss, ...further.loss]);
  });

  it('is needed only once: later checkpoints have the new options', async () => {
    const { directory, net } = trained();
    const optimizer = adam({ learningRate: 0.2 });
    await resume(directory, { optimizer, override: ['learningRate'], checkpoint: { directory } });
    const again = await resume(directory, { optimizer, epochs: 6 });
    net.fitSync(X, Y, { ...base, optimizer, epochs: 3 });
    expect(stateOf(again.network)).toEqual(stateOf(net));
  });

  it('may be named where nothing differs', async () => {
    const { directory } = trained();
    const twin = network();
    twin.fitSync(X, Y, { ...base, epochs: 5 });
    const { network: resumed } = await resume(directory, { override: ['learningRate', 'rows', 'series'] });
    expect(stateOf(resumed)).toEqual(stateOf(twin));
  });

  it('may be a schedule: its series has NaN for the epochs before, and its plateau starts anew', async () => {
    const { directory } = trained();
    const schedule = schedules.reduceOnPlateau({ monitor: 'loss', patience: 5 });
    const { history } = await resume(directory, { schedule, override: ['schedule'] });
    expect(history.learningRate).toEqual([Number.NaN, Number.NaN, Number.NaN, 0.02, 0.02]);
    const flat = { name: 'flat', compute: () => 1 };
    const falling = (monitor: string) => schedules.reduceOnPlateau({ monitor, mode: 'min', patience: 1 });
    const before = trained({ metrics: [flat], schedule: falling('flat') });
    expect(before.history.learningRate).toEqual([0.02, 0.02, 0.02]);
    const options = { metrics: [flat], epochs: 6 };
    const same = await resume(before.directory, { ...options, schedule: falling('flat') });
    expect(same.history.learningRate?.slice(3)[0]).toBeCloseTo(0.002, 15);
    const other = await resume(before.directory, {
      ...options,
      schedule: falling('loss'),
      override: ['schedule'],
    });
    expect(other.history.learningRate?.[3]).toBe(0.02);
  });

  it('may be metrics and validation: their series have NaN for the epochs before', async () => {
    const { directory, history: before } = trained({ metrics: ['f1'] });
    const options = { metrics: ['rocAuc'], validationData: { X, Y }, override: ['series'] } as const;
    const { history } = await resume(directory, options as never);
    expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'valLoss', 'valAccuracy', 'valRocAuc']);
    expect(history.loss.slice(0, 3)).toEqual(before.loss);
    expect(history.valRocAuc?.map(Number.isNaN)).toEqual([true, true, true, false, false]);
    expect(history.bestEpoch).toBeGreaterThan(3);
  });

  it('draws the split anew when the rows or the share change', async () => {
    const split = { validationSplit: 0.25 };
    const { directory } = trained(split);
    const { history } = await resume(directory, { ...split, override: ['rows', 'validationSplit'] }, more);
    expect(history.valLoss).toHaveLength(5);
    const half = await resume(directory, { validationSplit: 0.5, override: ['validationSplit'] });
    expect(half.history.valLoss).toHaveLength(5);
    const kept = await resume(directory, { ...split, batchSize: 4, override: ['batchSize'] });
    expect(kept.history.valLoss).toHaveLength(5);
  });

  it('lets early stopping count anew when its numbers cannot be compared any more', async () => {
    let value = 0;
    const falling = () => ({ name: 'falling', compute: () => value-- });
    const stopping = { monitor: 'falling', mode: 'max', patience: 50 } as const;
    const { directory } = trained({ metrics: [falling()], earlyStopping: stopping });
    const options = { metrics: [falling()], earlyStopping: stopping };
    expect((await resume(directory, options)).history.bestEpoch).toBe(1);
    const optimizer = adam();
    expect(
      (await resume(directory, { ...options, optimizer, override: ['learningRate'] })).history.bestEpoch,
    ).toBe(1);
    const loss = 'meanSquaredError';
    const other = await resume(directory, { ...options, loss, override: ['loss', 'series'] });
    expect(other.history.bestEpoch).toBe(4);
    const weights = { sampleWeight: Array(40).fill(3), override: ['sampleWeight'] } as const;
    expect((await resume(directory, { ...options, ...weights })).history.bestEpoch).toBe(4);
    const anew = { earlyStopping: { ...stopping, minDelta: 0.5 }, override: ['earlyStopping'] } as const;
    expect((await resume(directory, { ...options, ...anew })).history.bestEpoch).toBe(4);
  });

  it('lets an optimiser that has converged go on', async () => {
    const directory = newFolder();
    const loose = lbfgs({ toleranceGradient: 1e3 });
    const { stoppedBy } = network().fitSync(X, Y, { epochs: 9, optimizer: loose, checkpoint: { directory } });
    expect(stoppedBy).toBe('convergence');
    const options = { batchSize: 'full', epochs: 4 } as const;
    expect((await resume(directory, { ...options, optimizer: loose })).history.loss).toHaveLength(1);
    const optimizer = lbfgs({ toleranceGradient: 0, toleranceChange: 0 });
    const { history } = await resume(directory, { ...options, optimizer, override: ['optimizer'] });
    expect(history.loss).toHaveLength(4);
  });

  it('lets a plateau count anew at its low rate when its numbers cannot be compared any more', async () => {
    let value = 0;
    const rising = () => ({ name: 'rising', compute: () => value++ });
    const schedule = schedules.reduceOnPlateau({ monitor: 'rising', mode: 'min', patience: 1 });
    const { directory, history } = trained({ metrics: [rising()], schedule });
    expect(history.learningRate).toEqual([0.02, 0.02, 0.02]);
    const options = { metrics: [rising()], schedule, epochs: 6 };
    const low = expect.closeTo(0.002, 15);
    expect((await resume(directory, options)).history.learningRate?.slice(3)).toEqual([
      low,
      low,
      expect.closeTo(0.0002, 15),
    ]);
    value = 100;
    const sampleWeight = Array(40).fill(3);
    const other = await resume(directory, { ...options, sampleWeight, override: ['sampleWeight'] });
    // The fourth epoch is the best of the new numbers.
    expect(other.history.learningRate?.slice(3)).toEqual([low, low, low]);
  });

  it('forgets the best epoch of early stopping that is gone, or whose numbers cannot be compared any more', async () => {
    let value = 0;
    const falling = () => ({ name: 'falling', compute: () => value-- });
    const earlyStopping = { monitor: 'falling', mode: 'max', patience: 50 } as const;
    const { directory } = trained({ metrics: [falling()], earlyStopping });
    const last = network();
    last.fitSync(X, Y, { ...base, epochs: 3 });
    const changed = {
      earlyStopping: { ...earlyStopping, minDelta: 0.5 },
      override: ['earlyStopping'],
    } as const;
    const ended = await resume(directory, { metrics: [falling()], epochs: 3, ...changed });
    expect(stateOf(ended.network)).toEqual(stateOf(last));
    const gone = await resume(directory, { metrics: [falling()], override: ['earlyStopping'] });
    last.fitSync(X, Y, { ...base, epochs: 2 });
    expect(stateOf(gone.network)).toEqual(stateOf(last));
  });
});

describe('a change that override does not name', () => {
  it.each<{ what: string; options: Partial<ResumeOptions>; hint: string; rows?: boolean }>([
    { what: 'the learning rate', options: { optimizer: adam() }, hint: `['learningRate']` },
    { what: 'another setting', options: { optimizer: adam({ beta1: 0.5 }) }, hint: `['optimizer']` },
    {
      what: 'a learning rate where another setting differs, too',
      options: { optimizer: adam({ beta1: 0.5 }), override: ['learningRate'] },
      hint: `['learningRate', 'optimizer']`,
    },
    { what: 'the rows', options: {}, hint: `['rows']`, rows: true },
    {
      what: 'two of three',
      options: { batchSize: 'full', clipNorm: 1, override: ['clipNorm'] },
      hint: `['clipNorm', 'batchSize', 'shuffle']`,
    },
    { what: 'a schedule', options: { schedule: schedules.cosine() }, hint: `['schedule']` },
    { what: 'a metric', options: { metrics: ['f1'] }, hint: `['series']` },
    { what: 'weights', options: { sampleWeight: Array(40).fill(2) }, hint: `['sampleWeight']` },
  ])('is refused, with what to write: $what', async ({ options, hint, rows }) => {
    const { directory } = trained();
    const error = await rejectionOf(resume(directory, options, rows ? more : { X, Y }));
    expect(error.code).toBe('ERR_BLASNET_ARG_VALUE');
    expect(error.message).toMatch(/^Expected /);
    expect(error.message.endsWith(`; to change it on purpose, pass override: ${hint}`)).toBe(true);
  });
});

describe('override that is wrong', () => {
  const rule = "an array of names such as 'learningRate'";
  const names =
    "one of 'learningRate', 'optimizer', 'schedule', 'loss', 'batchSize', 'accumulate', 'shuffle', 'dropLast', " +
    "'weightDecaySchedule', 'dropoutSchedule', 'clipValue', " +
    "'clipNorm', 'rows', 'windowRows', 'validationSplit', 'stratify', 'sampleWeight', 'classWeight', 'earlyStopping', 'series'";
  it.each([
    {
      override: 'learningRate',
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected override to be ${rule}, got "learningRate" (string)`,
    },
    {
      override: true,
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected override to be ${rule}, got true (boolean)`,
    },
    {
      override: { learningRate: true },
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected override to be ${rule}, got an object (Object)`,
    },
    {
      override: [3],
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected override[0] to be ${names}, got 3 (number)`,
    },
    {
      override: ['rows', 'learning_rate'],
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected override[1] to be ${names}, got "learning_rate" (string); did you mean "learningRate"?`,
    },
    {
      override: ['epochs'],
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected override[0] to be ${names}, got "epochs" (string)`,
    },
  ])('is refused: $override', async ({ override, error, code, message }) => {
    const { directory } = trained();
    const rejection = await rejectionOf(resume(directory, { override: override as never }));
    expect(rejection).toMatchObject({ code, message });
    expect(rejection.constructor).toBe(error);
  });

  it('is no option of fit', () => {
    expect(() => network().fitSync(X, Y, { epochs: 1, override: ['rows'] } as never)).toThrow(
      'Unknown option "override"',
    );
  });
});
