import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sanitizers } from '../../scripts/steps.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe.runIf(sanitizers)('npm run test:sanitize', () => {
  test.each([
    { tests: 'the native tests', sanitizers: 'memory', script: 'test:sanitize' },
    { tests: 'the concurrent tests', sanitizers: 'threads', script: 'test:sanitize:threads' },
  ])('$tests pass under the sanitizers of $sanitizers', { timeout: 600_000 }, ({ script }) => {
    const { status, stdout, stderr } = spawnSync('npm', ['run', script], { cwd: root, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });
});
