// The rows of a table that a training holds out for validation.

import { countClasses, stratify } from '../addon/rows';
import { inSlices, type Work } from '../addon/work';
import { newArray } from '../base/memory';
import { rowsOfFold } from '../datasets/folds';
import type { Indices } from '../datasets/stratify';
import { drawOrders, type RandomState } from '../random/random-state';

/**
 * Holds out a share of the rows: at random, or the last ones. With class numbers, each class gives this share, rounded
 * down, so that it keeps at least one row for training.
 *
 * @returns the rows, ascending; `testIndex` are those that are held out
 */
export function* holdOut(
  rows: number,
  share: number,
  classes: { readonly numbers: Int32Array; readonly count: number } | undefined,
  random: RandomState | undefined,
): Work<Indices> {
  const isHeld = newArray(Uint8Array, rows);
  let held = Math.floor(rows * share);
  if (random === undefined) isHeld.fill(1, rows - held);
  else {
    const order = newArray(Uint32Array, rows);
    yield* drawOrders(random, order, rows);
    if (classes !== undefined) {
      const labels = { data: classes.numbers, rows, cols: 1 };
      const { counts } = yield* countClasses(labels, classes.count, null);
      const quotas = Array.from(counts, (count) => Math.floor(count * share));
      yield* stratify(labels, quotas, order);
      held = quotas.reduce((sum, quota) => sum + quota, 0);
    }
    // The last ones of the order.
    const start = rows - held;
    yield* inSlices(held, (from, to) => {
      for (let i = from; i < to; i++) isHeld[order[start + i] as number] = 1;
    });
  }
  return yield* rowsOfFold(isHeld, 1, held);
}
