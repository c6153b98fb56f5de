// Many random networks, run by the programs that they are exported for.

import { test } from 'vitest';
import { compareNetworks } from './tfjs-networks';
import { compareWithFormulas } from './torch-networks';

test.each(['cpu', 'wasm'] as const)(
  'the backend %s of TensorFlow.js answers like 500 networks',
  async (backend) => {
    await compareNetworks(backend, 500);
  },
);

test("the formulas of PyTorch's modules give what 500 networks answer", async () => {
  await compareWithFormulas(500);
});
