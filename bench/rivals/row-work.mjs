// Work that goes through rows: preprocessing, metrics, splits, shuffles. row_work.py does the same with scikit-learn.

import { createRequire } from 'node:module';
import { blasnet, Matrix, Network, useThreads } from './library.mjs';
import { readArray } from './protocol.mjs';

/**
 * One piece of work, and its result.
 * @typedef {() => ArrayLike<number> | Promise<ArrayLike<number>>} Work
 */

/** @type {Record<string, (job: any) => Work>} */
const works = {
  standardScaler: fitTransform('standardScaler'),
  minMaxScaler: fitTransform('minMaxScaler'),
  robustScaler: fitTransform('robustScaler'),
  'imputer mean': fitTransform('imputer'),
  'imputer median': fitTransform('imputer', { strategy: 'median' }),
  'imputer mostFrequent': fitTransform('imputer', { strategy: 'mostFrequent' }),
  oneHotEncoder: fitTransform('oneHotEncoder'),
  rocAuc: metric('rocAuc'),
  prAuc: metric('prAuc'),
  logLoss: metric('logLoss'),
  f1: metric('f1'),
  confusionMatrix: metric('confusionMatrix'),
  trainTestSplit,
  'stratified split': whileFitting({ validationSplit: 0.25, stratify: true, shuffle: true }),
  shuffle: whileFitting({ shuffle: true }),
  crossValidate,
};

/** The job's work as a rival's network: `predict` gives its result, and `repeat` does it several times. */
export function rowWork(/** @type {any} */ job) {
  useThreads(job.threads);
  const work = /** @type {(job: any) => Work} */ (works[job.work])(job);
  return {
    predict: work,
    repeat: async (/** @type {number} */ calls) => {
      for (let i = 0; i < calls; i++) await work();
    },
  };
}

function matrixOf(/** @type {any} */ { X, dtype, cols }) {
  const data = readArray(X, dtype);
  return new Matrix(data, data.length / cols, cols);
}

/** @returns {(job: any) => Work} */
function fitTransform(/** @type {string} */ step, options = {}) {
  return (job) => {
    const X = matrixOf(job);
    return () => blasnet.preprocessing([blasnet[step](options)]).fitTransform(X).data;
  };
}

/** @returns {(job: any) => Work} */
function metric(/** @type {string} */ name) {
  return ({ X, Y, dtype }) => {
    const [predictions, labels] = [readArray(X, dtype), readArray(Y, dtype)];
    return () => {
      const result = blasnet.metrics[name](labels, predictions);
      return typeof result === 'number' ? [result] : result.data;
    };
  };
}

/** @returns {Work} */
function trainTestSplit(/** @type {any} */ job) {
  const [X, Y] = [matrixOf(job), new Matrix(readArray(job.Y, job.dtype), job.rows, 1)];
  return () => blasnet.trainTestSplit(X, Y, { testSize: 0.25, seed: 1 }).test.X.data;
}

/** @returns {Work} */
function crossValidate(/** @type {any} */ job) {
  const {
    Classifier,
    crossValidate: validate,
    Table,
  } = createRequire(import.meta.url)('../../dist/tables.js');
  const [X, Y] = [matrixOf(job).data, readArray(job.Y, job.dtype)];
  const columns = Array.from({ length: job.cols }, (_, c) => [
    `x${c}`,
    Float64Array.from(Y, (__, row) => X[row * job.cols + c]),
  ]);
  const table = Table.from({ ...Object.fromEntries(columns), y: Float64Array.from(Y) });
  const { threads } = job;
  const options = {
    target: 'y',
    epochs: 20,
    batchSize: 128,
    validationSplit: 0,
    seed: 1,
    parallel: threads,
    threads,
  };
  return async () => [(await validate(Classifier, table, options)).scores.accuracy.mean];
}

/**
 * The library shuffles and splits inside of `fit`, so this work is a whole `fit` of one epoch: its time is more than
 * that of the shuffle or the split.
 *
 * @returns {(job: any) => Work}
 */
function whileFitting(/** @type {any} */ options) {
  return (job) => {
    const [X, Y] = [matrixOf(job), new Matrix(readArray(job.Y, job.dtype), job.rows, 1)];
    const net = new Network([{ inputDim: job.cols, outputDim: 1, activation: 'sigmoid' }], {
      dtype: job.dtype,
      seed: 1,
    });
    return async () => {
      await net.fit(X, Y, { epochs: 1, batchSize: 4096, shuffle: false, ...options });
      return [];
    };
  };
}
