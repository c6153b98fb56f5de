// Installs the packed package with every package manager on a system that has only Node, and uses it. smoke-root.mjs
// makes such systems, smoke-kit.mjs makes the folder:
//
//   node smoke.mjs FOLDER [--offline] [--compilers] [MANAGER ...]     (--compilers: the system may have some)
//
//   blasnet.tgz  node-gyp-build.tgz   the package, and its dependency, for a system without a registry
//   example.mjs  golden.mjs           the README's example, and the article's costs
//   app/dist  app/prebuilds           two bundles of the example: blasnet outside, and only the addon outside
//   npm  pnpm10  pnpm  yarn  berry    package managers, unpacked

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

/** The limit for an install. */
const mostSeconds = 5;

const [folder = '', ...rest] = process.argv.slice(2);
const from = resolve(folder);
const offline = rest.includes('--offline');
const compilers = rest.includes('--compilers');
const tarball = join(from, 'blasnet.tgz');
const dependency = join(from, 'node-gyp-build.tgz');
const { execPath: node } = process;

/**
 * @typedef {object} Manager
 * @property {string[]} command
 * @property {string[]} install   arguments
 * @property {string[]} [run]     the command that starts Node, if it is not `node`
 * @property {Record<string, string>} [files]   its settings in the project
 */

const berry = [node, join(from, 'berry/bin/yarn.js')];
const berrySettings = 'enableTelemetry: false\nenableGlobalCache: false\n';
// By default pnpm runs no scripts of packages, and its later versions fail if a package has some.
const pnpmSettings = {
  'pnpm-workspace.yaml': `dangerouslyAllowAllBuilds: true\n${
    offline ? `overrides:\n  node-gyp-build: file:${dependency}\n` : ''
  }`,
};

/** @type {Record<string, Manager>} */
const managers = {
  npm: {
    command: [node, join(from, 'npm/bin/npm-cli.js')],
    install: ['install', '--loglevel=http', ...(offline ? ['--offline'] : []), tarball],
  },
  pnpm10: {
    command: [node, join(from, 'pnpm10/bin/pnpm.cjs')],
    install: ['add', tarball],
    files: pnpmSettings,
  },
  pnpm: { command: [join(from, 'pnpm/pnpm')], install: ['add', tarball], files: pnpmSettings },
  yarn: {
    command: [node, join(from, 'yarn/bin/yarn.js')],
    install: ['add', ...(offline ? ['--offline'] : []), `file:${tarball}`],
  },
  'berry, node-modules': {
    command: berry,
    install: ['add', `blasnet@file:${tarball}`],
    files: { '.yarnrc.yml': `${berrySettings}nodeLinker: node-modules\n`, 'yarn.lock': '' },
  },
  'berry, PnP': {
    command: berry,
    install: ['add', `blasnet@file:${tarball}`],
    // By default Yarn makes the loader of ES modules only for projects of that type.
    files: { '.yarnrc.yml': `${berrySettings}pnpEnableEsmLoader: true\n`, 'yarn.lock': '' },
    run: [...berry, 'node'],
  },
};

const work = mkdtempSync(join(tmpdir(), 'blasnet smoke ')); // a space, as in the paths of users
try {
  if (!compilers) noCompiler();
  const names = rest.filter((name) => !name.startsWith('--'));
  for (const name of names.length > 0 ? names : Object.keys(managers)) smoke(name);
} finally {
  rmSync(work, { recursive: true, maxRetries: 5 }); // a virus scanner may be reading
}

function noCompiler() {
  const tools = ['cc', 'c++', 'gcc', 'g++', 'clang', 'cmake', 'make', 'ninja', 'python3'];
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((path) => tools.map((tool) => join(path, tool)))
    .filter((file) => existsSync(file));
  if (found.length > 0) throw new Error(`This system can compile: ${found.join(', ')}`);
}

/** @param {string} name */
function smoke(name) {
  const manager = managers[name];
  if (manager === undefined) throw new Error(`There is no manager "${name}"`);
  const project = join(work, name);
  mkdirSync(project);
  const override = { 'node-gyp-build': `file:${dependency}` };
  write(project, 'package.json', {
    name: 'user',
    private: true,
    ...(offline ? { overrides: override, resolutions: override } : {}), // npm's and yarn's
  });
  for (const [file, content] of Object.entries(manager.files ?? {})) write(project, file, content);
  for (const file of ['example.mjs', 'golden.mjs']) cpSync(join(from, file), join(project, file));

  const start = performance.now();
  const said = run(project, [...manager.command, ...manager.install]);
  const seconds = (performance.now() - start) / 1000;
  console.log(`${name}: installed in ${seconds.toFixed(1)} s`);
  // (A machine with compilers may be busy.)
  if (seconds > mostSeconds && !compilers) throw new Error(`${name} took longer than ${mostSeconds} s`);
  if (name === 'npm') onlyThePackages(said);

  const inProject = (/** @type {string[]} */ ...args) =>
    run(project, [...(manager.run ?? [node]), ...args]).trim();
  const place = inProject('-p', "require.resolve('blasnet/package.json')");
  if (existsSync(join(dirname(place), 'build'))) throw new Error(`${name} compiled the addon in ${place}`);
  same(`${name}: the README's example`, inProject('example.mjs'), '1');
  console.log(`  ${inProject('golden.mjs')}`);
  console.log(`  ${inProject('-p', "JSON.stringify(require('blasnet').buildInfo())")}`);

  if (name !== 'npm') return;
  cpSync(join(from, 'app/dist/outside.mjs'), join(project, 'dist/outside.mjs'));
  same('the bundle, blasnet outside', inProject('dist/outside.mjs'), '1');
  const alone = join(work, 'app');
  cpSync(join(from, 'app'), alone, { recursive: true });
  same('the bundle, the addon outside', run(alone, [node, 'dist/inside.cjs']).trim(), '1');
}

/**
 * Checks that npm asked the registry only for the dependency, and for nothing when offline.
 * @param {string} said
 */
function onlyThePackages(said) {
  const fetched = [...said.matchAll(/http fetch GET \d+ (\S+)/g)].map(([, url = '']) => url);
  console.log(`  downloaded: ${fetched.length > 0 ? fetched.join(' ') : 'nothing'}`);
  const others = fetched.filter((url) => !/\/node-gyp-build(\/-\/node-gyp-build-[\d.]+\.tgz)?$/.test(url));
  if (others.length > 0 || fetched.length !== (offline ? 0 : 2)) {
    throw new Error(`Expected to download only the dependency, got ${fetched.join(' ')}`);
  }
}

/**
 * Runs a program with the project as its home, so that it also has its own caches.
 * @param {string} cwd
 * @param {string[]} command
 */
function run(cwd, [program = '', ...args]) {
  const env = { ...process.env, HOME: join(cwd, '.home'), npm_config_audit: 'false', CI: 'true' };
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
  if (status === 0) return args.includes('--loglevel=http') ? stdout + stderr : stdout;
  throw new Error(`${[program, ...args].join(' ')}: ${error?.message ?? status}\n${stdout}${stderr}`);
}

/**
 * @param {string} what
 * @param {string} actual
 * @param {string} expected
 */
function same(what, actual, expected) {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, got ${actual}`);
  console.log(`  ${what.replace(/^.*: /, '')} prints ${actual}`);
}

/**
 * @param {string} project
 * @param {string} file
 * @param {object | string} content
 */
function write(project, file, content) {
  writeFileSync(join(project, file), typeof content === 'string' ? content : JSON.stringify(content));
}
