// Trains a network for an epoch: from arrays, from a source of chunks, or from a CSV file; or only reads the file.
//
//   node sources.mjs '{"way": "arrays" | "source" | "csv" | "read" | "memory", "rows": ..., "file": ...}'
//
// prints { value }: milliseconds; for `memory` the megabytes that training from the file needs at most, over those before.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const { Matrix, Network, adam } = load('../../dist/index.js');
const { scanTable } = load('../../dist/tables.js');
const { way, rows, file, layers } = JSON.parse(process.argv[2] ?? '');

const net = new Network(layers, { seed: 1, dtype: 'float32' });
const options = { epochs: 1, batchSize: 256, optimizer: adam() };
const chunkRows = 65_536;

/** @param {number} from @param {number} to */
function chunk(from, to) {
  const X = new Float32Array(2 * (to - from));
  const Y = new Float32Array(to - from);
  for (let row = from; row < to; row++) {
    const [a, b] = [(row * 0.618) % 1, (row * 0.732) % 1];
    X.set([a, b], 2 * (row - from));
    Y[row - from] = Number(a > b);
  }
  return { X, Y };
}

function* chunks() {
  for (let from = 0; from < rows; from += chunkRows) yield chunk(from, Math.min(rows, from + chunkRows));
}

const types = { a: 'number', b: 'number', y: 'number' };

async function* fromFile() {
  for await (const table of scanTable(file, { types, rows: chunkRows })) {
    const [a, b] = ['a', 'b'].map((name) => table.column(name).values);
    const X = new Float32Array(2 * table.rows);
    for (let row = 0; row < table.rows; row++) {
      X[2 * row] = a[row];
      X[2 * row + 1] = b[row];
    }
    yield { X, Y: new Matrix(table.column('y').values, table.rows, 1) };
  }
}

async function read() {
  let count = 0;
  for await (const { Y } of fromFile()) count += Y.rows;
  return count;
}

/** The most memory of the process so far, in megabytes. */
function peak() {
  const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

const all = way === 'arrays' ? chunk(0, rows) : undefined;
const ways = {
  arrays: () => net.fit(all?.X, all?.Y, options),
  source: () => net.fit(chunks, options),
  csv: () => net.fit(fromFile, options),
  memory: () => net.fit(fromFile, options),
  read,
};
const before = way === 'memory' ? peak() : 0;
const start = performance.now();
await ways[/** @type {keyof typeof ways} */ (way)]();
console.log(JSON.stringify({ value: way === 'memory' ? peak() - before : performance.now() - start }));
