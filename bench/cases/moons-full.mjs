// The article's demonstration: all 900 training points a step, plain gradient descent.

import { moons } from '../harness/data.mjs';
import { dense } from '../harness/jobs.mjs';
import { runTraining } from '../harness/training.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { TrainingVariant } from '../harness/training.mjs' */

export const id = 'moons-full';
export const title = "The article's demonstration, full batch";

export async function run(/** @type {Bench} */ bench) {
  for (const variant of variants(bench.quick)) await runTraining(bench, id, variant);
}

export const moonsLayers = dense([2, 25, 50, 50, 25, 1], 'relu', 'sigmoid');

/** @returns {TrainingVariant[]} */
function variants(/** @type {boolean} */ quick) {
  const task = /** @type {const} */ ({
    layers: moonsLayers,
    initializer: 'article',
    seed: 2,
    data: moons(),
    optimizer: { name: 'sgd', learningRate: 0.01 },
  });
  const verify = { epochs: quick ? 20 : 200 };
  return [
    {
      name: 'float64',
      task: { ...task, dtype: 'float64' },
      verify,
      comparisons: [
        { rival: 'numpy', tolerance: 1e-9, must: { 1: 4, 2: 6.5 } },
        { rival: 'torch', tolerance: 1e-9, must: { 1: 2.7, 2: 4.5 } },
      ],
      yardsticks: [
        { yardstick: 'fma', must: { 1: 0.8, 2: 0.7 } },
        { yardstick: 'openblas', shape: '50x900x50' },
        { yardstick: 'libxsmm', shape: '128x50x50' },
      ],
      twoThreads: 1.8,
    },
    {
      name: 'float32',
      task: { ...task, dtype: 'float32' },
      verify,
      comparisons: [
        { rival: 'torch', tolerance: 1e-5, must: { 1: 2.7, 2: undefined } },
        { rival: 'tfjs-wasm', tolerance: 1e-5, must: { 1: 60, 2: undefined } },
        { rival: 'tfjs-cpu', tolerance: 1e-5 },
      ],
      yardsticks: [
        { yardstick: 'fma', must: { 1: 0.8, 2: 0.7 } },
        { yardstick: 'onednn', shape: '50x900x50' },
        { yardstick: 'libxsmm', shape: '128x50x50' },
      ],
      twoThreads: 1.8,
    },
  ];
}
