import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sanitizers } from '../../scripts/steps.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe.runIf(sanitizers)('tests pass under the sanitizers', () => {
  test.each([
    ['the native ones, of memory', 'test:sanitize'],
    ['the concurrent ones, of threads', 'test:sanitize:threads'],
  ])('%s', { timeout: 600_000 }, (_, script) => {
    const { status, stdout, stderr } = spawnSync('npm', ['run', script], { cwd: root, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });
});
