// Replaces here.ts in dist/index.mjs, which bundlers take: see scripts/bundle.mjs.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = find();

function find(): string {
  // Turbopack copies the folder that this call of `join` names to where the bundle runs.
  if (typeof __dirname === 'string' && existsSync(join(__dirname, '../prebuilds'))) return __dirname;
  return [...places()].find(existsSync) ?? process.cwd();
}

function* places(): Generator<string> {
  // A bundler may make a CommonJS module of this one, which has no URL.
  if (typeof __dirname === 'string') yield __dirname;
  if (import.meta.url !== undefined) yield dirname(fileURLToPath(import.meta.url));
  // webpack and Turbopack write where this file was on the machine of the build.
  if (process.argv[1] !== undefined) yield dirname(process.argv[1]);
}
