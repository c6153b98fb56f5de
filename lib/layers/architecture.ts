import { argumentError, blasnetError } from '../base/errors';
import {
  above,
  anything,
  atLeast,
  boolean,
  check,
  checkObject,
  checkOptions,
  halfOpen,
  integerBetween,
  optional,
  positiveInteger,
} from '../base/validate';
import {
  type ActivationName,
  type ActivationOption,
  type ResolvedActivation,
  resolveActivation,
} from './activations';
import { type Normalization, type NormalizationOption, resolveNormalization } from './normalization';

/** A layer as the article's dictionary has it, W (outputDim x inputDim) and b (outputDim x 1), and more. */
export interface LayerOptions {
  /** Units in. The first layer needs it; later ones take the previous layer's outputDim. */
  readonly inputDim?: number;
  /** Units out. */
  readonly outputDim: number;
  /** A name, or an activation with a hyperparameter: `leakyRelu({ negativeSlope: 0.1 })`. */
  readonly activation: ActivationOption;
  /** What is done to the sums before the activation: 'batch', 'layer', batchNorm(), layerNorm(). @default nothing */
  readonly normalization?: NormalizationOption;
  /**
   * The share of the layer's outputs that training drops, in [0, 1); those that stay are multiplied by
   * 1 / (1 - dropout) (Srivastava et al., 2014). Not for the last layer. @default 0
   */
  readonly dropout?: number;
  /** The standard deviation of the Gaussian noise that training adds to the layer's inputs. @default 0 */
  readonly noise?: number;
  /** A penalty on the weights W (not the biases), l1 * sum |w|, part of the loss. @default 0 */
  readonly l1?: number;
  /** A penalty on the weights W, l2 * sum w^2 as Keras has it (no half), part of the loss. @default 0 */
  readonly l2?: number;
  /** Weights of a unit whose Euclidean norm is beyond it after a step are scaled down to it. @default any norm */
  readonly maxNorm?: number;
  /** Whether training changes the layer; frozen ones normalise batches by the running moments. @default true */
  readonly trainable?: boolean;
}

/** A completed layer; what it does not use is not there. Plain, and the same after JSON. */
export interface Layer {
  readonly inputDim: number;
  readonly outputDim: number;
  readonly activation: ActivationOption;
  readonly normalization?: Normalization;
  readonly dropout?: number;
  readonly noise?: number;
  readonly l1?: number;
  readonly l2?: number;
  readonly maxNorm?: number;
  readonly trainable?: boolean;
}

export type Architecture = readonly Layer[];

const layerConstraints = {
  inputDim: optional(positiveInteger),
  outputDim: positiveInteger,
  // Checked by their own tables.
  activation: anything,
  normalization: anything,
  dropout: optional(halfOpen(0, 1)),
  noise: optional(atLeast(0)),
  l1: optional(atLeast(0)),
  l2: optional(atLeast(0)),
  maxNorm: optional(above(0)),
  trainable: optional(boolean),
};

// Native code and CBLAS count in 32 bits.
const mostParameters = 2 ** 31 - 1;

/**
 * Checks layer dictionaries and completes them.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
 * @throws RangeError ERR_BLASNET_ARG_VALUE (a size that is not a positive integer), ERR_BLASNET_UNKNOWN_NAME
 *   (an activation that does not exist), ERR_BLASNET_SHAPE (dimensions that do not chain, or no layer)
 */
export function completeArchitecture(layers: readonly LayerOptions[]): Architecture {
  if (!Array.isArray(layers)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'layers', 'an array of layers', layers);
  }
  if (layers.length === 0) {
    throw argumentError('ERR_BLASNET_SHAPE', 'layers', 'a non-empty array of layers', layers);
  }
  const completed: Layer[] = [];
  let parameters = 0;
  for (const [index, layer] of layers.entries()) {
    const name = `layers[${index}]`;
    checkObject(name, layer);
    checkOptions(name, layer, layerConstraints);
    const { outputDim, activation } = layer as unknown as LayerOptions;
    resolveActivation(activation, `${name}.activation`);
    const previous = completed.at(-1)?.outputDim;
    const inputDim = (layer.inputDim ?? previous) as number;
    if (previous === undefined) check(`${name}.inputDim`, inputDim, positiveInteger);
    if (previous !== undefined && inputDim !== previous) {
      const rule = `${previous}, the outputDim of layers[${index - 1}]`;
      throw argumentError('ERR_BLASNET_SHAPE', `${name}.inputDim`, rule, inputDim);
    }
    const normalization =
      layer.normalization === undefined
        ? undefined
        : resolveNormalization(layer.normalization, `${name}.normalization`);
    if (index === layers.length - 1) checkOutputLayer(name, layer as unknown as LayerOptions);
    parameters += (inputDim + (normalization === undefined ? 1 : 3)) * outputDim;
    if (parameters > mostParameters) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        `Expected the network to have at most ${mostParameters} parameters, got ${parameters} up to ${name}`,
      );
    }
    completed.push(
      Object.freeze({
        inputDim,
        outputDim,
        activation: typeof activation === 'string' ? activation : Object.freeze({ ...activation }),
        ...(normalization !== undefined && { normalization }),
        ...used(layer as unknown as LayerOptions),
      }),
    );
  }
  return Object.freeze(completed);
}

// What a layer uses of the options that are numbers and off at 0.
function used(layer: LayerOptions): Partial<Layer> {
  const options: Record<string, number | boolean> = {};
  for (const name of ['dropout', 'noise', 'l1', 'l2', 'maxNorm'] as const) {
    const value = layer[name];
    if (value !== undefined && value !== 0) options[name] = value;
  }
  if (layer.trainable === false) options.trainable = false;
  return options;
}

function checkOutputLayer(name: string, { dropout, normalization }: LayerOptions): void {
  if (dropout !== undefined && dropout !== 0) {
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      `${name}.dropout`,
      '0 or left out in the last layer',
      dropout,
    );
  }
  if (normalization !== undefined) {
    const rule = 'left out in the last layer';
    throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.normalization`, rule, normalization);
  }
}

export function activationOf({ activation }: Layer): ResolvedActivation {
  return resolveActivation(activation, 'activation');
}

export function outputActivationOf(architecture: Architecture): ActivationName {
  return activationOf(outputLayerOf(architecture)).name;
}

/** Whether training draws random numbers for the layers, beside those for the shuffles. */
export function isRandom(architecture: Architecture): boolean {
  return architecture.some(({ dropout = 0, noise = 0 }) => dropout > 0 || noise > 0);
}

/** The architecture with some layers (from 1) frozen or not; the arguments are the user's. */
export function withTrainable(
  architecture: Architecture,
  layers: number | readonly number[],
  trainable: boolean,
): Architecture {
  const numbers: readonly unknown[] = typeof layers === 'number' ? [layers] : layers;
  const rule = `numbers of layers, from 1 to ${architecture.length}`;
  if (!Array.isArray(numbers)) throw argumentError('ERR_BLASNET_ARG_TYPE', 'layers', rule, layers);
  for (const number of numbers) check('layers', number, { ...integerBetween(1, architecture.length), rule });
  check('trainable', trainable, boolean);
  return Object.freeze(
    architecture.map((layer, index) => {
      if (!numbers.includes(index + 1)) return layer;
      const { trainable: _, ...rest } = layer;
      return Object.freeze(trainable ? rest : { ...rest, trainable: false });
    }),
  );
}

export function inputDimOf(architecture: Architecture): number {
  return (architecture[0] as Layer).inputDim;
}

export function outputLayerOf(architecture: Architecture): Layer {
  return architecture[architecture.length - 1] as Layer;
}
