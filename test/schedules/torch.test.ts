// Compares learning rates with torch.optim.lr_scheduler's; the fixture's `about` says how those were made.

import { describe, expect, it } from 'vitest';
import type { Progress, Schedule } from '../../lib/schedules';
import * as schedules from '../../lib/schedules';
import { initialPlateau, type PlateauState, plateauAfterEpoch } from '../../lib/schedules/plateau';
import { learningRateAt, plateauOf } from '../../lib/schedules/rate';
import golden from '../fixtures/schedules.json';

const factories = Object.entries(schedules);

function factoryOf(name: string): (options: unknown) => Schedule {
  const [, factory] = factories.find(([known]) => known === name) ?? expect.fail();
  return factory as (options: unknown) => Schedule;
}

/** The place of a step or an epoch in a training of `length` of them. */
function progress(per: 'step' | 'epoch', at: number, length: number): Progress {
  const stepsPerEpoch = per === 'step' ? 7 : 3;
  if (per === 'step') {
    const epochs = Math.ceil(length / stepsPerEpoch);
    return { step: at, epoch: Math.floor(at / stepsPerEpoch), steps: length, epochs, stepsPerEpoch };
  }
  return { step: 3 * at + 2, epoch: at, steps: 3 * length, epochs: length, stepsPerEpoch };
}

function expectRates(
  schedule: Schedule,
  base: number,
  per: 'step' | 'epoch',
  rates: readonly number[],
): void {
  for (const [at, expected] of rates.entries()) {
    const rate = learningRateAt(schedule, base, progress(per, at, rates.length));
    expect(Math.abs(rate - expected) / base, `${per} ${at}: ${rate}, not ${expected}`).toBeLessThan(1e-12);
  }
}

describe.each(golden.schedules)('$torch, $options', ({ schedule, base, options, rates }) => {
  const factory = factoryOf(schedule);
  it.each(['step', 'epoch'] as const)('gives the same rates per %s', (per) => {
    expectRates(factory({ ...options, per }), base, per, rates);
  });
});

it('a schedule goes over the whole training when not told how long', () => {
  for (const { schedule, base, options, rates } of golden.schedules) {
    const { over, ...others } = options as { over?: number };
    if (over !== rates.length) continue;
    const factory = factoryOf(schedule);
    expectRates(factory({ ...others, per: 'step' }), base, 'step', rates);
    expectRates(factory({ ...others, per: 'epoch' }), base, 'epoch', rates);
  }
});

describe.each(golden.warmUps)(
  'LinearLR, then ExponentialLR: $length',
  ({ length, from_, decay, base, rates }) => {
    it.each(['step', 'epoch'] as const)('gives the same rates per %s', (per) => {
      const next = schedules.exponential({ decay, per });
      expectRates(schedules.warmUp(length, next, { from: from_, per }), base, per, rates);
    });
  },
);

it('reduceOnPlateau reduces when ReduceLROnPlateau does', () => {
  let reductions = 0;
  for (const { base, options, values, rates } of golden.plateaus) {
    const schedule = schedules.reduceOnPlateau(options as schedules.ReduceOnPlateauOptions);
    const plateau = plateauOf(schedule) ?? expect.fail();
    let state: PlateauState = initialPlateau;
    for (const [epoch, value] of values.entries()) {
      const rate = learningRateAt(schedule, base, progress('epoch', epoch, values.length), state);
      expect(Math.abs(rate - (rates[epoch] as number))).toBeLessThan(1e-12);
      state = plateauAfterEpoch(plateau, JSON.parse(JSON.stringify(state)), value);
      if (state.wait === 0 && state.best !== value) reductions++;
    }
  }
  expect(reductions).toBeGreaterThan(50);
});
