// A model of a table goes on with new rows, or learns anew from all rows, or only compares them.
//
//   node update.mjs '{"way": "update" | "train" | "drift", "rows": ..., "more": ...}'
//
// prints { value }, in milliseconds.

import { createRequire } from 'node:module';

const { Classifier, Table } = createRequire(import.meta.url)('../../dist/tables.js');
const { way, rows, more } = JSON.parse(process.argv[2] ?? '');

const x = Float64Array.from({ length: rows + more }, (_, i) => Math.sin(i * 12.9898) * 43_758.5453);
const columns = Object.fromEntries(
  Array.from({ length: 20 }, (_, j) => [`x${j}`, x.map((value, i) => ((value + i * (j + 1)) % 7) - 3)]),
);
const first = /** @type {Float64Array} */ (columns.x0);
const second = /** @type {Float64Array} */ (columns.x1);
const y = Array.from(first, (value, i) => (value * /** @type {number} */ (second[i]) > 0 ? 'yes' : 'no'));
const all = Table.from({ ...columns, y });
const options = { target: 'y', preset: 'fast', seed: 1, remember: 10_000 };
const model = await Classifier.train(all.slice(0, rows), options);

const ways = {
  update: () => model.update(all.slice(rows)),
  train: () => Classifier.train(all, options),
  drift: () => model.drift(all.slice(rows)),
};
const start = performance.now();
await ways[/** @type {keyof typeof ways} */ (way)]();
console.log(JSON.stringify({ value: performance.now() - start }));
