// How much a training delays the main thread and libuv's threads; without a training, their delay at rest.
//
//   node loop.mjs '{"what": "delay" | "read", "training": true | false, "job": ..., "file": ..., "seconds": ...}'
//
// prints { value }, in milliseconds: the 99th percentile of the event loop's delay, or the median time of fs.readFile.

import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../harness/statistics.mjs';
import { fitOptions, openNetwork } from '../rivals/library.mjs';
import { readData } from '../rivals/protocol.mjs';

const { what, training, job, file, seconds } = JSON.parse(process.argv[2] ?? '');
console.log(JSON.stringify({ value: await probe() }));

async function probe() {
  if (!training) return observe();
  const net = openNetwork(job);
  const { X, Y } = readData(job);
  const before = net.parameters.W1.data.slice();
  const abort = new AbortController();
  const aborted = net
    .fit(X, Y, { ...fitOptions(job), epochs: 1e9, signal: abort.signal })
    .catch((/** @type {Error} */ error) => error.name);
  await sleep(200); // the first epochs
  const observed = await observe();
  abort.abort();
  if ((await aborted) !== 'AbortError') throw new Error('The training ended too early');
  if (
    net.parameters.W1.data.every(
      (/** @type {number} */ value, /** @type {number} */ i) => value === before[i],
    )
  )
    throw new Error('Nothing was trained');
  return observed;
}

function observe() {
  return what === 'delay' ? delay() : reading();
}

// The histogram has the times between two ticks of its timer: one millisecond if nothing is late.
async function delay() {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await sleep(1000 * seconds);
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}

async function reading() {
  const times = [];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    await sleep(2);
    const start = performance.now();
    await readFile(file);
    times.push(performance.now() - start);
  }
  return median(times);
}
