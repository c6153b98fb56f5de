import { expect, test } from 'vitest';
import { compareModels } from './standalone-models';
import { compareNetworks } from './standalone-networks';

test('the modules of 500 random networks give their outputs and classes in a process without this package', async () => {
  await compareNetworks(Array.from({ length: 500 }, (_, i) => 1000 + i));
});

test('the modules of 100 random models give answers and errors as they do, in a process without this package', async () => {
  expect(await compareModels(100, 2)).toBeGreaterThan(50);
});
