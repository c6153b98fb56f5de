// Which rows a split holds out to test with.

import { copyArrays } from '../addon/arrays';
import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { newArray } from '../base/memory';
import type { Constraint } from '../base/validate';
import { drawOrders, type RandomState } from '../random/random-state';
import type { Indices } from './stratify';

export const testSizeConstraint: Constraint = {
  rule: 'a share of the rows between 0 and 1, or a positive whole number of them',
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => value > 0 && (value < 1 || Number.isSafeInteger(value)),
};

/** How many of the rows, or of other things, are held out. A share is rounded up; at least one must remain. */
export function testCountOf(count: number, testSize = 0.25, what = 'row', where = 'the data'): number {
  if (count < 2) {
    throw blasnetError('ERR_BLASNET_SHAPE', `Expected ${where} to have at least 2 ${what}s, got ${count}`);
  }
  const held = testSize < 1 ? Math.ceil(testSize * count) : testSize;
  if (held < count) return held;
  const rule = `small enough to leave one of ${count} ${what}s for training`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'testSize', rule, testSize);
}

/** The first rows of a permutation are held out; without a shuffle, the last rows. */
export function* plainIndices(
  rows: number,
  testRows: number,
  shuffle: boolean,
  random: RandomState,
): Work<Indices> {
  const order = newArray(Uint32Array, rows);
  yield* drawOrders(random, order, rows, { count: shuffle ? rows : 0 });
  const testStart = shuffle ? 0 : rows - testRows;
  const testIndex = yield* copyOf(order.subarray(testStart, testStart + testRows));
  const trainIndex = yield* copyOf(shuffle ? order.subarray(testRows) : order.subarray(0, testStart));
  return { trainIndex, testIndex };
}

// Each result has a buffer of its own, so that a transfer takes no other with it.
function* copyOf(order: Uint32Array): Work<Uint32Array> {
  const copy = newArray(Uint32Array, order.length);
  yield* copyArrays([order], [copy]);
  return copy;
}
