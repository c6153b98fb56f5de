// Builds addons for other machines: they contain OpenBLAS, Highway and fast_float, and need nothing of this machine.
//
//   node scripts/release/prebuild.mjs [TARGET ...]     (npm run build:prebuilt; the default is this machine's target)
//
// An addon is left in prebuilds/, where node-gyp-build finds it, with a record of its sources next to it. The test
// addon is left in prebuilds-test/, which is not packed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commit } from '../commit.mjs';
import { RunError } from '../run.mjs';
import { buildLibraries, libraryDefinitions } from './libraries.mjs';
import { recordFile, sourcesDigest } from './record.mjs';
import { archives, fastFloat, highway, openblas } from './sources.mjs';
import { hostTarget, prebuiltFile, prebuiltTestFile, targets } from './targets.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));
const work = join(root, 'build-release');

try {
  for (const target of chosen(process.argv.slice(2))) await prebuild(target);
} catch (error) {
  if (!(error instanceof RunError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** @param {string[]} names */
function chosen(names) {
  const known = `The targets are ${targets.map(({ name }) => name).join(', ')}.`;
  if (names.length > 0) {
    return names.map((name) => {
      const target = targets.find((candidate) => candidate.name === name);
      if (target === undefined) throw new RunError(`There is no target "${name}". ${known}`);
      return target;
    });
  }
  const host = hostTarget();
  if (host === undefined)
    throw new RunError(`Nothing is prebuilt for ${process.platform}-${process.arch}. ${known}`);
  return [host];
}

/** @param {Target} target */
async function prebuild(target) {
  const cross = target === hostTarget() ? undefined : target.cross;
  if (target !== hostTarget() && (cross === undefined || process.platform !== 'linux')) {
    throw new RunError(
      `${target.name} can be built only on ${target.cross ? 'Linux or ' : ''}a machine of that kind.`,
    );
  }
  const definitions = compilerDefinitions(target, cross);
  const folder = join(work, target.name);
  const prefix = await buildLibraries(target, { sources: archives, folder, definitions, cross });

  process.stdout.write(`Building the addon for ${target.name} ... `);
  const start = performance.now();
  await buildAddon(target, folder, {
    ...definitions,
    ...libraryDefinitions(target, prefix),
    BLASNET_PORTABLE: 'ON',
    BLASNET_TESTS: 'ON',
  });
  const addon = join(root, prebuiltFile(target));
  chmodSync(addon, 0o644); // as from an archive: npm packs the modes, too
  const bytes = readFileSync(addon);
  const record = {
    target: target.name,
    commit: commit(root),
    sources: sourcesDigest(root),
    libraries: [...(target.openblas.length > 0 ? [openblas] : []), highway, fastFloat].map(
      ({ name, version, license, sha256 }) => ({ name, version, license, sha256 }),
    ),
    compiler: compiler(cross),
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  writeFileSync(join(root, recordFile(target)), `${JSON.stringify(record, undefined, 2)}\n`);
  console.log(`${((performance.now() - start) / 1000).toFixed(1)} s, ${(bytes.length / 1e6).toFixed(2)} MB`);
}

/**
 * @param {Target} target
 * @param {string} folder
 * @param {Record<string, string>} definitions
 */
async function buildAddon(target, folder, definitions) {
  // prebuildify takes an addon from build/Release of its working folder; the checkout's build/ is not touched.
  const cwd = join(folder, 'addon');
  rmSync(cwd, { recursive: true, force: true });
  rmSync(join(root, prebuiltFile(target)), { force: true });
  mkdirSync(cwd, { recursive: true });
  const settings = {
    napi: true,
    platform: target.platform,
    arch: target.arch,
    libc: target.libc,
    tagLibc: target.libc !== undefined,
    name: 'blasnet',
    cwd,
    out: root,
    nodeGyp: `"${process.execPath}" "${fileURLToPath(new URL('node-gyp.mjs', import.meta.url))}"`,
    shell: process.platform === 'win32' ? true : '/bin/sh',
    quiet: process.env.BLASNET_VERBOSE === undefined,
  };
  Object.assign(process.env, {
    BLASNET_DEFINITIONS: JSON.stringify(definitions),
    CMAKE_BUILD_PARALLEL_LEVEL: String(cpus().length),
  });
  /** @type {(options: object, done: (error?: Error) => void) => void} */
  const prebuildify = require('prebuildify');
  await new Promise((resolve, reject) => {
    prebuildify(settings, (error) => (error ? reject(error) : resolve(undefined)));
  }).catch((error) => {
    throw new RunError(`${error.message}; set BLASNET_VERBOSE=1 to see why.`);
  });
  const testAddon = join(root, prebuiltTestFile(target));
  mkdirSync(dirname(testAddon), { recursive: true });
  copyFileSync(join(cwd, 'build', 'blasnet_test.node'), testAddon);
}

/**
 * CMake's definitions that name the compiler, for both the libraries and the addon.
 * @param {Target} target
 * @param {Toolchain | undefined} cross
 * @typedef {import('./targets.mjs').Toolchain} Toolchain
 * @returns {Record<string, string>}
 */
function compilerDefinitions({ platform, arch }, cross) {
  if (platform === 'darwin') {
    return {
      CMAKE_OSX_ARCHITECTURES: arch === 'x64' ? 'x86_64' : arch,
      // The oldest Node that the package allows needs this version.
      CMAKE_OSX_DEPLOYMENT_TARGET: arch === 'x64' ? '10.15' : '11.0',
    };
  }
  if (cross === undefined) return {};
  return {
    CMAKE_SYSTEM_NAME: cross.system,
    CMAKE_SYSTEM_PROCESSOR: cross.processor,
    CMAKE_C_COMPILER: `${cross.prefix}gcc`,
    CMAKE_CXX_COMPILER: `${cross.prefix}g++`,
  };
}

/** @param {Toolchain | undefined} cross */
function compiler(cross) {
  const { stdout, error } = spawnSync(cross ? `${cross.prefix}g++` : 'c++', ['--version'], {
    encoding: 'utf8',
  });
  return error ? null : (stdout.split('\n')[0] ?? null);
}
