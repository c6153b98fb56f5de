// The build steps of a checkout, and which of them are due.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { head } from './commit.mjs';
import { fingerprint } from './fingerprint.mjs';
import { mismatch } from './release/record.mjs';
import { hostTarget, musl, prebuiltFile } from './release/targets.mjs';

/**
 * A step: an npm script that turns `inputs` into `output`.
 * @typedef {object} Step
 * @property {string} title
 * @property {string} script
 * @property {string[]} inputs   files and folders; a folder's dist/ does not count
 * @property {string} output
 * @property {readonly Purpose[]} needs   the tools that the machine must have
 * @property {(root: string) => boolean} [due]   replaces the comparison of the inputs
 * @property {boolean} [talks]   the script takes minutes, and prints what it does
 * @property {boolean} [namesCommit]   the output holds the commit: the step is due after each new commit
 * @typedef {import('./requirements.mjs').Requirement['purpose']} Purpose
 */

/** These files name the commands, and the versions of the programs that they run. */
const configuration = ['package.json', 'package-lock.json'];

/** The inputs of the addon and of the test addon. */
const native = ['CMakeLists.txt', 'native', 'test/native/addon', ...configuration];

/** @type {Step} */
const library = {
  title: 'Building the library',
  script: 'build:lib',
  inputs: [
    ...['tsconfig.json', 'tsconfig.build.json', 'lib'],
    ...['scripts/bundle.mjs', 'scripts/commit.mjs', 'scripts/declarations.mjs'],
    ...configuration,
  ],
  output: 'dist/index.js',
  needs: [],
  namesCommit: true,
};

/** @type {readonly Step[]} */
export const buildSteps = [
  {
    title: 'Building the native addon',
    script: 'build:native',
    inputs: native,
    output: 'build/Release/blasnet.node',
    needs: ['compile', 'libraries'],
  },
  library,
  {
    title: 'Building the examples',
    script: 'build:examples',
    inputs: ['examples', ...configuration],
    output: 'examples/moons/dist/main.mjs',
    needs: [],
  },
];

const host = hostTarget();

/** Builds the prebuilt addon of this platform; that of Windows is built on Linux. @type {readonly Step[]} */
export const prebuiltSteps = [
  ...(host === undefined || host.platform === 'win32'
    ? []
    : [
        {
          title: 'Building the prebuilt addon',
          script: 'build:prebuilt',
          inputs: [],
          output: prebuiltFile(host),
          talks: true,
          needs: /** @type {const} */ (['compile', 'archives']),
          due: (/** @type {string} */ root) => mismatch(root, host) !== undefined,
        },
      ]),
];

/** The steps that build the package's contents. */
export const packSteps = [library, ...prebuiltSteps];

/** Whether GCC's sanitizers exist for this platform. */
export const sanitizers = process.platform === 'linux' && !musl;

/** @type {readonly Step[]} */
export const sanitizerSteps = sanitizers
  ? [
      {
        title: 'Building the native addon with sanitizers',
        script: 'build:sanitize',
        inputs: native,
        output: 'build-sanitize/build/Release/blasnet.node',
        needs: ['compile', 'libraries'],
      },
      {
        title: 'Building the native addon with the thread sanitizer',
        script: 'build:sanitize:threads',
        inputs: native,
        output: 'build-sanitize-threads/build/Release/blasnet.node',
        needs: ['compile', 'libraries'],
      },
    ]
  : [];

/**
 * Whether node_modules differs from package-lock.json in a folder. npm records an installation at its end, so an interrupted one
 * does not count.
 * @param {string} root
 */
export function packagesDue(root) {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).some(([path, { version, integrity, optional }]) => {
    if (path === '' || path.startsWith('..')) return false; // the folder itself, and that to which it has a link
    const present = installed[path];
    if (present === undefined) return !optional; // made for another platform
    return present.version !== version || present.integrity !== integrity;
  });
}

/** The folders of examples that have packages of their own. @param {string} root */
export function foldersWithPackages(root) {
  const examples = join(root, 'examples');
  if (!existsSync(examples)) return [];
  return readdirSync(examples)
    .filter((name) => existsSync(join(examples, name, 'package-lock.json')))
    .map((name) => `examples/${name}`);
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>}
 */
function packagesIn(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : {};
}

/**
 * Returns the steps whose output is missing or was made from other inputs.
 * @param {string} root
 * @param {readonly Step[]} steps
 */
export function dueSteps(root, steps) {
  return steps.filter((step) =>
    step.due
      ? step.due(root)
      : !existsSync(join(root, step.output)) || readStamp(root, step) !== origin(root, step),
  );
}

/**
 * Runs a step and records from which inputs it made its output. It first removes the old output and the old stamp: if a
 * build is killed, the step is still due, and an edit during the build is built the next time.
 * @param {string} root
 * @param {Step} step
 * @param {() => void} build   throws if it fails
 */
export function perform(root, step, build) {
  const before = origin(root, step);
  rmSync(stampFile(root, step), { force: true });
  rmSync(join(root, step.output), { force: true });
  build();
  mkdirSync(dirname(stampFile(root, step)), { recursive: true });
  writeFileSync(stampFile(root, step), before);
}

/**
 * Identifies everything that determines a step's output.
 * @param {string} root
 * @param {Step} step
 */
function origin(root, { inputs, namesCommit }) {
  return fingerprint(root, inputs) + (namesCommit ? ` ${head(root)}` : '');
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
