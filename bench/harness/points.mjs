// Files of points a, b and their classes y = a > b, of any size: CSV, Parquet, and a pair of NPY files.

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {'csv' | 'parquet' | 'npy'} PointFormat */

/** The bytes that a row takes in the files of a format, about. */
export const bytesOfPoint = Object.freeze({ csv: 20, parquet: 14.1, npy: 12 });

/** The files of a format; those of NPY are the points and their classes. */
export function pointFiles(/** @type {string} */ folder, /** @type {PointFormat} */ format) {
  return (format === 'npy' ? ['x.npy', 'y.npy'] : [`points.${format}`]).map((name) => join(folder, name));
}

// Irrational, so that no two points are equal.
const [goldenRatio, rootOfThree] = /** @type {const} */ ([(Math.sqrt(5) - 1) / 2, Math.sqrt(3)]);

/** The coordinates of a point. @returns {[number, number]} */
function pointAt(/** @type {number} */ row) {
  return [(row * goldenRatio) % 1, (row * rootOfThree) % 1];
}

/** The rows [from, to), in float32. */
export function points(/** @type {number} */ from, /** @type {number} */ to) {
  const X = new Float32Array(2 * (to - from));
  const Y = new Float32Array(to - from);
  for (let row = from; row < to; row++) {
    const [a, b] = pointAt(row);
    X[2 * (row - from)] = a;
    X[2 * (row - from) + 1] = b;
    Y[row - from] = Number(a > b);
  }
  return { X, Y };
}

// The rows of a group of Parquet are those of Arrow's writers.
const blockRows = 2 ** 20;

/**
 * Writes the files of a format: one block of at most a million rows, again and again, since making text and compressing
 * take long.
 *
 * @returns {Promise<number>} the number of rows, which are whole blocks
 */
export async function writePoints(
  /** @type {string} */ folder,
  /** @type {PointFormat} */ format,
  /** @type {number} */ rows,
) {
  const size = Math.min(blockRows, rows);
  const blocks = Math.round(rows / size);
  const parts = await { csv: csvParts, parquet: parquetParts, npy: npyParts }[format](size, blocks);
  const files = pointFiles(folder, format);
  for (const [i, { head, block, tail }] of parts.entries()) {
    const file = openSync(/** @type {string} */ (files[i]), 'w');
    for (const bytes of [head, ...Array.from({ length: blocks }, () => block), ...(tail ? [tail] : [])]) {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    }
    closeSync(file);
  }
  return blocks * size;
}

/**
 * A file: its block stands between head and tail, as often as there are blocks.
 * @typedef {{ head: Uint8Array, block: Uint8Array, tail?: Uint8Array }} Part
 */

/** @returns {Part[]} */
function csvParts(/** @type {number} */ size) {
  const lines = Array.from({ length: size }, (_, row) => {
    const [a, b] = pointAt(row);
    return `${a.toFixed(6)},${b.toFixed(6)},${Number(a > b)}\n`;
  });
  return [{ head: Buffer.from('a,b,y\n'), block: Buffer.from(lines.join('')) }];
}

/** @returns {Part[]} */
function npyParts(/** @type {number} */ size, /** @type {number} */ blocks) {
  const { X, Y } = points(0, size);
  return [
    { values: X, shape: `(${blocks * size}, 2)` },
    { values: Y, shape: `(${blocks * size},)` },
  ].map(({ values, shape }) => {
    const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
    const head = Buffer.from(`\x93NUMPY\x01\x00v\x00${text}\n`, 'latin1');
    return { head, block: Buffer.from(values.buffer) };
  });
}

/** @returns {Promise<Part[]>} */
async function parquetParts(/** @type {number} */ size, /** @type {number} */ blocks) {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = /** @type {any} */ (
    await import('hyparquet-writer')
  );
  const all = Array.from({ length: size }, (_, row) => pointAt(row));
  const columnData = [
    { name: 'a', type: 'DOUBLE', data: Float64Array.from(all, ([a]) => a) },
    { name: 'b', type: 'DOUBLE', data: Float64Array.from(all, ([, b]) => b) },
    { name: 'y', type: 'INT32', data: Int32Array.from(all, ([a, b]) => Number(a > b)) },
  ].map((column) => ({ ...column, offsetIndex: false, nullable: false }));
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({ writer, schema: schemaFromColumnData({ columnData }) });
  parquet.write({ columnData, rowGroupSize: size });
  const bytes = writer.getBytes().slice();
  const [head, block] = [bytes.subarray(0, 4), bytes.subarray(4)];
  const [group] = parquet.row_groups;
  parquet.row_groups = Array.from({ length: blocks }, (_, i) => movedGroup(group, i * block.length));
  parquet.num_rows = BigInt(blocks * size);
  parquet.finish();
  return [{ head, block, tail: writer.getBytes().slice(bytes.length) }];
}

// The description of a row group whose bytes stand later.
function movedGroup(/** @type {any} */ group, /** @type {number} */ by) {
  const moved = (/** @type {bigint | undefined} */ offset) => offset && offset + BigInt(by);
  const columns = group.columns.map((/** @type {any} */ { meta_data, file_offset, ...column }) => ({
    ...column,
    file_offset: moved(file_offset),
    meta_data: {
      ...meta_data,
      data_page_offset: moved(meta_data.data_page_offset),
      dictionary_page_offset: moved(meta_data.dictionary_page_offset),
    },
  }));
  return { ...group, columns };
}
