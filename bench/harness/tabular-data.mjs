// The real tables of test/fixtures/tabular: for the fits of the case tabular, and as inputs of a network.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** @import { Embedding, Samples } from './jobs.mjs' */

export const tabularSets = ['credit', 'churn', 'soybean', 'satellite', 'ames', 'diamonds'];

const folder = fileURLToPath(new URL('../../test/fixtures/tabular/', import.meta.url));

/**
 * What NAME.json.gz says about a set.
 * @typedef {object} SetInfo
 * @property {string} target
 * @property {'binary' | 'multiclass' | 'regression'} task
 * @property {string} [positive]
 * @property {{ name: string, kind: 'number' | 'category' }[]} columns
 * @property {number[][]} folds   the test rows of each
 */

/** @returns {SetInfo} */
export function setInfo(/** @type {string} */ name) {
  return JSON.parse(gunzipSync(readFileSync(`${folder}${name}.json.gz`)).toString());
}

export function setFile(/** @type {string} */ name) {
  return `${folder}${name}.csv.gz`;
}

/** The training and the test rows of a fold, as tables. */
export async function foldTables(/** @type {string} */ name, /** @type {number} */ fold) {
  const { readTable } = createRequire(import.meta.url)('../../dist/tables.js');
  const info = setInfo(name);
  const types = Object.fromEntries(info.columns.map((column) => [column.name, column.kind]));
  const table = await readTable(setFile(name), { types });
  const test = info.folds[fold] ?? [];
  const isTest = new Set(test);
  const train = Array.from({ length: table.rows }, (_, row) => row).filter((row) => !isTest.has(row));
  return { info, train: table.take(train), test: table.take(test) };
}

/**
 * The training rows of a set's first fold as inputs of a network, in the way of RealMLP: numbers centred by the median, scaled
 * by the quartiles and clipped smoothly; categories one-hot up to 8, and as codes of an embedding above. A missing value is
 * 0, or the code -1.
 *
 * @returns {Promise<{ data: Samples, inputDim: number, numbers: number, embeddings: Embedding[] }>}
 */
export async function recipeInputs(/** @type {string} */ name) {
  const { info, train } = await foldTables(name, 0);
  const { rows } = train;
  const columns = info.columns.filter((column) => column.name !== info.target);
  /** @type {((row: number) => number)[]} */
  const numbers = [];
  /** @type {((row: number) => number)[]} */
  const oneHot = [];
  /** @type {((row: number) => number)[]} */
  const codes = [];
  /** @type {Embedding[]} */
  const embeddings = [];
  for (const { name: column } of columns) {
    const { kind, values, categories } = train.column(column);
    if (kind === 'number') numbers.push(robust(values));
    else if (categories.length <= 8) {
      for (const code of categories.keys()) oneHot.push((row) => Number(values[row] === code));
    } else {
      embeddings.push({ categories: categories.length, outputDim: 8 });
      codes.push((row) => values[row]);
    }
  }
  const inputs = [...numbers, ...oneHot];
  const filled = (/** @type {((row: number) => number)[]} */ of) =>
    Float64Array.from(
      { length: rows * of.length },
      (_, i) => of[i % of.length]?.(Math.floor(i / of.length)) ?? 0,
    );
  return {
    data: {
      X: filled(inputs),
      ...(codes.length > 0 && { codes: Int32Array.from(filled(codes)) }),
      Y: targets(train.column(info.target), info.task),
    },
    inputDim: inputs.length,
    numbers: numbers.length,
    embeddings,
  };
}

function robust(/** @type {Float64Array} */ values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const at = (/** @type {number} */ share) => Number(sorted[Math.round(share * (sorted.length - 1))]);
  const [low, middle, high] = [at(0.25), at(0.5), at(0.75)];
  const scale = high > low ? high - low : (at(1) - at(0)) / 2 || 1;
  return (/** @type {number} */ row) => {
    const value = (Number(values[row]) - middle) / scale;
    return Number.isNaN(value) ? 0 : value / Math.sqrt(1 + (value / 3) ** 2);
  };
}

/** One number a row: the second of two classes is 1, and a target of numbers is standardised. */
function targets(/** @type {any} */ { values }, /** @type {SetInfo['task']} */ task) {
  if (task === 'binary') return Float64Array.from(values);
  const mean =
    values.reduce((/** @type {number} */ sum, /** @type {number} */ y) => sum + y, 0) / values.length;
  const squares = values.reduce(
    (/** @type {number} */ sum, /** @type {number} */ y) => sum + (y - mean) ** 2,
    0,
  );
  const deviation = Math.sqrt(squares / values.length);
  return Float64Array.from(values, (/** @type {number} */ y) => (y - mean) / deviation);
}
