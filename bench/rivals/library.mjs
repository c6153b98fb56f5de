// The built library of this checkout, and everything that the suite needs from it. Features are looked up in its exports:
// if an older version lacks one, the case says so.

import { createRequire } from 'node:module';
import { readArray, readParameters, Unavailable } from './protocol.mjs';

const require = createRequire(import.meta.url);

/** @type {any} */
export const blasnet = require('../../dist/index.js');

// Not `require`: the compiler would check the bundle, which has no types of its own beside it.
export const tables = createRequire(import.meta.url)('../../dist/tables.js');

export const { Matrix, Network, RandomState, makeMoons, trainTestSplit } = blasnet;

/** @returns {Record<string, string>} */
export function versions() {
  const { version, blas, simd } = blasnet.buildInfo();
  const build = process.env.PREBUILDS_ONLY ? 'prebuilt ' : '';
  return { [`${build}blasnet`]: version, [`${build}BLAS`]: blas, [`${build}SIMD`]: simd };
}

/** A job's network with its parameters, on its number of threads. */
export function openNetwork(/** @type {any} */ job) {
  useThreads(job.threads);
  const net = new Network(job.layers, { dtype: job.dtype, seed: 1 });
  if (job.shapes !== undefined) {
    const values = readArray(job.parameters, job.dtype);
    let offset = 0;
    for (const [name, rows, cols] of job.shapes) {
      net.parameters[name].data.set(values.subarray(offset, offset + rows * cols));
      offset += rows * cols;
    }
    return net;
  }
  // Other rivals have no tables, so no parameters are given: the seed initialises such a network.
  if (job.layers[0].embeddings !== undefined) return net;
  for (const [i, { W, b }] of readParameters(job).entries()) {
    net.parameters[`W${i + 1}`].data.set(W);
    net.parameters[`b${i + 1}`].data.set(b);
  }
  return net;
}

/** A job's options for fit, except the epochs. */
export function fitOptions(/** @type {any} */ { loss, batchSize, shuffle, optimizer }) {
  return { loss, batchSize, shuffle, optimizer: optimizerOf(optimizer) };
}

/** A function that predicts `batchRows` rows by a pinned predictor and returns the outputs. */
export function predictorOf(/** @type {any} */ net, /** @type {number} */ batchRows) {
  if (net.predictor === undefined) throw new Unavailable('predictor is not in the library yet');
  const predictor = net.predictor({ maxBatch: batchRows });
  return (/** @type {ArrayLike<number>} */ rows) => {
    predictor.input.data.set(rows);
    predictor.run(batchRows);
    return predictor.output.data;
  };
}

export function useThreads(/** @type {number | undefined} */ threads) {
  if (threads === undefined) return;
  if (blasnet.setThreads !== undefined) blasnet.setThreads(threads);
  else if (threads > 1) throw new Unavailable('setThreads is not in the library yet');
}

function optimizerOf(/** @type {any} */ { name, ...options }) {
  if (blasnet[name] === undefined) throw new Unavailable(`${name} is not in the library yet`);
  return blasnet[name](options);
}
