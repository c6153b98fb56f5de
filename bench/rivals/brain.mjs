// brain.js: one activation for all layers, the squared error, and a step after every sample.

import { createRequire } from 'node:module';
import brain from 'brain.js';
import { batches, readData, readParameters, serve } from './protocol.mjs';

const require = createRequire(import.meta.url);

serve({
  versions: () => ({ 'brain.js': require('brain.js/package.json').version }),

  open(job) {
    const inputs = job.layers[0].inputDim;
    const outputs = job.layers.at(-1).outputDim;
    const net = build(job);
    const rowsOf = (X) => batches(Float32Array.from(X), inputs, 1);
    const { X } = readData(job);
    const repeated = rowsOf(X);
    return {
      train: trainer(net, job, outputs, repeated),
      predict: (X) => rowsOf(X).flatMap((row) => Array.from(net.run(row))),
      repeat: (calls) => {
        for (let i = 0; i < calls; i++) net.run(repeated[i % repeated.length]);
      },
    };
  },
});

function build(job) {
  const [{ inputDim, activation }] = job.layers;
  const net = new brain.NeuralNetwork({ activation });
  net.sizes = [inputDim, ...job.layers.map(({ outputDim }) => outputDim)];
  net.initialize();
  for (const [i, { W, b }] of readParameters(job).entries()) {
    net.biases[i + 1].set(b);
    for (const [node, weights] of net.weights[i + 1].entries()) {
      weights.set(W.subarray(node * weights.length, (node + 1) * weights.length));
    }
  }
  return net;
}

function trainer(net, { optimizer, ...job }, outputs, inputs) {
  if (optimizer === undefined) return undefined;
  const labels = batches(Float32Array.from(readData(job).Y), outputs, 1);
  // Plain arrays: brain.js treats a typed array as an object and looks up its keys, here and in run().
  const samples = inputs.map((input, i) => ({ input: Array.from(input), output: Array.from(labels[i]) }));
  // The error of brain.js is half the squared error, summed over the outputs. It refuses 0 for the momentum and for the
  // threshold. With a callbackPeriod of 1, the callback gets the loss of every epoch.
  const learningRate = (2 * optimizer.learningRate) / outputs;
  const options = { learningRate, momentum: Number.MIN_VALUE, errorThresh: Number.MIN_VALUE };
  return (epochs) => {
    const losses = [];
    const callback = ({ error }) => losses.push(error);
    net.train(samples, { ...options, iterations: epochs, callback, callbackPeriod: 1 });
    return losses;
  };
}
