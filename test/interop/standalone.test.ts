import { test } from 'vitest';
import { compareNetworks } from './standalone-networks';

test('the modules of 40 random networks give their outputs and classes in a process without this package', async () => {
  await compareNetworks(Array.from({ length: 40 }, (_, seed) => seed));
});
