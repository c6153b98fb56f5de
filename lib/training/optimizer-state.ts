import { allocate, type Dtype, type FloatArray } from '../base/matrix';
import { type Architecture, isRandom } from '../layers/architecture';
import { parameterCount } from '../layers/parameters';
import { type NativeOptimizer, nativeOptimizer } from '../optimizers/make';
import type { Optimizer } from '../optimizers/optimizers';
import type { RandomState } from '../random/random-state';

/** What an optimiser carries from one step to the next. */
export interface OptimizerState {
  readonly optimizer: Optimizer;
  readonly native: NativeOptimizer;
  readonly state: FloatArray;
  /** Two words, where the random numbers of dropout and noise start from. */
  readonly key: readonly [number, number];
  /** Taken so far. */
  steps: number;
  /** Gone through so far: with gradient accumulation more than steps. */
  batches: number;
  /**
   * Whether a native call is under way, or an error ended one. How many steps it took is then unknown, and the state may
   * be that of half a step.
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
    state: allocate(native.stateSize(parameterCount(architecture)), dtype),
    key: isRandom(architecture) ? [word(), word()] : [0, 0],
    steps: 0,
    batches: 0,
  };
}
