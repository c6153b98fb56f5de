// Compiles and runs the two yardsticks in C++: the most that one core can do (limits/fma.cc), and the rate that the
// machine's BLAS reaches with a large product (limits/gemm.cc).

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runJson } from './processes.mjs';

const sources = fileURLToPath(new URL('../limits/', import.meta.url));

// Folders where some distributions put cblas.h.
const includes = [
  '/usr/include/openblas',
  '/usr/include/x86_64-linux-gnu/openblas-pthread',
  '/usr/include/aarch64-linux-gnu/openblas-pthread',
];

/** @typedef {'float64' | 'float32'} Dtype */

/**
 * @param {'fma' | 'gemm'} name
 * @param {string} folder   where the program goes
 * @returns {string} its path
 * @throws if there is no compiler, or if the program does not compile
 */
export function compileLimit(name, folder) {
  const program = join(folder, name);
  // An ordinary optimisation level: -ffast-math would change the arithmetic.
  const thisProcessor = process.arch === 'arm64' ? '-mcpu=native' : '-march=native';
  const flags = ['-std=c++17', '-O2', thisProcessor, '-Wall', '-Wextra', '-Wno-psabi'];
  const blas =
    name === 'gemm' ? [...includes.filter(existsSync).map((path) => `-isystem${path}`), '-lopenblas'] : [];
  execFileSync(process.env.CXX ?? 'c++', [...flags, join(sources, `${name}.cc`), '-o', program, ...blas], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return program;
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
 * The BLAS's rate on a product of 1024 x 1024 matrices, on one thread.
 *
 * @param {string} program
 * @param {Dtype} dtype
 * @param {number} seconds
 * @returns {Promise<{ gflops: number }>}
 */
export async function gemmRate(program, dtype, seconds) {
  const env = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' };
  const result = await runJson(program, [dtype, String(seconds)], { env });
  if (!result.correct) throw new Error('The product of gemm.cc is wrong');
  return result;
}
