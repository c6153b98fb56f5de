// Schedules of the weight decay and of the dropout: factors for each step.

import { describe, expect, it } from 'vitest';
import { adam, adamW, lbfgs, lion, type Optimizer, rmsProp, sgd } from '../../lib/optimizers/optimizers';
import type { Schedule } from '../../lib/schedules';
import * as schedules from '../../lib/schedules';
import { learningRateAt } from '../../lib/schedules/rate';
import type { FitOptions } from '../../lib/training/options';
import { snapshot } from '../network/helpers';
import { rejectionOf } from '../support/bad-input';
import * as oracle from '../support/oracle';
import { type Options, optimizerStep, type State } from '../support/oracle-optimizers';
import { expectAlike, network, stateOf, X, Y } from './helpers';
import { oracleFit, type Step } from './oracle-fit';

// 40 samples in batches of 16: 3 steps per epoch.
const options = { epochs: 6, batchSize: 16, shuffle: false } as const;
const at = (schedule: Schedule, step: number) =>
  learningRateAt(schedule, 1, { step, epoch: Math.floor(step / 3), steps: 18, epochs: 6, stepsPerEpoch: 3 });

describe('a schedule of the weight decay', () => {
  const optimizers: readonly (readonly [string, Optimizer])[] = [
    ['sgd', sgd({ learningRate: 0.25, weightDecay: 0.2 })],
    ['sgd, decoupled', sgd({ learningRate: 0.25, weightDecay: 0.2, decoupled: true })],
    ['rmsProp', rmsProp({ epsilon: 1e-4, weightDecay: 0.2 })],
    ['adam', adam({ weightDecay: 0.2, epsilon: 1e-4 })],
    ['adamW', adamW({ learningRate: 0.02, weightDecay: 0.5 })],
    ['lion', lion({ weightDecay: 0.5 })],
  ];
  const some: readonly (readonly [string, Schedule])[] = [
    ['flatCosine', schedules.flatCosine()],
    ['step', schedules.step({ every: 2, factor: 0.5 })],
    ['a function', ({ step }) => (step % 2 === 0 ? 3 : 0)],
  ];

  it.each(optimizers.flatMap((row) => some.map((schedule) => [...row, ...schedule] as const)))(
    'changes that of %s by %s',
    (_, optimizer, __, weightDecaySchedule) => {
      const net = network();
      const states = new Map<string, State>();
      const { weightDecay } = optimizer as unknown as { weightDecay: number };
      const step: Step = (params, grads, t) => {
        const own = { ...optimizer, weightDecay: weightDecay * at(weightDecaySchedule, t - 1) };
        const updated = Object.entries(params).map(([name, p]) => {
          const each = (r: number, c: number) => {
            const key = `${name} ${r} ${c}`;
            const state = states.get(key) ?? {};
            states.set(key, state);
            const g = oracle.at(grads[`d${name}`] as oracle.Dense, r, c);
            return optimizerStep(own as unknown as Options, oracle.at(p, r, c), g, state, t);
          };
          return [name, oracle.build(p.rows, p.cols, each)] as const;
        });
        return Object.fromEntries(updated);
      };
      const orders = Array.from({ length: 6 }, () => Array.from({ length: 40 }, (_unused, row) => row));
      const expected = oracleFit(net, X, Y, { loss: 'binaryCrossEntropy', step, batchSize: 16, orders });
      net.fitSync(X, Y, { ...options, optimizer, weightDecaySchedule });
      expect(oracle.maxRelativeError(snapshot(net), expected.parameters, 0.01)).toBeLessThan(1e-9);
    },
  );

  it('multiplies the factors of the layers', () => {
    const trained = (factor: number, schedule?: Schedule) => {
      const net = network({ weightDecayFactors: { W: factor, b: factor } });
      net.setTrainable([2, 3], false);
      const fit: FitOptions = { ...options, optimizer: adamW({ weightDecay: 0.5 }) };
      net.fitSync(X, Y, { ...fit, ...(schedule && { weightDecaySchedule: schedule }) });
      return snapshot(net);
    };
    expect(trained(0.5, () => 0.25)).toEqual(trained(0.125));
    expect(trained(0.5, () => 0.25)).not.toEqual(trained(0.5));
  });
});

