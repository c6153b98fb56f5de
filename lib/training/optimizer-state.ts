import { allocateShared, type Dtype, type FloatArray } from '../base/matrix';
import { type Architecture, isRandom } from '../layers/architecture';
import { parameterCount } from '../layers/parameters';
import { type NativeOptimizer, nativeOptimizer } from '../optimizers/make';
import type { Optimizer } from '../optimizers/optimizers';
import type { RandomState } from '../random/random-state';

/** Everything that an optimiser keeps from one step to the next. */
export interface OptimizerState {
  optimizer: Optimizer;
  native: NativeOptimizer;
  readonly state: FloatArray;
  /** Two 32-bit words: the key of the random numbers for dropout and noise. */
  readonly key: readonly [number, number];
  /** The number of steps taken. */
  steps: number;
  /** The number of batches processed: with gradient accumulation more than steps. */
  batches: number;
  /**
   * Whether a native call is running, or a divergence ended the last one. The number of steps is then unknown, and the
   * state may be that of half a step.
   */
  uncertain?: boolean;
}

/** Keeps the state of the optimiser that trained a network last, for its next training. */
export class OptimizerMemory {
  state: OptimizerState | undefined;

  /**
   * The state from which this optimiser goes on: that of the last one, if its settings were equal. The learning rate may
   * differ. Undefined if it starts anew.
   */
  stateFor(optimizer: Optimizer): OptimizerState | undefined {
    const { state } = this;
    if (state === undefined || state.uncertain === true) return undefined;
    if (state.optimizer === optimizer) return state;
    if (!haveEqualSettings(state.optimizer, optimizer)) return undefined;
    state.optimizer = optimizer;
    state.native = nativeOptimizer(optimizer);
    return state;
  }
}

function haveEqualSettings(one: Optimizer, other: Optimizer): boolean {
  if (one.name !== other.name) return false;
  const settings = other as unknown as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(one)) {
    if (name !== 'learningRate' && settings[name] !== value) return false;
  }
  return true;
}

/** An optimiser before its first step. Draws from the generator only for networks that need random numbers. */
export function newOptimizerState(
  architecture: Architecture,
  dtype: Dtype,
  optimizer: Optimizer,
  random: RandomState,
): OptimizerState {
  const native = nativeOptimizer(optimizer);
  return {
    optimizer,
    native,
    state: allocateShared(native.stateSize(parameterCount(architecture)), dtype),
    key: newKey(architecture, random),
    steps: 0,
    batches: 0,
  };
}

/** The state with random numbers that follow from a new generator, as those of a new optimiser do. */
export function withNewKey(
  state: OptimizerState,
  architecture: Architecture,
  random: RandomState,
): OptimizerState {
  return { ...state, key: newKey(architecture, random), batches: 0 };
}

function newKey(architecture: Architecture, random: RandomState): readonly [number, number] {
  const word = () => Math.floor(random.random() * 2 ** 32);
  return isRandom(architecture) ? [word(), word()] : [0, 0];
}
