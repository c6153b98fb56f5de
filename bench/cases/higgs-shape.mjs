// The network of the HIGGS benchmark: 28 inputs, five layers of 300 tanh units, one output. The rows are synthetic.

import { synthetic } from '../harness/data.mjs';
import { dense } from '../harness/jobs.mjs';
import { rate } from '../harness/quantities.mjs';
import { runTraining } from '../harness/training.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'higgs-shape';
export const title = '28, 5 x 300 tanh, 1, batches of 100';

export async function run(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 1000 : 10_000;
  await runTraining(bench, id, {
    name: 'float32',
    task: {
      layers: dense([28, 300, 300, 300, 300, 300, 1], 'tanh', 'sigmoid'),
      dtype: 'float32',
      data: synthetic(rows, 28, 1),
      batchSize: 100,
      shuffle: true,
      optimizer: { name: 'sgd', learningRate: 0.01 },
    },
    verify: { epochs: 2, rows: 1000 },
    comparisons: [{ rival: 'torch', tolerance: 1e-4, must: { 1: undefined, best: 1.5 } }],
    yardsticks: [
      { yardstick: 'fma', must: { 1: 0.8, 2: 0.7 } },
      { yardstick: 'onednn', shape: '300x100x300' },
    ],
    twoThreads: 1.8,
    quantity: rate('rows', rows),
  });
}