describe('a schedule of the dropout', () => {
  const fit = { ...options, optimizer: adam({ learningRate: 0.02 }), seed: 3 };
  const trained = (dropout: number, dropoutSchedule?: Schedule, others: Partial<FitOptions> = {}) => {
    const net = network({ dropout }, { dtype: 'float64' });
    net.fitSync(X, Y, { ...fit, ...(dropoutSchedule && { dropoutSchedule }), ...others });
    return stateOf(net);
  };

  it('multiplies the share that is dropped', () => {
    for (const factor of [1, 0.5, 0.25]) expect(trained(0.5, () => factor)).toEqual(trained(0.5 * factor));
  });

  it('turns dropout off where it is 0', () => {
    expect(trained(0.5, () => 0)).toEqual(trained(0));
    expect(trained(0.5, () => 0)).not.toEqual(trained(0.5));
  });

  it('follows its steps: each step of a fit is that of a step with this share', () => {
    const schedule = schedules.flatCosine({ flat: 0.2 });
    const losses: number[] = [];
    const callbacks = { onBatchEnd: ({ loss }: { loss: number }) => void losses.push(loss) };
    const byStep = trained(0.5, schedule, { callbacks });
    expect(trained(0.5, schedule)).toEqual(byStep);
    // Step s alone has the loss of a training with that share all the time, if no step moves the parameters.
    const still = { optimizer: sgd({ learningRate: Number.MIN_VALUE }) };
    const lossesOf = (share: number, own?: Schedule) => {
      const found: number[] = [];
      const take = { onBatchEnd: ({ loss }: { loss: number }) => void found.push(loss) };
      trained(share, own, { ...still, callbacks: take });
      return found;
    };
    const scheduled = lossesOf(0.5, schedule);
    for (const step of [0, 3, 7, 12, 17]) {
      expect(scheduled[step]).toBe(lossesOf(0.5 * at(schedule, step))[step]);
    }
    expect(new Set(losses).size).toBe(18);
  });

  it('has the same bits on any number of threads', () => {
    const schedule = schedules.coslog();
    expect(trained(0.5, schedule, { threads: 2 })).toEqual(trained(0.5, schedule, { threads: 1 }));
  });
});

describe.each(['fit', 'fitSync'] as const)('%s', (method) => {
  const refused = async (wrong: object, message: string) => {
    const net = network({ dropout: 0.5 });
    const call = async () => net[method](X, Y, { ...options, ...wrong } as never);
    const error = await rejectionOf(call());
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE', message });
    expectAlike(net, network({ dropout: 0.5 }));
  };

  it.each(['weightDecaySchedule', 'dropoutSchedule'])('refuses a %s that follows a series', (name) =>
    refused(
      { [name]: schedules.warmUp(2, schedules.reduceOnPlateau({ monitor: 'loss' })) },
      `Expected ${name} to be a schedule without reduceOnPlateau, got "reduceOnPlateau" (string)`,
    ),
  );

  it('refuses a share of dropout that grows', () =>
    refused(
      { dropoutSchedule: () => 1.5 },
      'Expected the factor of dropoutSchedule at epoch 0, step 0 to be a number from 0 to 1, got 1.5 (number)',
    ));

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a factor of %d for the weight decay',
    (factor) =>
      refused(
        { weightDecaySchedule: () => factor },
        `Expected the factor of weightDecaySchedule at epoch 0, step 0 to be a finite number of at least 0, got ${factor} (number)`,
      ),
  );
});

it.each(['weightDecaySchedule', 'dropoutSchedule'] as const)('lbfgs refuses a %s', (name) => {
  const wrong: FitOptions = { epochs: 1, optimizer: lbfgs(), [name]: schedules.coslog() };
  expect(() => network().fitSync(X, Y, wrong)).toThrow(`Expected ${name} to be left out with lbfgs`);
});
