// Folds of cross-validation, with the rows of scikit-learn's KFold, StratifiedKFold, GroupKFold and TimeSeriesSplit.

import { inSlices, type Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { newArray } from '../base/memory';
import { drawOrders, type RandomState } from '../random/random-state';
import type { Classes, Indices } from './stratify';

/** Cuts an order of the rows into folds of equal size; the first ones have a row more where it does not divide. */
export function* plainFolds(
  rows: number,
  folds: number,
  shuffle: boolean,
  random: RandomState,
): Work<Indices[]> {
  checkFolds(folds, rows, 'rows');
  const order = newArray(Uint32Array, rows);
  yield* drawOrders(random, order, rows, { count: shuffle ? rows : 0 });
  const foldOf = newArray(Uint32Array, rows);
  const size = Math.floor(rows / folds);
  const larger = rows % folds;
  yield* inSlices(rows, (from, to) => {
    for (let place = from; place < to; place++) {
      const ofLarger = Math.floor(place / (size + 1));
      const fold = ofLarger < larger ? ofLarger : Math.floor((place - larger) / size);
      foldOf[order[place] as number] = fold;
    }
  });
  return yield* foldsIn(foldOf, folds);
}

/**
 * Gives each class equal shares of all folds, as far as whole rows allow.
 *
 * @param name how errors call the classes
 * @throws RangeError ERR_BLASNET_ARG_VALUE for a class with fewer rows than folds
 */
export function* stratifiedFolds(
  name: string,
  { numbers, counts, name: nameOf }: Classes,
  folds: number,
  shuffle: boolean,
  random: RandomState,
): Work<Indices[]> {
  const rows = numbers.length;
  checkFolds(folds, rows, 'rows');
  const smallest = counts.reduce((least, count, i) => (count < (counts[least] as number) ? i : least), 0);
  if ((counts[smallest] as number) < folds) {
    const rule = `at most ${counts[smallest]}, the rows of class ${nameOf(smallest)} of ${name}`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'folds', rule, folds, '; stratify: false draws rows alone');
  }
  const ordered = yield* byFirstRow(numbers, counts);
  // The folds take turns along the sorted classes, so that the folds of the rows that are left over differ by class.
  const next: Uint32Array[] = [];
  let start = 0;
  for (const number of ordered) {
    const count = counts[number] as number;
    const shares = newArray(Uint32Array, count);
    let place = 0;
    for (let fold = 0; fold < folds; fold++) {
      // The places from `start` on that are `fold` modulo `folds`.
      const first = (((fold - start) % folds) + folds) % folds;
      const share = first < count ? Math.ceil((count - first) / folds) : 0;
      shares.fill(fold, place, place + share);
      place += share;
    }
    start += count;
    const drawn = newArray(Uint32Array, count);
    yield* drawOrders(random, drawn, count, { from: shares, count: shuffle ? count : 0 });
    next[number] = drawn;
  }
  const taken = new Uint32Array(counts.length);
  const foldOf = newArray(Uint32Array, rows);
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const number = numbers[row] as number;
      const place = taken[number] as number;
      foldOf[row] = (next[number] as Uint32Array)[place] as number;
      taken[number] = place + 1;
    }
  });
  return yield* foldsIn(foldOf, folds);
}

/** The numbers of the classes, in the order in which they first come. */
function* byFirstRow(numbers: Int32Array, counts: readonly number[]): Work<number[]> {
  const seen = new Uint8Array(counts.length);
  const ordered: number[] = [];
  yield* inSlices(numbers.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const number = numbers[row] as number;
      if (seen[number] === 1) continue;
      seen[number] = 1;
      ordered.push(number);
    }
  });
  return ordered;
}

/**
 * Keeps the rows of a group together: from the largest group on, each goes to the fold with the fewest rows. Of groups of
 * equal size, the last one in ascending order comes first.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE for fewer groups than folds
 */
export function* groupFolds(name: string, { numbers, counts }: Classes, folds: number): Work<Indices[]> {
  checkFolds(folds, counts.length, `groups of ${name}`);
  const bySize = counts.map((_, group) => group);
  bySize.sort((a, b) => (counts[b] as number) - (counts[a] as number) || b - a);
  const sizes = new Float64Array(folds);
  const foldOfGroup = new Uint32Array(counts.length);
  for (const group of bySize) {
    const fold = sizes.reduce((least, size, i) => (size < (sizes[least] as number) ? i : least), 0);
    sizes[fold] = (sizes[fold] as number) + (counts[group] as number);
    foldOfGroup[group] = fold;
  }
  const foldOf = newArray(Uint32Array, numbers.length);
  yield* inSlices(numbers.length, (from, to) => {
    for (let row = from; row < to; row++) foldOf[row] = foldOfGroup[numbers[row] as number] as number;
  });
  return yield* foldsIn(foldOf, folds);
}

/**
 * Tests with one stretch of time after another, and trains with all rows before it. The first stretch is only trained with.
 *
 * @param order the rows from the earliest to the latest
 */
export function timeFolds(order: Uint32Array, folds: number): Indices[] {
  const rows = order.length;
  checkFolds(folds, rows - 1, `rows after the first of ${rows}`);
  const size = Math.floor(rows / (folds + 1));
  return Array.from({ length: folds }, (_, fold) => {
    const start = rows - (folds - fold) * size;
    return { trainIndex: order.slice(0, start), testIndex: order.slice(start, start + size) };
  });
}

function checkFolds(folds: number, most: number, what: string): void {
  if (folds <= most) return;
  if (most < 2) {
    throw blasnetError('ERR_BLASNET_SHAPE', `Expected at least 2 ${what}, to make folds of, got ${most}`);
  }
  const rule = `at most ${most}, the number of ${what}`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'folds', rule, folds);
}

/** The rows of each fold, and the others; ascending. */
function* foldsIn(foldOf: Uint32Array, folds: number): Work<Indices[]> {
  const rows = foldOf.length;
  const sizes = new Uint32Array(folds);
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const fold = foldOf[row] as number;
      sizes[fold] = (sizes[fold] as number) + 1;
    }
  });
  const made: Indices[] = [];
  for (let fold = 0; fold < folds; fold++) {
    made.push(yield* rowsOfFold(foldOf, fold, sizes[fold] as number));
  }
  return made;
}

/** The `size` rows of a fold, and the others; ascending. */
export function* rowsOfFold(foldOf: Uint32Array | Uint8Array, fold: number, size: number): Work<Indices> {
  const rows = foldOf.length;
  const testIndex = newArray(Uint32Array, size);
  const trainIndex = newArray(Uint32Array, rows - size);
  let tested = 0;
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      if (foldOf[row] === fold) testIndex[tested++] = row;
      else trainIndex[row - tested] = row;
    }
  });
  return { trainIndex, testIndex };
}
