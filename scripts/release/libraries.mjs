// Builds the static OpenBLAS and Highway that a prebuilt addon links, and unpacks the headers of fast_float.

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, relative } from 'node:path';
import { run } from '../run.mjs';
import { fastFloat, fetchSource, highway, openblas } from './sources.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/*
 * The parts of OpenBLAS that are built. It has no threads, since they would compete with ours; but many of our threads
 * call it at once, so it needs its locks. NUM_THREADS is then the number of callers before it allocates more tables; it
 * is fixed, so that it does not depend on the building machine.
 */
const openblasOptions = [
  'DYNAMIC_ARCH=1',
  'USE_THREAD=0',
  'USE_LOCKING=1',
  'NUM_THREADS=256',
  'BUILD_SINGLE=1',
  'BUILD_DOUBLE=1',
  'ONLY_CBLAS=1',
  'NO_LAPACK=1',
  'NO_LAPACKE=1',
  'NOFORTRAN=1',
  'NO_SHARED=1',
  'NO_AFFINITY=1',
  'NO_WARMUP=1',
  'LIBPREFIX=libopenblas',
];

const highwayOptions = {
  CMAKE_BUILD_TYPE: 'Release',
  CMAKE_POSITION_INDEPENDENT_CODE: 'ON',
  BUILD_SHARED_LIBS: 'OFF',
  BUILD_TESTING: 'OFF',
  HWY_ENABLE_TESTS: 'OFF',
  HWY_ENABLE_EXAMPLES: 'OFF',
  HWY_ENABLE_CONTRIB: 'OFF',
};

/** The kernels need these of Highway's contributed parts, which compile in minutes and install all or none. */
const highwayHeaders = ['hwy/contrib/math/math-inl.h'];

/**
 * The definitions that tell CMakeLists.txt where the libraries are.
 * @param {Target} target
 * @param {string} prefix   as buildLibraries returned it
 * @returns {Record<string, string>}
 */
export function libraryDefinitions({ platform, openblas: variables }, prefix) {
  /** @type {Record<string, string>} */
  const blas =
    variables.length === 0
      ? { BLASNET_BLAS: 'Apple' }
      : {
          BLASNET_BLAS: 'custom',
          BLASNET_BLAS_LIBRARIES: [
            join(prefix, 'lib/libopenblas.a'),
            ...(platform === 'linux' ? ['m'] : []),
          ].join(';'),
          BLASNET_BLAS_INCLUDE_DIR: join(prefix, 'include'),
        };
  return { ...blas, hwy_DIR: join(prefix, 'lib/cmake/hwy'), FAST_FLOAT_INCLUDE_DIR: join(prefix, 'include') };
}

/**
 * Builds the libraries if they do not exist yet, and returns the folder that holds include/ and lib/.
 * @param {Target} target
 * @param {object} places
 * @param {string} places.sources   the folder of the archives
 * @param {string} places.folder    the target's own folder
 * @param {Record<string, string>} places.definitions   CMake's, for the compiler
 * @param {Toolchain | undefined} places.cross
 * @typedef {import('./targets.mjs').Toolchain} Toolchain
 */
export async function buildLibraries(target, { sources, folder, definitions, cross }) {
  const prefix = join(folder, 'libraries');
  const wanted = recipe(target, definitions);
  const stamp = join(prefix, 'recipe');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return prefix;

  const work = join(folder, 'libraries-work');
  rmSync(prefix, { recursive: true, force: true });
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  // Installs to another folder, then renames it: a build that is killed leaves nothing that looks complete.
  const installed = join(work, 'installed');
  if (target.openblas.length > 0) await buildOpenblas(target, { sources, work, installed, cross });
  await buildHighway(target, { sources, work, installed, definitions });
  const headers = join(await unpack(fastFloat, sources, work), 'include');
  cpSync(headers, join(installed, 'include'), { recursive: true });
  writeFileSync(join(installed, 'recipe'), wanted);
  renameSync(installed, prefix);
  rmSync(work, { recursive: true });
  return prefix;
}

/**
 * @param {Target} target
 * @param {{ sources: string, work: string, installed: string, cross: Toolchain | undefined }} places
 */
async function buildOpenblas(target, { sources, work, installed, cross }) {
  const cwd = await unpack(openblas, sources, work);
  const tools = cross
    ? [`CC=${cross.prefix}gcc`, 'HOSTCC=gcc', 'CROSS=1', `CROSS_SUFFIX=${cross.prefix}`]
    : [];
  const variables = [...openblasOptions, ...target.openblas, ...tools];
  const env = compilerEnvironment(target);
  const title = `Building ${openblas.name} ${openblas.version} for ${target.name}`;
  run(title, 'make', ['-j', String(cpus().length), 'libs', ...variables], { cwd, env });
  // A relative path: the makefile does not quote it, and the name of this folder may hold spaces.
  const PREFIX = relative(cwd, installed);
  run('Installing it', 'make', ['install', ...variables, `PREFIX=${PREFIX}`], { cwd, env });
}

/**
 * @param {Target} target
 * @param {{ sources: string, work: string, installed: string, definitions: Record<string, string> }} places
 */
async function buildHighway(target, { sources, work, installed, definitions }) {
  const cwd = await unpack(highway, sources, work);
  const all = {
    ...highwayOptions,
    ...definitions,
    CMAKE_INSTALL_PREFIX: installed,
    CMAKE_INSTALL_LIBDIR: 'lib',
  };
  const flags = Object.entries(all).map(([name, value]) => `-D${name}=${value}`);
  const env = compilerEnvironment(target);
  const title = `Building ${highway.name} ${highway.version} for ${target.name}`;
  run(title, 'cmake', ['-S', '.', '-B', 'build', ...flags], { cwd, env });
  run('Compiling it', 'cmake', ['--build', 'build', '--target', 'install'], { cwd, env });
  for (const header of highwayHeaders) cpSync(join(cwd, header), join(installed, 'include', header));
}

/**
 * @param {import('./sources.mjs').Source} source
 * @param {string} sources
 * @param {string} work
 */
async function unpack(source, sources, work) {
  const archive = await fetchSource(source, sources);
  run(`Unpacking ${source.name}`, 'tar', ['-xf', archive, '-C', work], { cwd: work });
  return join(work, source.folder);
}

/**
 * Returns the environment with the flags for all compilers of the libraries.
 * @param {Target} target
 * @returns {NodeJS.ProcessEnv}
 */
function compilerEnvironment({ platform }) {
  // For vectors on the stack; CMakeLists.txt sets this flag for the addon, and says why.
  const flags = '-Wa,-muse-unaligned-vector-move';
  return platform === 'win32' ? { CFLAGS: flags, CXXFLAGS: flags } : {};
}

/**
 * Identifies everything that determines the libraries.
 * @param {Target} target
 * @param {Record<string, string>} definitions
 */
function recipe(target, definitions) {
  const environment = compilerEnvironment(target);
  const headers = highwayHeaders;
  const parts = {
    openblas,
    openblasOptions,
    highway,
    highwayOptions,
    fastFloat,
    headers,
    target,
    definitions,
    environment,
  };
  return `${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}\n`;
}
