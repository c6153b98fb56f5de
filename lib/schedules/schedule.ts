import { described } from '../base/description';
import { argumentError } from '../base/errors';
import {
  above,
  atLeast,
  boolean,
  type Constraint,
  check,
  checkOptions,
  halfOpen,
  integerBetween,
  integerFrom,
  oneOf,
  optional,
  positiveInteger,
} from '../base/validate';
import { defaultMode, modeError, type ReduceOnPlateau } from './plateau';

/** The unit that a schedule counts in. A step is one update of the parameters; steps are numbered across all epochs. */
export type Unit = 'step' | 'epoch';

/** The progress of a training. All fields follow from `step` and the training's size. */
export interface Progress {
  /** The number of the step, from 0, across all epochs. */
  readonly step: number;
  /** The number of the epoch, from 0. */
  readonly epoch: number;
  /** The number of steps of the whole training. */
  readonly steps: number;
  /** The number of epochs of the whole training. */
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** A schedule of your own: returns the learning rate of a step. `base` is the optimiser's learning rate. */
export type ScheduleFunction = (progress: Progress, base: number) => number;

interface UnitOptions {
  /** The unit that the schedule counts in; the rate changes once per unit. @default 'epoch' */
  readonly per?: Unit;
}

export interface StepOptions extends UnitOptions {
  /** How many epochs (or steps) each rate lasts. At least 1. */
  readonly every: number;
  /** The rate is then multiplied by this factor. Above 0. @default 0.1 */
  readonly factor?: number;
}

export interface ExponentialOptions extends UnitOptions {
  /** The factor of the rate per `every` epochs (or steps). Above 0. */
  readonly decay: number;
  /** How many epochs (or steps) it takes to multiply the rate by `decay`, evenly spread. At least 1. @default 1 */
  readonly every?: number;
}

export interface PolynomialOptions extends UnitOptions {
  /** How many epochs (or steps) the rate falls; then it stays at `end`. At least 1. @default the whole training */
  readonly over?: number;
  /** The exponent of the curve; 1 is a straight line. Above 0. @default 1 */
  readonly power?: number;
  /** The learning rate at the end. At least 0. @default 0 */
  readonly end?: number;
}

export interface CosineOptions extends UnitOptions {
  /** How many epochs (or steps) the rate falls; then it stays at `floor`. At least 1. @default the whole training */
  readonly over?: number;
  /** The lowest learning rate. At least 0. @default 0 */
  readonly floor?: number;
  /** The rate jumps back to the base after this many epochs (or steps). At least 1. Not with `over`. @default never */
  readonly restartEvery?: number;
  /**
   * The length of each cycle after a restart, divided by the length of the one before. An integer from 1 on. @default 1
   */
  readonly restartFactor?: number;
}

export interface FlatCosineOptions {
  /** The unit that the schedule counts in. @default 'step' */
  readonly per?: Unit;
  /** How many steps (or epochs) t takes from 0 to 1; then it stays at 1. At least 1. @default the whole training */
  readonly over?: number;
  /** The share of the training in which the rate stays at the base, in [0, 1). @default 0.5 */
  readonly flat?: number;
  /** The learning rate at the end. At least 0. @default 0 */
  readonly floor?: number;
}

export interface CoslogOptions {
  /** The unit that the schedule counts in. @default 'step' */
  readonly per?: Unit;
  /** How many steps (or epochs) all waves take; then the rate stays at 0. At least 1. @default the whole training */
  readonly over?: number;
  /** The number of waves, from 1 to 30. @default 4 */
  readonly cycles?: number;
}

export interface OneCycleOptions {
  /** The unit that the schedule counts in. @default 'step' */
  readonly per?: Unit;
  /** How many steps (or epochs) the cycle takes. At least 1. @default the whole training */
  readonly over?: number;
  /** The share of the cycle in which the rate rises, in [0, 1). @default 0.3 */
  readonly rise?: number;
  /** The peak (the optimiser's rate) divided by the first rate. Above 0. @default 25 */
  readonly startDivisor?: number;
  /** The first rate divided by the last. Above 0. @default 10000 */
  readonly endDivisor?: number;
  /** The form of the curve between two rates. @default 'cosine' */
  readonly annealing?: 'cosine' | 'linear';
  /**
   * Whether the rate falls to the first rate in the time of the rise, and only then to the last. Needs `rise` of at
   * most 0.5. @default false
   */
  readonly threePhase?: boolean;
}

export interface WarmUpOptions {
  /** The unit that the warm-up counts in. @default 'step' */
  readonly per?: Unit;
  /** The share of the rate at the start of the warm-up, in [0, 1). @default 0.1 */
  readonly from?: number;
}

export interface ReduceOnPlateauOptions {
  /**
   * The series of the history to monitor: 'loss' or a metric's name; with a validation set also 'valLoss', or 'valF1'
   * for f1. @default 'valLoss'
   */
  readonly monitor?: string;
  /**
   * Whether the series should become small ('min') or large ('max'). A metric of your own needs it.
   * @default 'min' for losses and errors, 'max' for this library's other metrics
   */
  readonly mode?: 'min' | 'max';
  /** The factor that lowers the rate. In (0, 1). @default 0.1 */
  readonly factor?: number;
  /** The rate falls once this many epochs plus one have passed without improvement. At least 0. @default 10 */
  readonly patience?: number;
  /** The lowest rate. At least 0. @default 0 */
  readonly minimum?: number;
  /** How many epochs after a reduction do not count towards `patience`. At least 0. @default 0 */
  readonly cooldown?: number;
  /** The share of the best value by which a new value must be better. In [0, 1). @default 0.0001 */
  readonly threshold?: number;
}

type Filled<T, Whole extends keyof T = never> = Readonly<
  Required<Omit<T, Whole>> & { [K in Whole]: number | undefined }
>;

/** A schedule from one of the functions below, or a function of your own; for the `schedule` option. */
export type Schedule =
  | { readonly name: 'constant' }
  | ({ readonly name: 'step' } & Filled<StepOptions>)
  | ({ readonly name: 'exponential' } & Filled<ExponentialOptions>)
  | ({ readonly name: 'polynomial' } & Filled<PolynomialOptions, 'over'>)
  | ({ readonly name: 'cosine' } & Filled<CosineOptions, 'over' | 'restartEvery'>)
  | ({ readonly name: 'flatCosine' } & Filled<FlatCosineOptions, 'over'>)
  | ({ readonly name: 'coslog' } & Filled<CoslogOptions, 'over'>)
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

/** Keeps the optimiser's learning rate for the whole training. */
export function constant(): Schedule {
  return make({ name: 'constant' });
}

/**
 * Lowers the rate in steps, like PyTorch's StepLR: base * factor^floor(t / every), t in epochs or steps.
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
 * Lowers the rate evenly, like PyTorch's ExponentialLR: base * decay^(t / every), t in epochs or steps.
 *
 * @throws like step()
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
 * Lowers the rate to `end` along a polynomial: end + (base - end) * (1 - t / over)^power, t in epochs or steps. With
 * end = 0, it is PyTorch's PolynomialLR.
 *
 * @throws like step()
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
 * Lowers the rate along half a wave of the cosine: floor + (base - floor) * (1 + cos(pi * t / over)) / 2, t in epochs
 * or steps. With `restartEvery`, every cycle does so (SGDR: Loshchilov and Hutter, 2017). It is PyTorch's
 * CosineAnnealingLR (which rises again after its T_max, however), with restarts CosineAnnealingWarmRestarts.
 *
 * @throws like step()
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
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'over', 'left out with restartEvery', over);
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
 * Keeps the rate for a share of the training, then lowers it along half a wave of the cosine: with t from 0 to 1 over the
 * training, base while t < flat, then floor + (base - floor) * (1 + cos(pi * (t - flat) / (1 - flat))) / 2.
 *
 * @throws like step()
 */
export function flatCosine(options: FlatCosineOptions = {}): Schedule {
  checkOptions('', options, {
    over: optional(positiveInteger),
    flat: optional(halfOpen(0, 1)),
    floor: optional(atLeast(0)),
    per,
  });
  const { over, flat = 0.5, floor = 0 } = options;
  return make({ name: 'flatCosine', over, flat, floor, per: options.per ?? 'step' });
}

/**
 * Raises and lowers the rate in waves, of which each is about twice as long as the one before: with t from 0 to 1 over the
 * training, base * (1 - cos(2 pi * log2(1 + (2^cycles - 1) * t))) / 2. The first rate is 0. With 4 cycles, it is the
 * coslog4 of RealMLP (Holzmueller et al., 2024).
 *
 * @throws like step()
 */
export function coslog(options: CoslogOptions = {}): Schedule {
  checkOptions('', options, {
    over: optional(positiveInteger),
    cycles: optional(integerBetween(1, 30)),
    per,
  });
  const { over, cycles = 4 } = options;
  return make({ name: 'coslog', over, cycles, per: options.per ?? 'step' });
}

/**
 * Follows the 1cycle policy (Smith and Topin, 2018): the rate rises from base / startDivisor to base, and falls to
 * base / startDivisor / endDivisor. It is the learning rate of PyTorch's OneCycleLR with max_lr = base.
 *
 * @throws like step()
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
 * Raises the rate in a straight line for `length` steps (or epochs), and then continues with the schedule `next`:
 *
 *     rate = first * (from + (1 - from) * t / length)
 *
 * where `first` is the first rate of `next`. For `next`, the training begins at the end of the warm-up. It is PyTorch's
 * LinearLR followed by the other schedule in a SequentialLR.
 *
 * @param length at least 1
 * @param next @default constant()
 * @throws like step()
 */
export function warmUp(length: number, next: Schedule = constant(), options: WarmUpOptions = {}): Schedule {
  check('length', length, positiveInteger);
  const checked = checkSchedule('next', next);
  checkOptions('', options, { from: optional(halfOpen(0, 1)), per });
  const from = options.from ?? 0.1;
  return make({ name: 'warmUp', length, next: checked, from, per: options.per ?? 'step' });
}

/**
 * Lowers the rate when a series of the history has stopped improving: after `patience` + 1 epochs whose values were not
 * better than the best one by `threshold`. It is PyTorch's ReduceLROnPlateau without its eps. Checkpoints keep its
 * state; the other schedules have no state.
 *
 * @throws like step(); RangeError ERR_BLASNET_ARG_VALUE without a `mode` for a series that this library does not
 *   compute
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
    throw modeError('mode', monitor);
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

/** Checks an option such as `schedule`: a schedule of this file, a user's own function, or undefined for the default. */
export function resolveSchedule(value: unknown, name = 'schedule'): Schedule {
  return value === undefined ? constant() : checkSchedule(name, value);
}

function checkSchedule(name: string, value: unknown): Schedule {
  // The factories are functions, too. A user who passes one most likely forgot to call it.
  const isFactory = factories.includes(value as never);
  if (!isFactory && (typeof value === 'function' || made.has(value as object))) return value as Schedule;
  const schedule = described(name, value, descriptions);
  if (schedule !== undefined) return schedule;
  const rule = 'a schedule such as schedules.cosine(), or a function';
  throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value);
}

const factories = [
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
] as const;

const descriptions = {
  constant: (options: object) => {
    checkOptions('', options, {});
    return constant();
  },
  step,
  exponential,
  polynomial,
  cosine: ({ restartFactor, ...options }: CosineOptions) =>
    cosine(
      options.restartEvery === undefined || restartFactor === undefined
        ? options
        : { ...options, restartFactor },
    ),
  flatCosine,
  coslog,
  oneCycle,
  warmUp: ({ length, next, ...options }: WarmUpOptions & { length: number; next?: Schedule }) =>
    // A function is lost on its way to another thread, or in JSON.
    warmUp(length, checkSchedule('next', next), options),
  reduceOnPlateau,
};
