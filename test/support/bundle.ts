// Bundles one module of the library, for tests that use it in another process although the package does not export it.

import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';
import { newFolder } from './scratch';

/** Bundles a module of lib/ with its imports into a JavaScript file for the current test, and returns its path. */
export function bundled(module: string): string {
  const outfile = join(newFolder(), `${basename(module)}.js`);
  const entry = join(__dirname, '../../lib', `${module}.ts`);
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node', logLevel: 'warning' });
  return outfile;
}
