import type { AnyName } from '../base/names';
import {
  atLeast,
  boolean,
  type Constraint,
  checkOptions,
  integerFrom,
  oneOf,
  optional,
} from '../base/validate';
import { defaultMode, modeError, neverFinite } from '../schedules/plateau';
import type { EpochReport } from './history';

export interface EarlyStoppingOptions {
  /** Training ends after this many epochs plus one in a row without an improvement. At least 0. */
  readonly patience: number;
  /**
   * The series of the history to watch. A value that is not finite is no improvement. If no value is finite before the
   * patience ends, the training ends with an error.
   *
   * @default 'valLoss', which needs a validation set
   */
  readonly monitor?: string;
  /**
   * Whether the series should become small or large. @default 'min' for losses and errors, 'max' for this library's
   * other metrics; required for your own metrics
   */
  readonly mode?: 'min' | 'max' | AnyName;
  /** An improvement is better than the best value by more than this. At least 0. @default 0 */
  readonly minDelta?: number;
  /**
   * Restores the best epoch's parameters and running moments at the end, also when an error or the signal ends the
   * training. @default true
   */
  readonly restoreBest?: boolean;
}

/** The progress of early stopping, safe in JSON. */
export interface EarlyStoppingState {
  readonly best: number | null;
  /** The epoch of the best value, from 1; 0 before there is one. */
  readonly bestEpoch: number;
  readonly wait: number;
}

const seriesName: Constraint = {
  rule: 'the name of a series',
  accepts: (value) => typeof value === 'string',
  optional: true,
};

const constraints = {
  patience: integerFrom(0),
  monitor: seriesName,
  mode: optional(oneOf(['min', 'max'])),
  minDelta: optional(atLeast(0)),
  restoreBest: optional(boolean),
};

/** Ends a training when a series has stopped improving. */
export class EarlyStopping {
  readonly monitor: string;
  readonly restoreBest: boolean;
  readonly #patience: number;
  readonly #mode: 'min' | 'max';
  readonly #minDelta: number;
  state: EarlyStoppingState = { best: null, bestEpoch: 0, wait: 0 };

  constructor(options: EarlyStoppingOptions) {
    checkOptions('earlyStopping', options, constraints);
    this.monitor = options.monitor ?? 'valLoss';
    this.restoreBest = options.restoreBest ?? true;
    this.#patience = options.patience;
    this.#minDelta = options.minDelta ?? 0;
    const mode = (options.mode as 'min' | 'max' | undefined) ?? defaultMode(this.monitor);
    if (mode === undefined) {
      throw modeError('earlyStopping.mode', this.monitor);
    }
    this.#mode = mode;
  }

  /** The options that the state depends on: all except the patience. */
  get settings(): Readonly<Record<string, unknown>> {
    return {
      monitor: this.monitor,
      mode: this.#mode,
      minDelta: this.#minDelta,
      restoreBest: this.restoreBest,
    };
  }

  /** Whether to stop. If a stopped training is resumed without more patience, this is true from the start. */
  get stopped(): boolean {
    return this.state.wait > this.#patience;
  }

  /**
   * Takes an epoch's numbers. Returns whether they are the best so far, and whether to stop.
   *
   * @throws RangeError ERR_BLASNET_ARG_VALUE when the training would stop before any value was finite
   */
  update(report: EpochReport): { best: boolean; stop: boolean } {
    const value = report[this.monitor];
    const { best, wait } = this.state;
    // A metric that is undefined for these samples is NaN: no improvement.
    const better = value !== undefined && Number.isFinite(value) && this.#isBetter(value, best);
    this.state = better
      ? { best: value, bestEpoch: report.epoch, wait: 0 }
      : { ...this.state, wait: wait + 1 };
    if (this.stopped && this.state.best === null) {
      throw neverFinite(this.monitor, this.state.wait, 'earlyStopping', value);
    }
    return { best: better, stop: this.stopped };
  }

  #isBetter(value: number, best: number | null): boolean {
    if (best === null) return true;
    return this.#mode === 'min' ? value < best - this.#minDelta : value > best + this.#minDelta;
  }
}
