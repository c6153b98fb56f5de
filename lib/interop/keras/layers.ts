// What the layers of Keras compute, as stages of a chain: a row for each class that is read.

import type { Dtype, FloatArray } from '../../base/matrix';
import { allocate } from '../../base/matrix';
import { fileError, quote } from '../../formats/file-error';
import type { ScalerStep, Stage } from '../chain';
import { activationStage } from '../given-activations';
import { activationIn } from './activations';
import { isObject } from './fields';
import type { KerasLayer } from './model';

/** An array of a file of weights. */
export interface WeightArray {
  readonly shape: readonly number[];
  readonly data: FloatArray;
}

/** The weights of a model. */
export interface Weights {
  /**
   * The arrays of a layer, in the order of their roles, such as kernel and bias.
   * @throws Error ERR_BLASNET_FILE for arrays that are missing
   */
  of(layer: KerasLayer, roles: readonly string[]): readonly WeightArray[];
}

/** What a layer needs to know about the model. */
export interface KerasContext {
  readonly file: string;
  /** The first number of the version of Keras; that of TensorFlow.js is 2. */
  readonly version: number;
  readonly dtype: Dtype;
  /** Finds the weights of the layer by their roles. */
  arrays(layer: KerasLayer): readonly WeightArray[];
  /** The sizes of a sample in front of the layer. */
  readonly shape: readonly number[];
  /** Whether only preprocessing came before it. */
  readonly isFirst: boolean;
}

/** What a layer adds to the chain. */
interface Result {
  readonly stages?: readonly Stage[];
  readonly step?: ScalerStep;
  readonly shape?: readonly number[];
}

interface Row {
  /** The roles of its weights, in the order of Keras. */
  readonly roles?: (layer: KerasLayer) => readonly string[];
  readonly read: (layer: KerasLayer, context: KerasContext) => Result;
}

const affine = ({ config }: KerasLayer) => [
  ...(config.flag('scale', true) ? ['gamma'] : []),
  ...(config.flag('center', true) ? ['beta'] : []),
];
const fixed = (stages: (layer: KerasLayer) => readonly Stage[]): Row => ({
  read: (layer) => ({ stages: stages(layer) }),
});
const nothing: Row = { read: () => ({}) };

const rows: Readonly<Record<string, Row>> = {
  InputLayer: nothing,
  Flatten: { read: flattened },
  Reshape: { read: reshaped },
  Identity: nothing,
  Dense: {
    roles: ({ config }) => ['kernel', ...(config.flag('use_bias', true) ? ['bias'] : [])],
    read: dense,
  },
  Activation: {
    read: ({ config }, { version, shape }) => {
      const activation = activationIn(config, 'activation', version);
      if (shape.length > 1 && ['softmax', 'logSoftmax'].includes(activation.name)) {
        const rule = 'one of each unit alone, in front of Flatten';
        throw config.error('activation', rule, activation.name);
      }
      return { stages: activationStage(activation) };
    },
  },
  ReLU: fixed(({ config }) => {
    config.only('max_value', undefined);
    config.only('threshold', 0);
    const slope = config.number('negative_slope', 0);
    if (slope < 0) throw config.error('negative_slope', 'at least 0', slope);
    return activationStage(slope === 0 ? { name: 'relu', alpha: 0 } : { name: 'leakyRelu', alpha: slope });
  }),
  LeakyReLU: fixed(({ config }) => {
    const alpha = config.number('negative_slope', config.number('alpha', 0.3));
    return activationStage({ name: 'leakyRelu', alpha: above0(config, 'negative_slope', alpha) });
  }),
  ELU: fixed(({ config }) => {
    const alpha = above0(config, 'alpha', config.number('alpha', 1));
    return activationStage({ name: 'elu', alpha });
  }),
  Softmax: {
    read: ({ config }, { shape }) => {
      checkLastAxis(config, shape);
      return { stages: activationStage({ name: 'softmax', alpha: 0 }) };
    },
  },
  Dropout: fixed(({ config }) => {
    config.only('noise_shape', undefined);
    const rate = config.number('rate');
    return rate === 0 ? [] : [{ kind: 'dropout', rate }];
  }),
  GaussianNoise: fixed(({ config }) => {
    const standardDeviation = config.number('stddev');
    return standardDeviation === 0 ? [] : [{ kind: 'noise', standardDeviation }];
  }),
  BatchNormalization: {
    roles: (layer) => [...affine(layer), 'moving_mean', 'moving_variance'],
    read: batchNorm,
  },
  LayerNormalization: { roles: affine, read: layerNorm },
  Rescaling: { read: rescaled },
  Normalization: {
    roles: ({ config }) => (config.get('mean') === undefined ? ['mean', 'variance'] : []),
    read: normalized,
  },
  // What is added is known to the reader of the model.
  Add: nothing,
};

