import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Progress, Schedule } from '../../lib/schedules';
import * as schedules from '../../lib/schedules';
import { checkPlateauState, initialPlateau, plateauAfterEpoch } from '../../lib/schedules/plateau';
import { learningRateAt, plateauOf, unitOf } from '../../lib/schedules/rate';
import { resolveSchedule } from '../../lib/schedules/schedule';
import { type BadCall, itRejects } from '../support/bad-input';

const {
  constant,
  step,
  exponential,
  polynomial,
  cosine,
  flatCosine,
  coslog,
  oneCycle,
  warmUp,
  reduceOnPlateau,
} = schedules;

/** The place of a step in a training of 5 epochs of 4 steps. */
function at(number: number, epochs = 5): Progress {
  return { step: number, epoch: Math.floor(number / 4), steps: 4 * epochs, epochs, stepsPerEpoch: 4 };
}

const ratesOf = (schedule: Schedule, base = 1, epochs = 5) =>
  Array.from({ length: 4 * epochs }, (_, number) => learningRateAt(schedule, base, at(number, epochs)));

/** The learning rate of every epoch, which all of its steps must have. */
function epochRatesOf(schedule: Schedule, base = 1, epochs = 5): number[] {
  const rates = ratesOf(schedule, base, epochs);
  for (const [number, rate] of rates.entries()) expect(rate).toBe(rates[number - (number % 4)]);
  return rates.filter((_, number) => number % 4 === 0);
}

