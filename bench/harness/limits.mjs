// Compiles and runs the yardsticks in C++: the most that one core can do (limits/fma.cc), and the rates that other
// libraries reach with matrix products. A library that is not installed is left out.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processorFlags } from './machine.mjs';
import { ProcessError, runJson } from './processes.mjs';

const sources = fileURLToPath(new URL('../limits/', import.meta.url));

/** @typedef {'float64' | 'float32'} Dtype */

/** A product's shape: C (M x N) = A (M x K) B (K x N). @typedef {`${number}x${number}x${number}`} Shape */

/**
 * @typedef {object} LibraryEntry
 * @property {string} title
 * @property {string} install
 * @property {readonly string[]} folders   where some distributions put its headers, below /usr/include
 * @property {readonly string[]} link
 * @property {readonly Dtype[]} dtypes
 * @property {() => Record<string, string>[]} [choices]
 *   environments to run it in, if it has several sets of kernels; the best rate counts
 */

const both = /** @type {const} */ (['float64', 'float32']);

/** @satisfies {Record<string, LibraryEntry>} */
const entries = {
  openblas: {
    title: 'OpenBLAS',
    install: 'apt-get install libopenblas-dev',
    folders: ['openblas', ...besides('openblas-')],
    link: ['-lopenblas'],
    dtypes: both,
  },
  blis: {
    title: 'BLIS',
    install: 'apt-get install libblis-dev',
    folders: ['blis', ...besides('blis-')],
    link: ['-lblis'],
    dtypes: both,
    // It takes AVX2 kernels on processors of AMD that have AVX-512.
    choices: () => [{}, ...(processorFlags().includes('avx512f') ? [{ BLIS_KERNELS: 'skx' }] : [])],
  },
  libxsmm: {
    title: 'libxsmm',
    install: 'apt-get install libxsmm-dev',
    folders: [],
    link: ['-lxsmm', '-lxsmmnoblas', '-lpthread', '-lrt', '-ldl', '-lm'],
    dtypes: both,
  },
  onednn: {
    title: 'oneDNN',
    install: 'apt-get install libdnnl-dev',
    folders: [],
    link: ['-ldnnl'],
    dtypes: ['float32'],
  },
};

/** @typedef {keyof typeof entries} LibraryId */

export const libraryIds = /** @type {LibraryId[]} */ (Object.keys(entries));

/** @returns {LibraryEntry} */
export function libraryEntry(/** @type {LibraryId} */ id) {
  return entries[id];
}

/**
 * @param {'fma' | LibraryId} name
 * @param {string} folder   where the program goes
 * @returns {string} its path
 * @throws if there is no compiler, if the library is not installed, or if the program does not compile
 */
export function compileLimit(name, folder) {
  const program = join(folder, name);
  // An ordinary optimisation level: -ffast-math would change the arithmetic.
  const thisProcessor = process.arch === 'arm64' ? '-mcpu=native' : '-march=native';
  const flags = ['-std=c++17', '-O2', thisProcessor, '-Wall', '-Wextra', '-Wno-psabi'];
  const { folders = [], link = [] } = name === 'fma' ? {} : libraryEntry(name);
  const includes = folders.map((path) => `/usr/include/${path}`).filter(existsSync);
  const paths = includes.map((path) => `-isystem${path}`);
  try {
    execFileSync(
      process.env.CXX ?? 'c++',
      [...flags, ...paths, join(sources, `${name}.cc`), '-o', program, ...link],
      { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
    );
  } catch (error) {
    throw new ProcessError(reasonIn(/** @type {Error & { stderr?: string }} */ (error)));
  }
  return program;
}

/** Folders of the machine's own that begin so, such as /usr/include/x86_64-linux-gnu/blis-openmp. */
function besides(/** @type {string} */ start) {
  const triplets = ['x86_64-linux-gnu', 'aarch64-linux-gnu'];
  return triplets.flatMap((triplet) => {
    const folder = `/usr/include/${triplet}`;
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.startsWith(start))
      .map((name) => `${triplet}/${name}`);
  });
}

/** What the compiler or the linker misses, in one line. */
function reasonIn(/** @type {Error & { stderr?: string }} */ { message, stderr = '' }) {
  const missing = /fatal error: (.*)|(cannot find .*)|error: (.*)/.exec(stderr)?.slice(1).find(Boolean);
  return missing ?? message.split('\n')[0] ?? 'does not compile';
}

/**
 * The rate of the register-only loop: the best vector width's.
 *
 * @param {string} program
 * @param {Dtype} dtype
 * @param {number} seconds
 * @returns {Promise<{ gflops: number, bits: number }>}
 */
export async function fmaRate(program, dtype, seconds) {
  const { widths } = await runJson(program, [dtype, String(seconds)]);
  for (const { bits, correct } of widths) {
    if (!correct) throw new Error(`The ${bits}-bit loop of fma.cc has a wrong result`);
  }
  return widths.toSorted((/** @type {any} */ a, /** @type {any} */ b) => b.gflops - a.gflops)[0];
}

/**
 * The rates of a library's products on one thread, in GFLOP/s. A library may have several ways and kernels: the best one
 * counts for each shape.
 *
 * @param {string} program
 * @param {LibraryId} id
 * @param {Dtype} dtype
 * @param {readonly Shape[]} shapes
 * @param {number} seconds   for each shape and way
 * @returns {Promise<{ library: string, rates: Record<Shape, number> }>} it has no shapes that the library does not take
 * @throws ProcessError if a product is wrong
 */
export async function productRates(program, id, dtype, shapes, seconds) {
  const { choices = () => [{}] } = libraryEntry(id);
  const names = [];
  /** @type {Record<Shape, number>} */
  const rates = {};
  for (const choice of choices()) {
    const env = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', BLIS_NUM_THREADS: '1', ...choice };
    const { library, products } = await runJson(program, [dtype, String(seconds), ...shapes], { env });
    names.push(library);
    for (const { shape, way, correct, gflops } of products) {
      if (!correct) throw new ProcessError(`the product ${shape} of ${library}, ${way}, is wrong`);
      const key = /** @type {Shape} */ (shape);
      rates[key] = Math.max(rates[key] ?? 0, gflops);
    }
  }
  return { library: [...new Set(names)].join('; '), rates };
}

/** 512 x 128 x 784 */
export function shapeText(/** @type {Shape} */ shape) {
  return shape.replaceAll('x', ' x ');
}
