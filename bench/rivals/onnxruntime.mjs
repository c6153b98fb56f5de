// onnxruntime-node: predicts with a model file that this program makes. It does not train.

import { createRequire } from 'node:module';
import ort from 'onnxruntime-node';
import { onnxModel } from './onnx-model.mjs';
import { batches, readData, readParameters, serve } from './protocol.mjs';

const require = createRequire(import.meta.url);

serve({
  versions: () => ({ 'onnxruntime-node': require('onnxruntime-node/package.json').version }),

  async open(job) {
    const { inputDim } = job.layers[0];
    const session = await ort.InferenceSession.create(onnxModel(job.layers, readParameters(job), job.dtype), {
      intraOpNumThreads: job.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    });
    const feed = (rows) => ({ X: new ort.Tensor(job.dtype, rows, [rows.length / inputDim, inputDim]) });
    const feeds = batches(readData(job).X, inputDim, job.batchRows ?? 1).map(feed);
    return {
      predict: async (X) => (await session.run(feed(X))).Y.data,
      repeat: async (calls) => {
        for (let i = 0; i < calls; i++) await session.run(feeds[i % feeds.length]);
      },
    };
  },
});
