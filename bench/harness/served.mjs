// The networks of the cases of serving, in the files of all libraries, and what they must answer.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Matrix, Network, RandomState } from '../rivals/library.mjs';
import { dense } from './jobs.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Layer } from './jobs.mjs' */

/**
 * A network in files: model.safetensors, model.onnx, model.json, layers.json, and rows with their outputs.
 * @typedef {{ folder: string, sizes: readonly number[] }} Served
 */

/** The network of the cases of one row: 13 columns of a table, one output. brain.js has one activation for all layers. */
export const recordLayers = dense([13, 64, 32, 1], 'relu', 'relu');

/**
 * @param {Bench} bench
 * @param {readonly Layer[]} layers
 * @param {number} rows   how many rows to write
 * @returns {Promise<Served>}
 */
export async function writeServed(bench, layers, rows) {
  const sizes = [Number(layers[0]?.inputDim), ...layers.map(({ outputDim }) => outputDim)];
  const folder = join(bench.folder, `served-${sizes.join('-')}-${rows}`);
  mkdirSync(folder, { recursive: true });
  const net = new Network(layers, { dtype: 'float32', seed: 3 });
  const activation = layers.at(-1)?.activation;
  if (activation === 'relu') net.parameters[`b${layers.length}`].data.fill(2); // or half of the outputs were zero
  await net.save(join(folder, 'model.safetensors'));
  await net.export(join(folder, 'model.onnx'));
  await net.export(join(folder, 'model.json'));
  if (layers.every((layer) => layer.activation === activation)) {
    const parameters = layers.map((_, i) => ({
      W: Array.from(net.parameters[`W${i + 1}`].data),
      b: Array.from(net.parameters[`b${i + 1}`].data),
    }));
    writeFileSync(join(folder, 'layers.json'), JSON.stringify({ activation, parameters }));
  }

  const [inputs = 0] = sizes;
  const X = new Float32Array(rows * inputs);
  new RandomState(5).fillNormal(X, 0, 1);
  // Few digits, as records have.
  for (const [i, value] of X.entries()) X[i] = Math.round(1000 * value) / 1000;
  writeFileSync(join(folder, 'rows'), X);
  writeFileSync(join(folder, 'outputs'), net.predictSync(new Matrix(X, rows, inputs)).data);
  return { folder, sizes };
}

/**
 * The libraries that serve, their titles, and their packages.
 * @satisfies {Record<string, { title: string, packages: readonly string[] }>}
 */
export const servers = {
  blasnet: { title: 'blasnet', packages: [] },
  predictor: { title: 'blasnet, a predictor', packages: [] },
  onnxruntime: { title: 'onnxruntime-node', packages: ['onnxruntime-node'] },
  'tfjs-wasm': {
    title: 'TensorFlow.js wasm',
    packages: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'],
  },
  brain: { title: 'brain.js', packages: ['brain.js'] },
};
