// The rows of a table that a training holds out: once for validation, or in turn.

import { countClasses, stratify } from '../addon/rows';
import { inSlices, type Work } from '../addon/work';
import { newArray } from '../base/memory';
import { rowsOfFold } from '../datasets/folds';
import type { Indices } from '../datasets/stratify';
import { drawOrders, type RandomState } from '../random/random-state';
import { rowsIn, type TargetValues } from './labels';

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

/**
 * Divides the rows into folds: at random, and each class of a single target in equal shares. A class may have fewer rows
 * than there are folds.
 */
export function* foldsFor(values: TargetValues, folds: number, random: RandomState): Work<Indices[]> {
  const rows = rowsIn(values);
  const order = newArray(Uint32Array, rows);
  yield* drawOrders(random, order, rows);
  const dealt = values.kind === 'classes' ? yield* byClass(values.numbers, order) : order;
  const parts: Indices[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const isHeld = newArray(Uint8Array, rows);
    let held = 0;
    yield* inSlices(rows, (from, to) => {
      for (let i = from; i < to; i++) {
        if (i % folds !== fold) continue;
        isHeld[dealt[i] as number] = 1;
        held++;
      }
    });
    parts.push(yield* rowsOfFold(isHeld, 1, held));
  }
  return parts;
}

/** The rows of each class after those of the class before it, otherwise in the same order. */
function* byClass(numbers: Int32Array, order: Uint32Array): Work<Uint32Array> {
  const counts: number[] = [];
  yield* inSlices(numbers.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const number = numbers[row] as number;
      counts[number] = (counts[number] ?? 0) + 1;
    }
  });
  const next: number[] = [];
  let start = 0;
  for (const count of Array.from(counts, (each) => each ?? 0)) {
    next.push(start);
    start += count;
  }
  const sorted = newArray(Uint32Array, order.length);
  yield* inSlices(order.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const row = order[i] as number;
      const number = numbers[row] as number;
      const place = next[number] as number;
      sorted[place] = row;
      next[number] = place + 1;
    }
  });
  return sorted;
}
