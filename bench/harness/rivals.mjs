// The rivals, and how each is started. A rival that is not installed is left out, and the suite prints a line about it.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ProcessError, runJson } from './processes.mjs';

const folder = fileURLToPath(new URL('../rivals/', import.meta.url));
const debianPython = '/usr/bin/python3';
const python = process.env.PYTHON ?? (existsSync(debianPython) ? debianPython : 'python3');

/**
 * @typedef {object} RivalEntry
 * @property {string} title
 * @property {string} file
 * @property {readonly number[]} threads   the numbers of threads to time it with; the fastest one counts
 * @property {string} install
 * @property {Record<string, unknown>} [job]   added to every job
 * @property {Record<string, string>} [env]
 */

const npmInstall = 'npm install --prefix bench';

/** @satisfies {Record<string, RivalEntry>} */
const entries = {
  blasnet: { title: 'blasnet', file: 'blasnet.mjs', threads: [1, 2], install: 'npm run build' },
  'blasnet-prebuilt': {
    title: 'blasnet, prebuilt',
    file: 'blasnet.mjs',
    threads: [1, 2],
    install: 'npm run build:prebuilt',
    env: { PREBUILDS_ONLY: '1' },
  },
  numpy: {
    title: 'NumPy',
    file: 'article_numpy.py',
    threads: [1, 2],
    install: 'apt-get install python3-numpy',
  },
  torch: { title: 'PyTorch', file: 'pytorch.py', threads: [1, 2], install: 'apt-get install python3-torch' },
  'torch-tables': {
    title: 'PyTorch',
    file: 'pytorch_tables.py',
    threads: [1, 2],
    install: 'apt-get install python3-torch',
  },
  sklearn: {
    title: 'scikit-learn',
    file: 'scikit_learn.py',
    threads: [1, 2],
    install: 'apt-get install python3-sklearn',
  },
  'tfjs-wasm': {
    title: 'TensorFlow.js wasm',
    file: 'tfjs.mjs',
    threads: [1], // on Node it uses its single-threaded build
    install: npmInstall,
    job: { backend: 'wasm' },
  },
  'tfjs-cpu': {
    title: 'TensorFlow.js cpu',
    file: 'tfjs.mjs',
    threads: [1],
    install: npmInstall,
    job: { backend: 'cpu' },
  },
  brain: { title: 'brain.js', file: 'brain.mjs', threads: [1], install: npmInstall },
  onnxruntime: { title: 'onnxruntime-node', file: 'onnxruntime.mjs', threads: [1, 2], install: npmInstall },
};

/** @typedef {keyof typeof entries} RivalId */

/** @returns {RivalEntry} */
export function rivalEntry(/** @type {RivalId} */ id) {
  return entries[id];
}

export const rivalIds = /** @type {RivalId[]} */ (Object.keys(entries));

/**
 * Gives a rival a job, in a fresh process.
 *
 * @param {RivalId} id
 * @param {Record<string, unknown> & { task: string, threads?: number }} job
 */
export function ask(id, job) {
  const { file, job: fixed, env: own = {} } = rivalEntry(id);
  const env = file === 'blasnet.mjs' ? own : threadsOf(job.threads);
  return runJson(commandOf(file), [`${folder}${file}`, JSON.stringify({ ...fixed, ...job })], { env });
}

/** Lets a program of rivals/ fit a model, in a fresh process. It may take an hour. */
export function fit(
  /** @type {string} */ file,
  /** @type {{ threads: number, [name: string]: unknown }} */ question,
) {
  const env = file === 'tabular.mjs' ? {} : threadsOf(question.threads);
  return runJson(commandOf(file), [`${folder}${file}`, JSON.stringify(question)], { env, seconds: 3600 });
}

function commandOf(/** @type {string} */ file) {
  return file.endsWith('.py') ? python : process.execPath;
}

/** @returns {Record<string, string>} */
function threadsOf(threads = 1) {
  const count = String(threads);
  return { OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count };
}

/**
 * Asks a rival for its versions. If it cannot take part, the answer says why.
 * @returns {Promise<{ versions: Record<string, string> } | { missing: string }>}
 */
export async function probe(/** @type {RivalId} */ id) {
  try {
    return { versions: await ask(id, { task: 'versions' }) };
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    return { missing: error.message.replace(/ imported from .*/, '') };
  }
}
