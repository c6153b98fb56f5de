// Wide layers, which spend their time in large products: 784-512-256-10, batches of 128.

import { synthetic } from '../harness/data.mjs';
import { dense } from '../harness/jobs.mjs';
import { runTraining } from '../harness/training.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { TrainingVariant } from '../harness/training.mjs' */

export const id = 'wide';
export const title = '784-512-256-10, batches of 128';

export const wideLayers = dense([784, 512, 256, 10], 'relu', 'softmax');

export async function run(/** @type {Bench} */ bench) {
  for (const variant of variants(bench.quick)) await runTraining(bench, id, variant);
}

/** @returns {TrainingVariant[]} */
function variants(/** @type {boolean} */ quick) {
  return /** @type {const} */ (['float32', 'float64']).map((dtype) => ({
    name: dtype,
    task: {
      layers: wideLayers,
      dtype,
      data: synthetic(quick ? 640 : 3840, 784, 10),
      batchSize: 128,
      shuffle: true,
      optimizer: { name: 'sgd', learningRate: 0.01 },
    },
    verify: { epochs: 2, rows: 640 },
    comparisons: [{ rival: 'torch', tolerance: dtype === 'float64' ? 1e-9 : 1e-4, must: { 1: 1, 2: 1.5 } }],
    yardsticks: [
      { yardstick: 'fma', must: { 1: dtype === 'float64' ? 0.85 : 0.88, 2: 0.8 } },
      { yardstick: 'openblas', shape: '1024x1024x1024', must: { 1: 1 } },
      { yardstick: dtype === 'float64' ? 'blis' : 'onednn', shape: '512x128x784' },
    ],
    twoThreads: 1.8,
  }));
}
