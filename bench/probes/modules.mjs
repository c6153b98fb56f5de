// Measures standalone modules of networks.
//
//   node modules.mjs '{"what": "predictor" | "module" | "size" | "export" | "stall", "sizes": [...], "dtype": ...}'
//
// prints { value }: the milliseconds of one row, by the library or by the module; the bytes of the module for each byte of
// parameters; the milliseconds of an export, or of the event loop's longest stall in it.

import { median } from '../harness/statistics.mjs';
import { Network } from '../rivals/library.mjs';
import { longestStall } from './longest-stall.mjs';
import { moduleOf } from './module-of.mjs';

const { what, sizes, dtype } = JSON.parse(process.argv[2] ?? '');
const last = sizes.length - 2;
const layers = sizes.slice(1).map((/** @type {number} */ outputDim, /** @type {number} */ i) => ({
  inputDim: sizes[i],
  outputDim,
  activation: i === last ? 'linear' : 'relu',
}));
const net = new Network(layers, { dtype, seed: 1 });
console.log(JSON.stringify({ value: await measure() }));

async function measure() {
  if (what === 'size') {
    const bytes = net.parameterCount * (dtype === 'float32' ? 4 : 8);
    return (await net.exportBytes({ format: 'module' })).length / bytes;
  }
  if (what === 'export') return timeOf(() => net.exportBytes({ format: 'module' }));
  if (what === 'stall') return longestStall(() => net.exportBytes({ format: 'module' }));
  return what === 'module' ? timeOfRows((await moduleOf(net)).predict) : timeOfRows(predictorOf());
}

async function timeOf(/** @type {() => Promise<unknown>} */ call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

function predictorOf() {
  const predictor = net.predictor();
  return (/** @type {number[]} */ row) => {
    predictor.input.data.set(row);
    predictor.run();
    return predictor.output.data[0];
  };
}

function timeOfRows(/** @type {(row: number[]) => unknown} */ predict) {
  const rows = Array.from({ length: 200 }, (_, r) =>
    Array.from({ length: sizes[0] }, (__, c) => Math.sin(r + c * 7.7)),
  );
  const times = [];
  for (let pass = 0; pass < 30; pass++) {
    const start = performance.now();
    for (const row of rows) predict(row);
    times.push((performance.now() - start) / rows.length);
  }
  return median(times.slice(5));
}
