import { native } from '../addon/binding';
import { argumentError } from '../base/errors';
import type { AnyName } from '../base/names';
import { above, type Constraint, check, checkOptions, oneOf, optional } from '../base/validate';

/** The properties of an activation that the library needs; its formulas are in native/kernels/activations.cc. */
interface ActivationRow {
  /**
   * The range of its outputs: 'probability' is strictly between 0 and 1, 'unit' includes 0 and 1. Losses, metrics and
   * class names depend on it.
   */
  readonly range: 'real' | 'nonNegative' | 'positive' | 'unit' | 'probability';
  /** The initialiser that 'auto' takes for it: see initializers.ts. */
  readonly initializer: 'glorotUniform' | 'heNormal' | 'lecunNormal';
  /** Its option, if it has one; native code calls it alpha. */
  readonly parameter?: { readonly name: string; readonly default: number; readonly constraint: Constraint };
}

/**
 * The activations, by name.
 *
 * - linear: z
 * - sigmoid: 1 / (1 + exp(-z))
 * - relu: max(0, z)
 * - tanh: (exp(z) - exp(-z)) / (exp(z) + exp(-z))
 * - softmax: exp(z_i) / sum(exp(z_j)), over the units of a sample
 * - leakyRelu: z, or negativeSlope * z if z < 0 (Maas et al., 2013); default 0.01 as in PyTorch (0.3 in Keras)
 * - elu: z, or alpha * (exp(z) - 1) if z < 0 (Clevert et al., 2016); default 1
 * - selu: 1.0507 * z, or 1.7581 * (exp(z) - 1) if z < 0 (Klambauer et al., 2017)
 * - gelu: z * P(z), with P the standard normal distribution function (Hendrycks and Gimpel, 2016)
 * - geluTanh: z / 2 * (1 + tanh(sqrt(2 / pi) * (z + 0.044715 z^3))), gelu to within 0.0005
 * - silu: z * sigmoid(z), also called swish
 * - softplus: log(1 + exp(z))
 * - softsign: z / (1 + |z|)
 * - hardSigmoid: (z + 3) / 6, limited to [0, 1], as in PyTorch and Keras 3 (Keras 2: 0.2 z + 0.5)
 * - mish: z * tanh(softplus(z)) (Misra, 2019)
 * - exponential: exp(z)
 * - logSoftmax: log(softmax(z)), over the units of a sample
 *
 * Derivatives where two pieces meet, as in PyTorch: relu has 0 at z = 0, the others have the left derivative there, and
 * hardSigmoid has 0 at -3 and 3.
 */
const rows = {
  linear: { range: 'real', initializer: 'glorotUniform' },
  sigmoid: { range: 'probability', initializer: 'glorotUniform' },
  relu: { range: 'nonNegative', initializer: 'heNormal' },
  tanh: { range: 'real', initializer: 'glorotUniform' },
  softmax: { range: 'probability', initializer: 'glorotUniform' },
  leakyRelu: {
    range: 'real',
    initializer: 'heNormal',
    parameter: { name: 'negativeSlope', default: 0.01, constraint: above(0) },
  },
  elu: {
    range: 'real',
    initializer: 'heNormal',
    parameter: { name: 'alpha', default: 1, constraint: above(0) },
  },
  selu: { range: 'real', initializer: 'lecunNormal' },
  gelu: { range: 'real', initializer: 'heNormal' },
  geluTanh: { range: 'real', initializer: 'heNormal' },
  silu: { range: 'real', initializer: 'heNormal' },
  softplus: { range: 'positive', initializer: 'glorotUniform' },
  softsign: { range: 'real', initializer: 'glorotUniform' },
  hardSigmoid: { range: 'unit', initializer: 'glorotUniform' },
  mish: { range: 'real', initializer: 'heNormal' },
  exponential: { range: 'positive', initializer: 'glorotUniform' },
  logSoftmax: { range: 'real', initializer: 'glorotUniform' },
} as const satisfies Record<string, ActivationRow>;

