import { argumentError } from '../base/errors';
import { above, check, checkOptions, oneOf, optional } from '../base/validate';

/**
 * The activations, by name, with the numbers that stand for them in native code
 * (native/kernels/types.h; a test compares the two).
 *
 * - linear: z
 * - sigmoid: 1 / (1 + exp(-z))
 * - relu: max(0, z)
 * - tanh: (exp(z) - exp(-z)) / (exp(z) + exp(-z))
 * - softmax: exp(z_i) / sum(exp(z_j)), over the units of a sample
 * - leakyRelu: z, but negativeSlope * z where z < 0 (Maas et al., 2013); 0.01 as in PyTorch (Keras has 0.3)
 * - elu: z, but alpha * (exp(z) - 1) where z < 0 (Clevert et al., 2016); alpha 1
 * - selu: 1.0507 * z, but 1.7581 * (exp(z) - 1) where z < 0 (Klambauer et al., 2017)
 * - gelu: z * P(z), with P the standard normal distribution's (Hendrycks and Gimpel, 2016)
 * - geluTanh: z / 2 * (1 + tanh(sqrt(2 / pi) * (z + 0.044715 z^3))), gelu to within 0.0005
 * - silu: z * sigmoid(z), also called swish
 * - softplus: log(1 + exp(z))
 * - softsign: z / (1 + |z|)
 * - hardSigmoid: (z + 3) / 6 kept between 0 and 1, as in PyTorch and Keras 3 (Keras 2: 0.2 z + 0.5)
 * - mish: z * tanh(softplus(z)) (Misra, 2019)
 * - exponential: exp(z)
 * - logSoftmax: log(softmax(z)), over the units of a sample
 *
 * Where two pieces meet at z = 0, the derivative of relu is 0 and that of the others the left one, as in
 * PyTorch; hardSigmoid's is 0 at -3 and 3.
 */
export const activationCodes = {
  linear: 0,
  sigmoid: 1,
  relu: 2,
  tanh: 3,
  softmax: 4,
  leakyRelu: 5,
  elu: 6,
  selu: 7,
  gelu: 8,
  geluTanh: 9,
  silu: 10,
  softplus: 11,
  softsign: 12,
  hardSigmoid: 13,
  mish: 14,
  exponential: 15,
  logSoftmax: 16,
} as const;

export type ActivationName = keyof typeof activationCodes;

export const activationNames = Object.keys(activationCodes) as ActivationName[];

export interface LeakyReluOptions {
  /** What negative inputs are multiplied by. Above 0: at 0 it is relu. @default 0.01, as in PyTorch; Keras has 0.3 */
  readonly negativeSlope?: number;
}

export interface EluOptions {
  /** What the values tend to, with a minus, for large negative inputs. Above 0. @default 1 */
  readonly alpha?: number;
}

/** An activation with its hyperparameter, as `leakyRelu()` and `elu()` make it; for a layer's `activation`. */
export type Activation =
  | ({ readonly name: 'leakyRelu' } & Readonly<Required<LeakyReluOptions>>)
  | ({ readonly name: 'elu' } & Readonly<Required<EluOptions>>);

/** What a layer's `activation` may be: a name, with the defaults, or what a factory made. */
export type ActivationOption = ActivationName | Activation;

/**
 * z, but negativeSlope * z where z < 0 (Maas et al., 2013).
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function leakyRelu(options: LeakyReluOptions = {}): Activation {
  checkOptions('', options, leakyReluConstraints);
  return Object.freeze({
    name: 'leakyRelu',
    negativeSlope: options.negativeSlope ?? defaultAlphas.leakyRelu,
  });
}

/**
 * z, but alpha * (exp(z) - 1) where z < 0 (Clevert, Unterthiner and Hochreiter, 2016).
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function elu(options: EluOptions = {}): Activation {
  checkOptions('', options, eluConstraints);
  return Object.freeze({ name: 'elu', alpha: options.alpha ?? defaultAlphas.elu });
}

const leakyReluConstraints = { negativeSlope: optional(above(0)) };
const eluConstraints = { alpha: optional(above(0)) };

const defaultAlphas = { leakyRelu: 0.01, elu: 1 } as const;

/** An activation as native code takes it. */
export interface ResolvedActivation {
  readonly name: ActivationName;
  /** leakyRelu's slope below 0, elu's alpha; 0 for the others, which have none. */
  readonly alpha: number;
}

/** A layer's `activation`, checked: a name or what a factory of this file made. */
export function resolveActivation(value: unknown, argumentName: string): ResolvedActivation {
  if (typeof value === 'object' && value !== null) {
    // Plain objects, as a file gives them, are as good as made ones: they are checked the same.
    const { name, ...options } = value as { readonly name?: unknown };
    if (name === 'elu') {
      checkOptions(argumentName, options, eluConstraints);
      return { name, alpha: (options as EluOptions).alpha ?? defaultAlphas.elu };
    }
    if (name === 'leakyRelu') {
      checkOptions(argumentName, options, leakyReluConstraints);
      return { name, alpha: (options as LeakyReluOptions).negativeSlope ?? defaultAlphas.leakyRelu };
    }
    const rule = 'the name of an activation, or one such as leakyRelu({ negativeSlope: 0.1 })';
    throw argumentError('ERR_BLASNET_ARG_TYPE', argumentName, rule, value);
  }
  check(argumentName, value, oneOf(activationNames), 'ERR_BLASNET_UNKNOWN_NAME');
  return { name: value as ActivationName, alpha: defaultAlpha(value as ActivationName) };
}

/** What an activation's alpha is when it is given by name. */
export function defaultAlpha(name: ActivationName): number {
  return name === 'leakyRelu' || name === 'elu' ? defaultAlphas[name] : 0;
}
