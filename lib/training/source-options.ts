import type { Metrics } from '../metrics/metric';
import type { SampleChunk, Source } from '../samples/source';
import type { FitOptions, ValidationData } from './options';

/** The options of `fit` with a source of chunks. Those of `FitOptions` mean the same, and give the same results. */
export interface SourceFitOptions<M extends Metrics = Metrics>
  extends Omit<FitOptions<M>, 'batchSize' | 'sampleWeight' | 'stratify' | 'validationData'> {
  /** The number of samples in a batch, whose rows may come from several chunks. Not 'full'. @default 32 */
  readonly batchSize?: number;
  /**
   * The rows of a window. Two windows are in memory: one trains, and the next one is filled meanwhile. `shuffle` gives the
   * rows of each window a new order in every epoch, so a window of all rows gives the results of `fit` on arrays. From the
   * second epoch on, the first window has fewer rows, drawn by the seed, so that other rows meet. The number is rounded up to
   * whole steps. Without `shuffle`, results do not depend on it. At least 1. @default as many as take 16 MB, at most 262,144
   */
  readonly windowRows?: number;
  /**
   * Evaluated after every epoch: samples in memory, or a source of its own. It is read once if it fits in a window, and
   * otherwise after each epoch. @default none
   */
  readonly validationData?: ValidationData | Source<SampleChunk>;
  /**
   * The share of the rows, in (0, 1), to hold out as the validation set: each row with this probability, drawn by the seed
   * and its number; or the last ones with `shuffle: false`. They are read in a pass of their own: once if they fit in a
   * window, and otherwise after each epoch. @default none
   */
  readonly validationSplit?: number;
}

/** Options of `fit` with a source and without a validation set. */
export type UnvalidatedSource<M extends Metrics> = SourceFitOptions<M> & {
  readonly validationSplit?: undefined;
  readonly validationData?: undefined;
};

/** Options of `fit` with a source and a validation set. */
export type ValidatedSource<M extends Metrics> = SourceFitOptions<M> &
  ({ readonly validationSplit: number } | { readonly validationData: ValidationData | Source<SampleChunk> });
