import type { RandomState } from '../random/random-state';
import { validationRows } from '../training/split';
import type { Wanted } from './pieces';

/** Two 32-bit words. */
export type SplitKey = readonly [number, number];

export function newSplitKey(random: RandomState): SplitKey {
  const word = () => Math.floor(random.random() * 2 ** 32);
  return [word(), word()];
}

/** Which rows of a source are held out: each with the probability `share`, drawn by the key and its place. */
export function heldAtRandom(share: number, [low, high]: SplitKey): Wanted {
  const limit = share * 2 ** 32;
  return (place) => mixed(mixed(place ^ low) + (mixed(Math.floor(place / 2 ** 32) ^ high) ^ high)) < limit;
}

/** How many rows train if the last ones are held out, as many as by `fit` on arrays. */
export function rowsBefore(share: number, rows: number): number {
  return rows - validationRows(rows, share);
}

// The finaliser of MurmurHash3 (A. Appleby): each bit of the word changes each bit of the result with probability 1/2.
function mixed(word: number): number {
  let x = word >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
