// Bundles the library into dist/index.js, since one file loads in half the time of its forty modules, and writes
// dist/functional.js, which exports functions of that bundle. The bundle keeps its lines, since Node prints the line of an
// uncaught error; without its white space it would load no faster. tsc makes the types (npm run build:lib).

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { commit } from './commit.mjs';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const { version } = JSON.parse(readFileSync(path('package.json'), 'utf8'));

/** @satisfies {import('esbuild').BuildOptions} */
const options = /** @type {const} */ ({
  bundle: true,
  platform: 'node',
  target: 'node18',
  logLevel: 'warning',
});
const external = ['node-gyp-build'];

await build({
  ...options,
  external,
  entryPoints: [path('lib/index.ts')],
  outfile: path('dist/index.js'),
  format: 'cjs',
  define: {
    BLASNET_COMMIT: JSON.stringify(commit(path(''))),
    BLASNET_TO_PACKAGE: JSON.stringify('..'),
    BLASNET_VERSION: JSON.stringify(version),
  },
  // Programs that copy the files of a service (Next.js, serverless functions) know this call, and follow it to the addon.
  // The library itself asks node-gyp-build for the path, to check the file first.
  footer: { js: "0 && require('node-gyp-build')(require('path').join(__dirname, '..'));" },
});

// Exports each name by itself, so that `import { initLayers } from 'blasnet/functional'` finds it.
const { metafile } = await build({
  ...options,
  external,
  entryPoints: [path('lib/functional.ts')],
  outfile: path('dist/functional.js'),
  format: 'esm',
  write: false,
  metafile: true,
});
const names = Object.values(metafile.outputs).flatMap((output) => output.exports);
writeFileSync(
  path('dist/functional.js'),
  `'use strict';\nconst { functional } = require('./index.js');\n${names
    .map((name) => `exports.${name} = functional.${name};\n`)
    .join('')}`,
);
