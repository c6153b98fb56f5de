import { native } from '../addon/binding';
import { argumentError } from '../base/errors';
import { above, checkOptions, optional } from '../base/validate';

export interface BatchNormOptions {
  /** The share of a batch's mean and variance in the running ones, in [0, 1] as PyTorch has it; Keras's is 1 less that. @default 0.1 */
  readonly momentum?: number;
  /** Added to the variance, under the root. Above 0. @default 1e-5, PyTorch's; Keras has 1e-3 */
  readonly epsilon?: number;
}

export interface LayerNormOptions {
  /** Added to the variance, under the root. Above 0. @default 1e-5, PyTorch's; Keras has 1e-3 */
  readonly epsilon?: number;
}

/** A normalisation with its hyperparameters, as `batchNorm()` and `layerNorm()` make it. */
export type Normalization =
  | ({ readonly name: 'batch' } & Readonly<Required<BatchNormOptions>>)
  | ({ readonly name: 'layer' } & Readonly<Required<LayerNormOptions>>);

/** What a layer's `normalization` may be: a name, with the defaults, or what a factory made. */
export type NormalizationOption = 'batch' | 'layer' | Normalization;

/** The numbers that stand for them in native code. */
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
 * Batch normalisation (Ioffe and Szegedy, 2015), before the activation: each unit's sums are brought to mean 0 and
 * variance 1 over the batch, then multiplied by a learned gamma and shifted by a learned beta. Predictions use
 * running moments, `net.statistics`: after each batch, running += momentum * (the batch's - running), the
 * batch's variance taken without bias. Training then goes layer by layer over whole batches, and its
 * workspace grows with the batch size.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function batchNorm(options: BatchNormOptions = {}): Normalization {
  return makeBatch('', options);
}

/**
 * Layer normalisation (Ba, Kiros and Hinton, 2016), before the activation: each sample's sums are brought to mean 0
 * and variance 1 over the layer's units, then multiplied by a learned gamma and shifted by a learned beta.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function layerNorm(options: LayerNormOptions = {}): Normalization {
  return makeLayer('', options);
}

/** A layer's `normalization`, checked and completed; plain objects, as JSON gives them, are as good as made ones. */
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
