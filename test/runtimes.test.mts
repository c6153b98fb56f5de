// Runs the checks of the core under this Node, so that they stay correct. scripts/runtimes.mjs also runs them under Bun
// and Deno (npm run test:runtimes).

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('the checks of the core pass under this Node', () => {
  const core = fileURLToPath(new URL('runtimes/core.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [core], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const { runtime, passed, failed } = JSON.parse(stdout);
  expect(runtime).toBe(`Node ${process.versions.node}`);
  expect(failed).toEqual({});
  expect(passed.length).toBeGreaterThan(15);
  expect(status).toBe(0);
});
