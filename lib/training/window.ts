import type { BlasnetError } from '../base/errors';
import type { Outcome } from '../engine/plan';
import type { LabelledSamples } from '../samples/samples';

/**
 * Rows of an epoch that follow each other, in the order in which a source gave them. A training from a source has one
 * window in memory, and fills the next one meanwhile. A window begins where a step begins.
 */
export interface Window {
  readonly samples: LabelledSamples;
  /** How many rows of the epoch trained before it. */
  readonly first: number;
  /** How many of its rows train: all, or with dropLast those of whole batches. At least 1. */
  readonly rows: number;
  /** Whether the epoch ends with it. */
  readonly last: boolean;
  /** The error for numbers that native code refuses, with their place in the source. */
  refusal(outcome: Outcome): BlasnetError | undefined;
}

/** Where a training from a source stands in an epoch: its finished rows, and their sums. */
export interface EpochPart {
  readonly rows: number;
  readonly loss: number;
  readonly hits: number;
}

export const epochBegin: EpochPart = { rows: 0, loss: 0, hits: 0 };
