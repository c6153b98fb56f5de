// Begins something, says so, and ends in the middle of it.
//
//   node middle.mjs '{"middle": ..., "end": ..., "file": ..., "delay": ..., "sync": ...}'
//
// With the end 'terminate', a worker thread does it, and the process goes on and ends by itself.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Matrix, Network } from '../rivals/library.mjs';

const question = isMainThread ? JSON.parse(process.argv[2] ?? '') : workerData;
const { middle, end, file, delay, sync } = question;

if (end === 'terminate' && isMainThread) await terminated();
else await begin();

async function terminated() {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: question });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  console.log('begun');
  await new Promise((resolve) => setTimeout(resolve, delay));
  const status = await worker.terminate();
  if (status !== 1) throw new Error(`The worker ended with ${status}`);
  // The library goes on in this thread.
  const net = newNetwork(4);
  await net.fit([[1, 2, 3, 4]], [[1]], { epochs: 2 });
}

async function begin() {
  const work = await prepared();
  if (isMainThread) console.log('begun');
  else parentPort?.postMessage('begun');
  if (end === 'exit') setTimeout(() => process.exit(7), delay);
  if (end === 'uncaught') {
    setTimeout(() => {
      throw new Error('on purpose');
    }, delay);
  }
  for (;;) await work();
}

/** @returns {Promise<() => unknown>} work that lasts, or that is done again and again */
async function prepared() {
  // A synchronous call lets no timer of its own thread through.
  const here = sync && (end === 'SIGTERM' || end === 'terminate');
  if (middle === 'saving') {
    const net = newNetwork(1500);
    await net.save(file);
    return here ? () => net.saveSync(file) : () => net.save(file);
  }
  const inputs = 64;
  const rows = 4000;
  const X = new Matrix(
    new Float64Array(rows * inputs).map((_, i) => (i % 101) / 101),
    rows,
    inputs,
  );
  if (middle === 'training') {
    const Y = Float64Array.from({ length: rows }, (_, i) => i % 2);
    const net = newNetwork(inputs);
    const options = { epochs: 1e6, batchSize: 32 };
    return here ? () => net.fitSync(X, Y, options) : () => net.fit(X, Y, options);
  }
  const { Batcher, ModelSlot } = createRequire(import.meta.url)('../../dist/serving.js');
  const slot = new ModelSlot(newNetwork(inputs));
  const batcher = new Batcher(slot, { atOnce: sync ? 0 : undefined });
  const row = X.data.slice(0, inputs);
  if (middle === 'prediction') {
    if (here) return () => slot.model.predictSync(X);
    return () =>
      Promise.all([slot.model.predict(X), ...Array.from({ length: 100 }, () => batcher.predict(row))]);
  }
  let seed = 0;
  return () =>
    Promise.all([slot.swap(newNetwork(inputs, ++seed)), batcher.predict(row), batcher.predict(row)]);
}

function newNetwork(/** @type {number} */ inputs, seed = 1) {
  return new Network(
    [
      { inputDim: inputs, outputDim: 200, activation: 'relu' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed },
  );
}
