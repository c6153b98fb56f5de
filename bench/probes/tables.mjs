// Reads a CSV file into typed columns, or encodes a table.
//
//   node tables.mjs '{"reader": "blasnet" | "parts" | "udsv", "measure": "time" | "stall" | "memory" | "encode", "folder": ...,
//                     "megabytes": ..., "rows": ...}'
//
// prints { value }: the milliseconds of the reading, or of the encoding; the longest time between two ticks of a timer of
// one millisecond; or how much the process grows by the reading, in times of the typed columns, or for "parts", which
// scanTable reads, in megabytes.

import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { median } from '../harness/statistics.mjs';
import { longestStall } from './longest-stall.mjs';

const { reader, measure, folder, megabytes, rows } = JSON.parse(process.argv[2] ?? '');
const require = createRequire(import.meta.url);
const path = join(folder, `table-${megabytes}.csv`);
if (!existsSync(path)) writeTable();

const readers = { blasnet: readerOfBlasnet, parts: readerOfParts, udsv: readerOfUdsv };
const read = await readers[/** @type {keyof typeof readers} */ (reader)]();
console.log(JSON.stringify({ value: await measured() }));

async function measured() {
  if (measure === 'encode') return encodeTime();
  if (measure === 'stall') {
    await read();
    return longestStall(read);
  }
  if (measure === 'memory') {
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    const { bytes } = await read();
    return (process.resourceUsage().maxRSS * 1024 - before) / bytes;
  }
  const times = [];
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    const start = performance.now();
    await read();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** @returns {() => Promise<{ bytes: number }>} */
function readerOfBlasnet() {
  const { readTable } = createRequire(import.meta.url)('../../dist/tables.js');
  return async () => {
    const table = await readTable(path);
    const columns = table.names.map((/** @type {string} */ name) => table.column(name).values);
    return {
      bytes: columns.reduce(
        (/** @type {number} */ sum, /** @type {Float64Array} */ { byteLength }) => sum + byteLength,
        0,
      ),
    };
  };
}

/** Goes through a file in parts. Its `bytes` are a megabyte, in which its memory is told. */
function readerOfParts() {
  const { scanTable } = createRequire(import.meta.url)('../../dist/tables.js');
  return async () => {
    let count = 0;
    for await (const part of scanTable(path)) count += part.rows;
    if (count === 0) throw new Error('The table has no rows');
    return { bytes: 2 ** 20 };
  };
}

async function readerOfUdsv() {
  const { inferSchema, initParser } = await import(/** @type {string} */ ('udsv'));
  return async () => {
    const text = readFileSync(path, 'utf8');
    const columns = initParser(inferSchema(text)).typedCols(text);
    let bytes = 0;
    for (const column of columns) {
      // Texts become codes, as in a table.
      const numbers = typeof column[0] === 'number' ? Float64Array.from(column) : codesOf(column);
      bytes += numbers.byteLength;
    }
    return { bytes };
  };
}

function codesOf(/** @type {readonly unknown[]} */ texts) {
  const codes = new Map();
  return Int32Array.from(texts, (text) => {
    let code = codes.get(text);
    if (code === undefined) {
      code = codes.size;
      codes.set(text, code);
    }
    return code;
  });
}

async function encodeTime() {
  const native = require('node-gyp-build')(
    join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..'),
  );
  // Seven columns scaled robustly, three of five categories each.
  const numbers = Array.from({ length: 7 }, (_, c) =>
    Float64Array.from({ length: rows }, (_, i) => Math.sin(i * (c + 1))),
  );
  const codes = Array.from({ length: 3 }, (_, c) =>
    Int32Array.from({ length: rows }, (_, i) => (i * (c + 1)) % 5),
  );
  const parts = [
    ...numbers.flatMap((_, c) => [native.encoderParts.smoothClip, c, 3]),
    ...codes.flatMap((_, c) => [native.encoderParts.oneHot, 7 + c, 2]),
  ];
  const encoder = new native.TableEncoder({
    outcome: new Float64Array(new SharedArrayBuffer(64)),
    columns: 10,
    parts: Int32Array.from(parts),
    numbers: Float64Array.from([...numbers.flatMap(() => [0, 0.7, 0]), 5, 0, 5, 0, 5, 0]),
    refuseUnknown: false,
  });
  native.setThreads(2);
  const given = {
    columns: [...numbers, ...codes],
    known: [...numbers.map(() => null), ...codes.map(() => Int32Array.of(0, 1, 2, 3, 4))],
    rows,
    out: new Float32Array(rows * 22),
    codes: new Int32Array(0),
  };
  const times = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await new Promise((resolve) => encoder.encode(given, resolve));
    times.push(performance.now() - start);
  }
  if (given.out[7 + 1 * 22 + 1] !== 1) throw new Error('The encoding is wrong');
  return median(times);
}

// Rows as those of a shop: prices, sizes, qualities.
function writeTable() {
  const texts = [
    ['Ideal', 'Premium', 'Very Good', 'Good', 'Fair'],
    ['D', 'E', 'F', 'G', 'H', 'I', 'J'],
    ['VVS1', 'VVS2', 'VS1', 'VS2', 'SI1', 'SI2', 'I1', 'IF'],
  ];
  const file = openSync(path, 'w');
  writeSync(file, 'carat,cut,color,clarity,depth,table,x,y,z,price\n');
  let bytes = 0;
  for (let i = 0; bytes < megabytes * 1e6; ) {
    let block = '';
    for (let k = 0; k < 5000; k++, i++) {
      const [cut, color, clarity] = texts.map((list, c) => list[(i * (2 * c + 3)) % list.length]);
      const carat = ((i * 37) % 480) / 100 + 0.2;
      block += `${carat.toFixed(2)},${cut},${color},${clarity},${(55 + ((i * 7) % 130) / 10).toFixed(1)},${50 + (i % 20)},`;
      block += `${(carat * 4.1).toFixed(2)},${(carat * 4.2).toFixed(2)},${(carat * 2.6).toFixed(2)},${326 + ((i * 91) % 18_000)}\n`;
    }
    bytes += writeSync(file, block);
  }
  closeSync(file);
}
