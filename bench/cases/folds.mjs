// Cross-validation in 5 folds of a table of customers, several models at a time: beside cross_val_score of scikit-learn's
// MLPClassifier. Both train [128, 64] for 20 epochs in batches of 128.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { runRowWork } from '../harness/row-work.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'folds';
export const title = 'Cross-validation';

export async function run(/** @type {Bench} */ bench) {
  const { readTable } = createRequire(import.meta.url)('../../dist/tables.js');
  const file = fileURLToPath(new URL('../../examples/tables/credit.csv.gz', import.meta.url));
  const table = await readTable(file);
  const rows = bench.quick ? 400 : table.rows;
  /** @type {((row: number) => number)[]} */
  const columns = table.names
    .filter((/** @type {string} */ name) => name !== 'Status')
    .flatMap((/** @type {string} */ name) => {
      const { kind, values, categories } = table.column(name);
      if (kind === 'number') return [(/** @type {number} */ row) => values[row] || 0];
      return [...categories.keys()].map(
        (code) => (/** @type {number} */ row) => Number(values[row] === code),
      );
    });
  const X = Float32Array.from({ length: rows * columns.length }, (_, i) => {
    const value = columns[i % columns.length];
    return value === undefined ? 0 : value(Math.floor(i / columns.length));
  });
  const status = table.column('Status').values;
  await runRowWork(bench, id, {
    ...{ work: 'crossValidate', dtype: 'float32', cols: columns.length, X },
    Y: Array.from({ length: rows }, (_, row) => status[row]),
    variant: `5 folds of ${rows.toLocaleString('en-US')} rows, ${columns.length} columns`,
    // Mean accuracies of trainings that draw other numbers.
    tolerance: 0.1,
    must: { 1: { ratio: 1 }, 2: { ratio: 1 } },
  });
}
