// Makes a network of units * (units + 1) parameters.
//
//   node create.mjs '{"what": "time" | "stall", "way": "create" | "constructor", "units": ...}'
//
// prints { value }, in milliseconds: the time, or the event loop's longest stall.

import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const { Network } = createRequire(import.meta.url)('../../dist/index.js');
const { what, way, units } = JSON.parse(process.argv[2] ?? '');

// The first network loads code, and starts threads.
await make(300);

let longest = 0;
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last);
  last = now;
}, 1);
await sleep(20);
longest = 0;
const start = performance.now();
await make(units);
const took = performance.now() - start;
// The stall that is under way counts, too.
await sleep(20);
clearInterval(timer);
console.log(JSON.stringify({ value: what === 'time' ? took : longest }));

async function make(/** @type {number} */ outputDim) {
  const layers = [{ inputDim: outputDim, outputDim, activation: 'relu' }];
  const options = { seed: 1, dtype: 'float32', initializer: 'heNormal' };
  const net = way === 'create' ? await Network.create(layers, options) : new Network(layers, options);
  if (net.parameterCount !== outputDim * (outputDim + 1)) throw new Error('This is another network');
}
