// The model of each library in one form. All read the files that our network was saved and exported to.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/**
 * @typedef {object} Model
 * @property {(row: number[]) => ArrayLike<number> | Promise<ArrayLike<number>>} row
 *   the outputs of one row
 * @property {(rows: Float32Array, count: number) => Float32Array | Promise<Float32Array>} rows
 *   the outputs of `count` rows
 */

/**
 * @param {string} library
 * @param {{ folder: string, sizes: number[], threads?: number }} files
 *   folder: has model.safetensors, model.onnx, model.json with its shard, and layers.json for brain.js
 * @returns {Promise<Model>}
 */
export function openModel(library, files) {
  return openers[library](files);
}

const openers = {
  async blasnet({ folder, sizes, threads }) {
    const { Matrix, Network, setThreads } = require('../../dist/index.js');
    const { Batcher } = require('../../dist/serving.js');
    if (threads !== undefined) setThreads(threads);
    const net = await Network.load(join(folder, 'model.safetensors'));
    const batcher = new Batcher(net);
    return {
      row: (row) => batcher.predict(row),
      rows: async (rows, count) => (await net.predict(new Matrix(rows, count, sizes[0]))).data,
    };
  },

  async onnxruntime({ folder, sizes: [inputs], threads = availableParallelism() }) {
    const ort = require('onnxruntime-node');
    const session = await ort.InferenceSession.create(join(folder, 'model.onnx'), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    });
    const run = async (data, count) =>
      (await session.run({ X: new ort.Tensor('float32', data, [count, inputs]) })).Y.data;
    return { row: (row) => run(Float32Array.from(row), 1), rows: run };
  },

  async 'tfjs-wasm'({ folder, sizes: [inputs] }) {
    const tf = require('@tensorflow/tfjs');
    require('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend('wasm');
    const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    const shards = weightsManifest.flatMap(({ paths }) =>
      paths.map((path) => readFileSync(join(folder, path))),
    );
    const { buffer } = new Uint8Array(Buffer.concat(shards));
    const model = await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology,
        weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
        weightData: buffer,
      }),
    );
    const run = async (data, count) => {
      const outputs = tf.tidy(() => model.predict(tf.tensor2d(data, [count, inputs]), { batchSize: count }));
      const values = await outputs.data();
      outputs.dispose();
      return values;
    };
    return { row: (row) => run(row, 1), rows: run };
  },

  // Our buffers alone, without what a batcher does for a service: no checks, no figures.
  async predictor({ folder }) {
    const { Network } = require('../../dist/index.js');
    const predictor = (await Network.load(join(folder, 'model.safetensors'))).predictor();
    return {
      row: (row) => {
        predictor.input.data.set(row);
        predictor.run();
        return predictor.output.data;
      },
    };
  },

  // One activation for all layers.
  async brain({ folder, sizes }) {
    const brain = require('brain.js');
    const { activation, parameters } = JSON.parse(readFileSync(join(folder, 'layers.json'), 'utf8'));
    const net = new brain.NeuralNetwork({ activation });
    net.sizes = sizes;
    net.initialize();
    for (const [i, { W, b }] of parameters.entries()) {
      net.biases[i + 1].set(b);
      for (const [node, weights] of net.weights[i + 1].entries()) {
        weights.set(W.slice(node * weights.length, (node + 1) * weights.length));
      }
    }
    const row = (values) => net.run(Float32Array.from(values));
    const [inputs, outputs] = [sizes[0], sizes.at(-1)];
    return {
      row,
      rows: (rows, count) => {
        const all = new Float32Array(count * outputs);
        for (let i = 0; i < count; i++)
          all.set(row(rows.subarray(i * inputs, (i + 1) * inputs)), i * outputs);
        return all;
      },
    };
  },
};
