// blasnet itself, as a program that speaks the protocol of the rivals.

import { extraOptions } from './extras.mjs';
import { fitOptions, Matrix, openNetwork, predictorOf, versions } from './library.mjs';
import { batches, readCodes, readData, serve } from './protocol.mjs';
import { rowWork } from './row-work.mjs';

serve({
  versions,

  open(job) {
    if (job.work !== undefined) return rowWork(job);
    const net = openNetwork(job);
    const codes = job.codes === undefined ? undefined : readCodes(job.codes);
    const inputs = (/** @type {any} */ X) => (codes === undefined ? X : { numbers: X, categories: codes });
    const predict = (/** @type {any} */ X) => net.predictSync(inputs(X)).data;
    if (job.batchRows !== undefined) return predictions(net, job);
    if (job.optimizer === undefined) return { predict };
    const { X, Y } = readData(job);
    const options = { ...fitOptions(job), ...extraOptions(job, { X, Y }) };
    const fit = job.way === 'fitSync' ? net.fitSync.bind(net) : net.fit.bind(net);
    return { train: async (epochs) => (await fit(inputs(X), Y, { ...options, epochs })).loss, predict };
  },
});

// Both ways of predicting write into memory of the caller and allocate nothing.
function predictions(/** @type {any} */ net, /** @type {any} */ job) {
  const { inputDim } = job.layers[0];
  const { outputDim } = job.layers.at(-1);
  const inputs = batches(readData(job).X, inputDim, job.batchRows);
  if (job.way === 'predictor') return predictionLoop(inputs, predictorOf(net, job.batchRows));

  const out = Matrix.zeros(job.batchRows, outputDim, job.dtype);
  const matrices = inputs.map((rows) => new Matrix(rows, job.batchRows, inputDim));
  return predictionLoop(matrices, (rows) => net.predictSync(rows, out).data);
}

/**
 * @template T
 * @param {readonly T[]} inputs
 * @param {(rows: T) => ArrayLike<number>} predictOne
 */
function predictionLoop(inputs, predictOne) {
  return {
    predict: () => inputs.flatMap((rows) => Array.from(predictOne(rows))),
    repeat: (/** @type {number} */ calls) => {
      for (let i = 0; i < calls; i++) predictOne(/** @type {T} */ (inputs[i % inputs.length]));
    },
  };
}
