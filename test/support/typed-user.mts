// A user's TypeScript program, compiled against the built declarations.

import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, modules } from './packed.mjs';
import { newFolder } from './scratch.js';

/** Makes a user's folder with a TypeScript program, the package of this checkout, and the types of Node. */
export function typedUser(file: string, program: string): string {
  const folder = newFolder();
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['@types', 'undici-types']) {
    symlinkSync(join(modules, name), join(folder, 'node_modules', name));
  }
  symlinkSync(checkout, join(folder, 'node_modules/blasnet'));
  writeFileSync(join(folder, file), program);
  return folder;
}

/** Compiles the file, without skipLibCheck. `version` is the package of a TypeScript. */
export function compile(folder: string, version: string, file: string, options: readonly string[]) {
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join(modules, version, 'bin/tsc'),
      ...['--target', 'es2022', '--module', 'nodenext', '--types', 'node'],
      ...options,
      file,
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  return { status, stdout };
}
