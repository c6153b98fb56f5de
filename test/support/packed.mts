// The package, as users get it.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));
export const modules = join(checkout, 'node_modules');

/**
 * Runs `npm pack` on the checkout into a folder without other packages, and returns the file's path. It ignores the
 * script that builds first, since a build could remove dist/ during other tests.
 */
export function pack(folder: string): string {
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], checkout);
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
}

/** Packs the addon of this checkout's build, without the release build: see scripts/pack-local.mjs. */
export function packLocal(folder: string): string {
  return run(process.execPath, ['scripts/pack-local.mjs', folder], checkout).trim().split('\n').at(-1) ?? '';
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
