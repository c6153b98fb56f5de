// Bundles the library into dist/index.js, since one file loads in half the time of its many modules. What a user may
// leave out has a bundle of its own: dist/tables.js takes the modules that both need from dist/index.js, so that each
// exists once. dist/functional.js exports functions of dist/index.js. The bundles keep their lines, since Node prints the
// line of an uncaught error; without its white space a bundle would load no faster. tsc makes the types (npm run build:lib).

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
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

/** Where dist/index.js keeps the modules that other bundles take from it. */
const modules = "Symbol.for('blasnet.modules')";

/** The bundles besides dist/index.js: the file in dist/, and the rooms of lib/ that it contains. */
const parts = [{ name: 'tables', entry: 'lib/tables/index.ts', rooms: ['tables'] }];

/**
 * Takes modules of other rooms from dist/index.js, and adds their names to `taken`.
 * @param {readonly string[]} rooms
 * @param {Set<string>} taken
 * @returns {import('esbuild').Plugin}
 */
const takeOthers = (rooms, taken) => ({
  name: 'take-others',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.?\// }, ({ importer, path: imported, namespace }) => {
      if (namespace !== 'file') return { path: imported, external: true };
      const name = relative(path('lib'), join(dirname(importer), imported))
        .split(sep)
        .join('/');
      if (rooms.includes(name.split('/')[0] ?? '')) return undefined;
      taken.add(name);
      return { path: name, namespace: 'other' };
    });
    onLoad({ filter: /.*/, namespace: 'other' }, ({ path: name }) => ({
      contents: `module.exports = require('./index.js')[${modules}][${JSON.stringify(name)}];`,
    }));
  },
});

/** @type {Set<string>} */
const taken = new Set();
for (const { name, entry, rooms } of parts) {
  await build({
    ...options,
    external,
    entryPoints: [path(entry)],
    outfile: path(`dist/${name}.js`),
    format: 'cjs',
    plugins: [takeOthers(rooms, taken)],
  });
}

const shared = [...taken].sort();
await build({
  ...options,
  external,
  stdin: {
    contents: [
      "export * from './lib/index';",
      ...shared.map((name, i) => `import * as module${i} from './lib/${name}';`),
      `Object.defineProperty(module.exports, ${modules}, {`,
      `  value: { ${shared.map((name, i) => `${JSON.stringify(name)}: module${i}`).join(', ')} },`,
      '});',
    ].join('\n'),
    resolveDir: path(''),
    sourcefile: 'index.js',
  },
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
