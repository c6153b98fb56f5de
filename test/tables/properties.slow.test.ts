// Readers of tables, with ten thousand random cases each: the properties of a reader share them.

import { describe, test } from 'vitest';
import { readers } from './properties';

const cases = 10_000;

describe.each(Object.entries(readers))('%s:', (_, properties) => {
  const numRuns = Math.ceil(cases / Object.keys(properties).length);
  test.each(Object.entries(properties))(
    '%s, in every random case',
    async (_, property) => {
      await property({ numRuns, seed: 1 });
    },
    900_000,
  );
});
