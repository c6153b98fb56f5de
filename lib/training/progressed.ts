import type { BatchReport, EpochReport } from './history';

/** The epochs and the step that a native call finished. */
export interface Progressed {
  readonly epochs: readonly EpochReport[];
  /** The last step. */
  readonly batch: BatchReport;
  /** What ended the call after these epochs: a divergence or an abort. */
  readonly error?: Error | undefined;
}

/** The length of a native call: one step, one epoch, or the number of epochs that `Pace` says. */
export type Stride = 'batch' | 'epoch' | 'paced';
