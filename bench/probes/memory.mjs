// The peak memory of a process that holds a data set, or that also trains on it.
//
//   node memory.mjs '{"training": true | false, "job": ...}'
//
// prints { value }, in megabytes.

import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

const { training, job } = JSON.parse(process.argv[2] ?? '');
const X = read(job.X);
const Y = read(job.Y);
if (training) {
  const { fitOptions, openNetwork } = await import('../rivals/library.mjs');
  const { loss } = await openNetwork(job).fit(X, Y, { ...fitOptions(job), epochs: 1 });
  if (!(loss[0] < Math.LN2)) throw new Error(`The network learned nothing: the loss is ${loss[0]}`);
}
console.log(JSON.stringify({ value: peakKibibytes() / 1024 }));

// Reads without a second copy, which would count as memory.
function read(/** @type {string} */ path) {
  const file = openSync(path, 'r');
  const values = new Float64Array(fstatSync(file).size / 8);
  readSync(file, values);
  closeSync(file);
  return values;
}

// On Linux, the maxRSS of a process starts with its parent's memory. VmHWM counts its own memory only.
function peakKibibytes() {
  if (!existsSync('/proc/self/status')) return process.resourceUsage().maxRSS;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
