// The JavaScript side of the protocol that every rival speaks; README.md describes it.

import { readFileSync, writeFileSync } from 'node:fs';
import { medianBlock } from './blocks.mjs';

/**
 * A network of a rival.
 * @typedef {object} RivalNetwork
 * @property {(epochs: number) => number[] | Promise<number[]>} [train]
 *   continues the training; returns the mean loss of each epoch, with each batch's loss taken before its step
 * @property {(X: FloatArray) => ArrayLike<number> | Promise<ArrayLike<number>>} predict
 * @property {(calls: number) => void | Promise<void>} [repeat]
 *   predicts job.batchRows rows of X in each call, every time the next rows
 */

/** @typedef {Float64Array | Float32Array} FloatArray */

/**
 * @typedef {object} Rival
 * @property {() => Record<string, string>} versions
 * @property {(job: any) => RivalNetwork | Promise<RivalNetwork>} open
 */

/** The library cannot do this (yet): the case says so and continues. */
export class Unavailable extends Error {}

/** @param {Rival} rival */
export async function serve(rival) {
  const job = JSON.parse(process.argv[2] ?? '{}');
  const answer = await answerTo(job, rival).catch((error) => {
    if (error instanceof Unavailable) return { unavailable: error.message };
    throw error;
  });
  console.log(JSON.stringify(answer));
}

/**
 * @param {any} job
 * @param {Rival} rival
 */
async function answerTo(job, rival) {
  if (job.task === 'versions') return rival.versions();
  const network = await rival.open(job);
  const task = tasks[/** @type {keyof typeof tasks} */ (job.task)];
  return task(/** @type {Required<RivalNetwork>} */ (network), job);
}

const tasks = {
  async train(/** @type {Required<RivalNetwork>} */ network, /** @type {any} */ job) {
    const losses = await network.train(job.epochs);
    writeFileSync(job.predictions, Float64Array.from(await network.predict(readData(job).X)));
    return { losses: Array.from(losses) };
  },

  async 'time-training'(/** @type {Required<RivalNetwork>} */ network, /** @type {any} */ job) {
    return { milliseconds: await medianBlock((epochs) => network.train(epochs), job.seconds) };
  },

  /** Times the training until enough test samples are predicted right, checked after every epoch. */
  async 'train-until'(/** @type {Required<RivalNetwork>} */ network, /** @type {any} */ job) {
    const { outputDim } = job.layers.at(-1);
    const X = readArray(job.testX, job.dtype);
    const labels = largestOfRows(readArray(job.testY, job.dtype), outputDim);
    let milliseconds = 0;
    let accuracy = 0;
    let epochs = 0;
    while (accuracy < job.accuracy && epochs < job.mostEpochs) {
      const start = performance.now();
      await network.train(1);
      milliseconds += performance.now() - start;
      epochs++;
      const predicted = largestOfRows(await network.predict(X), outputDim);
      accuracy = predicted.filter((label, row) => label === labels[row]).length / labels.length;
    }
    return { milliseconds, epochs, accuracy };
  },

  async predict(/** @type {Required<RivalNetwork>} */ network, /** @type {any} */ job) {
    writeFileSync(job.predictions, Float64Array.from(await network.predict(readData(job).X)));
    return {};
  },

  async 'time-predictions'(/** @type {Required<RivalNetwork>} */ network, /** @type {any} */ job) {
    return { milliseconds: await medianBlock((calls) => network.repeat(calls), job.seconds) };
  },
};

/**
 * @param {string} path
 * @param {string} dtype
 * @returns {FloatArray}
 */
export function readArray(path, dtype) {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  return dtype === 'float64' ? new Float64Array(bytes) : new Float32Array(bytes);
}

/** X (rows, inputs), Y (rows, outputs). Y is read only if it is used. */
export function readData(/** @type {any} */ job) {
  return {
    X: readArray(job.X, job.dtype),
    get Y() {
      return readArray(job.Y, job.dtype);
    },
  };
}

/** codes (rows, embeddings), for blasnet only. */
export function readCodes(/** @type {string} */ path) {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** W (out, in) and b (out) of every layer. */
export function readParameters(/** @type {any} */ job) {
  const flat = readArray(job.parameters, job.dtype);
  let offset = 0;
  const take = (/** @type {number} */ length) => {
    offset += length;
    return flat.subarray(offset - length, offset);
  };
  return job.layers.map((/** @type {any} */ { inputDim, outputDim }) => ({
    W: take(outputDim * inputDim),
    b: take(outputDim),
  }));
}

/**
 * Cuts X into batches of `batchRows` rows, and leaves out an incomplete last batch.
 * @param {FloatArray} X
 * @param {number} columns
 * @param {number} batchRows
 */
export function batches(X, columns, batchRows) {
  const step = columns * batchRows;
  return Array.from({ length: Math.floor(X.length / step) }, (_, i) => X.subarray(i * step, (i + 1) * step));
}

/** @returns {number[]} the column of each row's largest element */
function largestOfRows(/** @type {ArrayLike<number>} */ values, /** @type {number} */ columns) {
  return Array.from({ length: values.length / columns }, (_, row) => {
    let largest = 0;
    for (let column = 1; column < columns; column++) {
      if (Number(values[row * columns + column]) > Number(values[row * columns + largest])) largest = column;
    }
    return largest;
  });
}
