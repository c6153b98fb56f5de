import { argumentError } from '../base/errors';
import { isOptimizer } from './make';
import { type Optimizer, sgd } from './optimizers';

// A single object, so that a later call recognises it and continues with its state.
const defaultOptimizer = sgd();

/** Checks the `optimizer` option: an optimiser of a factory, or undefined for the default. */
export function resolveOptimizer(value: unknown): Optimizer {
  if (value === undefined) return defaultOptimizer;
  if (isOptimizer(value)) return value as Optimizer;
  throw argumentError(
    'ERR_BLASNET_ARG_TYPE',
    'optimizer',
    'an optimizer such as sgd({ learningRate: 0.01 })',
    value,
  );
}
