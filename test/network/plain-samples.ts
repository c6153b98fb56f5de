// Samples that are long enough to be read in slices, for the tests of names and plain arrays.

import type { Dtype } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import type { FitOptions } from '../../lib/training/options';
import { randomClasses } from '../training/helpers';
import { layers, randomMatrix } from './helpers';

export const rows = 12_000;
export const names = ['ant', 'bee', 'cat', 'dog'];
export const classes = randomClasses(rows, 4, 2);
export const named = Array.from(classes, (label) => names[label] as string);
export const weights = randomMatrix(rows, 1, 3).data.map((weight) => weight + 1.5) as Float64Array;
export const options = { epochs: 2, batchSize: 500, seed: 3 } satisfies FitOptions;

export const inputs = (dtype: Dtype) => randomMatrix(rows, 3, 1, dtype);
export const network = (more: NetworkOptions = {}, outputs: 'softmax' | 'sigmoid' | 'tanh' = 'softmax') =>
  new Network(layers([3, 5, outputs === 'softmax' ? 4 : 1], 'tanh', outputs), { seed: 1, ...more });

/** The array, which calls this when element `place` is read. */
export function watched<T>(array: readonly T[], place: number, read: (copy: T[]) => void): T[] {
  const copy = [...array];
  const value = copy[place] as T;
  Object.defineProperty(copy, place, {
    get: () => {
      read(copy);
      return value;
    },
  });
  return copy;
}
