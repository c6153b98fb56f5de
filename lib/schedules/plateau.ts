import { argumentError, type BlasnetError } from '../base/errors';
import { between, type Constraint, checkOptions, guessOf, integerFrom } from '../base/validate';

/** A schedule that `reduceOnPlateau()` made. */
export interface ReduceOnPlateau {
  readonly name: 'reduceOnPlateau';
  readonly monitor: string;
  readonly mode: 'min' | 'max';
  readonly factor: number;
  readonly patience: number;
  readonly minimum: number;
  readonly cooldown: number;
  readonly threshold: number;
}

/** The complete state of `reduceOnPlateau`, for checkpoints; JSON can hold it. */
export interface PlateauState {
  /** The factor of the optimiser's learning rate. */
  readonly factor: number;
  /** The best value so far; null before the first. */
  readonly best: number | null;
  /** The number of epochs in a row without an improvement. */
  readonly wait: number;
  /** The number of further epochs that do not count. */
  readonly cooldown: number;
}

export const initialPlateau: PlateauState = Object.freeze({ factor: 1, best: null, wait: 0, cooldown: 0 });

const constraints: Readonly<Record<keyof PlateauState, Constraint>> = {
  factor: between(0, 1),
  best: {
    rule: 'a finite number or null',
    accepts: (value) => value === null || typeof value === 'number',
    holds: (value: number | null) => value === null || Number.isFinite(value),
  },
  wait: integerFrom(0),
  cooldown: integerFrom(0),
};

/**
 * Checks a state that comes from a file.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function checkPlateauState(name: string, value: unknown): PlateauState {
  checkOptions(name, value, constraints);
  const { factor, best, wait, cooldown } = value as unknown as PlateauState;
  return Object.freeze({ factor, best, wait, cooldown });
}

/**
 * The state after an epoch with this monitored value. A value that is not finite is not an improvement.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE when the value is not a number; RangeError ERR_BLASNET_ARG_VALUE when the rate
 *   would fall before any value was finite
 */
export function plateauAfterEpoch(
  { monitor, mode, factor, patience, cooldown, threshold }: ReduceOnPlateau,
  state: PlateauState,
  value: unknown,
): PlateauState {
  if (typeof value !== 'number') {
    const rule = 'a number after every epoch, since the schedule monitors it';
    throw argumentError('ERR_BLASNET_ARG_TYPE', `the series '${monitor}'`, rule, value);
  }
  const better = Number.isFinite(value) && isBetter(mode, threshold, value, state.best);
  const resting = state.cooldown > 0;
  const wait = better || resting ? 0 : state.wait + 1;
  const reduce = wait > patience;
  if (reduce && state.best === null) throw neverFinite(monitor, wait, 'the schedule', value);
  return Object.freeze({
    factor: reduce ? state.factor * factor : state.factor,
    best: better ? value : state.best,
    wait: reduce ? 0 : wait,
    cooldown: reduce ? cooldown : Math.max(0, state.cooldown - 1),
  });
}

// The threshold is a share of the best value's size, so that it also works for negative values.
function isBetter(mode: 'min' | 'max', threshold: number, value: number, best: number | null): boolean {
  if (best === null) return true;
  const least = threshold * Math.abs(best);
  return mode === 'min' ? value < best - least : value > best + least;
}

/** The error for a monitored series that had no finite value in any epoch: nothing can be learned from it. */
export function neverFinite(series: string, epochs: number, monitor: string, value: unknown): BlasnetError {
  const rule = `finite in at least one of the first ${epochs} epochs, since ${monitor} monitors it`;
  return argumentError('ERR_BLASNET_ARG_VALUE', `the series '${series}'`, rule, value);
}

const scores = ['accuracy', 'topKAccuracy', 'precision', 'recall', 'f1', 'rocAuc', 'prAuc', 'r2'];
const penalties = [
  'loss',
  'logLoss',
  'brier',
  'meanSquaredError',
  'rootMeanSquaredError',
  'meanAbsoluteError',
];

/** The error for a series that this library does not compute, or that is misspelt, without a mode. */
export function modeError(name: string, series: string): BlasnetError {
  const rule = `given as 'min' or 'max' for a series such as '${series}'`;
  const computed = [...scores, ...penalties];
  const known = [
    ...computed,
    ...computed.map((each) => `val${each.charAt(0).toUpperCase()}${each.slice(1)}`),
  ];
  return argumentError('ERR_BLASNET_ARG_VALUE', name, rule, undefined, guessOf(series, known));
}

/**
 * Whether smaller or larger numbers of a series are better; undefined for a series that this library does not compute.
 */
export function defaultMode(series: string): 'min' | 'max' | undefined {
  const name = series.replace(/^val([A-Z])/, (_, first: string) => first.toLowerCase());
  if (penalties.includes(name)) return 'min';
  return scores.includes(name) ? 'max' : undefined;
}
