// Tests tiles of different sizes.

import { describe, expect, it } from 'vitest';
import { floatTypes } from '../native/helpers';
import { makePlan, network, parameterCount } from '../native/plans';
import { expectLikeOracle, shrink } from './like-oracle';

describe.each(floatTypes)('tiles of $dtype', (type) => {
  // A tile aims at 4,000,000 operations, 6 per parameter and row: at least 100 rows, at most 128.
  it.each([
    [100, [12, 130, 96, 3]],
    [109, [7, 60, 89, 2]],
    [128, [5, 11, 3]],
  ])('equal the oracle on both sides of every border when they have %i rows', (rows, sizes) => {
    const architecture = network(
      sizes,
      sizes.length === 3 ? ['tanh', 'sigmoid'] : ['tanh', 'tanh', 'sigmoid'],
    );
    expect(Math.min(128, Math.max(100, Math.floor(4e6 / (6 * parameterCount(architecture)))))).toBe(rows);
    // One plan for all, so that its workspace grows between the calls.
    const made = makePlan(type, architecture, 'binaryCrossEntropy');
    shrink(made);
    for (const count of [7, rows - 1, rows, rows + 1, 2 * rows + 1]) {
      expectLikeOracle(made, 'binaryCrossEntropy', count);
    }
  });
});
