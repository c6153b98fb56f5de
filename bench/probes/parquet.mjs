// Reads a Parquet file into typed columns, by this library or by hyparquet alone.
//
//   node parquet.mjs '{"reader": "blasnet" | "hyparquet", "measure": "time" | "stall" | "memory", "folder": ..., "rows": ...}'
//
// prints { value }: the milliseconds of the reading; the longest time between two ticks of a timer of one millisecond; or
// how much the process grows by the reading, in times of the typed columns.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../harness/statistics.mjs';
import { longestStall } from './longest-stall.mjs';

const given = JSON.parse(process.argv[2] ?? '');
const { reader, measure, folder, rows } = given;
const path = join(folder, `table-${rows}.parquet`);

if (reader === 'writer') await writeTable();
else {
  // Another process writes the file, since that takes much memory.
  if (!existsSync(path)) {
    const self = fileURLToPath(import.meta.url);
    execFileSync(process.execPath, [self, JSON.stringify({ ...given, reader: 'writer' })]);
  }
  const read = reader === 'blasnet' ? readByBlasnet : await readerOfHyparquet();
  console.log(JSON.stringify({ value: await measured(read) }));
}

/** @typedef {() => Promise<readonly (Float64Array | Int32Array)[]>} Read */

async function measured(/** @type {Read} */ read) {
  if (measure === 'stall') {
    await read();
    return longestStall(read);
  }
  if (measure === 'memory') {
    const before = process.memoryUsage().rss;
    const columns = await read();
    const bytes = columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return (process.resourceUsage().maxRSS * 1024 - before) / bytes;
  }
  const times = [];
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    const start = performance.now();
    await read();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** @type {Read} */
async function readByBlasnet() {
  const { readTable } = createRequire(import.meta.url)('../../dist/tables.js');
  const table = await readTable(path);
  return table.names.map((/** @type {string} */ name) => table.column(name).values);
}

/** @returns {Promise<Read>} */
async function readerOfHyparquet() {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  return async () => {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    /** @type {Map<string, { values: Float64Array | Int32Array, codes: Map<unknown, number> }>} */
    const columns = new Map();
    for (const { name, type } of metadata.schema.slice(1)) {
      const values = new (type === 'BYTE_ARRAY' ? Int32Array : Float64Array)(rows);
      columns.set(name, { values, codes: new Map() });
    }
    /** @param {{ columnName: string, columnData: ArrayLike<unknown>, rowStart: number }} chunk */
    const onChunk = ({ columnName, columnData, rowStart }) => {
      const { values, codes } = columns.get(columnName) ?? { values: new Float64Array(0), codes: new Map() };
      for (let i = 0; i < columnData.length; i++) {
        const value = columnData[i];
        if (values instanceof Float64Array) values[rowStart + i] = Number(value ?? Number.NaN);
        else {
          // Texts become codes, as in a table.
          let code = codes.get(value);
          if (code === undefined) {
            code = codes.size;
            codes.set(value, code);
          }
          values[rowStart + i] = code;
        }
      }
    };
    await parquetRead({ file, metadata, compressors, onChunk });
    return Array.from(columns.values(), ({ values }) => values);
  };
}

// Rows as those of a shop: prices, sizes, qualities.
async function writeTable() {
  const { parquetWriteFile } = /** @type {{ parquetWriteFile: Function }} */ (
    /** @type {unknown} */ (await import('hyparquet-writer'))
  );
  const numbers = ['carat', 'depth', 'table', 'x', 'y', 'z', 'price'].map((name, c) => ({
    name,
    type: 'DOUBLE',
    data: Array.from({ length: rows }, (_, i) => Math.round(1e6 * Math.abs(Math.sin(i * (c + 1)))) / 100),
  }));
  const texts = [
    { name: 'cut', list: ['Ideal', 'Premium', 'Very Good', 'Good', 'Fair'] },
    { name: 'color', list: ['D', 'E', 'F', 'G', 'H', 'I', 'J'] },
    { name: 'clarity', list: ['VVS1', 'VVS2', 'VS1', 'VS2', 'SI1', 'SI2', 'I1', 'IF'] },
  ].map(({ name, list }, c) => ({
    name,
    type: 'STRING',
    data: Array.from({ length: rows }, (_, i) => list[(i * (2 * c + 3)) % list.length]),
  }));
  parquetWriteFile({ filename: path, columnData: [...numbers, ...texts], rowGroupSize: 100_000 });
}
