// A worker thread that uses the library: it says that it has begun, and then works until it is terminated; 'all' ends by itself.

import { parentPort, workerData } from 'node:worker_threads';
import { Matrix, Network } from '../rivals/library.mjs';

const { what, handle } = workerData;
const X = new Matrix(
  new Float64Array(2000 * 4).map((_, i) => (i % 101) / 101),
  2000,
  4,
);
const Y = Float64Array.from({ length: 2000 }, (_, i) => i % 2);
const net = new Network(
  [
    { inputDim: 4, outputDim: 32, activation: 'relu' },
    { outputDim: 1, activation: 'sigmoid' },
  ],
  { seed: 1 },
);
const options = { epochs: what === 'all' ? 2 : 1e6, batchSize: 100 };

if (what === 'fit' || what === 'all') {
  const training = net.fit(X, Y, options);
  parentPort?.postMessage('begun');
  await training;
} else if (what === 'predict') {
  const attached = Network.attach(handle);
  await attached.predict(X);
  const predictions = Array.from({ length: 1000 }, () => attached.predict(X));
  parentPort?.postMessage('begun');
  await Promise.all(predictions);
} else {
  parentPort?.postMessage('begun');
  net.fitSync(X, Y, options);
}
