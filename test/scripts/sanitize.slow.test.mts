import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sanitizers } from '../../scripts/steps.mjs';
import { newFolder } from '../support/scratch.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe.runIf(sanitizers)('npm run test:sanitize', () => {
  test.each([
    { tests: 'the native tests', sanitizers: 'memory', script: 'test:sanitize' },
    { tests: 'the concurrent tests', sanitizers: 'threads', script: 'test:sanitize:threads' },
  ])('$tests pass under the sanitizers of $sanitizers', { timeout: 600_000 }, ({ script }) => {
    // A file takes any length. The end says what went wrong.
    const path = join(newFolder(), 'output');
    const file = openSync(path, 'w');
    const { status, signal, error } = spawnSync('npm', ['run', script], {
      cwd: root,
      stdio: ['ignore', file, file],
    });
    closeSync(file);
    const end = readFileSync(path, 'utf8').slice(-20_000);
    expect({ status, signal, error }, end).toEqual({ status: 0, signal: null, error: undefined });
  });
});