describe('the rates of schedules', () => {
  it('constant keeps the base', () => {
    expect(ratesOf(constant(), 0.3)).toEqual(Array(20).fill(0.3));
  });

  it('step falls by a factor every so many epochs or steps', () => {
    expect(epochRatesOf(step({ every: 2, factor: 0.5 }))).toEqual([1, 1, 0.5, 0.5, 0.25]);
    expect(ratesOf(step({ every: 8, factor: 0.5, per: 'step' })).filter((_, i) => i % 4 === 3)).toEqual([
      1, 1, 0.5, 0.5, 0.25,
    ]);
  });

  it('exponential decays by a factor', () => {
    expect(epochRatesOf(exponential({ decay: 0.25 }))).toEqual([1, 0.25, 0.0625, 2 ** -6, 2 ** -8]);
    expect(epochRatesOf(exponential({ decay: 0.25, every: 2 }))).toEqual([1, 0.5, 0.25, 0.125, 0.0625]);
  });

  it('polynomial falls to its end and stays there', () => {
    expect(epochRatesOf(polynomial({ over: 4 }))).toEqual([1, 0.75, 0.5, 0.25, 0]);
    expect(epochRatesOf(polynomial({ over: 2, power: 2, end: 0.5 }))).toEqual([1, 0.625, 0.5, 0.5, 0.5]);
    expect(ratesOf(polynomial({ per: 'step' }))[15]).toBe(0.25);
  });

  it('cosine falls to its floor and stays there', () => {
    const rates = epochRatesOf(cosine({ over: 2, floor: 0.5 }));
    for (const [i, expected] of [1, 0.75, 0.5, 0.5, 0.5].entries())
      expect(rates[i]).toBeCloseTo(expected, 15);
  });

  it('cosine with restarts begins again in longer and longer periods', () => {
    const rates = epochRatesOf(cosine({ restartEvery: 1, restartFactor: 2 }), 1, 8);
    const expected = [1, 1, 0.5, 1, (2 + Math.SQRT2) / 4, 0.5, (2 - Math.SQRT2) / 4, 1];
    for (const [i, rate] of expected.entries()) expect(rates[i]).toBeCloseTo(rate, 15);
  });

  it('flatCosine stays at the base and then falls to its floor', () => {
    const rates = ratesOf(flatCosine({ flat: 0.6, floor: 0.2 }), 1);
    expect(rates.slice(0, 12)).toEqual(Array(12).fill(1));
    const fall = Array.from({ length: 8 }, (_, i) => 0.2 + 0.8 * Math.cos((Math.PI * i) / 16) ** 2);
    for (const [i, rate] of fall.entries()) expect(rates[12 + i]).toBeCloseTo(rate, 14);
    expect(epochRatesOf(flatCosine({ per: 'epoch' }), 1, 4)[3]).toBeCloseTo(0.5, 15);
    const whole = ratesOf(cosine({ per: 'step' }));
    for (const [i, rate] of ratesOf(flatCosine({ flat: 0 })).entries())
      expect(rate).toBeCloseTo(whole[i] as number, 15);
  });

  it('flatCosine and coslog end where over says, and stay there', () => {
    const long = (schedule: Schedule) => ratesOf(schedule).slice(0, 12);
    for (const make of [flatCosine, coslog]) {
      const short = Array.from({ length: 12 }, (_, step) =>
        learningRateAt(make(), 1, { step, epoch: 0, steps: 12, epochs: 1, stepsPerEpoch: 12 }),
      );
      for (const [i, rate] of long(make({ over: 12 })).entries())
        expect(rate).toBeCloseTo(short[i] as number, 15);
      expect(ratesOf(make({ over: 12 }))[15]).toBeCloseTo(0, 15);
    }
  });

  it('coslog has four waves, whose ends are where 1 + 15 t is a power of 2', () => {
    // With 15 steps, step s is at t = s / 15.
    const rates = Array.from({ length: 15 }, (_, step) =>
      learningRateAt(coslog(), 2, { step, epoch: 0, steps: 15, epochs: 1, stepsPerEpoch: 15 }),
    );
    for (const step of [0, 1, 3, 7]) expect(rates[step]).toBeCloseTo(0, 14);
    for (const [step, rate] of rates.entries()) {
      const wave = Math.log2(1 + step) % 1;
      expect(rate).toBeCloseTo(2 * Math.sin(Math.PI * wave) ** 2, 13);
    }
    expect(ratesOf(coslog({ cycles: 1 }), 1)[10]).toBeCloseTo(Math.sin(Math.PI * Math.log2(1.5)) ** 2, 14);
  });

  it('oneCycle rises to the base and falls to the end', () => {
    const options = { rise: 0.3, startDivisor: 4, endDivisor: 5, annealing: 'linear', over: 10 } as const;
    const rates = ratesOf(oneCycle(options));
    expect(rates.slice(0, 4)).toEqual([0.25, 0.625, 1, 1 + (0.05 - 1) / 7]);
    expect(rates[9]).toBeCloseTo(0.05, 15);
    expect(rates.slice(9)).toEqual(Array(11).fill(rates[9]));
  });

  it('oneCycle begins at the peak when the rise takes no time', () => {
    expect(ratesOf(oneCycle({ rise: 0.05 }))[0]).toBe(1);
    expect(ratesOf(oneCycle({ over: 1 }))[0]).toBeCloseTo(1 / 25 / 1e4, 15);
  });

  it('warmUp rises to the next schedule, which counts from its end', () => {
    const schedule = warmUp(4, step({ every: 1, factor: 0.5 }), { from: 0.5 });
    expect(ratesOf(schedule, 1, 3)).toEqual([0.5, 0.625, 0.75, 0.875, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]);
    const inEpochs = warmUp(1, polynomial({ per: 'step' }), { from: 0, per: 'epoch' });
    expect(ratesOf(inEpochs, 1, 2)).toEqual([0, 0, 0, 0, 1, 0.75, 0.5, 0.25]);
    expect(ratesOf(warmUp(8, constant(), { from: 0.5 }), 1, 1)).toEqual([0.5, 0.5625, 0.625, 0.6875]);
  });

  it('a user’s function returns the rate', () => {
    const seen: unknown[] = [];
    const schedule = (...given: [Progress, number]) => {
      seen.push(given);
      return 0.25;
    };
    expect(learningRateAt(resolveSchedule(schedule), 0.5, at(6))).toBe(0.25);
    expect(seen).toEqual([[at(6), 0.5]]);
    expect(
      learningRateAt(
        warmUp(2, () => 8, { from: 0 }),
        0.5,
        at(1),
      ),
    ).toBe(4);
  });

  it('every schedule has rates that are finite, not negative, and the same when asked again', () => {
    const per = fc.constantFrom('step', 'epoch');
    const count = fc.integer({ min: 1, max: 30 });
    const flat: fc.Arbitrary<Schedule> = fc.oneof(
      fc.constant(constant()),
      fc.record({ every: count, factor: fc.constantFrom(0.1, 0.5, 1.5), per }).map((o) => step(o as never)),
      fc.record({ decay: fc.constantFrom(0.5, 0.99), every: count, per }).map((o) => exponential(o as never)),
      fc
        .record({ over: count, power: fc.constantFrom(0.5, 2), per }, { requiredKeys: [] })
        .map((o) => polynomial(o as never)),
      fc.record({ restartEvery: count, restartFactor: count, per }).map((o) => cosine(o as never)),
      fc
        .record(
          { over: count, flat: fc.constantFrom(0, 0.3, 0.99), floor: fc.constantFrom(0, 0.01), per },
          { requiredKeys: [] },
        )
        .map((o) => flatCosine(o as never)),
      fc.record({ over: count, cycles: count, per }, { requiredKeys: [] }).map((o) => coslog(o as never)),
      fc
        .record(
          { over: count, rise: fc.constantFrom(0, 0.1, 0.5), threePhase: fc.boolean(), per },
          { requiredKeys: [] },
        )
        .map((o) => oneCycle(o as never)),
      fc.constant(reduceOnPlateau()),
    );
    const any = fc.oneof(
      flat,
      fc.tuple(count, flat, per).map(([n, next, unit]) => warmUp(n, next, { per: unit } as never)),
    );
    fc.assert(
      fc.property(any, count, count, (schedule, epochs, stepsPerEpoch) => {
        const steps = epochs * stepsPerEpoch;
        let last = Number.NaN;
        for (let number = 0; number < steps; number++) {
          const epoch = Math.floor(number / stepsPerEpoch);
          const progress = { step: number, epoch, steps, epochs, stepsPerEpoch };
          const rate = learningRateAt(schedule, 0.1, progress);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(learningRateAt(schedule, 0.1, progress)).toBe(rate);
          const may = number === 0 || unitOf(schedule) === 'step';
          if (!may && (unitOf(schedule) === 'never' || number % stepsPerEpoch > 0)) expect(rate).toBe(last);
          last = rate;
        }
      }),
    );
  });
});

