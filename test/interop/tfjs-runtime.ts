// TensorFlow.js itself: it loads, runs and saves models.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// Its types would need those of its whole family.
const require = createRequire(__filename);

interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface LayersModel {
  predict(X: Tensor): Tensor;
  save(handler: object): Promise<unknown>;
  dispose(): void;
}

interface Artifacts {
  readonly modelTopology: unknown;
  readonly weightSpecs: unknown;
  readonly weightData: ArrayBuffer;
}

/** TensorFlow.js with one of its backends. */
export async function tensorflow(backend: 'cpu' | 'wasm') {
  const tf = require('@tensorflow/tfjs-core');
  const layers = require('@tensorflow/tfjs-layers');
  require(`@tensorflow/tfjs-backend-${backend}`);
  // It would else print an advertisement.
  tf.env().set('IS_TEST', true);
  await tf.setBackend(backend);
  return {
    /** The package that makes models. */
    module: layers,

    /** Loads the model in a folder of files. */
    load(path: string): Promise<LayersModel> {
      const { modelTopology, weightsManifest } = JSON.parse(readFileSync(path, 'utf8'));
      const shards = weightsManifest.flatMap(({ paths }: { paths: string[] }) =>
        paths.map((name) => readFileSync(join(dirname(path), name))),
      );
      const { buffer } = new Uint8Array(Buffer.concat(shards));
      const weightSpecs = weightsManifest.flatMap(({ weights }: { weights: object[] }) => weights);
      const artifacts: Artifacts = { modelTopology, weightSpecs, weightData: buffer };
      return layers.loadLayersModel({ load: async () => artifacts });
    },

    async predict(model: LayersModel, X: readonly number[][]): Promise<number[][]> {
      const given = tf.tensor2d(X);
      const answers = model.predict(given);
      const values = Array.from(await answers.data());
      for (const tensor of [given, answers]) tensor.dispose();
      const width = values.length / X.length;
      return X.map((_, i) => values.slice(i * width, (i + 1) * width));
    },

    /** Saves a model as a file and one shard beside it. */
    async save(model: LayersModel, path: string): Promise<void> {
      let saved: Artifacts | undefined;
      await model.save({
        async save(artifacts: Artifacts) {
          saved = artifacts;
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
        },
      });
      const { modelTopology, weightSpecs, weightData } = saved as Artifacts;
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      writeFileSync(path, JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }));
      writeFileSync(join(dirname(path), 'weights.bin'), new Uint8Array(weightData));
    },
  };
}
