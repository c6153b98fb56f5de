// Predicts records of 20 columns, one after another, as a service does: 12 numbers, 6 texts, a truth value and a time.
//
//   node records.mjs '{"kind": "Classifier" | "Regressor"}'
//
// prints { value }: the milliseconds of one call of predict, the median of 20 passes.

import { createRequire } from 'node:module';
import { median } from '../harness/statistics.mjs';

const { kind } = JSON.parse(process.argv[2] ?? '');
const require = createRequire(import.meta.url);
const { Table, ...models } = require('../../dist/tables.js');

const rows = 2_000;
const range = (/** @type {number} */ length) => Array.from({ length }, (_, i) => i);
const records = range(rows).map((row) => ({
  ...Object.fromEntries(range(12).map((c) => [`number${c}`, Math.sin(row * (c + 1)) * 10])),
  ...Object.fromEntries(range(6).map((c) => [`text${c}`, `value ${(row * (c + 3)) % (c < 4 ? 5 : 30)}`])),
  flag: row % 3 === 0,
  time: new Date(1.6e12 + row * 7e6),
  target: kind === 'Classifier' ? (Math.sin(row) > 0 ? 'yes' : 'no') : Math.sin(row),
}));
const model = await models[kind].train(Table.from(records), { target: 'target', epochs: 2, seed: 1 });
// As a request brings them.
const asked = JSON.parse(JSON.stringify(records));

const times = [];
for (let pass = 0; pass < 20; pass++) {
  const start = performance.now();
  for (const record of asked) model.predict(record);
  times.push((performance.now() - start) / rows);
}
console.log(JSON.stringify({ value: median(times) }));
