import { atLeast, type Constraint, check } from '../base/validate';
import type { ReduceOnPlateau } from './plateau';
import { initialPlateau, type PlateauState } from './plateau';
import type { Progress, Schedule, Unit } from './schedule';

type Of<Name extends string> = Extract<Schedule, { readonly name: Name }>;

/**
 * The learning rate of a step. It depends only on the training's progress and, for `reduceOnPlateau`, on its state. So
 * a resumed training continues as if it had never stopped.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE or RangeError ERR_BLASNET_ARG_VALUE when the rate of a user's own function, or
 *   of a schedule whose numbers overflow, is not a finite number of at least 0
 */
export function learningRateAt(
  schedule: Schedule,
  base: number,
  progress: Progress,
  plateau: PlateauState = initialPlateau,
): number {
  const rate = rateAt(schedule, base, progress, plateau);
  return checked("the schedule's learning rate", rate, progress, notNegative);
}

const notNegative = atLeast(0);

/**
 * The factor of a step by a schedule without state: its rate for the base 1.
 *
 * @param name that of the option, for errors
 * @param constraint the rule for the factor
 * @throws TypeError ERR_BLASNET_ARG_TYPE or RangeError ERR_BLASNET_ARG_VALUE for a factor that breaks the rule
 */
export function factorAt(
  name: string,
  schedule: Schedule,
  progress: Progress,
  constraint: Constraint,
): number {
  return checked(
    `the factor of ${name}`,
    rateAt(schedule, 1, progress, initialPlateau),
    progress,
    constraint,
  );
}

// This runs at every step, and makes the name of a step only for an error.
function checked(name: string, value: number, { step, epoch }: Progress, constraint: Constraint): number {
  if (!constraint.accepts(value) || constraint.holds?.(value as never) === false) {
    check(`${name} at epoch ${epoch}, step ${step}`, value, constraint);
  }
  return value;
}

/** How often a schedule's rate may change. */
export function unitOf(schedule: Schedule): Unit | 'never' {
  if (typeof schedule === 'function') return 'step';
  switch (schedule.name) {
    case 'constant':
      return 'never';
    case 'reduceOnPlateau':
      return 'epoch';
    case 'warmUp':
      return schedule.per === 'step' ? 'step' : unitOf(schedule.next) === 'step' ? 'step' : 'epoch';
    default:
      return schedule.per;
  }
}

/** The part of a schedule that has a state, if there is one. */
export function plateauOf(schedule: Schedule): ReduceOnPlateau | undefined {
  if (typeof schedule === 'function') return undefined;
  if (schedule.name === 'warmUp') return plateauOf(schedule.next);
  return schedule.name === 'reduceOnPlateau' ? schedule : undefined;
}

function rateAt(schedule: Schedule, base: number, progress: Progress, plateau: PlateauState): number {
  if (typeof schedule === 'function') return schedule(progress, base);
  switch (schedule.name) {
    case 'constant':
      return base;
    case 'step':
      return base * schedule.factor ** Math.floor(at(progress, schedule.per) / schedule.every);
    case 'exponential':
      return base * schedule.decay ** (at(progress, schedule.per) / schedule.every);
    case 'polynomial':
      return polynomialRate(schedule, base, progress);
    case 'cosine':
      return cosineRate(schedule, base, progress);
    case 'flatCosine':
      return flatCosineRate(schedule, base, progress);
    case 'coslog':
      return coslogRate(schedule, base, progress);
    case 'oneCycle':
      return oneCycleRate(schedule, base, progress);
    case 'warmUp':
      return warmUpRate(schedule, base, progress, plateau);
    case 'reduceOnPlateau':
      // A base below the minimum is not raised to it.
      return Math.min(base, Math.max(base * plateau.factor, schedule.minimum));
  }
}

function at({ step, epoch }: Progress, per: Unit): number {
  return per === 'step' ? step : epoch;
}

function lengthOf({ steps, epochs }: Progress, per: Unit): number {
  return per === 'step' ? steps : epochs;
}

