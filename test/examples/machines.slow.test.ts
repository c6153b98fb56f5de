// Runs examples/machines/ and examples/trials/ like their comments say.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { launcherNames, launchers } from '../distributed/launched';
import { newFolder } from '../support/scratch';

const program = join(__dirname, '../../examples/machines/main.mjs');
const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

it.each(launcherNames)(
  'the example prints the same with one process and two, and when it is started again: %s',
  (name) => {
    const options = name === 'Open MPI' ? ['--oversubscribe', '--bind-to', 'none'] : [];
    const folder = join(newFolder(), 'checkpoints');
    const alone = spawnSync(process.execPath, [program], { encoding: 'utf8', env });
    expect({ status: alone.status, stderr: alone.stderr }).toEqual({ status: 0, stderr: '' });
    expect(alone.stdout).toMatch(/^Loss 0\.\d{6} after 10 epochs; W2 has the hash [\da-f]{16}\.\n$/);
    for (const _ of ['first', 'again']) {
      const args = ['-n', '2', ...options, process.execPath, program, folder];
      const two = spawnSync(launchers[name], args, { encoding: 'utf8', env });
      expect({ status: two.status, stdout: two.stdout }).toEqual({ status: 0, stdout: alone.stdout });
    }
  },
);

it.each(launcherNames)(
  'the example of a search prints the same with two ranks as with two workers: %s',
  (name) => {
    const trials = join(__dirname, '../../examples/trials/main.mjs');
    const options = name === 'Open MPI' ? ['--oversubscribe', '--bind-to', 'none'] : [];
    const alone = spawnSync(process.execPath, [trials], { encoding: 'utf8', env });
    const args = ['-n', '2', ...options, process.execPath, trials];
    const two = spawnSync(launchers[name], args, { encoding: 'utf8', env });
    const hash = (stdout: string) => /the hash ([\da-f]{16})/.exec(stdout)?.[1];
    expect([alone.status, two.status]).toEqual([0, 0]);
    expect(hash(alone.stdout)).toBeDefined();
    expect(hash(two.stdout)).toBe(hash(alone.stdout));
  },
);