it('a schedule’s unit tells how often its rate changes', () => {
  expect(unitOf(constant())).toBe('never');
  expect(unitOf(cosine())).toBe('epoch');
  expect(unitOf(oneCycle())).toBe('step');
  expect(unitOf(coslog())).toBe('step');
  expect(unitOf(flatCosine({ per: 'epoch' }))).toBe('epoch');
  expect(unitOf(reduceOnPlateau())).toBe('epoch');
  expect(unitOf(() => 1)).toBe('step');
  expect(unitOf(warmUp(5))).toBe('step');
  expect(unitOf(warmUp(5, constant(), { per: 'epoch' }))).toBe('epoch');
  expect(unitOf(warmUp(5, oneCycle(), { per: 'epoch' }))).toBe('step');
});

it('a schedule is frozen, and constant by default', () => {
  for (const schedule of [constant(), step({ every: 1 }), cosine(), warmUp(3), reduceOnPlateau()]) {
    expect(() => Object.assign(schedule, { name: 'other' })).toThrow(TypeError);
    expect(resolveSchedule(schedule)).toBe(schedule);
  }
  expect(resolveSchedule(undefined)).toEqual({ name: 'constant' });
});

const typeOrRange = (value: unknown) =>
  typeof value === 'number'
    ? ({ error: RangeError, code: 'ERR_BLASNET_ARG_VALUE' } as const)
    : ({ error: TypeError, code: 'ERR_BLASNET_ARG_TYPE' } as const);

const outside = (
  what: string,
  call: (value: never) => unknown,
  rule: string,
  ...values: [unknown, string][]
): BadCall[] =>
  values.map(([value, got]) => ({
    what: `${what} of ${got}`,
    call: () => call(value as never),
    ...typeOrRange(value),
    message: `Expected ${what} to be ${rule}, got ${got}`,
  }));

