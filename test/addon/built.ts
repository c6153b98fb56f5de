import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { BuildInfo } from '../../lib';

export const root = join(__dirname, '../..');

/** Returns buildInfo() of the built library. */
export function builtInfo(env: Record<string, string> = {}): BuildInfo {
  const script = 'console.log(JSON.stringify(require(process.argv[1]).buildInfo()))';
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, root], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}
