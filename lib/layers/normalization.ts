import { native } from '../addon/binding';
import { argumentError } from '../base/errors';
import type { AnyName } from '../base/names';
import { above, checkOptions, optional } from '../base/validate';

export interface BatchNormOptions {
  /**
   * The share of a batch's mean and variance in the running moments, in [0, 1], as in PyTorch. Keras has 1 minus this
   * share. @default 0.1
   */
  readonly momentum?: number;
  /** It is added to the variance, under the root. Above 0. @default 1e-5, as in PyTorch; Keras has 1e-3 */
  readonly epsilon?: number;
}

export interface LayerNormOptions {
  /** It is added to the variance, under the root. Above 0. @default 1e-5, as in PyTorch; Keras has 1e-3 */
  readonly epsilon?: number;
}

/** A normalisation with its hyperparameters, made by `batchNorm()` or `layerNorm()`. */
export type Normalization =
  | ({ readonly name: 'batch' } & Readonly<Required<BatchNormOptions>>)
  | ({ readonly name: 'layer' } & Readonly<Required<LayerNormOptions>>);

/** A layer's `normalization`: a name (with the defaults), or the result of `batchNorm()` or `layerNorm()`. */
export type NormalizationOption = 'batch' | 'layer' | Normalization | AnyName;

/** Their codes in native code. */
export const normalizationCodes = native.normalizations as Readonly<
  Record<Normalization['name'] | 'none', number>
>;

const momentum = {
  rule: 'a number in [0, 1]',
  accepts: (value: unknown) => typeof value === 'number',
  holds: (value: number) => value >= 0 && value <= 1,
  optional: true,
};

/**
 * Makes batch normalisation (Ioffe and Szegedy, 2015), which comes before the activation. It scales each unit's sums to
 * mean 0 and variance 1 over the batch, multiplies them by a learned gamma and adds a learned beta. Predictions use
 * running moments, `net.statistics`: after each batch, running += momentum * (the batch's moment - running), with the
 * unbiased variance of the batch. Training computes a whole batch layer by layer, so its workspace grows with the batch
 * size.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function batchNorm(options: BatchNormOptions = {}): Normalization {
  return makeBatch('', options);
}

/**
 * Makes layer normalisation (Ba, Kiros and Hinton, 2016), which comes before the activation. It scales each sample's
 * sums to mean 0 and variance 1 over the layer's units, multiplies them by a learned gamma and adds a learned beta.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function layerNorm(options: LayerNormOptions = {}): Normalization {
  return makeLayer('', options);
}

/** Checks and completes a layer's `normalization`. It also accepts plain objects, which come from JSON. */
export function resolveNormalization(value: unknown, where: string): Normalization {
  if (typeof value === 'object' && value !== null && 'name' in value) {
    const { name, ...options } = value;
    if (name === 'batch') return makeBatch(where, options);
    if (name === 'layer') return makeLayer(where, options);
  }
  if (value === 'batch') return makeBatch(where, {});
  if (value === 'layer') return makeLayer(where, {});
  const rule = "'batch', 'layer', batchNorm() or layerNorm()";
  const code = typeof value === 'string' ? 'ERR_BLASNET_UNKNOWN_NAME' : 'ERR_BLASNET_ARG_TYPE';
  throw argumentError(code, where, rule, value);
}

function makeBatch(where: string, options: BatchNormOptions): Normalization {
  checkOptions(where, options, { momentum, epsilon: optional(above(0)) });
  return Object.freeze({
    name: 'batch',
    momentum: options.momentum ?? 0.1,
    epsilon: options.epsilon ?? 1e-5,
  });
}

function makeLayer(where: string, options: LayerNormOptions): Normalization {
  checkOptions(where, options, { epsilon: optional(above(0)) });
  return Object.freeze({ name: 'layer', epsilon: options.epsilon ?? 1e-5 });
}
