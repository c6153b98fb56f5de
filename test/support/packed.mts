// The package as its users get it.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));
export const modules = join(checkout, 'node_modules');

/**
 * What `npm pack` makes of a checkout, in a folder that holds no other package: the file's path. It takes what is built:
 * the script that would build before it could take dist/ from under other tests.
 */
export function pack(folder: string): string {
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], checkout);
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
}

/** Runs a program, which must succeed, and returns what it prints. */
export function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  expect(status, `${error ?? ''}${stdout}${stderr}`).toBe(0);
  return stdout;
}
