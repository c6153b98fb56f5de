// Trains a network for an epoch: from arrays, from a source of chunks, or from files. Or only reads the files.
//
//   node sources.mjs '{"way": "arrays" | "made", "work": "train", "rows": ..., "layers": ...}'
//   node sources.mjs '{"way": "csv" | "parquet" | "npy" | "map", "work": "train" | "source" | "parser", "files": ...}'
//   node sources.mjs '{"way": "whole map" | "whole file", "work": "train" | "open", "files": ...}'
//
// `source` goes through the chunks without a training; `parser` only reads, and makes no chunks. `npy` reads NPY files with
// scanTable, `map` makes chunks of Matrix.map. `whole map` trains from the mapped matrices as from arrays; `whole file` reads
// the files into memory.
//
// prints { rows, milliseconds, peak, anonymous, mapped }: the most memory of the process, in megabytes over a Node that has
// loaded nothing. `anonymous` is its own; `mapped` are pages of files, which the system may take at any time.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { points } from '../harness/points.mjs';

const bare = memory();
const load = createRequire(import.meta.url);
const { Matrix, Network, adam } = load('../../dist/index.js');
const { scanTable } = load('../../dist/tables.js');
const { way, work, rows: given, files, layers } = JSON.parse(process.argv[2] ?? '');

const chunkRows = 65_536;
const types = { a: 'number', b: 'number', y: 'number' };
const numbers = { types, rows: chunkRows };

/** @typedef {{ X: any, Y: any }} Chunk */

function* made() {
  for (let from = 0; from < given; from += chunkRows) yield points(from, Math.min(given, from + chunkRows));
}

/** @param {any} table @returns {Chunk} */
function chunkOf(table) {
  const [a, b] = ['a', 'b'].map((name) => table.column(name).values);
  const X = new Float32Array(2 * table.rows);
  for (let row = 0; row < table.rows; row++) {
    X[2 * row] = a[row];
    X[2 * row + 1] = b[row];
  }
  return { X, Y: new Matrix(table.column('y').values, table.rows, 1) };
}

async function* fromTables() {
  for await (const table of scanTable(files[0], numbers)) yield chunkOf(table);
}

async function* fromNpy() {
  const labels = scanTable(files[1], { rows: chunkRows })[Symbol.asyncIterator]();
  for await (const table of scanTable(files[0], { rows: chunkRows })) {
    const { value } = await labels.next();
    const [a, b] = table.names.map((/** @type {string} */ name) => table.column(name).values);
    const X = new Float32Array(2 * table.rows);
    for (let row = 0; row < table.rows; row++) {
      X[2 * row] = a[row];
      X[2 * row + 1] = b[row];
    }
    yield { X, Y: new Matrix(value.column(value.names[0]).values, table.rows, 1) };
  }
}

async function* fromMap() {
  const [X, Y] = await Promise.all(files.map((/** @type {string} */ file) => Matrix.map(file)));
  for (let from = 0; from < X.rows; from += chunkRows) {
    const to = Math.min(X.rows, from + chunkRows);
    yield { X: X.data.subarray(2 * from, 2 * to), Y: Y.data.subarray(from, to) };
  }
}

/** The whole of X and Y. */
async function open() {
  if (way === 'whole map') return Promise.all(files.map((/** @type {string} */ file) => Matrix.map(file)));
  const columns = [2, 1];
  return files.map((/** @type {string} */ file, /** @type {number} */ i) => {
    const bytes = readFileSync(file);
    const data = new Float32Array(bytes.buffer, bytes.byteOffset + 128, (bytes.length - 128) / 4);
    return new Matrix(data, data.length / (columns[i] ?? 1), columns[i]);
  });
}

async function parse() {
  let rows = 0;
  const iterators = files.map((/** @type {string} */ file) =>
    scanTable(file, way === 'npy' ? { rows: chunkRows } : numbers)[Symbol.asyncIterator](),
  );
  for (;;) {
    const [first] = await Promise.all(iterators.map((/** @type {any} */ each) => each.next()));
    if (first.done) return rows;
    rows += first.value.rows;
  }
}

async function goThrough() {
  let rows = 0;
  for await (const { Y } of source()) rows += rowsOf(Y);
  return rows;
}

/** @returns {AsyncIterable<Chunk> | Iterable<Chunk>} */
function source() {
  return { csv: fromTables, parquet: fromTables, npy: fromNpy, map: fromMap, made }[
    /** @type {'csv'} */ (way)
  ]();
}

async function train() {
  const net = new Network(layers, { seed: 1, dtype: 'float32' });
  const options = { epochs: 1, batchSize: 256, optimizer: adam() };
  if (whole !== undefined) {
    await net.fit(...whole, options);
    return rowsOf(whole[1]);
  }
  let rows = 0;
  async function* counted() {
    for await (const chunk of source()) {
      rows += rowsOf(chunk.Y);
      yield chunk;
    }
  }
  await net.fit(counted, options);
  return rows;
}

function rowsOf(/** @type {any} */ Y) {
  return Y.rows ?? Y.length;
}

/** Megabytes: the most of all memory so far, and what there is now of each kind. */
function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1.024e-3;
  return { peak: of('VmHWM'), anonymous: of('RssAnon') + of('RssShmem'), mapped: of('RssFile') };
}

/** What is in memory before the clock starts. @type {any[] | undefined} */
let whole;
if (way === 'arrays') whole = Object.values(points(0, given));
else if (work === 'train' && way.startsWith('whole')) whole = await open();
const works = {
  ...{ train, source: goThrough, parser: parse },
  open: async () => rowsOf((await open())[1]),
};
const most = { anonymous: 0, mapped: 0 };
const watch = setInterval(() => {
  const now = memory();
  most.anonymous = Math.max(most.anonymous, now.anonymous - bare.anonymous);
  most.mapped = Math.max(most.mapped, now.mapped - bare.mapped);
}, 20);
const start = performance.now();
const rows = await works[/** @type {keyof typeof works} */ (work)]();
const milliseconds = performance.now() - start;
clearInterval(watch);
console.log(JSON.stringify({ rows, milliseconds, peak: memory().peak - bare.peak, ...most }));
