// Metrics, splits and shuffles of 2 million rows.

import { runRowWork } from '../harness/row-work.mjs';
import { RandomState } from '../rivals/library.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'row-work';
export const title = 'Metrics, splits and shuffles';

const half = { 2: { ratio: 2 } };

export async function run(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 20_000 : 2_000_000;
  const random = new RandomState(1);
  const labels = Float64Array.from({ length: rows }, () => (random.random() < 0.4 ? 1 : 0));
  const predictions = labels.map((label) => 0.05 + 0.5 * random.random() + 0.4 * label * random.random());
  for (const work of ['rocAuc', 'prAuc', 'logLoss', 'f1', 'confusionMatrix']) {
    const variant = `${work}, ${rows.toLocaleString('en-US')} rows`;
    const job = {
      work,
      variant,
      dtype: /** @type {const} */ ('float64'),
      cols: 1,
      X: predictions,
      Y: labels,
    };
    await runRowWork(bench, id, { ...job, tolerance: 1e-9, must: half });
  }

  const X = new Float32Array(rows * 10).map(() => random.random());
  const splits = [
    { work: 'trainTestSplit', what: 'trainTestSplit', tolerance: 0 },
    { work: 'stratified split', what: 'fit of an epoch with a stratified split, beside the split' },
    { work: 'shuffle', what: 'fit of an epoch with a shuffle, beside the shuffle' },
  ];
  for (const { work, what, ...compared } of splits) {
    const job = { work, dtype: /** @type {const} */ ('float32'), cols: 10, X, Y: labels };
    await runRowWork(bench, id, { variant: `${what}, 10 columns`, ...job, ...compared, must: half });
  }
}
