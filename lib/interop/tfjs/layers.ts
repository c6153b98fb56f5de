// The stages of a chain as layers of TensorFlow.js, whose JSON is that of Keras 2.

import type { FloatArray } from '../../base/matrix';
import { type ActivationName, activationNames, type ResolvedActivation } from '../../layers/activations';
import type { Stage } from '../chain';

/** A layer, and its weights by their roles. */
export interface TfjsLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly TfjsWeight[];
  /** The layers that it takes its inputs from; undefined for the inputs of the model. */
  readonly sources: readonly (string | undefined)[];
}

export interface TfjsWeight {
  readonly role: string;
  readonly shape: readonly number[];
  readonly data: FloatArray;
  /** Whether the data have the rows of the transposed matrix. */
  readonly transposed?: boolean;
}

/** The names of activations. leakyRelu and elu are layers. */
const activations: Readonly<Partial<Record<ActivationName, string>>> = {
  sigmoid: 'sigmoid',
  relu: 'relu',
  tanh: 'tanh',
  softmax: 'softmax',
  selu: 'selu',
  gelu: 'gelu',
  silu: 'swish',
  softplus: 'softplus',
  softsign: 'softsign',
  mish: 'mish',
  logSoftmax: 'logSoftmax',
};

/** The activations that TensorFlow.js does not have, or computes by another formula. */
export const lackingActivations: readonly ActivationName[] = activationNames.filter(
  (name) => activations[name] === undefined && !['linear', 'leakyRelu', 'elu'].includes(name),
);

/** The layers of stages, which have no others than those that TensorFlow.js has. */
export function tfjsLayersOf(stages: readonly Stage[]): TfjsLayer[] {
  const layers: TfjsLayer[] = [];
  const counts = new Map<string, number>();
  // The name of the layer that gives the result of so many stages.
  const ends: (string | undefined)[] = [undefined];
  for (const stage of stages) {
    const last = ends.at(-1);
    const sources = stage.kind === 'add' ? [last, ends[stage.from]] : [last];
    const { className, config, weights } = layerOf(stage);
    const kind = className.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    layers.push({ ...{ className, config, weights, sources }, name: `${kind}_${count}` });
    ends.push(`${kind}_${count}`);
  }
  return layers;
}

function layerOf(stage: Stage): Pick<TfjsLayer, 'className' | 'config' | 'weights'> {
  switch (stage.kind) {
    case 'dense': {
      const { inputs, outputs, W, b } = stage;
      const kernel = {
        role: 'kernel',
        shape: [inputs, outputs],
        data: W,
        transposed: stage.transposed !== true,
      };
      return {
        className: 'Dense',
        config: { units: outputs, activation: 'linear', use_bias: true },
        weights: [kernel, vector('bias', b)],
      };
    }
    case 'batchNorm': {
      const { gamma, beta, mean, variance, epsilon, momentum } = stage;
      return {
        className: 'BatchNormalization',
        config: { axis: -1, momentum: 1 - momentum, epsilon, center: true, scale: true },
        weights: [
          vector('gamma', gamma),
          vector('beta', beta),
          vector('moving_mean', mean),
          vector('moving_variance', variance),
        ],
      };
    }
    case 'layerNorm':
      return {
        className: 'LayerNormalization',
        config: { axis: -1, epsilon: stage.epsilon, center: true, scale: true },
        weights: [vector('gamma', stage.gamma), vector('beta', stage.beta)],
      };
    case 'activation':
      return { ...activationLayer(stage.activation), weights: [] };
    case 'dropout':
      return { className: 'Dropout', config: { rate: stage.rate }, weights: [] };
    case 'noise':
      return { className: 'GaussianNoise', config: { stddev: stage.standardDeviation }, weights: [] };
    default:
      return { className: 'Add', config: {}, weights: [] };
  }
}

function vector(role: string, data: FloatArray): TfjsWeight {
  return { role, shape: [data.length], data };
}

function activationLayer({ name, alpha }: ResolvedActivation): Pick<TfjsLayer, 'className' | 'config'> {
  if (name === 'leakyRelu') return { className: 'LeakyReLU', config: { alpha } };
  if (name === 'elu') return { className: 'ELU', config: { alpha } };
  return { className: 'Activation', config: { activation: activations[name] ?? 'linear' } };
}

/** The JSON of a model with these layers: Sequential if they follow each other. */
export function topologyOf(layers: readonly TfjsLayer[], inputs: number): object {
  const isLine = layers.every(({ sources }) => sources.length === 1);
  const configOf = ({ name, config }: TfjsLayer) => ({ name, trainable: true, dtype: 'float32', ...config });
  const input = { name: 'input', batch_input_shape: [null, inputs], dtype: 'float32', sparse: false };
  if (isLine) {
    const list = layers.map((layer) => ({ class_name: layer.className, config: configOf(layer) }));
    const config = { name: 'sequential', layers: [{ class_name: 'InputLayer', config: input }, ...list] };
    return {
      class_name: 'Sequential',
      config,
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    };
  }
  const nodes = ({ sources }: TfjsLayer) => [sources.map((name) => [name ?? 'input', 0, 0, {}])];
  const list = layers.map((layer) => ({
    ...{ name: layer.name, class_name: layer.className },
    config: configOf(layer),
    inbound_nodes: nodes(layer),
  }));
  const config = {
    name: 'model',
    layers: [{ name: 'input', class_name: 'InputLayer', config: input, inbound_nodes: [] }, ...list],
    input_layers: [['input', 0, 0]],
    output_layers: [[layers.at(-1)?.name, 0, 0]],
  };
  return { class_name: 'Model', config, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' };
}
