// Split-conformal prediction: intervals that hold a share of new targets, whatever the model is worth.

import { sortRows } from '../addon/table-columns';
import { type AsyncOptions, asyncConstraints, inSlices, type Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { Constraint } from '../base/validate';

/** The options of `conformal`. */
export interface ConformalOptions extends AsyncOptions {
  /** The share of new rows whose target should be in their interval, in (0, 1). @default 0.9 */
  readonly coverage?: number;
}

/** What a model knows about the intervals of its predictions. */
export interface Intervals {
  readonly coverage: number;
  /** How far an interval goes beyond the prediction, or beyond the outer quantiles, where it may be negative. */
  readonly margin: number;
  /** The number of rows that it was learned from. */
  readonly rows: number;
}

const coverage: Constraint = {
  rule: 'a number above 0 and below 1',
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => value > 0 && value < 1,
};

export const conformalConstraints = { ...asyncConstraints, coverage };

/**
 * The place, from 1, of the score that a new score exceeds with a probability of at most 1 - coverage, among n scores:
 * ceil((n + 1) coverage). It counts no rounding error of the product.
 */
export function placeOfScore(n: number, share: number): number {
  return Math.ceil((n + 1) * share - 1e-9);
}

/**
 * The margin for a share of new rows: the score at `placeOfScore`. A score says how far a target is outside low .. high;
 * it is negative inside. With low = high it is the absolute error (Lei et al. 2018), with quantiles that of conformalised
 * quantile regression (Romano et al. 2019).
 *
 * @throws RangeError ERR_BLASNET_SHAPE for too few rows
 */
export function* marginOf(
  targets: Float64Array,
  low: Float64Array,
  high: Float64Array,
  share: number,
): Work<Intervals> {
  const rows = targets.length;
  const place = placeOfScore(rows, share);
  if (place > rows) {
    let least = rows;
    while (placeOfScore(least, share) > least) least++;
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected at least ${least} rows for a coverage of ${share}, got ${rows}`,
    );
  }
  const scores = new Float64Array(rows);
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const y = targets[row] as number;
      scores[row] = Math.max((low[row] as number) - y, y - (high[row] as number));
    }
  });
  const order = yield* sortRows(scores);
  return { coverage: share, margin: scores[order[place - 1] as number] as number, rows };
}

/** The interval around low .. high. A negative margin may turn it around: it is then its middle. */
export function intervalOf(low: number, high: number, margin: number): [low: number, high: number] {
  if (low - margin <= high + margin) return [low - margin, high + margin];
  const middle = (low + high) / 2;
  return [middle, middle];
}

/** The ends of the intervals of rows. */
export function* intervalsOf(
  low: Float64Array,
  high: Float64Array,
  margin: number,
): Work<[low: Float64Array, high: Float64Array]> {
  const ends = [low, high].map(({ length }) => new Float64Array(length)) as [Float64Array, Float64Array];
  yield* inSlices(low.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const [start, end] = intervalOf(low[row] as number, high[row] as number, margin);
      ends[0][row] = start;
      ends[1][row] = end;
    }
  });
  return ends;
}

/** Whether the intervals in a file can be. */
export function areIntervals(intervals: unknown): intervals is Intervals {
  if (typeof intervals !== 'object' || intervals === null) return false;
  const { coverage: share, margin, rows } = intervals as Intervals;
  return share > 0 && share < 1 && Number.isFinite(margin) && Number.isInteger(rows) && rows > 0;
}
