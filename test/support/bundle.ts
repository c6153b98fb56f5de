// A part of the library by itself, for tests of what the package does not export in processes of their own.

import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';
import { newFolder } from './scratch';

/** Puts a module of lib/ and what it imports into one file of JavaScript, for the test that runs; its path. */
export function bundled(module: string): string {
  const outfile = join(newFolder(), `${basename(module)}.js`);
  const entry = join(__dirname, '../../lib', `${module}.ts`);
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node', logLevel: 'warning' });
  return outfile;
}
