import { argumentError } from '../base/errors';
import {
  atLeast,
  boolean,
  type Constraint,
  checkOptions,
  integerFrom,
  oneOf,
  optional,
} from '../base/validate';
import { defaultMode } from '../schedules/plateau';
import type { EpochReport } from './history';

export interface EarlyStoppingOptions {
  /** How many epochs without an improvement are borne; training ends after one more. At least 0. */
  readonly patience: number;
  /** The series of the history to watch; what is not finite is no improvement. @default 'valLoss', of a validation set */
  readonly monitor?: string;
  /**
   * Whether that should become small or large. @default 'min' for losses and errors, 'max' for this library's other
   * metrics; needed for a user's own
   */
  readonly mode?: 'min' | 'max';
  /** By how much a value has to be better. At least 0. @default 0 */
  readonly minDelta?: number;
  /** Whether the parameters of the best epoch come back at the end, however the training ends but by an error. @default true */
  readonly restoreBest?: boolean;
}

/** Where it stands: safe in JSON. */
export interface EarlyStoppingState {
  readonly best: number | null;
  /** The epoch of the best, from 1; 0 before. */
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
    const mode = options.mode ?? defaultMode(this.monitor);
    if (mode === undefined) {
      const rule = `given as 'min' or 'max' for a series such as '${this.monitor}'`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'earlyStopping.mode', rule, mode);
    }
    this.#mode = mode;
  }

  /** What the state is of: the options, but for the patience. */
  get settings(): Readonly<Record<string, unknown>> {
    return {
      monitor: this.monitor,
      mode: this.#mode,
      minDelta: this.#minDelta,
      restoreBest: this.restoreBest,
    };
  }

  /** Whether it is time to stop; so it is from the start when a training goes on that has stopped already. */
  get stopped(): boolean {
    return this.state.wait > this.#patience;
  }

  /** Takes an epoch's numbers: whether they are the best so far, and whether it is time to stop. */
  update(report: EpochReport): { best: boolean; stop: boolean } {
    const value = report[this.monitor];
    const { best, wait } = this.state;
    // A value that is not finite, as of a metric that is undefined here, is no improvement.
    const better = value !== undefined && Number.isFinite(value) && this.#isBetter(value, best);
    this.state = better
      ? { best: value, bestEpoch: report.epoch, wait: 0 }
      : { ...this.state, wait: wait + 1 };
    return { best: better, stop: this.stopped };
  }

  #isBetter(value: number, best: number | null): boolean {
    if (best === null) return true;
    return this.#mode === 'min' ? value < best - this.#minDelta : value > best + this.#minDelta;
  }
}
