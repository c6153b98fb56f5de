// Sums without rounding, and the bounds that docs/precision.md states.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dtype } from '../../lib/base/matrix';

/** Numbers of rows of a sweep: around the sizes of tiles, blocks and parts, and up to a million. */
export const sweptRows = [1, 2, 3, 31, 128, 129, 257, 1000, 4097, 8193, 65_537, 300_001, 1_000_000];

/** Half the distance from 1 to the next number. */
export function roundoff(dtype: Dtype): number {
  return dtype === 'float64' ? 2 ** -53 : 2 ** -24;
}

/** The sum of term(0) ... term(count - 1), rounded about once (Neumaier, 1974, with a second correction). */
export function exactSum(count: number, term: (i: number) => number): number {
  let sum = 0;
  let rest = 0;
  let restOfRest = 0;
  for (let i = 0; i < count; i++) {
    const x = term(i);
    const next = sum + x;
    const lost = Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
    const together = rest + lost;
    restOfRest += Math.abs(rest) >= Math.abs(lost) ? rest - together + lost : lost - together + rest;
    rest = together;
  }
  return sum + (rest + restOfRest);
}

const page = readFileSync(join(__dirname, '../../docs/precision.md'), 'utf8');

/** The bound of a quantity for n rows, in units of rounding: the formula of its row in docs/precision.md. */
export function boundOf(quantity: string, n: number, dtype: Dtype = 'float32'): number {
  const row = page.split('\n').find((line) => line.startsWith(`| ${quantity} |`));
  const formula = row?.split('|')[dtype === 'float32' ? 2 : 3]?.match(/`(.*)`/)?.[1];
  if (formula === undefined) throw new Error(`docs/precision.md has no bound for ${quantity} in ${dtype}`);
  return new Function('n', 'log2', `return ${formula}`)(n, Math.log2) as number;
}