itRejects([
  ...outside(
    'every',
    (every) => step({ every }),
    'a positive integer',
    [0, '0 (number)'],
    [1.5, '1.5 (number)'],
    [undefined, 'undefined'],
  ),
  ...outside(
    'factor',
    (factor) => step({ every: 1, factor }),
    'a positive finite number',
    [0, '0 (number)'],
    ['1', '"1" (string)'],
  ),
  ...outside(
    'decay',
    (decay) => exponential({ decay }),
    'a positive finite number',
    [-1, '-1 (number)'],
    [undefined, 'undefined'],
  ),
  ...outside('over', (over) => polynomial({ over }), 'a positive integer', [0, '0 (number)']),
  ...outside('power', (power) => polynomial({ power }), 'a positive finite number', [0, '0 (number)']),
  ...outside('end', (end) => polynomial({ end }), 'a finite number of at least 0', [-1, '-1 (number)']),
  ...outside('floor', (floor) => cosine({ floor }), 'a finite number of at least 0', [
    Number.NaN,
    'NaN (number)',
  ]),
  ...outside(
    'restartFactor',
    (restartFactor) => cosine({ restartEvery: 1, restartFactor }),
    'a positive integer',
    [1.5, '1.5 (number)'],
  ),
  ...outside('restartFactor', (restartFactor) => cosine({ restartFactor }), 'left out without restartEvery', [
    2,
    '2 (number)',
  ]),
  ...outside('over', (over) => cosine({ over, restartEvery: 2 }), 'left out with restartEvery', [
    9,
    '9 (number)',
  ]),
  ...outside('flat', (flat) => flatCosine({ flat }), 'a number in [0, 1)', [1, '1 (number)'], [null, 'null']),
  ...outside(
    'cycles',
    (cycles) => coslog({ cycles }),
    'an integer from 1 to 30',
    [0, '0 (number)'],
    [31, '31 (number)'],
  ),
  ...outside('rise', (rise) => oneCycle({ rise }), 'a number in [0, 1)', [1, '1 (number)'], [null, 'null']),
  ...outside('rise', (rise) => oneCycle({ rise, threePhase: true }), 'at most 0.5 with threePhase', [
    0.6,
    '0.6 (number)',
  ]),
  ...outside(
    'length',
    (length) => warmUp(length),
    'a positive integer',
    [0, '0 (number)'],
    [{}, 'an object (Object)'],
  ),
  ...outside('from', (from) => warmUp(1, constant(), { from }), 'a number in [0, 1)', [1, '1 (number)']),
  ...outside(
    'next',
    (next) => warmUp(1, next),
    'a schedule such as schedules.cosine(), or a function',
    [{ name: 'cosines' }, 'an object (Object)'],
    [cosine, 'function cosine'],
  ),
  ...outside(
    'factor',
    (factor) => reduceOnPlateau({ factor }),
    'a number above 0 and below 1',
    [0, '0 (number)'],
    [1, '1 (number)'],
  ),
  ...outside('patience', (patience) => reduceOnPlateau({ patience }), 'an integer of at least 0', [
    -1,
    '-1 (number)',
  ]),
  ...outside('monitor', (monitor) => reduceOnPlateau({ monitor }), 'the name of a series', [
    {},
    'an object (Object)',
  ]),
  ...outside(
    'schedule',
    (value) => resolveSchedule(value),
    'a schedule such as schedules.cosine(), or a function',
    ['cosine', '"cosine" (string)'],
    [null, 'null'],
    [{ over: 3 }, 'an object (Object)'],
    [oneCycle, 'function oneCycle'],
  ),
  ...outside(
    "the schedule's learning rate at epoch 1, step 6",
    (value) => learningRateAt(() => value, 1, at(6)),
    'a finite number of at least 0',
    [Number.NaN, 'NaN (number)'],
    [-0.1, '-0.1 (number)'],
    [Number.POSITIVE_INFINITY, 'Infinity (number)'],
    [undefined, 'undefined'],
    ['0.1', '"0.1" (string)'],
  ),
  ...outside(
    "the series 'valLoss'",
    (value) => plateauAfterEpoch(plateauOf(reduceOnPlateau()) ?? expect.fail(), initialPlateau, value),
    'a number after every epoch, since the schedule monitors it',
    [undefined, 'undefined'],
  ),
  ...outside(
    'state.factor',
    (factor) => checkPlateauState('state', { ...initialPlateau, factor }),
    'a number from 0 to 1',
    [2, '2 (number)'],
    [null, 'null'],
  ),
  ...outside(
    'state.best',
    (best) => checkPlateauState('state', { ...initialPlateau, best }),
    'a finite number or null',
    [Number.NaN, 'NaN (number)'],
    [undefined, 'undefined'],
  ),
  ...outside(
    'state.wait',
    (wait) => checkPlateauState('state', { ...initialPlateau, wait }),
    'an integer of at least 0',
    [0.5, '0.5 (number)'],
  ),
  {
    what: 'a plateau without a direction',
    call: () => reduceOnPlateau({ monitor: 'profit' }),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: "Expected mode to be given as 'min' or 'max' for a series such as 'profit', got undefined",
  },
  {
    what: 'a unit that does not exist',
    call: () => cosine({ per: 'batch' as never }),
    error: RangeError,
    code: 'ERR_BLASNET_UNKNOWN_NAME',
    message: `Expected per to be one of 'step', 'epoch', got "batch" (string)`,
  },
  {
    what: 'a rate that outgrows the numbers',
    call: () => learningRateAt(exponential({ decay: 1e300 }), 1, at(8)),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      "Expected the schedule's learning rate at epoch 2, step 8 to be a finite number of at least 0, got Infinity (number)",
  },
  {
    what: 'an option of PyTorch’s',
    call: () => step({ every: 3, gamma: 0.1 } as never),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "gamma"; known: every, factor, per',
  },
  {
    what: 'no options at all where one is needed',
    call: () => step(undefined as never),
    error: TypeError,
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected options to be an object, got undefined',
  },
  {
    what: 'a state with more in it',
    call: () => checkPlateauState('state', { ...initialPlateau, patience: 3 }),
    error: TypeError,
    code: 'ERR_BLASNET_UNKNOWN_OPTION',
    message: 'Unknown option "patience" in state; known: factor, best, wait, cooldown',
  },
]);

it('the check of a state takes a good one as it is', () => {
  const state = { factor: 0.5, best: -3, wait: 2, cooldown: 1 };
  expect(checkPlateauState('state', JSON.parse(JSON.stringify(state)))).toEqual(state);
  expect(checkPlateauState('state', { ...initialPlateau })).toEqual(initialPlateau);
});
