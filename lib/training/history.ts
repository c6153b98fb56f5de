/** The history of a training: one array for each series, with one number for each epoch. */
export interface History {
  /** The mean loss over the epoch's samples, each before the step of its batch. Penalties are included. */
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

export function emptyHistory(accuracy: boolean): History {
  return accuracy ? { loss: [], accuracy: [] } : { loss: [] };
}

export function record(history: History, report: EpochReport): void {
  const series = history as Record<string, number[]>;
  for (const [name, value] of Object.entries(report)) {
    if (name === 'epoch' || value === undefined) continue;
    // A metric may have a name that every object inherits, such as toString.
    if (!Object.hasOwn(series, name)) series[name] = [];
    series[name]?.push(value);
  }
}