/** The classes of layers that are read. */
export const kerasClasses: readonly string[] = Object.keys(rows);

/** The roles of a layer's weights. */
export function rolesOf(layer: KerasLayer, file: string): readonly string[] {
  return rowOf(layer, file).roles?.(layer) ?? [];
}

/** Reads a layer. @throws Error ERR_BLASNET_FILE that names the layer and the rule */
export function readLayer(layer: KerasLayer, context: KerasContext): Result {
  const { config, className } = layer;
  const { shape } = context;
  const row = rowOf(layer, context.file);
  checkDtype(config);
  const whole = ['InputLayer', 'Flatten', 'Reshape', 'Dropout', 'Activation', 'Identity'];
  if (shape.length !== 1 && !whole.includes(className)) {
    const rule = 'with inputs of one dimension, apart from the samples';
    throw fileError(
      context.file,
      config.place,
      rule,
      `(${shape.slice(0, 8).join(' x ')}); Flatten makes it one`,
    );
  }
  return row.read(layer, context);
}

function rowOf({ className, config }: KerasLayer, file: string): Row {
  const row = Object.hasOwn(rows, className) ? rows[className] : undefined;
  if (row !== undefined) return row;
  throw fileError(
    file,
    `the class of ${config.place}`,
    `one of ${kerasClasses.join(', ')}`,
    quote(className),
  );
}

type Config = KerasLayer['config'];

// A policy is a text or an object.
function checkDtype(config: Config): void {
  const given = config.get('dtype');
  const name = isObject(given) && isObject(given.config) ? given.config.name : given;
  if (name === undefined || name === 'float32' || name === 'float64') return;
  throw config.error('dtype', "'float32' or 'float64'", name);
}

function above0(config: Config, field: string, value: number): number {
  if (value > 0) return value;
  throw config.error(field, 'above 0', value);
}

// The units are the last axis: -1, or its number, alone or in a list.
function checkLastAxis(config: Config, shape: readonly number[]): void {
  const given = config.get('axis') ?? -1;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const [axis] = list;
  if (list.length === 1 && (axis === -1 || axis === shape.length)) return;
  throw config.error('axis', `-1 or ${shape.length}, the axis of the units`, given);
}

function dense(layer: KerasLayer, context: KerasContext): Result {
  const { config } = layer;
  const [kernel, bias] = context.arrays(layer) as [WeightArray, WeightArray?];
  const [inputs] = context.shape as [number];
  const outputs = config.number('units');
  config.only('lora_rank', undefined);
  config.only('quantization_config', undefined);
  const { data: W } = checkedShape(kernel, [inputs, outputs], config, 'kernel', context.file);
  const b = bias && checkedShape(bias, [outputs], config, 'bias', context.file).data;
  const stage: Stage = {
    ...{ kind: 'dense', inputs, outputs, W, transposed: true },
    b: b ?? allocate(outputs, context.dtype),
  };
  const activation = activationIn(config, 'activation', context.version);
  return { stages: [stage, ...activationStage(activation)], shape: [outputs] };
}

function batchNorm(layer: KerasLayer, context: KerasContext): Result {
  checkLastAxis(layer.config, context.shape);
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = vectors(layer, context);
  const epsilon = above0(layer.config, 'epsilon', layer.config.number('epsilon', 1e-3));
  const momentum = 1 - layer.config.number('momentum', 0.99);
  const moments = { mean: mean as FloatArray, variance: variance as FloatArray };
  return { stages: [{ kind: 'batchNorm', ...factors(gamma, beta, context), ...moments, epsilon, momentum }] };
}

function layerNorm(layer: KerasLayer, context: KerasContext): Result {
  checkLastAxis(layer.config, context.shape);
  layer.config.only('rms_scaling', false);
  const { gamma, beta } = vectors(layer, context);
  const epsilon = above0(layer.config, 'epsilon', layer.config.number('epsilon', 1e-3));
  return { stages: [{ kind: 'layerNorm', ...factors(gamma, beta, context), epsilon }] };
}

function factors(gamma: FloatArray | undefined, beta: FloatArray | undefined, context: KerasContext) {
  const [units] = context.shape as [number];
  return {
    gamma: gamma ?? allocate(units, context.dtype).fill(1),
    beta: beta ?? allocate(units, context.dtype),
  };
}

