import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// Runs in its own process, so that a crash is visible as one.
it('native code stays in its arrays while another thread rewrites the indices that it has checked', () => {
  const program = fileURLToPath(new URL('changing-indices.mjs', import.meta.url));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  expect({ status, signal }, stdout + stderr).toEqual({ status: 0, signal: null });
  expect(stdout).toMatch(/^\d+ calls returned, \d+ threw$/m);
  const [returned = 0, threw = 0] = (stdout.match(/\d+/g) ?? []).map(Number);
  // The writer was there, and did not spoil everything.
  expect(returned).toBeGreaterThan(10_000);
  expect(threw).toBeGreaterThan(0);
});
