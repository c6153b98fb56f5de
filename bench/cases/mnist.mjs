// MNIST, 784-100-100-10, Adam, batches of 200: an epoch with shuffling, and the training up to 97 % on the test set.

import { withoutFigure } from '../harness/comparison.mjs';
import { mnist, mnistMissing } from '../harness/data.mjs';
import { dense } from '../harness/jobs.mjs';
import { seconds } from '../harness/quantities.mjs';
import { runTraining } from '../harness/training.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { TrainingVariant } from '../harness/training.mjs' */

export const id = 'mnist';
export const title = 'MNIST, 784-100-100-10, Adam, batches of 200';

export async function run(/** @type {Bench} */ bench) {
  const missing = mnistMissing();
  if (missing !== undefined) {
    bench.rows.push(withoutFigure({ case: id, variant: 'float32', threads: '' }, { unavailable: missing }));
    return;
  }
  for (const variant of variants(bench.quick)) await runTraining(bench, id, variant);
}

/** @returns {TrainingVariant[]} */
function variants(/** @type {boolean} */ quick) {
  const task = /** @type {const} */ ({
    layers: dense([784, 100, 100, 10], 'relu', 'softmax'),
    dtype: 'float32',
    data: mnist('train', quick ? 6000 : undefined),
    test: mnist('t10k', quick ? 1000 : undefined),
    batchSize: 200,
    shuffle: true,
    optimizer: { name: 'adam', learningRate: 0.001 },
  });
  const verify = { epochs: 1, rows: 2000 }; // ten steps, before rounding grows: see moons-32.mjs
  const torch = /** @type {const} */ ({ rival: 'torch', tolerance: 1e-4 });
  // scikit-learn adds Adam's epsilon before the bias correction, not after it. Results are compared with an epsilon so
  // small that this hardly matters.
  const sklearn = /** @type {const} */ ({
    rival: 'sklearn',
    tolerance: 1e-4,
    compared: { optimizer: { ...task.optimizer, epsilon: 1e-12 } },
  });
  return [
    {
      name: 'float32',
      task,
      verify,
      comparisons: [
        { ...torch, must: { 1: 1.7, 2: 3 } },
        { ...sklearn, must: { 1: undefined, best: 5 } },
      ],
      yardsticks: [
        { yardstick: 'fma', must: { 1: 0.75, 2: 0.65 } },
        { yardstick: 'onednn', shape: '100x200x784' },
      ],
      twoThreads: 1.8,
      quantity: seconds('an epoch'),
    },
    {
      name: `float32, to ${quick ? 85 : 97} % on the test set`,
      task,
      verify,
      comparisons: [torch, sklearn],
      until: { accuracy: quick ? 0.85 : 0.97, mostEpochs: 20 },
      quantity: seconds(''),
    },
  ];
}
