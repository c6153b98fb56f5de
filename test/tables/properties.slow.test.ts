// Readers of tables, with ten thousand random cases each, other ones in each run.

import { describe, test } from 'vitest';
import { readers } from './properties';

describe.each(Object.entries(readers))('%s:', (_, properties) => {
  test.each(Object.entries(properties))(
    '%s, in every random case',
    async (_, property) => {
      await property({ numRuns: 10_000 });
    },
    900_000,
  );
});
