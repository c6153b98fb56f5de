// The rows of a table that a training holds out for validation.

import { countClasses, stratify } from '../addon/rows';
import type { Work } from '../addon/work';
import type { RandomState } from '../random/random-state';

/** The numbers of rows, ascending. */
export interface HeldOut {
  readonly trained: Uint32Array;
  readonly held: Uint32Array;
}

/**
 * Holds out a share of the rows: at random, or the last ones. With class numbers, each class gives this share, rounded
 * down, so that it keeps at least one row for training.
 */
export function* holdOut(
  rows: number,
  share: number,
  classes: { readonly numbers: Int32Array; readonly count: number } | undefined,
  random: RandomState | undefined,
): Work<HeldOut> {
  if (random === undefined) {
    const order = Uint32Array.from({ length: rows }, (_, row) => row);
    return cut(order, Math.floor(rows * share));
  }
  const order = random.permutation(rows);
  if (classes === undefined) return cut(order, Math.floor(rows * share));
  const labels = { data: classes.numbers, rows, cols: 1 };
  const { counts } = yield* countClasses(labels, classes.count, null);
  const quotas = Array.from(counts, (count) => Math.floor(count * share));
  yield* stratify(labels, quotas, order);
  return cut(
    order,
    quotas.reduce((sum, quota) => sum + quota, 0),
  );
}

function cut(order: Uint32Array, held: number): HeldOut {
  const trained = order.length - held;
  return { trained: order.subarray(0, trained).sort(), held: order.subarray(trained).sort() };
}
