// The resident memory of a process with worker threads that predict with a large model.
//
//   node --expose-gc serving-memory.mjs '{"way": "shared" | "loaded" | "none", "file": ..., "workers": ..., "inputs": ...}'
//
// prints { value }, in MB: each worker attaches the one shared model, loads the file, or has a model of one weight.

import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Network } from '../rivals/library.mjs';

const { way, file, workers, inputs, handle, expected } = isMainThread
  ? JSON.parse(process.argv[2] ?? '')
  : workerData;
const layers = [{ inputDim: 1, outputDim: 1, activation: 'linear' }];
if (isMainThread) await main();
else await work();

async function main() {
  const shared = way === 'shared' ? await share() : undefined;
  const threads = await Promise.all(
    Array.from({ length: workers }, async () => {
      const thread = new Worker(new URL(import.meta.url), {
        workerData: { way, file, inputs, ...shared },
      });
      await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
      return thread;
    }),
  );
  // Dropped memory is freed when the event loop turns.
  for (let i = 0; i < 10; i++) {
    globalThis.gc?.();
    await sleep(20);
  }
  console.log(JSON.stringify({ value: process.memoryUsage.rss() / 1e6 }));
  for (const thread of threads) thread.postMessage('end');
}

// Only the handle stays.
async function share() {
  const net = await Network.load(file);
  const { data } = net.predictSync([new Float32Array(inputs).fill(0.5)]);
  return { handle: net.share(), expected: Array.from(data) };
}

async function work() {
  /** @type {any} */
  let net;
  if (way === 'shared') net = Network.attach(handle);
  else if (way === 'loaded') net = await Network.load(file);
  else net = new Network(layers, { seed: 1 });
  const predictor = net.predictor();
  predictor.input.data.fill(0.5);
  predictor.run();
  if (
    expected?.some(
      (/** @type {number} */ value, /** @type {number} */ i) => value !== predictor.output.data[i],
    )
  )
    throw new Error('The worker predicts something else');
  globalThis.gc?.();
  parentPort?.postMessage('ready');
  await new Promise((resolve) => parentPort?.once('message', resolve));
  // The network lives until here.
  if (predictor.output.data.length === 0) throw new Error('It is gone');
}
