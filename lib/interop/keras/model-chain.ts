// From the description of a model of Keras and its weights to a chain.

import type { Dtype } from '../../base/matrix';
import { fileError, quote } from '../../formats/file-error';
import { activationNames } from '../../layers/activations';
import type { Chain, ScalerStep, Stage } from '../chain';
import type { Feature } from '../format';
import { type KerasContext, readLayer, rolesOf, type WeightArray, type Weights } from './layers';
import { type KerasLayer, layersOfModel } from './model';

/** What a chain that comes from layers of Keras may have. */
export const featuresOfLayers: readonly Feature[] = [
  ...([
    'noise',
    'dense',
    'batchNorm',
    'layerNorm',
    'dropout',
    'add',
    'standardScaler',
    'minMaxScaler',
  ] as const),
  ...activationNames,
];

/**
 * The chain of a model.
 *
 * @param json the object with class_name and config
 * @param version the first number of the version of Keras that wrote it
 * @throws Error ERR_BLASNET_FILE that names the layer and the rule
 */
export function chainOfModel(json: unknown, version: number, weights: Weights, file: string): Chain {
  const layers = layersOfModel(json, file);
  const arrays = new Map(layers.map((layer) => [layer, weights.of(layer, rolesOf(layer, file))]));
  const dtype = dtypeOf(arrays, file);
  const before: ScalerStep[] = [];
  const stages: Stage[] = [];
  // How many stages and steps lead to the outputs of each layer.
  const ends = new Map<KerasLayer, { readonly stages: number; readonly steps: number }>();
  const input = shapeOfInput(layers, file);
  let shape: readonly number[] = input;
  for (const layer of layers) {
    const context: KerasContext = {
      ...{ file, version, dtype, shape, isFirst: stages.length === 0 },
      arrays: (each) => arrays.get(each) as readonly WeightArray[],
    };
    const result = readLayer(layer, context);
    if (result.step !== undefined) before.push(result.step);
    stages.push(...(result.stages ?? []));
    if (layer.other !== undefined) {
      const other = ends.get(lastOf(layer.other));
      if (other?.steps !== before.length) {
        const rule = 'a sum of layers behind the preprocessing';
        throw fileError(file, layer.config.place, rule, `one of ${quote(layer.other.name)} before it`);
      }
      stages.push({ kind: 'add', from: other.stages });
    }
    ({ shape = shape } = result);
    ends.set(layer, { stages: stages.length, steps: before.length });
  }
  if (shape.length !== 1) throw fileError(file, 'the outputs', 'of one dimension', `(${shape.join(' x ')})`);
  const inputs = input.reduce((product, size) => product * size, 1);
  return { inputs, dtype, before, stages, outputs: shape[0] as number, after: [] };
}

// The layer that gives the outputs of a model within the model.
function lastOf(layer: KerasLayer): KerasLayer {
  return layer.inner === undefined ? layer : lastOf(layer.inner.at(-1) as KerasLayer);
}

// All weights have one dtype.
function dtypeOf(arrays: ReadonlyMap<KerasLayer, readonly WeightArray[]>, file: string): Dtype {
  let dtype: Dtype | undefined;
  for (const [{ config }, list] of arrays) {
    for (const { data } of list) {
      const own = data instanceof Float64Array ? 'float64' : 'float32';
      if (dtype !== undefined && own !== dtype) {
        throw fileError(file, `the dtype of the weights of ${config.place}`, `${dtype}, as before`, own);
      }
      dtype = own;
    }
  }
  return dtype ?? 'float32';
}

const mostInputs = 2 ** 22;

// The sizes of a sample, which the first layer has, or a layer within the first.
function shapeOfInput(layers: readonly KerasLayer[], file: string): readonly number[] {
  const [first] = layers as [KerasLayer];
  for (let layer: KerasLayer | undefined = first; layer !== undefined; layer = layer.parent) {
    const { config } = layer;
    for (const field of ['batch_shape', 'batch_input_shape', 'build_input_shape']) {
      const found = config.list(field);
      if (found === undefined) continue;
      const sizes = found.slice(1) as readonly number[];
      const areSizes = sizes.every((size) => Number.isSafeInteger(size) && size > 0);
      if (sizes.length === 0 || sizes.length > 8 || !areSizes) {
        throw config.error(field, 'sizes of 1 and more behind that of the samples', found);
      }
      // A layer without weights would else need memory that nothing in the file asks for.
      if (sizes.reduce((product, size) => product * size, 1) <= mostInputs) return sizes;
      throw config.error(field, `sizes of at most ${mostInputs} numbers`, found);
    }
  }
  throw fileError(file, `the input shape of ${quote(first.name)}`, 'present', 'none');
}
