// The files that every rival reads: the data and blasnet's initial parameters, raw and little-endian.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Network } from '../rivals/library.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Dtype } from './limits.mjs' */

/**
 * @typedef {{ categories: number, outputDim: number }} Embedding
 * @typedef {{ inputDim: number, outputDim: number, activation: string, skip?: boolean, embeddings?: readonly Embedding[], [option: string]: unknown }} Layer
 * @typedef {{ name: 'sgd' | 'adam' | 'adamW', learningRate: number, momentum?: number, epsilon?: number, [option: string]: unknown }} Optimizer
 * @typedef {{ X: ArrayLike<number>, codes?: Int32Array, Y: ArrayLike<number> }} Samples   row-major
 */

/**
 * A network to train or to predict with, and its data.
 * @typedef {object} Task
 * @property {readonly Layer[]} layers
 * @property {Dtype} dtype
 * @property {string} [initializer]
 * @property {number} [seed]
 * @property {Samples} data
 * @property {Samples} [test]
 * @property {number} [batchSize]   default: all rows
 * @property {boolean} [shuffle]
 * @property {Optimizer} [optimizer]
 * @property {string} [loss]
 * @property {boolean} [allShapes]   gives the rivals all parameters by name, not only W and b
 * @property {number} [labelSmoothing]   for the rivals; ours has it from `extra`
 * @property {string | undefined} [extra]
 */

let jobs = 0;

/** Layers of the given widths: hidden ones with one activation, the last with another. */
export function dense(
  /** @type {readonly number[]} */ widths,
  /** @type {string} */ hidden,
  /** @type {string} */ output,
) {
  return widths.slice(1).map((outputDim, i) => ({
    inputDim: /** @type {number} */ (widths[i]),
    outputDim,
    activation: i === widths.length - 2 ? output : hidden,
  }));
}

/** Writes the files of a task, and returns the job for every rival. */
export function writeJob(/** @type {Bench} */ bench, /** @type {Task} */ task) {
  const { layers, dtype, initializer = 'auto', seed = 1, data, test, allShapes, ...rest } = task;
  const name = `job${jobs++}`;
  const file = (/** @type {string} */ part, /** @type {ArrayLike<number>} */ values) => {
    const path = join(bench.folder, `${name}-${part}.bin`);
    writeFileSync(path, dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values));
    return path;
  };
  const codesFile = (/** @type {Int32Array} */ codes) => {
    const path = join(bench.folder, `${name}-codes.bin`);
    writeFileSync(path, codes);
    return path;
  };
  const rows = rowsOf(task);
  const { parameters } = new Network(layers, { dtype, initializer, seed });
  return {
    ...rest,
    ...(allShapes && { shapes: shapesOf(parameters) }),
    layers,
    dtype,
    rows,
    batchSize: rest.batchSize ?? rows,
    shuffle: rest.shuffle ?? false,
    X: file('X', data.X),
    ...(data.codes && { codes: codesFile(data.codes) }),
    Y: file('Y', data.Y),
    ...(test && { testX: file('testX', test.X), testY: file('testY', test.Y) }),
    parameters: file('parameters', allShapes ? valuesOf(parameters) : weightsAndBiases(layers, parameters)),
    predictions: join(bench.folder, `${name}-predictions.bin`),
  };
}

/** @typedef {ReturnType<typeof writeJob>} Job */

export function rowsOf(/** @type {Pick<Task, 'layers' | 'data'>} */ { layers, data }) {
  return data.X.length / /** @type {Layer} */ (layers[0]).inputDim;
}

/** The first rows of a data set. */
export function firstRows(/** @type {Task} */ { layers, data }, /** @type {number} */ rows) {
  const inputs = /** @type {Layer} */ (layers[0]).inputDim;
  const outputs = /** @type {Layer} */ (layers.at(-1)).outputDim;
  return {
    X: Float64Array.from(data.X).subarray(0, rows * inputs),
    Y: Float64Array.from(data.Y).subarray(0, rows * outputs),
  };
}

/** Every rival writes its predictions in float64. */
export function readPredictions(/** @type {Job} */ job) {
  const { buffer, byteOffset, byteLength } = readFileSync(job.predictions);
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/**
 * The floating-point operations of one epoch's products: for every weight and row, a multiplication and an addition in
 * the forward pass, in the gradients of the weights and, except in the first layer, in the gradients of the inputs.
 */
export function trainingFlop(/** @type {readonly Layer[]} */ layers, /** @type {number} */ rows) {
  const weights = layers.map(({ inputDim, outputDim }) => inputDim * outputDim);
  const all = weights.reduce((sum, count) => sum + count, 0);
  return 2 * rows * (3 * all - /** @type {number} */ (weights[0]));
}

/** The floating-point operations of the products that predict so many rows. */
export function predictionFlop(/** @type {readonly Layer[]} */ layers, /** @type {number} */ rows) {
  return layers.reduce((sum, { inputDim, outputDim }) => sum + 2 * rows * inputDim * outputDim, 0);
}

/** @returns {number[]} */
function weightsAndBiases(/** @type {readonly Layer[]} */ layers, /** @type {any} */ parameters) {
  return layers.flatMap((_, i) => [...parameters[`W${i + 1}`].data, ...parameters[`b${i + 1}`].data]);
}

/** @returns {number[]} */
function valuesOf(/** @type {any} */ parameters) {
  return Object.values(parameters).flatMap(({ data }) => [...data]);
}

/** @returns {[name: string, rows: number, cols: number][]} */
function shapesOf(/** @type {any} */ parameters) {
  return Object.entries(parameters).map(([name, { rows, cols }]) => [name, rows, cols]);
}