function polynomialRate(
  { over, power, end, per }: Of<'polynomial'>,
  base: number,
  progress: Progress,
): number {
  const length = over ?? lengthOf(progress, per);
  const left = 1 - Math.min(at(progress, per), length) / length;
  return end + (base - end) * left ** power;
}

function cosineRate(
  { over, floor, restartEvery, restartFactor, per }: Of<'cosine'>,
  base: number,
  progress: Progress,
): number {
  let t = at(progress, per);
  let length = restartEvery ?? over ?? lengthOf(progress, per);
  if (restartEvery === undefined) {
    t = Math.min(t, length);
  } else if (restartFactor === 1) {
    t %= length;
  } else {
    while (t >= length) {
      t -= length;
      length *= restartFactor;
    }
  }
  return alongCosine(base, floor, t, length);
}

// The rate after t of the `length` units in which it goes from one to the other, along half a wave of the cosine.
function alongCosine(from: number, to: number, t: number, length: number): number {
  return to + ((from - to) * (1 + Math.cos((Math.PI * t) / length))) / 2;
}

// The share of the training before this step or epoch.
function shareOf(progress: Progress, per: Unit, over = lengthOf(progress, per)): number {
  return Math.min(1, at(progress, per) / over);
}

function flatCosineRate(
  { over, flat, floor, per }: Of<'flatCosine'>,
  base: number,
  progress: Progress,
): number {
  const t = shareOf(progress, per, over);
  return t < flat ? base : alongCosine(base, floor, t - flat, 1 - flat);
}

function coslogRate({ over, cycles, per }: Of<'coslog'>, base: number, progress: Progress): number {
  const waves = Math.log2(1 + (2 ** cycles - 1) * shareOf(progress, per, over));
  return (base * (1 - Math.cos(2 * Math.PI * waves))) / 2;
}

function oneCycleRate(schedule: Of<'oneCycle'>, base: number, progress: Progress): number {
  const { over, rise, startDivisor, endDivisor, annealing, threePhase, per } = schedule;
  const length = over ?? lengthOf(progress, per);
  const t = Math.min(at(progress, per), length - 1);
  const first = base / startDivisor;
  const last = first / endDivisor;
  const top = rise * length - 1;
  // The end of each phase and its rate there. As in PyTorch's formulas, an end may lie between two steps.
  const phases: [end: number, rate: number][] = threePhase
    ? [
        [top, base],
        [2 * top, first],
        [length - 1, last],
      ]
    : [
        [top, base],
        [length - 1, last],
      ];
  let from = 0;
  let rate = first;
  for (const [end, goal] of phases) {
    if (t <= end) {
      // A phase of length 0 is complete when it begins.
      const done = end > from ? (t - from) / (end - from) : 1;
      return annealing === 'linear' ? rate + (goal - rate) * done : alongCosine(rate, goal, done, 1);
    }
    from = end;
    rate = goal;
  }
  return last;
}

function warmUpRate(
  { length, next, from, per }: Of<'warmUp'>,
  base: number,
  progress: Progress,
  plateau: PlateauState,
): number {
  const t = at(progress, per);
  const rest = afterWarmUp(length, per, progress);
  const rate = rateAt(next, base, t < length ? { ...rest, step: 0, epoch: 0 } : rest, plateau);
  return t < length ? rate * (from + ((1 - from) * t) / length) : rate;
}

// The progress of a training that begins when the warm-up has ended. It has at least one step, so that its schedule has
// a rate to warm up to.
function afterWarmUp(length: number, per: Unit, { step, steps, stepsPerEpoch }: Progress): Progress {
  const warmUp = per === 'step' ? length : length * stepsPerEpoch;
  const left = Math.max(1, steps - warmUp);
  return {
    step: step - warmUp,
    epoch: Math.floor((step - warmUp) / stepsPerEpoch),
    steps: left,
    epochs: Math.ceil(left / stepsPerEpoch),
    stepsPerEpoch,
  };
}