/** The weights of a layer, each with a number for each unit, by their roles. */
function vectors(layer: KerasLayer, context: KerasContext): Readonly<Record<string, FloatArray>> {
  const roles = rolesOf(layer, context.file);
  const entries = context.arrays(layer).map((array, i): [string, FloatArray] => {
    const role = roles[i] as string;
    return [role, checkedShape(array, context.shape, layer.config, role, context.file).data];
  });
  return Object.fromEntries(entries);
}

function checkedShape(
  array: WeightArray,
  shape: readonly number[],
  { place }: Config,
  role: string,
  file: string,
): WeightArray {
  if (array.shape.length === shape.length && shape.every((size, i) => array.shape[i] === size)) return array;
  const got = `(${array.shape.slice(0, 8).join(' x ')})`;
  throw fileError(file, `the shape of the ${role} of ${place}`, `(${shape.join(' x ')})`, got);
}

function flattened({ config }: KerasLayer, { shape }: KerasContext): Result {
  // It would change the order of the inputs.
  if (shape.length > 1) config.only('data_format', 'channels_last');
  return { shape: [shape.reduce((product, size) => product * size, 1)] };
}

function reshaped({ config }: KerasLayer, { shape }: KerasContext): Result {
  const all = shape.reduce((product, size) => product * size, 1);
  const target = config.list('target_shape') ?? [];
  if (target.length === 1 && (target[0] === -1 || target[0] === all)) return { shape: [all] };
  throw config.error('target_shape', `[${all}], one dimension`, target);
}

// x * scale + offset
function rescaled({ config }: KerasLayer, context: KerasContext): Result {
  const [units] = context.shape as [number];
  const scale = numbersIn(config, 'scale', units);
  const offset = numbersIn(config, 'offset', units, 0);
  if (scale.some((value) => value <= 0)) throw config.error('scale', 'above 0', config.get('scale'));
  const [first = 0] = offset;
  const plain = offset.every((value) => value === first);
  return preprocessed(config, context, {
    center: scale.map((value, i) => (plain ? 0 : -(offset[i] as number) / value)),
    scale: scale.map((value) => 1 / value),
    offset: plain ? first : 0,
  });
}

// (x - mean) / max(sqrt(variance), 1e-7), with the moments in the config or learned ones
function normalized(layer: KerasLayer, context: KerasContext): Result {
  const { config } = layer;
  const [units] = context.shape as [number];
  config.only('invert', false);
  if (config.get('axis') !== undefined) checkLastAxis(config, context.shape);
  const [mean, variance] = context.arrays(layer).map(({ data }, i) => {
    const role = i === 0 ? 'mean' : 'variance';
    if (data.length !== 1 && data.length !== units) {
      throw fileError(
        context.file,
        `the length of the ${role} of ${config.place}`,
        String(units),
        data.length,
      );
    }
    return Array.from({ length: units }, (_, column) => data[data.length === 1 ? 0 : column] as number);
  });
  const center = mean ?? numbersIn(config, 'mean', units);
  const spread = variance ?? numbersIn(config, 'variance', units);
  const scale = spread.map((value) => Math.max(Math.sqrt(value), 1e-7));
  if (scale.some(Number.isNaN)) throw config.error('variance', 'at least 0', Math.min(...spread));
  return preprocessed(config, context, { center, scale, offset: 0 });
}

function preprocessed(
  { place }: Config,
  { file, shape, isFirst }: KerasContext,
  own: Pick<ScalerStep, 'center' | 'scale' | 'offset'>,
): Result {
  const rule = 'before all layers with weights and activations, as preprocessing is';
  if (!isFirst) throw fileError(file, place, rule, 'a place after them');
  const [inputColumns] = shape as [number];
  const columns = Array.from({ length: inputColumns }, (_, i) => i);
  return {
    step: {
      name: own.offset === 0 ? 'standardScaler' : 'minMaxScaler',
      inputColumns,
      columns,
      ...own,
      clip: null,
    },
  };
}

// A number for each column; one, or a list within lists of one, in the JSON.
function numbersIn(config: Config, field: string, units: number, otherwise?: number): number[] {
  let given = config.get(field) ?? otherwise;
  while (Array.isArray(given) && given.length === 1) [given] = given;
  const values: readonly unknown[] = Array.isArray(given) ? given : Array(units).fill(given);
  if (values.length === units && values.every((value) => typeof value === 'number')) return [...values];
  throw config.error(field, `a number, or a list of ${units}`, config.get(field));
}
