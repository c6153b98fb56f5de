// Layers whose parameters are in no cache: 1024-2048-2048-1024-10, batches of 512.

import { synthetic } from '../harness/data.mjs';
import { dense } from '../harness/jobs.mjs';
import { runTraining } from '../harness/training.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { TrainingVariant } from '../harness/training.mjs' */

export const id = 'large';
export const title = '1024-2048-2048-1024-10, batches of 512';

export async function run(/** @type {Bench} */ bench) {
  for (const variant of variants(bench.quick)) await runTraining(bench, id, variant);
}

/** @returns {TrainingVariant[]} */
function variants(/** @type {boolean} */ quick) {
  return /** @type {const} */ (['float32', 'float64']).map((dtype) => ({
    name: dtype,
    task: {
      layers: dense([1024, 2048, 2048, 1024, 10], 'relu', 'softmax'),
      dtype,
      data: synthetic(quick ? 128 : 512, 1024, 10),
      batchSize: quick ? 128 : 512,
      optimizer: { name: 'sgd', learningRate: 0.01 },
    },
    verify: { epochs: 2 },
    comparisons: [
      { rival: 'torch', tolerance: dtype === 'float64' ? 1e-9 : 1e-4, must: { 1: undefined, 2: undefined } },
    ],
    yardsticks: [
      { yardstick: 'fma', must: { 1: 0.88, 2: 0.82 } },
      { yardstick: 'openblas', shape: '1024x1024x1024' },
      { yardstick: dtype === 'float64' ? 'blis' : 'onednn', shape: '1024x1024x1024' },
    ],
    twoThreads: 1.8,
  }));
}
