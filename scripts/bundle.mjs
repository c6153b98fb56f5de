// Bundles the library into dist/index.js, since one file loads in half the time of its many modules. What a user may
// leave out has a bundle of its own: dist/tables.js takes the modules that both need from dist/index.js, so that each
// exists once; so do dist/serving.js, dist/streaming.js, dist/mapping.js and dist/interop.js, which dist/index.js and dist/tables.js load on first use. dist/columnar-worker.js runs in a thread of its own, which shares no modules. dist/functional.js exports
// functions of dist/index.js. The bundles keep their lines, since Node prints the line of an uncaught error; without its
// white space a bundle would load no faster. tsc makes the types (npm run build:lib).

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { commit } from './commit.mjs';

const path = (/** @type {string} */ name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const { version, peerDependencies } = JSON.parse(readFileSync(path('package.json'), 'utf8'));

/** @satisfies {import('esbuild').BuildOptions} */
const options = /** @type {const} */ ({
  bundle: true,
  platform: 'node',
  target: 'node18',
  logLevel: 'warning',
});
const external = ['node-gyp-build', ...Object.keys(peerDependencies)];
const define = {
  BLASNET_COMMIT: JSON.stringify(commit(path(''))),
  BLASNET_TO_PACKAGE: JSON.stringify('..'),
  BLASNET_VERSION: JSON.stringify(version),
};

/** Where dist/index.js keeps the modules that other bundles take from it. */
const modules = "Symbol.for('blasnet.modules')";

/** The bundles besides dist/index.js: the file in dist/, and the rooms of lib/ that it contains. */
const parts = [
  {
    name: 'tables',
    entry: 'lib/tabular/with-worker.ts',
    rooms: ['tables', 'tabular'],
    copies: [],
    // As below: programs that copy the files of a service then copy this one, too.
    footer: "0 && require('./columnar-worker.js');\n0 && require('./trial-worker.js');",
  },
  { name: 'serving', entry: 'lib/serving/index.ts', rooms: ['serving'], copies: [], footer: '' },
  {
    name: 'streaming',
    entry: 'lib/streaming/index.ts',
    rooms: ['streaming'],
    copies: ['tabular'],
    footer: '',
  },
  { name: 'distributed', entry: 'lib/distributed/index.ts', rooms: ['distributed'], copies: [], footer: '' },
  {
    name: 'cli',
    entry: 'lib/cli/index.ts',
    rooms: ['cli'],
    copies: ['distributed'],
    banner: '#!/usr/bin/env node',
    footer: '',
  },
  // They have a few modules of tables, too, so that they do without the rest of them.
  { name: 'mapping', entry: 'lib/mapping/index.ts', rooms: ['mapping'], copies: ['tables'], footer: '' },
  { name: 'interop', entry: 'lib/interop/index.ts', rooms: ['interop'], copies: ['tables'], footer: '' },
];

const partOfRoom = new Map(parts.flatMap(({ name, rooms }) => rooms.map((room) => [room, name])));

/**
 * Lets a bundle load another one on first use: `import('../interop/index.js')` becomes `require('./interop.js')`.
 * @type {import('esbuild').Plugin}
 */
const loadLater = {
  name: 'load-later',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ importer, path: imported, kind }) => {
      if (kind !== 'dynamic-import') return undefined;
      const name = relative(path('lib'), join(dirname(importer), imported)).split(sep)[0] ?? '';
      return { path: `./${partOfRoom.get(name)}.js`, external: true };
    });
  },
};

/** `require`, since a test runner's own module system may lack `import()`. */
const supported = { 'dynamic-import': false };

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
      const room = name.split('/')[0] ?? '';
      if (rooms.includes(room)) return undefined;
      if (partOfRoom.has(room)) throw new Error(`${importer} takes ${name}, which is in another bundle.`);
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
for (const { name, entry, rooms, copies, footer, banner = '' } of parts) {
  await build({
    ...options,
    external,
    entryPoints: [path(entry)],
    outfile: path(`dist/${name}.js`),
    format: 'cjs',
    supported,
    plugins: [loadLater, takeOthers([...rooms, ...copies], taken)],
    footer: { js: footer },
    banner: { js: banner },
  });
}

await build({
  ...options,
  external,
  entryPoints: [path('lib/tables/columnar-worker.ts')],
  outfile: path('dist/columnar-worker.js'),
  format: 'cjs',
  define,
});

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
  supported,
  plugins: [loadLater],
  define,
  // Programs that copy the files of a service (Next.js, serverless functions) know this call, and follow it to the addon.
  // The library itself asks node-gyp-build for the path, to check the file first.
  footer: { js: "0 && require('node-gyp-build')(require('path').join(__dirname, '..'));" },
});

/**
 * An ES module in which nothing is required. `require` of a module of Node fails in bundles that are ES modules, and
 * bundlers warn of `require` of a path that is computed. So dist/index.mjs has other forms of some modules, and
 * node-gyp-build's search for the addon, which needs three modules of Node.
 * @type {import('esbuild').Plugin}
 */
const withoutRequire = {
  name: 'without-require',
  setup(builder) {
    builder.onResolve({ filter: /\/(here|lazy-modules)$/ }, ({ path: name, resolveDir }) => ({
      path: join(resolveDir, `${name}-esm.mts`),
    }));
    const require = createRequire(import.meta.url);
    builder.onResolve({ filter: /^node-gyp-build$/ }, ({ path: name }) => ({
      path: require.resolve(`${name}/node-gyp-build.js`),
    }));
    builder.onLoad({ filter: /node-gyp-build\.js$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8')
        .replace(/^var (\w+) = require\('(\w+)'\)$/gm, "import $1 from 'node:$2';")
        .replace(
          /^var runtimeRequire = .*$/m,
          "const runtimeRequire = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));",
        )
        .replace('module.exports = load', 'export default load'),
    }));
  },
};

const entries = {
  index: 'index',
  functional: 'functional',
  tables: 'tabular/index',
  serving: 'serving/index',
  distributed: 'distributed/index',
  interop: 'interop/index',
  mapping: 'mapping/index',
  streaming: 'streaming/index',
};
const { metafile } = await build({
  ...options,
  absWorkingDir: path(''),
  entryPoints: Object.entries(entries).map(([out, name]) => ({ in: path(`lib/${name}.ts`), out })),
  outdir: path('dist'),
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  splitting: true,
  define,
  plugins: [withoutRequire],
  metafile: true,
});
for (const file of Object.keys(metafile.outputs)) {
  if (!/\brequire\(/.test(readFileSync(path(file), 'utf8'))) continue;
  throw new Error(`${file} calls require, which bundles that are ES modules do not have.`);
}

// The program of a worker process, which lib/tabular/processes/channel.ts starts.
writeFileSync(
  path('dist/trial-worker.js'),
  "'use strict';\nrequire('./tables.js')[Symbol.for('blasnet.trialWorker')]((url) => import(url));\n",
);

// Exports each name by itself, so that `import { initLayers } from 'blasnet/functional'` finds it.
const names = metafile.outputs['dist/functional.mjs']?.exports ?? [];
writeFileSync(
  path('dist/functional.js'),
  `'use strict';\nconst { functional } = require('./index.js');\n${names
    .map((name) => `exports.${name} = functional.${name};\n`)
    .join('')}`,
);
