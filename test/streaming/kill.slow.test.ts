// A process that trains from a source with checkpoints is killed at any moment: bench/soak/kills.mjs does it 100 times.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../network/child';

test('a killed training from a source goes on in a new process, and ends equal', async () => {
  const { stdout, stderr, code } = await run([join(__dirname, '../../bench/soak/kills.mjs'), '5']);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^5 kills, \d of them within an epoch, in \d+ trainings: equal\n$/);
  expect(code).toBe(0);
});
