import type { Workplace } from './effects';

/** Brings the rows of a source to a training, window by window. Its methods reject with an AbortError after an abort. */
export interface Feed {
  /** Learns from the source what must be known before the first step, and reads the first rows. */
  begin(at: Workplace): Promise<void>;
  /** Lets the runner enter the next window. The one after it is read meanwhile. */
  next(): Promise<void>;
  /** The numbers of the validation set after an epoch; undefined without one, or if it is in memory. */
  readonly validate: ((at: Workplace) => Promise<Readonly<Record<string, number>>>) | undefined;
  /** Closes the iterators that are still open. */
  end(): Promise<void>;
}
