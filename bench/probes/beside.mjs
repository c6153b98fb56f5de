// How long predictions take while another network of the process trains; without a training, how long they take at rest.
//
//   node beside.mjs '{"what": "tick" | "rows", "training": { "priority", "threads" } | null, "job": ..., "percentile": ..., "seconds": ...}'
//
// prints { value }, in milliseconds. 'tick': from the moment when a timer was due to the answer for one row, on the main
// thread. 'rows': a call of predict for 1,000 rows, on other threads.

import { setTimeout as sleep } from 'node:timers/promises';
import { fitOptions, Matrix, openNetwork } from '../rivals/library.mjs';
import { readData } from '../rivals/protocol.mjs';

const { what, training, job, percentile, seconds } = JSON.parse(process.argv[2] ?? '');
const { inputDim } = job.layers[0];
console.log(JSON.stringify({ value: await probe() }));

async function probe() {
  const serving = openNetwork(job);
  const { X, Y } = readData(job);
  const observe = what === 'tick' ? () => ticks(serving, X) : () => calls(serving, X);
  if (training === null) return observe();
  const net = openNetwork(job);
  const abort = new AbortController();
  /** @type {Promise<unknown>} */
  let aborted = Promise.resolve();
  await new Promise((resolve) => {
    aborted = net
      .fit(X, Y, {
        ...{ ...fitOptions(job), ...training, epochs: 1e9, signal: abort.signal },
        callbacks: resolve,
      })
      .catch((/** @type {Error} */ error) => error.name);
  });
  const observed = await observe();
  abort.abort();
  if ((await aborted) !== 'AbortError') throw new Error('The training ended too early');
  return observed;
}

async function ticks(
  /** @type {ReturnType<typeof openNetwork>} */ net,
  /** @type {ReturnType<typeof readData>['X']} */ X,
) {
  const predictor = net.predictor();
  predictor.input.data.set(X.subarray(0, inputDim));
  return times(2, async (rest) => {
    const due = performance.now() + rest;
    await sleep(rest);
    predictor.run();
    return performance.now() - due;
  });
}

async function calls(
  /** @type {ReturnType<typeof openNetwork>} */ net,
  /** @type {ReturnType<typeof readData>['X']} */ X,
) {
  const rows = Matrix.zeros(1000, inputDim, job.dtype);
  for (let i = 0; i < rows.data.length; i++) rows.data[i] = X[i % X.length];
  return times(20, async (rest) => {
    await sleep(rest);
    const start = performance.now();
    await net.predict(rows);
    return performance.now() - start;
  });
}

async function times(/** @type {number} */ rest, /** @type {(rest: number) => Promise<number>} */ one) {
  const all = [];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) all.push(await one(rest));
  all.sort((a, b) => a - b);
  return all[Math.ceil((all.length * percentile) / 100) - 1];
}
