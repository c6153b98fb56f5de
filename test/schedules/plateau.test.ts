// The state of reduceOnPlateau, epoch by epoch.

import { describe, expect, it } from 'vitest';
import type { Progress } from '../../lib/schedules';
import * as schedules from '../../lib/schedules';
import {
  defaultMode,
  initialPlateau,
  plateauAfterEpoch,
  type ReduceOnPlateau,
} from '../../lib/schedules/plateau';
import { learningRateAt, plateauOf } from '../../lib/schedules/rate';
import { expectError } from '../support/bad-input';

/** The place of a step in a training of 5 epochs of 4 steps. */
function at(number: number): Progress {
  return { step: number, epoch: Math.floor(number / 4), steps: 20, epochs: 5, stepsPerEpoch: 4 };
}

const { constant, cosine, warmUp, reduceOnPlateau } = schedules;

describe('reduceOnPlateau', () => {
  const schedule = reduceOnPlateau({ patience: 1, factor: 0.5, cooldown: 2, minimum: 0.2, threshold: 0 });
  const plateau = plateauOf(schedule) ?? expect.fail();
  const stateAfter = (...values: number[]) =>
    values.reduce((state, value) => plateauAfterEpoch(plateau, state, value), initialPlateau);

  it('waits, reduces and rests', () => {
    expect(initialPlateau).toEqual({ factor: 1, best: null, wait: 0, cooldown: 0 });
    expect(stateAfter(3)).toEqual({ factor: 1, best: 3, wait: 0, cooldown: 0 });
    expect(stateAfter(3, 3)).toEqual({ factor: 1, best: 3, wait: 1, cooldown: 0 });
    expect(stateAfter(3, 3, 2)).toEqual({ factor: 1, best: 2, wait: 0, cooldown: 0 });
    expect(stateAfter(3, 3, 4)).toEqual({ factor: 0.5, best: 3, wait: 0, cooldown: 2 });
    expect(stateAfter(3, 3, 4, 4, 4)).toEqual({ factor: 0.5, best: 3, wait: 0, cooldown: 0 });
    expect(stateAfter(3, 3, 4, 4, 4, 4, 4)).toEqual({ factor: 0.25, best: 3, wait: 0, cooldown: 2 });
  });

  it('stops at its minimum, and does not lift a base below it', () => {
    const low = { ...initialPlateau, factor: 0.001 };
    expect(learningRateAt(schedule, 1, at(0), low)).toBe(0.2);
    expect(learningRateAt(schedule, 0.1, at(0), low)).toBe(0.1);
    expect(learningRateAt(schedule, 1, at(0))).toBe(1);
    expect(learningRateAt(warmUp(2, schedule, { from: 0 }), 1, at(1), low)).toBe(0.1);
  });

  it('counts NaN and infinities as no improvement', () => {
    expect(stateAfter(1, Number.NaN, Number.NEGATIVE_INFINITY)).toEqual({
      factor: 0.5,
      best: 1,
      wait: 0,
      cooldown: 2,
    });
  });

  it.each([
    { value: Number.NaN, got: 'NaN' },
    { value: Number.POSITIVE_INFINITY, got: 'Infinity' },
  ])('refuses to lower the rate for a series that was $got in every epoch', ({ value, got }) => {
    expectError(
      () => stateAfter(value, value),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      `Expected the series 'valLoss' to be finite in at least one of the first 2 epochs, since the schedule monitors it, got ${got} (number)`,
    );
  });

  it.each(['min', 'max'] as const)(
    'lowers the rate after patience + 1 flat epochs at any height, with mode %s',
    (mode) => {
      const plateau = plateauOf(reduceOnPlateau({ monitor: 'loss', mode, patience: 3 })) as ReduceOnPlateau;
      for (const value of [-184, -1e-9, 0, 1e-9, 184, -1e300, 1e300]) {
        let state = initialPlateau;
        const factors = Array.from({ length: 6 }, () => {
          state = plateauAfterEpoch(plateau, state, value);
          return state.factor;
        });
        expect(factors).toEqual([1, 1, 1, 1, 0.1, 0.1]);
      }
    },
  );

  it.each([
    { mode: 'min', better: [-184.1, 99.8], worse: [-183.9, -184.01, 99.95, 100.2] },
    { mode: 'max', better: [-99.8, 184.3], worse: [-100.2, -99.95, 184.01, 183] },
  ] as const)(
    'takes a change by the threshold for an improvement, with mode $mode',
    ({ mode, better, worse }) => {
      const plateau = plateauOf(
        reduceOnPlateau({ monitor: 'loss', mode, threshold: 1e-3 }),
      ) as ReduceOnPlateau;
      const best = (value: number) => (mode === 'min' ? (value < 0 ? -183.85 : 100) : value < 0 ? -100 : 184);
      const bestAfter = (value: number) =>
        plateauAfterEpoch(plateau, { ...initialPlateau, best: best(value) }, value).best;
      for (const value of better) expect(bestAfter(value)).toBe(value);
      for (const value of worse) expect(bestAfter(value)).toBe(best(value));
    },
  );

  it('knows which way a series gets better', () => {
    expect(['loss', 'valLoss', 'valRootMeanSquaredError', 'brier'].map(defaultMode)).toEqual(
      Array(4).fill('min'),
    );
    expect(['accuracy', 'valF1', 'valRocAuc', 'r2'].map(defaultMode)).toEqual(Array(4).fill('max'));
    expect(['profit', 'valley', 'val', ''].map(defaultMode)).toEqual(Array(4).fill(undefined));
    expect(plateauOf(reduceOnPlateau({ monitor: 'valF1' }))?.mode).toBe('max');
    expect(plateauOf(reduceOnPlateau({ monitor: 'profit', mode: 'max' }))?.mode).toBe('max');
  });

  it('is found inside a warm-up, and nowhere else', () => {
    expect(plateauOf(warmUp(3, schedule))).toBe(schedule);
    expect([constant(), cosine(), warmUp(3), () => 1].map((other) => plateauOf(other))).toEqual(
      Array(4).fill(undefined),
    );
  });
});
