// Every bit of a small file flipped, and random damage.

import { beforeAll, expect, test } from 'vitest';
import { damaged, readsDamaged, smallFile } from './onnx-damage';

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await smallFile();
});

test('a file with one bit flipped gives a network or an error about the file', async () => {
  let networks = 0;
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const copy = bytes.slice();
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    if (await readsDamaged(copy)) networks++;
  }
  expect(networks).toBeGreaterThan(0);
  expect(networks).toBeLessThan(8 * bytes.length);
});

test('10,000 files with random damage give networks or errors about the file', async () => {
  let networks = 0;
  for (let seed = 0; seed < 10_000; seed++) if (await readsDamaged(damaged(bytes, seed))) networks++;
  expect(networks).toBeLessThan(10_000);
});
