// The demonstration's network on batches of 32, shuffled in every epoch.

import { moons } from '../harness/data.mjs';
import { dense } from '../harness/jobs.mjs';
import { runTraining } from '../harness/training.mjs';
import { moonsLayers } from './moons-full.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { TrainingVariant } from '../harness/training.mjs' */

export const id = 'moons-32';
export const title = 'The same network, batches of 32';

export async function run(/** @type {Bench} */ bench) {
  for (const variant of variants(bench.quick)) await runTraining(bench, id, variant);
}

/** @returns {TrainingVariant[]} */
function variants(/** @type {boolean} */ quick) {
  const task = /** @type {const} */ ({
    layers: moonsLayers,
    dtype: 'float32',
    data: moons(),
    batchSize: 32,
    shuffle: true,
  });
  const verify = { epochs: quick ? 3 : 10 };
  const sgd = /** @type {const} */ ({ name: 'sgd', learningRate: 0.01 });
  // Adam divides by the size of the gradients. For gradients near zero, this magnifies rounding errors, so its results
  // are compared after a few steps.
  const adam = /** @type {const} */ ({ name: 'adam', learningRate: 0.001 });
  const besideTorch = /** @type {const} */ ({ rival: 'torch', must: { best: 12 } });
  const besideTfjs = /** @type {const} */ ({ rival: 'tfjs-wasm', must: { best: 100 } });
  const besideLimit = (/** @type {number} */ share) =>
    /** @type {const} */ ({
      yardsticks: [
        { yardstick: 'fma', must: { 1: share } },
        { yardstick: 'libxsmm', shape: '32x50x50' },
      ],
      // A step takes some microseconds, so the engine may stay on one thread. A fiftieth is the noise of two runs.
      twoThreads: 0.98,
    });
  return [
    {
      name: 'SGD, float64',
      task: { ...task, dtype: 'float64', optimizer: sgd },
      verify,
      comparisons: [{ ...besideTorch, tolerance: 1e-9 }],
      ...besideLimit(0.65),
    },
    {
      name: 'SGD, float32',
      task: { ...task, optimizer: sgd },
      verify,
      comparisons: [
        { ...besideTorch, tolerance: 1e-4 },
        { ...besideTfjs, tolerance: 1e-4 },
      ],
      ...besideLimit(0.55),
    },
    {
      name: 'Adam, float64',
      task: { ...task, dtype: 'float64', optimizer: adam },
      verify: { epochs: 1 },
      comparisons: [{ ...besideTorch, tolerance: 1e-9 }],
      ...besideLimit(0.65),
    },
    {
      name: 'Adam, float32',
      task: { ...task, optimizer: adam },
      verify: { epochs: 1 },
      comparisons: [
        { ...besideTorch, tolerance: 1e-3 },
        { ...besideTfjs, tolerance: 1e-3 },
      ],
      ...besideLimit(0.55),
    },
    {
      // brain.js has one activation for all layers, the squared error, and a step after every sample. Results are
      // compared with batches of 1; then its epoch of such steps is timed against our epoch of batches.
      name: 'SGD, float32, relu out, squared error',
      task: {
        ...task,
        layers: dense([2, 25, 50, 50, 25, 1], 'relu', 'relu'),
        loss: 'meanSquaredError',
        optimizer: sgd,
      },
      verify,
      comparisons: [
        {
          rival: 'brain',
          tolerance: 1e-4,
          must: { best: 60 },
          compared: { batchSize: 1 },
          theirs: { batchSize: 1 },
        },
      ],
    },
  ];
}
