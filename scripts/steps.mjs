// The steps from a checkout to something that runs, and which of them are due.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A step that makes `output` of `inputs` by an npm script.
 * @typedef {object} Step
 * @property {string} title
 * @property {string} script
 * @property {string[]} inputs   files and folders; what a folder of them holds in dist/ does not count
 * @property {string} output
 */

/** The commands themselves, and the versions of what they run. */
const configuration = ['package.json', 'package-lock.json'];

/** @type {readonly Step[]} */
export const buildSteps = [
  {
    title: 'Building the native addon',
    script: 'build:native',
    inputs: ['CMakeLists.txt', 'native', ...configuration],
    output: 'build/Release/blasnet.node',
  },
  {
    title: 'Building the library',
    script: 'build:lib',
    inputs: ['tsconfig.json', 'tsconfig.build.json', 'scripts/bundle.mjs', 'lib', ...configuration],
    output: 'dist/index.js',
  },
  {
    title: 'Building the examples',
    script: 'build:examples',
    inputs: ['examples', ...configuration],
    output: 'examples/moons/dist/main.mjs',
  },
];

/** Alpine's C library; node-gyp-build looks for the same file. */
export const musl = existsSync('/etc/alpine-release');

/** Whether GCC's sanitizers can be had here. */
export const sanitizers = process.platform === 'linux' && !musl;

/** @type {readonly Step[]} */
export const testSteps = sanitizers
  ? [
      {
        title: 'Building the native addon with sanitizers',
        script: 'build:sanitize',
        inputs: ['CMakeLists.txt', 'native', ...configuration],
        output: 'build-sanitize/build/Release/blasnet.node',
      },
      {
        title: 'Building the native addon with the thread sanitizer',
        script: 'build:sanitize:threads',
        inputs: ['CMakeLists.txt', 'native', ...configuration],
        output: 'build-sanitize-threads/build/Release/blasnet.node',
      },
    ]
  : [];

/**
 * Whether node_modules is not what package-lock.json asks for. npm records what it installed at the end,
 * so an interrupted installation counts as none.
 * @param {string} root
 */
export function packagesDue(root) {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).some(([path, { version, integrity, optional }]) => {
    if (path === '') return false; // the checkout itself
    const present = installed[path];
    if (present === undefined) return !optional; // made for another platform
    return present.version !== version || present.integrity !== integrity;
  });
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>}
 */
function packagesIn(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : {};
}

/**
 * The steps whose output is missing or was made of other inputs.
 * @param {string} root
 * @param {readonly Step[]} steps
 */
export function dueSteps(root, steps) {
  return steps.filter(
    (step) =>
      !existsSync(join(root, step.output)) || readStamp(root, step) !== fingerprint(root, step.inputs),
  );
}

/**
 * Runs a step and remembers of which inputs its output was made. Neither an old output nor an old stamp is there
 * meanwhile: a build that is killed half-way starts again, and an edit during the build is built the next time.
 * @param {string} root
 * @param {Step} step
 * @param {() => void} build   throws when it fails
 */
export function perform(root, step, build) {
  const before = fingerprint(root, step.inputs);
  rmSync(stampFile(root, step), { force: true });
  rmSync(join(root, step.output), { force: true });
  build();
  mkdirSync(dirname(stampFile(root, step)), { recursive: true });
  writeFileSync(stampFile(root, step), before);
}

/**
 * @param {string} root
 * @param {Step} step
 */
function readStamp(root, step) {
  const file = stampFile(root, step);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/**
 * @param {string} root
 * @param {Step} step
 */
function stampFile(root, { script }) {
  return join(root, 'build', 'stamps', script.replaceAll(':', '-'));
}

/**
 * A digest of the names and contents of all inputs.
 * @param {string} root
 * @param {readonly string[]} inputs
 */
function fingerprint(root, inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for (const file of filesUnder(root, input)) {
      const content = readFileSync(join(root, file));
      hash.update(`${file}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {string} path
 * @returns {string[]}
 */
function filesUnder(root, path) {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found ? [path] : [];
  return readdirSync(join(root, path))
    .filter((name) => name !== 'dist' && name !== 'node_modules')
    .sort()
    .flatMap((name) => filesUnder(root, join(path, name)));
}
