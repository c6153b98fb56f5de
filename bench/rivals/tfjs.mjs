// TensorFlow.js by its core functions, without the overhead of model.fit; float32, one thread. job.backend names the
// backend: wasm or cpu.

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { readData, readParameters, serve } from './protocol.mjs';

const require = createRequire(import.meta.url);

const activations = { relu: tf.relu, tanh: tf.tanh, sigmoid: tf.sigmoid, softmax: tf.softmax };

serve({
  versions: () => ({ 'TensorFlow.js': require('@tensorflow/tfjs/package.json').version }),

  async open(job) {
    await tf.setBackend(job.backend);
    const layers = readParameters(job).map(({ W, b }, i) => ({
      ...job.layers[i],
      W: tf.variable(tf.transpose(tf.tensor2d(W, [job.layers[i].outputDim, job.layers[i].inputDim]))),
      b: tf.variable(tf.tensor1d(b)),
    }));
    const predict = (X) => {
      const outputs = tf.tidy(() => outputOf(logitsOf(layers, matrix(X, job.layers[0].inputDim)), job));
      return outputs.data();
    };
    if (job.optimizer === undefined) return { predict };
    return { train: trainer(layers, job), predict };
  },
});

function trainer(layers, job) {
  const data = readData(job);
  const X = matrix(data.X, job.layers[0].inputDim);
  const Y = matrix(data.Y, job.layers.at(-1).outputDim);
  const { learningRate, epsilon = 1e-8 } = job.optimizer;
  const optimizer =
    job.optimizer.name === 'adam'
      ? tf.train.adam(learningRate, 0.9, 0.999, epsilon)
      : tf.train.sgd(learningRate);
  const rows = X.shape[0];
  const size = Math.min(job.batchSize, rows);

  const step = (X, Y) => tf.tidy(() => optimizer.minimize(() => lossOf(logitsOf(layers, X), Y, job), true));

  const epoch = async () => {
    const [shuffledX, shuffledY] = tf.tidy(() => shuffled(X, Y, job.shuffle && size < rows));
    const losses = [];
    for (let first = 0; first < rows; first += size) {
      const count = Math.min(size, rows - first);
      const [batchX, batchY] = [shuffledX, shuffledY].map((all) =>
        count < rows ? all.slice(first, count) : all,
      );
      losses.push(tf.tidy(() => step(batchX, batchY).mul(count)));
      if (count < rows) tf.dispose([batchX, batchY]);
    }
    const sum = tf.tidy(() => tf.addN(losses));
    const [total] = await sum.data();
    tf.dispose([sum, ...losses]);
    if (shuffledX !== X) tf.dispose([shuffledX, shuffledY]);
    return total / rows;
  };

  return async (epochs) => {
    const losses = [];
    for (let i = 0; i < epochs; i++) losses.push(await epoch());
    return losses;
  };
}

function matrix(data, columns) {
  return tf.tensor2d(Float32Array.from(data), [data.length / columns, columns]);
}

function shuffled(X, Y, shuffle) {
  if (!shuffle) return [X, Y];
  const order = tf.tensor1d(Int32Array.from(tf.util.createShuffledIndices(X.shape[0])));
  return [tf.gather(X, order), tf.gather(Y, order)];
}

function logitsOf(layers, X) {
  return layers.reduce((a, { W, b, activation }, i) => {
    const last = i === layers.length - 1;
    if (last || activation === 'relu') {
      return tf.fused.matMul({ a, b: W, bias: b, activation: last ? 'linear' : 'relu' });
    }
    return activations[activation](tf.fused.matMul({ a, b: W, bias: b }));
  }, X);
}

function outputOf(logits, { layers }) {
  return activations[layers.at(-1).activation](logits);
}

// The mean loss from the logits.
function lossOf(logits, Y, { layers }) {
  if (layers.at(-1).activation === 'softmax') return tf.losses.softmaxCrossEntropy(Y, logits);
  return tf.losses.sigmoidCrossEntropy(Y, logits);
}
