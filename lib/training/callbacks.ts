import type { BatchReport, EpochReport } from './history';

/**
 * Functions that a training calls while no other thread works on the network. If one returns `false`, or a promise of
 * it, the training ends after this step or epoch. If one throws, the training ends, and `fit` rejects with the error.
 * In `fitSync` they must not return promises.
 */
export interface Callbacks {
  /** Called after every epoch. */
  onEpochEnd?(report: EpochReport): unknown;
  /** Called after every step. Each step is then a native call by itself, which makes small networks slower. */
  onBatchEnd?(report: BatchReport): unknown;
}
