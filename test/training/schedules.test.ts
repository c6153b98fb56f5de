// Schedules set the learning rate of each step.

import { describe, expect, it } from 'vitest';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import type { Progress, Schedule } from '../../lib/schedules';
import * as schedules from '../../lib/schedules';
import { learningRateAt } from '../../lib/schedules/rate';
import type { FitOptions } from '../../lib/training/options';
import { expectAlike, network, stateOf, X, Y } from './helpers';

// 40 samples in batches of 16: 3 steps per epoch.
const options = { epochs: 7, batchSize: 16, optimizer: sgd({ learningRate: 0.4 }) };
const half: Schedule = ({ step }, base) => base / (1 + step / 2);

/** The learning rates of the steps of a fit, and its history. */
function rates(schedule: Schedule, others: Partial<FitOptions> = {}) {
  const steps: number[] = [];
  const callbacks = {
    onBatchEnd: ({ learningRate }: { learningRate: number }) => void steps.push(learningRate),
  };
  const history = network().fitSync(X, Y, { ...options, schedule, callbacks, ...others });
  return { steps, epochs: history.learningRate };
}

const all: [string, Schedule][] = [
  ['constant', schedules.constant()],
  ['step', schedules.step({ every: 2, factor: 0.5 })],
  ['step by steps', schedules.step({ every: 4, factor: 0.5, per: 'step' })],
  ['exponential', schedules.exponential({ decay: 0.9, per: 'step' })],
  ['polynomial', schedules.polynomial({ power: 2, end: 0.01 })],
  ['cosine', schedules.cosine({ per: 'step' })],
  ['cosine with restarts', schedules.cosine({ restartEvery: 2, restartFactor: 2 })],
  ['flatCosine', schedules.flatCosine()],
  ['coslog', schedules.coslog()],
  ['oneCycle', schedules.oneCycle()],
  ['oneCycle by epochs', schedules.oneCycle({ per: 'epoch' })],
  ['warmUp', schedules.warmUp(5, schedules.cosine())],
  ['a function', half],
];

describe.each(all)('%s', (name, schedule) => {
  const at = (step: number) => {
    const progress: Progress = { step, epoch: Math.floor(step / 3), steps: 21, epochs: 7, stepsPerEpoch: 3 };
    return learningRateAt(schedule, 0.4, progress);
  };

  it('gives each step its rate, and the history that of each epoch’s last', () => {
    const { steps, epochs } = rates(schedule);
    expect(steps).toEqual(Array.from({ length: 21 }, (_, step) => at(step)));
    const last = Array.from({ length: 7 }, (_, epoch) => at(3 * epoch + 2));
    expect(epochs).toEqual(name === 'constant' ? undefined : last);
  });

  it('trains by steps that are each one of a fit with that learning rate', async () => {
    const [net, twin] = [network(), network()];
    await net.fit(X, Y, { ...options, epochs: 2, shuffle: false, schedule: (progress) => at(progress.step) });
    for (let step = 0; step < 6; step++) {
      const from = (step % 3) * 16;
      const [x, y] = [X.data.subarray(3 * from, 3 * (from + 16)), Y.data.subarray(from, from + 16)];
      twin.trainOnBatch(x, y, { optimizer: sgd({ learningRate: Math.max(at(step), Number.MIN_VALUE) }) });
    }
    expect(stateOf(net)).toEqual(stateOf(twin));
  });
});

it('a schedule counts steps, not batches, where gradients are accumulated', () => {
  const { steps } = rates(({ step, steps, stepsPerEpoch }) => step + steps / 100 + stepsPerEpoch / 10_000, {
    accumulate: 2,
    epochs: 2,
  });
  // 2 steps per epoch, 4 in total.
  expect(steps).toEqual([0, 1, 2, 3].map((step) => step + 0.04 + 0.0002));
});

it('a schedule counts the training samples alone where a share is held out', () => {
  const { steps } = rates(({ steps }) => steps, { validationSplit: 0.5, epochs: 2 });
  expect(steps).toEqual([4, 4, 4, 4]);
});

it('a rate of 0 is a step that changes nothing', () => {
  const net = network();
  const before = stateOf(net);
  net.fitSync(X, Y, { ...options, schedule: () => 0 });
  expect(stateOf(net)).toEqual(before);
});

describe('reduceOnPlateau', () => {
  const scripted = (values: number[]) => {
    let epoch = 0;
    return { name: 'scripted', compute: () => values[epoch++] as number };
  };

  it('reduces after an epoch too many without an improvement', async () => {
    const values = [1, 2, 2, 2, 2, 2, 3];
    const metrics = [scripted(values)];
    const plateau = { monitor: 'scripted', mode: 'max', patience: 1, factor: 0.5, minimum: 0.15 } as const;
    const schedule = schedules.reduceOnPlateau(plateau);
    const { learningRate } = await network().fit(X, Y, { ...options, schedule, metrics });
    // The best epoch is 2; epochs 3 and 4 are two without improvement, then 5 and 6.
    expect(learningRate).toEqual([0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.15]);
  });

  it('works behind a warm-up, too', () => {
    const schedule = schedules.warmUp(
      3,
      schedules.reduceOnPlateau({ monitor: 'scripted', mode: 'min', patience: 0, factor: 0.5 }),
    );
    const { steps } = rates(schedule, { metrics: [scripted([1, 1, 1, 1])], epochs: 4 });
    expect(steps.slice(3)).toEqual([0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1]);
  });
});

describe('a function as a schedule', () => {
  it.each([
    { rate: Number.NaN, error: RangeError, code: 'ERR_BLASNET_ARG_VALUE', got: 'NaN (number)' },
    { rate: -1, error: RangeError, code: 'ERR_BLASNET_ARG_VALUE', got: '-1 (number)' },
    { rate: '0.1', error: TypeError, code: 'ERR_BLASNET_ARG_TYPE', got: '"0.1" (string)' },
    { rate: undefined, error: TypeError, code: 'ERR_BLASNET_ARG_TYPE', got: 'undefined' },
  ])(
    'is refused when it returns $rate, and leaves no trace at the first step',
    async ({ rate, error: kind, code, got }) => {
      const net = network({ dropout: 0.5 });
      const schedule = (() => rate) as never;
      const message = `Expected the schedule's learning rate at epoch 0, step 0 to be a finite number of at least 0, got ${got}`;
      const error = await net.fit(X, Y, { ...options, schedule }).catch((caught) => caught);
      expect(error).toMatchObject({ code, message });
      expect((error as Error).constructor).toBe(kind);
      expectAlike(net, network({ dropout: 0.5 }));
    },
  );

  it('ends the training with the epoch before when it returns no rate later', () => {
    const [net, twin] = [network(), network()];
    const schedule: Schedule = ({ epoch }, base) => (epoch < 2 ? base : Number.NaN);
    expect(() => net.fitSync(X, Y, { ...options, schedule })).toThrow('at epoch 2, step 6');
    twin.fitSync(X, Y, { ...options, epochs: 2 });
    expectAlike(net, twin);
  });

  it('ends the training with what it throws', async () => {
    const net = network();
    const schedule = () => {
      throw new Error('my own');
    };
    await expect(net.fit(X, Y, { ...options, schedule })).rejects.toThrow('my own');
    expectAlike(net, network());
  });
});

it('a training refuses a schedule that no factory made', () => {
  expect(() => network().fitSync(X, Y, { ...options, schedule: 'cosine' as never })).toThrow('schedule');
  expect(() => network().fitSync(X, Y, { ...options, optimizer: adam(), schedule: {} as never })).toThrow(
    'schedule',
  );
});
