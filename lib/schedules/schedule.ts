import { argumentError } from '../base/errors';
import {
  above,
  atLeast,
  boolean,
  type Constraint,
  check,
  checkOptions,
  halfOpen,
  integerFrom,
  oneOf,
  optional,
  positiveInteger,
} from '../base/validate';
import { defaultMode, type ReduceOnPlateau } from './plateau';

/** What a schedule counts in: steps are batches, and the steps of a training are numbered through its epochs. */
export type Unit = 'step' | 'epoch';

/** Where a training stands. Everything counts from 0, and all of it follows from `step` and the training's size. */
export interface Progress {
  readonly step: number;
  readonly epoch: number;
  /** How many steps the whole training takes. */
  readonly steps: number;
  /** How many epochs the whole training takes. */
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** A user's own schedule: the learning rate of a step. `base` is the optimiser's. */
export type ScheduleFunction = (progress: Progress, base: number) => number;

interface UnitOptions {
  /** What the schedule counts in, and how often the rate changes. @default 'epoch' */
  readonly per?: Unit;
}

export interface StepOptions extends UnitOptions {
  /** How many epochs, or steps, a rate lasts. At least 1. */
  readonly every: number;
  /** What the rate is multiplied by then. Above 0. @default 0.1 */
  readonly factor?: number;
}

export interface ExponentialOptions extends UnitOptions {
  /** What the rate is multiplied by every epoch, or step. Above 0. */
  readonly decay: number;
  /** In how many of them it is multiplied by `decay` instead, evenly spread. At least 1. @default 1 */
  readonly every?: number;
}

export interface PolynomialOptions extends UnitOptions {
  /** How many epochs, or steps, the way down takes; the rate stays at `end` after it. @default the whole training */
  readonly over?: number;
  /** Above 0; 1 is a straight line. @default 1 */
  readonly power?: number;
  /** The learning rate at the end. At least 0. @default 0 */
  readonly end?: number;
}

export interface CosineOptions extends UnitOptions {
  /** How many epochs, or steps, the way down takes; the rate stays at `floor` after it. @default the whole training */
  readonly over?: number;
  /** The learning rate at the bottom. At least 0. @default 0 */
  readonly floor?: number;
  /** How many epochs, or steps, until the rate first jumps back to the base. Not beside `over`. @default never */
  readonly restartEvery?: number;
  /** How many times as long each cycle is as the one before it. A whole number, at least 1. @default 1 */
  readonly restartFactor?: number;
}

export interface OneCycleOptions {
  /** What the schedule counts in. @default 'step' */
  readonly per?: Unit;
  /** How many steps, or epochs, the cycle takes. @default the whole training */
  readonly over?: number;
  /** The share of them in which the rate rises, in [0, 1). @default 0.3 */
  readonly rise?: number;
  /** The peak, which is the optimiser's rate, divided by the first rate. Above 0. @default 25 */
  readonly startDivisor?: number;
  /** The first rate divided by the last. Above 0. @default 10000 */
  readonly endDivisor?: number;
  /** How the rate goes from one to the other. @default 'cosine' */
  readonly annealing?: 'cosine' | 'linear';
  /** Whether it falls as it rose, and from the first rate to the last afterwards; `rise` at most 1/2. @default false */
  readonly threePhase?: boolean;
}

export interface WarmUpOptions {
  /** What the warm-up counts in. @default 'step' */
  readonly per?: Unit;
  /** The share of the rate that it begins with, in [0, 1). @default 0.1 */
  readonly from?: number;
}

export interface ReduceOnPlateauOptions {
  /**
   * The series of the history to watch: 'loss' or a metric's name, as in 'valLoss' and 'valF1' for a validation
   * set's. @default 'valLoss'
   */
  readonly monitor?: string;
  /**
   * Whether that should become small or large. @default 'min' for losses and errors, 'max' for this library's other
   * metrics; needed for a user's own
   */
  readonly mode?: 'min' | 'max';
  /** What the rate is multiplied by. In (0, 1). @default 0.1 */
  readonly factor?: number;
  /** How many epochs without an improvement are borne; the rate falls after one more. At least 0. @default 10 */
  readonly patience?: number;
  /** The rate does not fall below it. At least 0. @default 0 */
  readonly minimum?: number;
  /** For how many epochs after that nothing is counted. At least 0. @default 0 */
  readonly cooldown?: number;
  /** By what share of the best so far a value has to be better. In [0, 1). @default 0.0001 */
  readonly threshold?: number;
}

type Filled<T, Whole extends keyof T = never> = Readonly<
  Required<Omit<T, Whole>> & { [K in Whole]: number | undefined }
>;

/** A schedule as its factory makes it, or a user's own function; for the `schedule` option. */
export type Schedule =
  | { readonly name: 'constant' }
  | ({ readonly name: 'step' } & Filled<StepOptions>)
  | ({ readonly name: 'exponential' } & Filled<ExponentialOptions>)
  | ({ readonly name: 'polynomial' } & Filled<PolynomialOptions, 'over'>)
  | ({ readonly name: 'cosine' } & Filled<CosineOptions, 'over' | 'restartEvery'>)
  | ({ readonly name: 'oneCycle' } & Filled<OneCycleOptions, 'over'>)
  | ({ readonly name: 'warmUp'; readonly length: number; readonly next: Schedule } & Filled<WarmUpOptions>)
  | ReduceOnPlateau
  | ScheduleFunction;

const per = optional(oneOf(['step', 'epoch']));
const between: Constraint = {
  rule: 'a number above 0 and below 1',
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => value > 0 && value < 1,
};

/** The optimiser's learning rate, throughout. */
export function constant(): Schedule {
  return make({ name: 'constant' });
}

/**
 * Steps down: base * factor^floor(t / every), t in epochs or steps. As PyTorch's StepLR.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function step(options: StepOptions): Schedule {
  checkOptions('', options, { every: positiveInteger, factor: optional(above(0)), per });
  return make({
    name: 'step',
    every: options.every,
    factor: options.factor ?? 0.1,
    per: options.per ?? 'epoch',
  });
}

/**
 * Decays evenly: base * decay^(t / every), t in epochs or steps. As PyTorch's ExponentialLR.
 *
 * @throws as step()
 */
export function exponential(options: ExponentialOptions): Schedule {
  checkOptions('', options, { decay: above(0), every: optional(positiveInteger), per });
  return make({
    name: 'exponential',
    decay: options.decay,
    every: options.every ?? 1,
    per: options.per ?? 'epoch',
  });
}

/**
 * end + (base - end) * (1 - t / over)^power, t in epochs or steps. As PyTorch's PolynomialLR, with an end.
 *
 * @throws as step()
 */
export function polynomial(options: PolynomialOptions = {}): Schedule {
  checkOptions('', options, {
    over: optional(positiveInteger),
    power: optional(above(0)),
    end: optional(atLeast(0)),
    per,
  });
  return make({
    name: 'polynomial',
    over: options.over,
    power: options.power ?? 1,
    end: options.end ?? 0,
    per: options.per ?? 'epoch',
  });
}

/**
 * Half a wave of the cosine: floor + (base - floor) * (1 + cos(pi * t / over)) / 2, t in epochs or steps; with
 * `restartEvery` once a cycle (SGDR: Loshchilov and Hutter, 2017). As PyTorch's CosineAnnealingLR, which rises again
 * after its T_max however, and CosineAnnealingWarmRestarts.
 *
 * @throws as step()
 */
export function cosine(options: CosineOptions = {}): Schedule {
  checkOptions('', options, {
    over: optional(positiveInteger),
    floor: optional(atLeast(0)),
    restartEvery: optional(positiveInteger),
    restartFactor: optional(positiveInteger),
    per,
  });
  const { over, restartEvery, restartFactor } = options;
  if (restartEvery !== undefined && over !== undefined) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'over', 'left out beside restartEvery', over);
  }
  if (restartEvery === undefined && restartFactor !== undefined) {
    const rule = 'left out without restartEvery';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'restartFactor', rule, restartFactor);
  }
  return make({
    name: 'cosine',
    over,
    floor: options.floor ?? 0,
    restartEvery,
    restartFactor: restartFactor ?? 1,
    per: options.per ?? 'epoch',
  });
}

