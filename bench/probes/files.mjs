// Times a network's file, or measures how long it holds up the event loop.
//
//   node files.mjs '{"what": "save" | "load", "measure": "time" | "stall" | "disk", "folder": ..., "bytes": ...}'
//
// prints { value }, in milliseconds: the time of the call; the longest time between two ticks of a timer of one
// millisecond; or the time of plain calls of node:fs for a file of this size.

import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../harness/statistics.mjs';
import { Network } from '../rivals/library.mjs';
import { longestStall } from './longest-stall.mjs';

const { what, measure, folder, bytes } = JSON.parse(process.argv[2] ?? '');
const path = join(folder, 'network');
const slice = 2 ** 22;
const repeats = 5;

const values = [];
const prepared = measure === 'disk' ? prepareDisk() : prepareNetwork();
for (let i = 0; i <= repeats; i++) {
  globalThis.gc?.();
  await sleep(50);
  values.push(measure === 'stall' ? await longestStall(prepared) : await timeOf(prepared));
}
// The first call loads code and makes the file.
console.log(JSON.stringify({ value: median(values.slice(1)) }));

function prepareNetwork() {
  const inputDim = 4000;
  const outputDim = Math.round(bytes / 4 / (inputDim + 1));
  const net = new Network([{ inputDim, outputDim, activation: 'linear' }], {
    dtype: 'float32',
    seed: 1,
    initializer: 'zeros',
  });
  const { data } = net.parameters.W1;
  for (let i = 0; i < data.length; i++) data[i] = (i % 1021) / 1021 - 0.5;
  net.saveSync(path);
  return async () => {
    if (what === 'save') return net.save(path);
    const loaded = await Network.load(path);
    if (loaded.parameters.W1.data.at(-1) !== data.at(-1)) throw new Error('The file has other parameters');
  };
}

function prepareDisk() {
  const memory = new Uint8Array(bytes).fill(7);
  const file = join(folder, 'plain');
  const write = () => {
    const descriptor = openSync(file, 'w');
    for (let done = 0; done < bytes; done += slice) {
      writeSync(descriptor, memory, done, Math.min(slice, bytes - done));
    }
    fsyncSync(descriptor);
    closeSync(descriptor);
  };
  const read = () => {
    const descriptor = openSync(file, 'r');
    for (let done = 0; done < bytes; done += slice) {
      readSync(descriptor, memory, done, Math.min(slice, bytes - done), done);
    }
    closeSync(descriptor);
  };
  write();
  return async () => (what === 'save' ? write() : read());
}

async function timeOf(/** @type {() => Promise<void>} */ call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}
