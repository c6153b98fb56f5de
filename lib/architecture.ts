import { type ActivationName, activationNames } from './activations';
import { argumentError, blasnetError } from './errors';
import { check, checkObject, checkOptions, oneOf, optional, positiveInteger } from './validate';

/** A layer as the article's dictionary has it: W is (outputDim x inputDim), b is (outputDim x 1). */
export interface LayerOptions {
  /** Units in. The first layer needs it; later ones take the previous layer's outputDim. */
  readonly inputDim?: number;
  /** Units out. */
  readonly outputDim: number;
  readonly activation: ActivationName;
}

/** A completed layer. */
export interface Layer {
  readonly inputDim: number;
  readonly outputDim: number;
  readonly activation: ActivationName;
}

export type Architecture = readonly Layer[];

const layerConstraints = {
  inputDim: optional(positiveInteger),
  outputDim: positiveInteger,
  activation: oneOf(activationNames),
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
    const { outputDim, activation } = layer as unknown as Layer;
    const previous = completed.at(-1)?.outputDim;
    const inputDim = (layer.inputDim ?? previous) as number;
    if (previous === undefined) check(`${name}.inputDim`, inputDim, positiveInteger);
    if (previous !== undefined && inputDim !== previous) {
      const rule = `${previous}, the outputDim of layers[${index - 1}]`;
      throw argumentError('ERR_BLASNET_SHAPE', `${name}.inputDim`, rule, inputDim);
    }
    parameters += (inputDim + 1) * outputDim;
    if (parameters > mostParameters) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        `Expected the network to have at most ${mostParameters} parameters, got ${parameters} up to ${name}`,
      );
    }
    completed.push(Object.freeze({ inputDim, outputDim, activation }));
  }
  return Object.freeze(completed);
}

export function inputDimOf(architecture: Architecture): number {
  return (architecture[0] as Layer).inputDim;
}

export function outputLayerOf(architecture: Architecture): Layer {
  return architecture[architecture.length - 1] as Layer;
}
