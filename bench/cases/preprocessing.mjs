// Every scaler, imputer and encoder: it learns from 200,000 x 20 numbers and transforms them.

import { runRowWork } from '../harness/row-work.mjs';
import { RandomState } from '../rivals/library.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'preprocessing';
export const title = 'Fit and transform a table';

const scalers = ['standardScaler', 'minMaxScaler', 'robustScaler'];
const imputers = ['imputer mean', 'imputer median', 'imputer mostFrequent'];

export async function run(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 2000 : 200_000;
  const random = new RandomState(1);
  const numbers = Float64Array.from({ length: rows * 20 }, () => random.uniform(-5, 5));
  const gaps = numbers.map((x) => (random.random() < 0.1 ? Number.NaN : Math.round(10 * x) / 10));
  const categories = Float64Array.from({ length: rows * 5 }, () => Math.floor(random.uniform(0, 50)));
  const works = [
    ...scalers.map((work) => ({ work, X: numbers, cols: 20 })),
    ...imputers.map((work) => ({ work, X: gaps, cols: 20 })),
    { work: 'oneHotEncoder', X: categories, cols: 5 },
  ];
  for (const dtype of /** @type {const} */ (['float64', 'float32'])) {
    for (const work of works) {
      await runRowWork(bench, id, {
        variant: `${work.work}, ${dtype}`,
        dtype,
        tolerance: dtype === 'float64' ? 1e-9 : 1e-4,
        must: { 1: { ratio: 1 }, 2: { ratio: 2 } },
        ...work,
      });
    }
  }
}
