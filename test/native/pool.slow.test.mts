// Tests the thread pool alone, in a program under the thread sanitizer.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sanitizers } from '../../scripts/steps.mjs';
import { newFolder } from '../support/scratch.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

it.runIf(sanitizers)(
  'the pool runs every iteration once, wakes every thread it may, and has no races',
  { timeout: 120_000 },
  () => {
    const program = join(newFolder(), 'pool');
    // Another sanitizer may be running these tests.
    const env = { ...process.env, LD_PRELOAD: '' };
    const run = (command: string, ...args: string[]) =>
      spawnSync(command, args, { cwd: root, encoding: 'utf8', env });
    const compiled = run(
      ...(['c++', '-std=c++17', '-O1', '-g', '-pthread', '-fsanitize=thread', '-Wall', '-Wextra'] as const),
      ...[
        '-I',
        'native',
        'test/native/pool.cc',
        'native/engine/pool.cc',
        'native/engine/priority.cc',
        'native/engine/processors.cc',
        '-o',
        program,
      ],
    );
    expect(compiled.status, compiled.stderr).toBe(0);
    const { status, signal, stdout, stderr } = run(program);
    expect({ status, signal, stdout }, stderr).toEqual({ status: 0, signal: null, stdout: 'ok\n' });
  },
);
