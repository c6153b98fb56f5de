// Predictions, trainings, worker threads and swaps of the model, in rounds: how the memory of the process grows with them.

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { growth } from '../harness/statistics.mjs';
import { Network, RandomState } from '../rivals/library.mjs';

const { Batcher, ModelSlot } = createRequire(import.meta.url)('../../dist/serving.js');
const worker = new URL('./worker.mjs', import.meta.url);

/** How much of each there is. */
export const most = { predictions: 10_000_000, fits: 1000, workers: 1000, swaps: 1000 };

/** The rounds after which the memory is read. The first ones fill heaps and pools. */
const rounds = 100;
const settling = 0.4;

/**
 * @param {{ scale: number, log: (line: string) => void }} options
 * @returns {Promise<{ predictions: number, fits: number, workers: number, swaps: number, seconds: number, memory: Growth[] }>}
 *
 * @typedef {object} Growth
 * @property {string} what    'rss', 'heap' or 'buffers', in MiB
 * @property {number} first   after the rounds that fill heaps and pools
 * @property {number} last
 * @property {number} slope   MiB in all rounds after these, by the line of least squares
 */
export async function longLife({ scale, log }) {
  const start = performance.now();
  const random = new RandomState(1);
  const X = new Float64Array(200 * 4);
  random.fillNormal(X, 0, 1);
  const Y = Float64Array.from({ length: 200 }, (_, i) => Number(Number(X[4 * i]) > 0));
  const layers = [
    { inputDim: 4, outputDim: 32, activation: 'relu' },
    { outputDim: 1, activation: 'sigmoid' },
  ];
  const newNetwork = (/** @type {number} */ seed) => new Network(layers, { seed });
  const slot = new ModelSlot(newNetwork(0));
  const atOnce = new Batcher(slot);
  const batched = new Batcher(slot, { atOnce: 0 });
  const shared = newNetwork(0);
  const handle = shared.share();
  const row = [0.1, 0.2, 0.3, 0.4];
  const done = { predictions: 0, fits: 0, workers: 0, swaps: 0 };
  /** @type {Record<string, number[]>} */
  const memory = { rss: [], heap: [], buffers: [] };
  for (let round = 0; round < rounds; round++) {
    const due = (/** @type {keyof typeof most} */ what) =>
      Math.ceil((most[what] * scale * (round + 1)) / rounds) - done[what];

    const fits = due('fits');
    for (let i = 0; i < fits; i++) {
      const net = newNetwork(i);
      const controller = new AbortController();
      const training = net.fit(rows(X), Y, { epochs: 5, batchSize: 20, signal: controller.signal });
      if (i % 4 === 0) controller.abort();
      await training.catch(ignoreAborts);
    }
    done.fits += fits;

    const swaps = due('swaps');
    for (let i = 0; i < swaps; i++) {
      if (i % 5 === 4) slot.rollback();
      else await slot.swap(newNetwork(round));
      await shared.publish();
    }
    done.swaps += swaps;

    const workers = due('workers');
    for (let i = 0; i < workers; i++) await useWorker(done.workers + i, handle);
    done.workers += workers;

    const predictions = due('predictions');
    const calls = Math.ceil(predictions / 4);
    const predictor = newNetwork(round).predictor();
    for (let i = 0; i < calls; i++) {
      predictor.input.data.set(row);
      predictor.run();
    }
    for (let i = 0; i < calls; i++) await atOnce.predict(row);
    for (let i = 0; i < calls; i += 200) {
      await Promise.all(Array.from({ length: Math.min(200, calls - i) }, () => batched.predict(row)));
    }
    for (let i = 0; i < calls; i += 1000) {
      const count = Math.min(1000, calls - i);
      await slot.model.predict(Array.from({ length: count }, () => row));
    }
    done.predictions += 4 * calls;

    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    for (const [what, bytes] of Object.entries({ rss, heap: heapUsed, buffers: arrayBuffers })) {
      memory[what]?.push(bytes / 2 ** 20);
    }
    if ((round + 1) % 10 === 0) log(`round ${round + 1}/${rounds}: ${Math.round(rss / 2 ** 20)} MiB`);
  }
  await Promise.all([atOnce.close(), batched.close()]);
  slot.close();
  const memoryGrowth = Object.entries(memory).map(([what, values]) => ({
    what,
    ...growth(values.slice(settling * rounds)),
  }));
  for (const { what, first, last, slope } of memoryGrowth) {
    log(`${what}: ${first.toFixed(1)} to ${last.toFixed(1)} MiB, ${slope.toFixed(2)} MiB along the line`);
  }
  return { ...done, seconds: (performance.now() - start) / 1000, memory: memoryGrowth };
}

function rows(/** @type {Float64Array} */ X) {
  return Array.from({ length: X.length / 4 }, (_, i) => X.subarray(4 * i, 4 * i + 4));
}

function ignoreAborts(/** @type {Error} */ error) {
  if (error.name !== 'AbortError') throw error;
}

// Three of four are terminated in the middle of a call: a synchronous one, predictions in shared memory, a training.
async function useWorker(/** @type {number} */ index, /** @type {object} */ handle) {
  const what = /** @type {const} */ (['all', 'fitSync', 'predict', 'fit'])[index % 4];
  const thread = new Worker(worker, { workerData: { what, handle } });
  // Now: a thread that has ended before its message is read says both at once.
  const exited = new Promise((resolve) => thread.once('exit', resolve));
  /** @type {unknown} */
  let failure;
  await new Promise((resolve) => {
    thread.once('message', resolve);
    thread.once('error', (error) => {
      failure = error;
      resolve(undefined);
    });
  });
  if (what !== 'all') await thread.terminate();
  else await exited;
  if (failure !== undefined) throw failure;
}
