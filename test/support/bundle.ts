// Bundles one module of the library, for tests that use it in another process although the package does not export it.

import { basename, dirname, join, relative } from 'node:path';
import { buildSync } from 'esbuild';
import { newFolder } from './scratch';

/** Bundles a module, such as formats/atomic of lib/, with its imports into a JavaScript file for the current test, and returns its path. */
export function bundled(module: string): string {
  const outfile = join(newFolder(), `${basename(module)}.js`);
  const root = join(__dirname, '../..');
  buildSync({
    entryPoints: [join(root, 'lib', `${module}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    logLevel: 'warning',
    // Where the addon is: see lib/addon/package-root.ts.
    define: { BLASNET_TO_PACKAGE: JSON.stringify(relative(dirname(outfile), root)) },
  });
  return outfile;
}