/**
 * The 1cycle policy (Smith and Topin, 2018): from base / startDivisor up to base, and down to
 * base / startDivisor / endDivisor. As the learning rate of PyTorch's OneCycleLR, base being its max_lr.
 *
 * @throws as step()
 */
export function oneCycle(options: OneCycleOptions = {}): Schedule {
  checkOptions('', options, {
    over: optional(positiveInteger),
    rise: optional(halfOpen(0, 1)),
    startDivisor: optional(above(0)),
    endDivisor: optional(above(0)),
    annealing: optional(oneOf(['cosine', 'linear'])),
    threePhase: optional(boolean),
    per,
  });
  const { rise = 0.3, threePhase = false } = options;
  if (threePhase && rise > 0.5) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'rise', 'at most 0.5 with threePhase', rise);
  }
  return make({
    name: 'oneCycle',
    over: options.over,
    rise,
    startDivisor: options.startDivisor ?? 25,
    endDivisor: options.endDivisor ?? 1e4,
    annealing: options.annealing ?? 'cosine',
    threePhase,
    per: options.per ?? 'step',
  });
}

/**
 * Rises in a straight line for `length` steps, or epochs, and then leaves the rate to another schedule:
 *
 *     rate = first * (from + (1 - from) * t / length)
 *
 * where `first` is the rate that the other one begins with. That one counts from the end of the warm-up on, and
 * what is left is its whole training. As PyTorch's LinearLR, then the other, in a SequentialLR.
 *
 * @throws as step()
 */
