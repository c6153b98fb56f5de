// Times the export of a network or its import, or measures how long it holds up the event loop.
//
//   node interchange.mjs '{"what": "export" | "import", "format": ..., "measure": "time" | "stall", "folder": ..., "bytes": ...}'
//
// prints { value }, in milliseconds: the time of the call, or the longest time between two ticks of a timer of one
// millisecond.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../harness/statistics.mjs';
import { Network } from '../rivals/library.mjs';
import { longestStall } from './longest-stall.mjs';

const { what, format, measure, folder, bytes } = JSON.parse(process.argv[2] ?? '');
const repeats = 3;
const inputDim = 4000;
const net = new Network(
  [{ inputDim, outputDim: Math.round(bytes / 4 / (inputDim + 1)), activation: 'linear' }],
  { dtype: 'float32', seed: 1, initializer: 'zeros' },
);
const { data } = net.parameters.W1;
for (let i = 0; i < data.length; i++) data[i] = (i % 1021) / 1021 - 0.5;
const path = join(folder, `network.${format === 'tfjs' ? 'json' : format}`);
const activations = ['safetensors', 'npz'].includes(format) ? { activations: ['linear'] } : {};
await net.export(path, { format });

const values = [];
for (let i = 0; i <= repeats; i++) {
  globalThis.gc?.();
  await sleep(50);
  values.push(measure === 'stall' ? await longestStall(call) : await timeOf(call));
}
// The first call loads code.
console.log(JSON.stringify({ value: median(values.slice(1)) }));

async function call() {
  if (what === 'export') return net.export(path, { format });
  const read = await Network.import(path, { format, ...activations });
  if (read.parameters.W1.data.at(-1) !== data.at(-1)) throw new Error('The file has other parameters');
}

async function timeOf(/** @type {() => Promise<void>} */ run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
