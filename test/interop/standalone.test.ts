import { expect, test } from 'vitest';
import { compareModels } from './standalone-models';
import { compareNetworks } from './standalone-networks';

test('the modules of 40 random networks give their outputs and classes in a process without this package', async () => {
  await compareNetworks(Array.from({ length: 40 }, (_, seed) => seed));
});

test('the modules of 24 random models give answers and errors as they do, in a process without this package', async () => {
  expect(await compareModels(24, 1)).toBeGreaterThan(12);
});
