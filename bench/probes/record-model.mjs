// A model of records of 20 columns: 12 numbers, 6 texts, a truth value and a time.

import { createRequire } from 'node:module';

const { Table, ...models } = createRequire(import.meta.url)('../../dist/tables.js');

const rows = 2_000;
const range = (/** @type {number} */ length) => Array.from({ length }, (_, i) => i);

/** A Classifier or a Regressor, and the records, as requests bring them. */
export async function recordModel(/** @type {'Classifier' | 'Regressor'} */ kind) {
  const records = range(rows).map((row) => ({
    ...Object.fromEntries(range(12).map((c) => [`number${c}`, Math.sin(row * (c + 1)) * 10])),
    ...Object.fromEntries(range(6).map((c) => [`text${c}`, `value ${(row * (c + 3)) % (c < 4 ? 5 : 30)}`])),
    flag: row % 3 === 0,
    time: new Date(1.6e12 + row * 7e6),
    target: kind === 'Classifier' ? (Math.sin(row) > 0 ? 'yes' : 'no') : Math.sin(row),
  }));
  const model = await models[kind].train(Table.from(records), { target: 'target', epochs: 2, seed: 1 });
  return { model, records: JSON.parse(JSON.stringify(records)) };
}
