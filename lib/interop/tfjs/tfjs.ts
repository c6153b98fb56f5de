// Layers models of TensorFlow.js: model.json with the layers, and shards of the weights beside it.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { pinnedWork, type Work } from '../../addon/work';
import { argumentError } from '../../base/errors';
import { allocate, type FloatArray } from '../../base/matrix';
import { bytesOf, littleEndian } from '../../formats/safetensors';
import { activationNames } from '../../layers/activations';
import type { Chain, Stage } from '../chain';
import { type ExportedFile, type Feature, type Format, oneMember, type Rule, rulesBy } from '../format';
import { featuresOfLayers } from '../keras/model-chain';
import { withFactorsInWeights, withScalersAsStages } from '../plain-stages';
import { arraysIn, transpose } from '../to-network';
import { lackingActivations, type TfjsLayer, tfjsLayersOf, topologyOf } from './layers';
import { readTfjs } from './read-model';

const title = 'TensorFlow.js';
const elsewhere = { no: 'export ONNX or a module, which compute it, too' } as const;

// What is not named is refused.
const rules: Partial<Record<Feature, Rule>> = {
  ...Object.fromEntries(
    activationNames.map((name) => [name, !lackingActivations.includes(name) || elsewhere]),
  ),
  members: oneMember,
  noise: true,
  scale: true,
  dense: true,
  batchNorm: true,
  layerNorm: true,
  dropout: true,
  add: true,
  standardScaler: true,
  minMaxScaler: true,
  robustScaler: true,
  targetScaler: true,
  labels: true,
};

const read: ReadonlySet<Feature> = new Set([...featuresOfLayers, 'labels']);

/** Browsers keep files of a few megabytes in their caches. The converter of TensorFlow.js makes them as large. */
const shardBytes = 2 ** 22;

export const tfjs: Format = {
  name: 'tfjs',
  title,
  extensions: ['.json'],
  looksLike: (bytes) => /^\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1')),
  out: {
    rules: rulesBy((feature) => rules[feature] ?? elsewhere),
    dtypes: ['float32'],
    options: {},
    async write(chain, { name, ...options }) {
      checkElu(chain);
      return pinnedWork(filesOf(chain, name), arraysIn(chain), options);
    },
  },
  in: {
    rules: rulesBy((feature) => read.has(feature)),
    dtypes: ['float32'],
    options: {},
    read: readTfjs,
  },
};

function checkElu({ stages }: Chain): void {
  const other = stages.find(
    (stage): stage is Extract<Stage, { kind: 'activation' }> =>
      stage.kind === 'activation' && stage.activation.name === 'elu' && stage.activation.alpha !== 1,
  );
  if (other === undefined) return;
  const hint = `; ${title} has no other, but ONNX and a module have it`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'the alpha of elu', '1', other.activation.alpha, hint);
}

function* filesOf(chain: Chain, name: string): Work<ExportedFile[]> {
  const { stages, inputs, classes } = withScalersAsStages(chain, title);
  const layers = tfjsLayersOf(yield* withFactorsInWeights(stages, 'float32'));
  const specs: object[] = [];
  const parts: Uint8Array[] = [];
  for (const { name: layer, role, shape, data } of yield* weightsOf(layers)) {
    specs.push({ name: `${layer}/${role}`, shape, dtype: 'float32' });
    parts.push(littleEndian(bytesOf(data), data.BYTES_PER_ELEMENT));
  }
  const shards = inShards(parts);
  const paths = shards.map((_, i) => `${name}-shard${i + 1}of${shards.length}.bin`);
  const json = {
    format: 'layers-model',
    generatedBy: 'blasnet',
    convertedBy: null,
    modelTopology: topologyOf(layers, inputs),
    weightsManifest: [{ paths, weights: specs }],
    ...(classes !== undefined && { userDefinedMetadata: { classes } }),
  };
  const main = { parts: [Buffer.from(JSON.stringify(json))] };
  return [main, ...shards.map((shard, i) => ({ name: paths[i] as string, parts: shard }))];
}

function* weightsOf(layers: readonly TfjsLayer[]) {
  const all: { name: string; role: string; shape: readonly number[]; data: FloatArray }[] = [];
  for (const { name, weights } of layers) {
    for (const { role, shape, data, transposed } of weights) {
      const [rows = 0, cols = 0] = shape;
      let rowMajor = data;
      if (transposed === true) {
        rowMajor = allocate(data.length, 'float32');
        yield* transpose(data, rows, cols, rowMajor);
      }
      all.push({ name, role, shape, data: rowMajor });
    }
  }
  return all;
}

/** Cuts the parts into shards of equal size, apart from the last one. */
function inShards(parts: readonly Uint8Array[]): Uint8Array[][] {
  const shards: Uint8Array[][] = [[]];
  let free = shardBytes;
  for (const part of parts) {
    for (let rest = part; rest.length > 0; ) {
      if (free === 0) {
        shards.push([]);
        free = shardBytes;
      }
      const piece = rest.subarray(0, free);
      (shards.at(-1) as Uint8Array[]).push(piece);
      free -= piece.length;
      rest = rest.subarray(piece.length);
    }
  }
  return shards;
}