export type ActivationName = keyof typeof rows;

export const activationNames = Object.keys(rows) as ActivationName[];

/** Their codes in native code. */
export const activationCodes = Object.fromEntries(
  activationNames.map((name) => [name, native.activations[name]?.code]),
) as Readonly<Record<ActivationName, number>>;

export function activationRow(name: ActivationName): ActivationRow {
  return rows[name];
}

/** Whether a unit's activation depends on the sample's other units. */
export function needsAllUnits(name: ActivationName): boolean {
  return native.activations[name]?.needsAllUnits === true;
}

export interface LeakyReluOptions {
  /** The factor of negative inputs. Above 0 (with 0 it would be relu). @default 0.01, as in PyTorch; Keras has 0.3 */
  readonly negativeSlope?: number;
}

export interface EluOptions {
  /** The outputs approach -alpha for large negative inputs. Above 0. @default 1 */
  readonly alpha?: number;
}

/** An activation with a hyperparameter, made by `leakyRelu()` or `elu()`, for a layer's `activation`. */
export type Activation =
  | ({ readonly name: 'leakyRelu' } & Readonly<Required<LeakyReluOptions>>)
  | ({ readonly name: 'elu' } & Readonly<Required<EluOptions>>);

/** A layer's `activation`: a name (with the defaults), or the result of `leakyRelu()` or `elu()`. */
export type ActivationOption = ActivationName | Activation | AnyName;

/**
 * Makes the activation z, or negativeSlope * z if z < 0 (Maas et al., 2013).
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function leakyRelu(options: LeakyReluOptions = {}): Activation {
  const { alpha } = withParameter('leakyRelu', '', options);
  return Object.freeze({ name: 'leakyRelu', negativeSlope: alpha });
}

/**
 * Makes the activation z, or alpha * (exp(z) - 1) if z < 0 (Clevert, Unterthiner and Hochreiter, 2016).
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function elu(options: EluOptions = {}): Activation {
  return Object.freeze({ name: 'elu', alpha: withParameter('elu', '', options).alpha });
}

/** An activation in the form that native code takes. */
export interface ResolvedActivation {
  readonly name: ActivationName;
  /** Its parameter; 0 if it has none. */
  readonly alpha: number;
}

const nameOfActivation = oneOf(activationNames);

/** Checks a layer's `activation`: a name, or the result of a factory of this file. */
export function resolveActivation(value: unknown, argumentName: string): ResolvedActivation {
  if (typeof value === 'object' && value !== null) {
    // Plain objects come from files. They pass through the checks of the factories, too.
    const { name, ...options } = value as { readonly name?: unknown };
    if (typeof name === 'string' && Object.hasOwn(rows, name)) {
      const known = name as ActivationName;
      if (activationRow(known).parameter !== undefined) return withParameter(known, argumentName, options);
    }
    const rule = 'the name of an activation, or an activation such as leakyRelu({ negativeSlope: 0.1 })';
    throw argumentError('ERR_BLASNET_ARG_TYPE', argumentName, rule, value);
  }
  check(argumentName, value, nameOfActivation, 'ERR_BLASNET_UNKNOWN_NAME');
  return { name: value as ActivationName, alpha: defaultAlpha(value as ActivationName) };
}

/** The alpha of an activation that is given by name. */
export function defaultAlpha(name: ActivationName): number {
  return activationRow(name).parameter?.default ?? 0;
}

function withParameter(name: ActivationName, where: string, options: object): ResolvedActivation {
  const { name: option, constraint } = activationRow(name).parameter as NonNullable<
    ActivationRow['parameter']
  >;
  checkOptions(where, options, { [option]: optional(constraint) });
  const given = (options as Readonly<Record<string, number | undefined>>)[option];
  return { name, alpha: given ?? defaultAlpha(name) };
}
