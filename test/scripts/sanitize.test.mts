import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sanitizers } from '../../scripts/steps.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.runIf(sanitizers)('the native tests pass under the sanitizers', { timeout: 600_000 }, () => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'test:sanitize'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
});
