/** One array a series, an element an epoch. */
export interface History {
  /** The mean loss over the epoch's samples, each taken before its batch's step. */
  readonly loss: number[];
  /** The share of samples predicted right, likewise; absent where the loss knows no accuracy. */
  readonly accuracy?: number[];
}

/** The same names with one epoch's numbers. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy?: number;
}

export function emptyHistory(accuracy: boolean): History {
  return accuracy ? { loss: [], accuracy: [] } : { loss: [] };
}

export function record(history: History, report: EpochReport): void {
  history.loss.push(report.loss);
  if (report.accuracy !== undefined) history.accuracy?.push(report.accuracy);
}
