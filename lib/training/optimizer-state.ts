import { allocateShared, type Dtype, type FloatArray } from '../base/matrix';
import { type Architecture, isRandom } from '../layers/architecture';
import { parameterCount } from '../layers/parameters';
import { type NativeOptimizer, nativeOptimizer } from '../optimizers/make';
import type { Optimizer } from '../optimizers/optimizers';
import type { RandomState } from '../random/random-state';

/** Everything that an optimiser keeps from one step to the next. */
export interface OptimizerState {
  readonly optimizer: Optimizer;
  readonly native: NativeOptimizer;
  readonly state: FloatArray;
  /** Two 32-bit words: the key of the random numbers for dropout and noise. */
  readonly key: readonly [number, number];
  /** The number of steps taken. */
  steps: number;
  /** The number of batches processed: with gradient accumulation more than steps. */
  batches: number;
  /**
   * Whether a native call is running, or an error ended the last one. The number of steps is then unknown, and the
   * state may be that of half a step.
   */
  uncertain?: boolean;
}

/** An optimiser before its first step. Draws from the generator only for networks that need random numbers. */
export function newOptimizerState(
  architecture: Architecture,
  dtype: Dtype,
  optimizer: Optimizer,
  random: RandomState,
): OptimizerState {
  const native = nativeOptimizer(optimizer);
  const word = () => Math.floor(random.random() * 2 ** 32);
  return {
    optimizer,
    native,
    state: allocateShared(native.stateSize(parameterCount(architecture)), dtype),
    key: isRandom(architecture) ? [word(), word()] : [0, 0],
    steps: 0,
    batches: 0,
  };
}
