// A thousand rows in each call, on equal numbers of threads.

import { manyMoons, synthetic } from '../harness/data.mjs';
import { runPrediction } from '../harness/prediction.mjs';
import { microseconds } from '../harness/quantities.mjs';
import { moonsLayers } from './moons-full.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'predict-1000';
export const title = 'A thousand rows a call';

export async function run(/** @type {Bench} */ bench) {
  const networks = [
    { name: 'moons, float32', layers: moonsLayers, data: manyMoons(1000), must: 3 },
    { name: '784-512-256-10, float32', layers: wideLayers, data: synthetic(1000, 784, 10), must: 1.15 },
  ];
  for (const { name, layers, data, must } of networks) {
    await runPrediction(bench, id, {
      name,
      task: { layers, dtype: 'float32', data },
      batchRows: 1000,
      way: 'predictSync',
      quantity: microseconds('a call'),
      rival: 'onnxruntime',
      tolerance: 1e-5,
      must,
      equalThreads: true,
    });
  }
}
