/** One array a series, an element an epoch. */
export interface History {
  /** The mean loss over the epoch's samples, each taken before its batch's step; penalties included. */
  readonly loss: number[];
  /** The share of samples predicted right, likewise; absent where the loss knows no accuracy. */
  readonly accuracy?: number[];
  /** The same on the validation set, after the epoch; absent without one. */
  readonly valLoss?: number[];
  readonly valAccuracy?: number[];
  /** That of the epoch's last step; absent without a schedule. */
  readonly learningRate?: number[];
  /** Metrics, under their names; on a validation set as valF1 for f1. */
  readonly [series: string]: number[] | undefined;
}

/** The same names with one epoch's numbers. */
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

/** A step's numbers. */
export interface BatchReport {
  /** From 1. */
  readonly epoch: number;
  /** The step's number in its epoch, from 1; with gradient accumulation a step has several batches. */
  readonly batch: number;
  /** The mean loss over the step's samples, taken before it. */
  readonly loss: number;
  readonly accuracy?: number;
  readonly learningRate: number;
}

export function emptyHistory(accuracy: boolean): History {
  return accuracy ? { loss: [], accuracy: [] } : { loss: [] };
}

export function record(history: History, report: EpochReport): void {
  const series = history as Record<string, number[]>;
  for (const [name, value] of Object.entries(report)) {
    if (name === 'epoch' || value === undefined) continue;
    // A metric may have the name of something that every object has.
    if (!Object.hasOwn(series, name)) series[name] = [];
    series[name]?.push(value);
  }
}
