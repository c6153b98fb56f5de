import { argumentError } from '../base/errors';
import { guessOf } from '../base/validate';
import { optimizerNames, optimizerOf } from './make';
import { type Optimizer, sgd } from './optimizers';

// A single object, so that a later call recognises it and continues with its state.
const defaultOptimizer = sgd();

/** Checks the `optimizer` option: an optimiser of a factory, its description, or undefined for the default. */
export function resolveOptimizer(value: unknown): Optimizer {
  if (value === undefined) return defaultOptimizer;
  const optimizer = optimizerOf('optimizer', value);
  if (optimizer !== undefined) return optimizer as Optimizer;
  const rule = 'an optimizer such as sgd({ learningRate: 0.01 })';
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'optimizer', rule, value, hint(value));
}

function hint(value: unknown): string {
  if (typeof value !== 'string') return '';
  return optimizerNames().includes(value) ? `; write ${value}()` : guessOf(value, optimizerNames());
}