export function warmUp(length: number, next: Schedule = constant(), options: WarmUpOptions = {}): Schedule {
  check('length', length, positiveInteger);
  const checked = checkSchedule('next', next);
  checkOptions('', options, { from: optional(halfOpen(0, 1)), per });
  const from = options.from ?? 0.1;
  return make({ name: 'warmUp', length, next: checked, from, per: options.per ?? 'step' });
}

/**
 * Lowers the rate when a series of the history has stopped improving: after `patience` + 1 epochs that were not
 * better than the best by `threshold`. As PyTorch's ReduceLROnPlateau, without its eps. The one schedule with a
 * state, which is kept in checkpoints.
 *
 * @throws as step(); RangeError ERR_BLASNET_ARG_VALUE without a mode for a series that this library does not make
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): Schedule {
  checkOptions('', options, {
    monitor: { rule: 'the name of a series', accepts: (value) => typeof value === 'string', optional: true },
    mode: optional(oneOf(['min', 'max'])),
    factor: optional(between),
    patience: optional(integerFrom(0)),
    minimum: optional(atLeast(0)),
    cooldown: optional(integerFrom(0)),
    threshold: optional(halfOpen(0, 1)),
  });
  const monitor = options.monitor ?? 'valLoss';
  const mode = options.mode ?? defaultMode(monitor);
  if (mode === undefined) {
    const rule = `given as 'min' or 'max' for a series such as '${monitor}'`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'mode', rule, mode);
  }
  return make({
    name: 'reduceOnPlateau',
    monitor,
    mode,
    factor: options.factor ?? 0.1,
    patience: options.patience ?? 10,
    minimum: options.minimum ?? 0,
    cooldown: options.cooldown ?? 0,
    threshold: options.threshold ?? 1e-4,
  });
}

const made = new WeakSet<object>();

function make<T extends Schedule>(schedule: T): T {
  made.add(Object.freeze(schedule));
  return schedule;
}

/** The `schedule` option, checked: what a factory of this file made, a user's own function, or the default. */
export function resolveSchedule(value: unknown): Schedule {
  return value === undefined ? constant() : checkSchedule('schedule', value);
}

function checkSchedule(name: string, value: unknown): Schedule {
  // The factories are functions as well, and passing one uncalled is the likelier mistake.
  const factory = factories.includes(value as never);
  if (factory || !(typeof value === 'function' || made.has(value as object))) {
    const rule = 'a schedule such as schedules.cosine(), or a function';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value);
  }
  return value as Schedule;
}

const factories = [
  constant,
  step,
  exponential,
  polynomial,
  cosine,
  oneCycle,
  warmUp,
  reduceOnPlateau,
] as const;
