import { argumentError } from '../base/errors';
import { isOptimizer } from './make';
import { type Optimizer, sgd } from './optimizers';

// One object, so that what goes on with an optimiser knows it again.
const defaultOptimizer = sgd();

/** The `optimizer` option, checked: what a factory made, or the default. */
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
