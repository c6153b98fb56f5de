// Shuffles, splits and weights, in plain loops. Each random number comes from the generator's own methods for single
// numbers, which have their tests beside NumPy's.

import { expect } from 'vitest';
import type { LabelArray } from '../../lib/base/matrix';
import type { RandomState } from '../../lib/random/random-state';

/** The next 32 random bits. */
function word(random: RandomState): number {
  const state = random.getState();
  const key = Uint32Array.from(state.key);
  let { position } = state;
  if (position === 624) {
    for (let i = 0; i < 624; i++) {
      const mixed = ((key[i] as number) & 0x80000000) | ((key[(i + 1) % 624] as number) & 0x7fffffff);
      key[i] = (key[(i + 397) % 624] as number) ^ (mixed >>> 1) ^ (mixed % 2 === 0 ? 0 : 0x9908b0df);
    }
    position = 0;
  }
  let bits = key[position] as number;
  bits ^= bits >>> 11;
  bits ^= (bits << 7) & 0x9d2c5680;
  bits ^= (bits << 15) & 0xefc60000;
  random.setState({ ...state, key, position: position + 1 });
  return (bits ^ (bits >>> 18)) >>> 0;
}

/** Shuffles the first `count` elements (Fisher and Yates, from the end; a number that is too large is drawn again). */
export function shuffled(random: RandomState, order: readonly number[], count = order.length): number[] {
  const result = [...order];
  for (let i = count - 1; i > 0; i--) {
    const bits = Math.floor(Math.log2(i)) + 1;
    let j = word(random) % 2 ** bits;
    while (j > i) j = word(random) % 2 ** bits;
    [result[i], result[j]] = [result[j] as number, result[i] as number];
  }
  return result;
}

export const ascending = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Moves quotas[c] rows of each class c to the end, the first ones that come. */
export function stratified(
  order: readonly number[],
  classes: readonly number[],
  quotas: readonly number[],
): number[] {
  const left = [...quotas];
  const moved = new Set<number>();
  for (const row of order) {
    const label = classes[row] as number;
    if ((left[label] as number) === 0) continue;
    left[label] = (left[label] as number) - 1;
    moved.add(row);
  }
  return [...order.filter((row) => !moved.has(row)), ...order.filter((row) => moved.has(row))];
}

/** Expects equal types and equal bits. (toEqual takes seconds for large arrays.) */
export function expectSameBits(actual: LabelArray | Uint32Array, expected: LabelArray | Uint32Array): void {
  expect(actual.constructor).toBe(expected.constructor);
  const [bytes, wanted] = [actual, expected].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
  );
  if (bytes?.equals(wanted as Buffer) === true) return;
  const i = Array.from(actual).findIndex((value, place) => !Object.is(value, expected[place]));
  expect([actual.length, i, actual[i]]).toEqual([expected.length, i, expected[i]]);
}
