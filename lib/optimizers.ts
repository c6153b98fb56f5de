import { argumentError } from './errors';
import { above, checkOptions, optional } from './validate';

/** An optimiser with its hyperparameters, as `sgd()` makes it; for the `optimizer` option. */
export interface Optimizer {
  readonly name: 'sgd';
  readonly learningRate: number;
}

export interface SgdOptions {
  /** The step's factor. Above 0. @default 0.01 */
  readonly learningRate?: number;
}

const made = new WeakSet<Optimizer>();

/**
 * Gradient descent: parameters -= learningRate * gradients, once a batch. Stochastic with mini-batches,
 * plain gradient descent with `batchSize: 'full'`.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE when the learning rate is not a positive finite number
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions('', options, { learningRate: optional(above(0)) });
  const optimizer: Optimizer = Object.freeze({ name: 'sgd', learningRate: options.learningRate ?? 0.01 });
  made.add(optimizer);
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
