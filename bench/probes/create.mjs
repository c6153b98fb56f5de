// Makes a network of units * (units + 1) parameters.
//
//   node create.mjs '{"what": "time" | "stall", "way": "create" | "constructor", "units": ...}'
//
// prints { value }, in milliseconds: the time, or the event loop's longest stall.

import { createRequire } from 'node:module';
import { longestStall } from './longest-stall.mjs';

const { Network } = createRequire(import.meta.url)('../../dist/index.js');
const { what, way, units } = JSON.parse(process.argv[2] ?? '');

// The first network loads code, and starts threads.
await make(300);

console.log(
  JSON.stringify({ value: await (what === 'time' ? timeOfMaking() : longestStall(() => make(units))) }),
);

async function timeOfMaking() {
  const start = performance.now();
  await make(units);
  return performance.now() - start;
}

async function make(/** @type {number} */ outputDim) {
  const layers = [{ inputDim: outputDim, outputDim, activation: 'relu' }];
  const options = { seed: 1, dtype: 'float32', initializer: 'heNormal' };
  const net = way === 'create' ? await Network.create(layers, options) : new Network(layers, options);
  if (net.parameterCount !== outputDim * (outputDim + 1)) throw new Error('This is another network');
}
