import { argumentError } from './errors';
import { above, checkOptions, halfOpen, optional } from './validate';

export interface SgdOptions {
  /** The step's factor. Above 0. @default 0.01 */
  readonly learningRate?: number;
  /** How much of the last step's velocity goes on, in [0, 1). @default 0 */
  readonly momentum?: number;
}

export interface AdamOptions {
  /** The step's factor. Above 0. @default 0.001 */
  readonly learningRate?: number;
  /** The decay of the mean of the gradients, in [0, 1). @default 0.9 */
  readonly beta1?: number;
  /** The decay of the mean of their squares, in [0, 1). @default 0.999 */
  readonly beta2?: number;
  /** Added to the root of the squares' mean, which it is not under. Above 0. @default 1e-8 */
  readonly epsilon?: number;
}

/** An optimiser with its hyperparameters, as `sgd()` and `adam()` make it; for the `optimizer` option. */
export type Optimizer =
  | ({ readonly name: 'sgd' } & Readonly<Required<SgdOptions>>)
  | ({ readonly name: 'adam' } & Readonly<Required<AdamOptions>>);

/**
 * Gradient descent, a step a batch: stochastic with mini-batches, plain with `batchSize: 'full'`.
 *
 *     velocity = momentum * velocity + gradients
 *     parameters -= learningRate * velocity
 *
 * Momentum in the form of Sutskever et al. (2013), as in PyTorch.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions('', options, { learningRate: optional(above(0)), momentum: optional(halfOpen(0, 1)) });
  return make({ name: 'sgd', learningRate: options.learningRate ?? 0.01, momentum: options.momentum ?? 0 });
}

/**
 * Adam (Kingma and Ba, 2015), a step a batch; t counts them from 1.
 *
 *     mean = beta1 * mean + (1 - beta1) * gradients
 *     square = beta2 * square + (1 - beta2) * gradients^2
 *     parameters -= learningRate * mean / (1 - beta1^t) / (sqrt(square / (1 - beta2^t)) + epsilon)
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function adam(options: AdamOptions = {}): Optimizer {
  checkOptions('', options, {
    learningRate: optional(above(0)),
    beta1: optional(halfOpen(0, 1)),
    beta2: optional(halfOpen(0, 1)),
    epsilon: optional(above(0)),
  });
  return make({
    name: 'adam',
    learningRate: options.learningRate ?? 0.001,
    beta1: options.beta1 ?? 0.9,
    beta2: options.beta2 ?? 0.999,
    epsilon: options.epsilon ?? 1e-8,
  });
}

const made = new WeakSet<Optimizer>();

function make(optimizer: Optimizer): Optimizer {
  made.add(Object.freeze(optimizer));
  return optimizer;
}

/** The `optimizer` option, checked: what a factory of this file made, or the default. */
export function resolveOptimizer(value: unknown): Optimizer {
  if (value === undefined) return sgd();
  if (!made.has(value as Optimizer)) {
    throw argumentError(
      'ERR_BLASNET_ARG_TYPE',
      'optimizer',
      'an optimizer such as sgd({ learningRate: 0.01 })',
      value,
    );
  }
  return value as Optimizer;
}

/** The optimisers of native code (native/kernels/types.h; a test compares the two). */
export const optimizerCodes = { gradientDescent: 0, momentum: 1, adam: 2 } as const;

/** What native code takes of an optimiser. */
export interface NativeOptimizer {
  readonly code: number;
  /** learning rate, momentum, beta1, beta2, epsilon */
  readonly factors: Float64Array;
  /** How many arrays of the parameters' size it keeps between steps. */
  readonly states: number;
}

export function nativeOptimizer(optimizer: Optimizer): NativeOptimizer {
  const { learningRate } = optimizer;
  if (optimizer.name === 'adam') {
    const { beta1, beta2, epsilon } = optimizer;
    return {
      code: optimizerCodes.adam,
      factors: Float64Array.of(learningRate, 0, beta1, beta2, epsilon),
      states: 2,
    };
  }
  const { momentum } = optimizer;
  return momentum === 0
    ? { code: optimizerCodes.gradientDescent, factors: Float64Array.of(learningRate, 0, 0, 0, 0), states: 0 }
    : { code: optimizerCodes.momentum, factors: Float64Array.of(learningRate, momentum, 0, 0, 0), states: 1 };
}
