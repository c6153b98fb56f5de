// Readers of tables, with some hundred random cases each. properties.slow.test.ts has ten thousand.

import { describe, test } from 'vitest';
import { readers } from './properties';

describe.each(Object.entries(readers))('%s:', (_, properties) => {
  test.each(Object.entries(properties))('%s, in every random case', async (_, property) => {
    await property({ numRuns: 150, seed: 20_240_229 });
  });
});
