// Predicts records of 20 columns, one after another, as a service does.
//
//   node records.mjs '{"kind": "Classifier" | "Regressor", "by": "model" | "module"}'
//
// prints { value }: the milliseconds of one call of predict, the median of 20 passes.

import { median } from '../harness/statistics.mjs';
import { moduleOf } from './module-of.mjs';
import { recordModel } from './record-model.mjs';

const { kind, by = 'model' } = JSON.parse(process.argv[2] ?? '');
const { model, records } = await recordModel(kind);
const answering = by === 'module' ? await moduleOf(model) : model;

const times = [];
for (let pass = 0; pass < 20; pass++) {
  const start = performance.now();
  for (const record of records) answering.predict(record);
  times.push((performance.now() - start) / records.length);
}
console.log(JSON.stringify({ value: median(times) }));
