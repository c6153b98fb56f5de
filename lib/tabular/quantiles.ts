// Several quantiles of one number: a network has an output for each.

import { inSlices, type Work } from '../addon/work';
import type { FloatArray, Matrix } from '../base/matrix';
import type { Constraint } from '../base/validate';

export const quantilesOption: Constraint = {
  rule: 'an array of increasing numbers above 0 and below 1',
  accepts: (value) => Array.isArray(value) && value.every((level) => typeof level === 'number'),
  holds: areLevels,
};

/** Whether numbers can be the levels of a model. */
export function areLevels(levels: readonly number[]): boolean {
  const inside = levels.every(
    (level, i) => level > 0 && level < 1 && (i === 0 || level > (levels[i - 1] as number)),
  );
  return levels.length > 0 && inside;
}

/** The levels that a network learns: also that of the median. */
export function withMedian(levels: readonly number[]): readonly number[] {
  return levels.includes(0.5) ? levels : [...levels, 0.5].sort((a, b) => a - b);
}

/**
 * Sorts the outputs of each row, in place. So quantiles do not cross, and their pinball loss is at most what it was
 * (Chernozhukov et al. 2010): no constraint hinders the training, and a network that never crosses is not changed.
 */
export function* rearranged(outputs: Matrix): Work<Matrix> {
  const { data, rows, cols } = outputs;
  yield* inSlices(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) data.subarray(row * cols, (row + 1) * cols).sort();
    },
    cols,
  );
  return outputs;
}

/** The sorted outputs of one row, as an array of their own. */
export function rearrangedRow(outputs: FloatArray): FloatArray {
  return outputs.slice().sort();
}
