import type { MetricNames, Metrics } from '../metrics/metric';
import { type PlotOptions, plotSeries } from './plot';

/** The series of a history, each with one number for each epoch. */
export interface HistorySeries {
  /**
   * The mean loss over the epoch's samples, each before the step of its batch. Penalties are included. `NetworkOptions` says in
   * which units losses are with a targetScaler.
   */
  readonly loss: number[];
  /** The share of samples predicted right, each before the step of its batch; absent if the loss knows no accuracy. */
  readonly accuracy?: number[];
  /** The mean loss over the validation set after the epoch, penalties included; absent without a validation set. */
  readonly valLoss?: number[];
  /** The share of the validation set predicted right, after the epoch; absent if valLoss or accuracy is absent. */
  readonly valAccuracy?: number[];
  /** The learning rate of the epoch's last step; absent if the schedule is constant, as by default. */
  readonly learningRate?: number[];
  /** The metrics: valF1 for f1 on the validation set, or without one f1 on the training set. */
  readonly [series: string]: number[] | undefined;
}

/** What ended a training before its last epoch. 'convergence' is that of lbfgs. */
export type StopReason = 'earlyStopping' | 'callback' | 'maxSeconds' | 'convergence' | 'error';

/**
 * What a history knows beside its series. Copies by JSON or `structuredClone` have only the series. No metric has one of these
 * names.
 */
export interface HistoryMembers {
  /**
   * The epoch, from 1, with the best number; 0 if no epoch had a finite one. With early stopping it is the epoch that
   * early stopping takes as the best, by its monitor and minDelta, and whose parameters it restores. Otherwise it is the
   * one with the smallest valLoss, or without a validation set the smallest loss; the first of equals.
   */
  readonly bestEpoch: number;
  /** What ended the training; undefined if all epochs were done. */
  readonly stoppedBy: StopReason | undefined;
  /**
   * Draws series as text, for a terminal: `console.log(history.plot())`.
   * @throws TypeError or RangeError with a code for bad options
   */
  plot(options?: PlotOptions): string;
}

/** The history of a training: one array for each series, with one number for each epoch, and the members. */
export type History = HistorySeries & HistoryMembers;

/** One epoch's numbers, under the names of `History`. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  readonly learningRate?: number;
  readonly [series: string]: number | undefined;
}

/** `Type`, in which these names surely have values. */
export type Having<Type, Names extends string, Value> = [Names] extends [never]
  ? Type
  : Type & { readonly [name in Names]: Value };

/** The series that surely follow from metrics: without a validation set ('none'), or with one ('val'). */
type SeriesOf<M extends Metrics, Set extends 'none' | 'val'> = Set extends 'val'
  ? `val${Capitalize<MetricNames<M> | 'loss'>}`
  : MetricNames<M>;

/** The history of a training with these metrics, as far as TypeScript knows their names: see `MetricNames`. */
export type HistoryOf<M extends Metrics, Set extends 'none' | 'val' = 'none'> = Having<
  History,
  SeriesOf<M, Set>,
  number[]
>;

/** The report of an epoch, like `HistoryOf`. */
export type ReportOf<M extends Metrics, Set extends 'none' | 'val' = 'none'> = Having<
  EpochReport,
  SeriesOf<M, Set>,
  number
>;

/** A loop over such reports. */
export type Reports<M extends Metrics, Set extends 'none' | 'val' = 'none'> = AsyncGenerator<
  ReportOf<M, Set>,
  void,
  undefined
>;

/** The numbers of one step. */
export interface BatchReport {
  /** From 1. */
  readonly epoch: number;
  /** The step's number in its epoch, from 1. With gradient accumulation a step has several batches. */
  readonly batch: number;
  /** The mean loss over the step's samples, taken before the step. Penalties are included. */
  readonly loss: number;
  /** The share of the step's samples predicted right, before the step; absent if the loss knows no accuracy. */
  readonly accuracy?: number;
  readonly learningRate: number;
}

/** What a history shows of its training. The training changes it. */
export interface Ending {
  /** Knows the best epoch, if there is early stopping. */
  readonly earlyStopping: { readonly state: { readonly bestEpoch: number } } | undefined;
  stoppedBy: StopReason | undefined;
}

// The members are those of the prototype, so that the own properties are the series.
class TrainingHistory {
  readonly loss: number[] = [];
  declare accuracy?: number[];
  declare readonly valLoss?: number[];
  readonly #ending: Ending;

  constructor(accuracy: boolean, ending: Ending) {
    if (accuracy) this.accuracy = [];
    this.#ending = ending;
  }

  get bestEpoch(): number {
    const { earlyStopping } = this.#ending;
    return earlyStopping?.state.bestEpoch ?? epochOfLeast(this.valLoss ?? this.loss);
  }

  get stoppedBy(): StopReason | undefined {
    return this.#ending.stoppedBy;
  }

  plot(options: PlotOptions = {}): string {
    return plotSeries(this as unknown as HistorySeries, options);
  }
}

export function emptyHistory(accuracy: boolean, ending: Ending): History {
  return new TrainingHistory(accuracy, ending) as unknown as History;
}

export function record(history: History, report: EpochReport): void {
  const series = history as unknown as Record<string, number[]>;
  for (const [name, value] of Object.entries(report)) {
    if (name === 'epoch' || value === undefined) continue;
    // A metric may have a name that every object inherits, such as toString.
    if (!Object.hasOwn(series, name)) {
      Object.defineProperty(series, name, {
        value: [],
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    series[name]?.push(value);
  }
}

/** The epoch of the least finite number, from 1, the first of equals; 0 if there is none. */
function epochOfLeast(series: readonly number[]): number {
  let best = 0;
  for (const [i, value] of series.entries()) {
    if (Number.isFinite(value) && (best === 0 || value < (series[best - 1] as number))) best = i + 1;
  }
  return best;
}
