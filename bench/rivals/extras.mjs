// Options of fit that a job names in job.extra, since the options themselves cannot be written as JSON.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** @type {any} */
const { binaryCrossEntropy, Matrix, schedules } = require('../../dist/index.js');

const extras = {
  clipNorm: () => ({ clipNorm: 1 }),
  schedule: () => ({ schedule: schedules.cosine({ per: 'step', floor: 1e-4 }) }),
  accumulate: () => ({ accumulate: 4 }),
  metrics: () => ({ metrics: ['f1', 'rocAuc'] }),
  realMlp: (/** @type {any} */ { labelSmoothing }) => ({
    schedule: schedules.coslog(),
    weightDecaySchedule: schedules.flatCosine(),
    dropoutSchedule: schedules.flatCosine(),
    ...(labelSmoothing > 0 && { loss: binaryCrossEntropy({ labelSmoothing }) }),
  }),
  onEpochEnd: () => ({ callbacks: { onEpochEnd: () => undefined } }),
  onBatchEnd: () => ({ callbacks: { onBatchEnd: () => undefined } }),
  sampleWeight: (/** @type {any} */ { rows }) => ({
    sampleWeight: Array.from({ length: rows }, (_, i) => 1 + (i % 4)),
  }),
  validation: (/** @type {any} */ job, /** @type {any} */ data) => {
    const rows = Math.ceil(job.rows / 10);
    const first = (/** @type {any} */ values, /** @type {number} */ cols) =>
      new Matrix(values.slice(0, rows * cols), rows, cols);
    const { inputDim } = job.layers[0];
    const { outputDim } = job.layers.at(-1);
    return { validationData: { X: first(data.X, inputDim), Y: first(data.Y, outputDim) } };
  },
};

/** The options of job.extra; none if the job has no `extra`. */
export function extraOptions(/** @type {any} */ job, /** @type {any} */ data) {
  return job.extra === undefined ? {} : extras[/** @type {keyof typeof extras} */ (job.extra)](job, data);
}
