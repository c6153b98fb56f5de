// One row in each call, like a server that answers a request.

import { manyMoons } from '../harness/data.mjs';
import { dense } from '../harness/jobs.mjs';
import { runPrediction } from '../harness/prediction.mjs';
import { microseconds } from '../harness/quantities.mjs';
import { moonsLayers } from './moons-full.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { PredictionVariant } from '../harness/prediction.mjs' */

export const id = 'predict-1';
export const title = "One row through the demonstration's network";

export async function run(/** @type {Bench} */ bench) {
  for (const variant of variants()) await runPrediction(bench, id, variant);
}

/** @returns {PredictionVariant[]} */
function variants() {
  const data = manyMoons(1000);
  return /** @type {const} */ (['predictor', 'predictSync']).flatMap((way) => {
    const common = { batchRows: 1, way, quantity: microseconds('a call') };
    const besideOnnx = /** @type {const} */ (['float32', 'float64']).map((dtype) => ({
      ...common,
      name: `${dtype}, ${way}`,
      task: { layers: moonsLayers, dtype, data },
      rival: /** @type {const} */ ('onnxruntime'),
      tolerance: dtype === 'float64' ? 1e-9 : 1e-5,
      must: 40,
      ...(way === 'predictor' && { atMost: dtype === 'float64' ? 0.45 : 0.3 }),
    }));
    // brain.js has one activation for all layers.
    const besideBrain = {
      ...common,
      name: `float32, ${way}, relu out`,
      task: {
        layers: dense([2, 25, 50, 50, 25, 1], 'relu', 'relu'),
        dtype: /** @type {const} */ ('float32'),
        data,
      },
      rival: /** @type {const} */ ('brain'),
      tolerance: 3e-5,
      must: 10,
    };
    return [...besideOnnx, besideBrain];
  });
}
