import { native } from '../addon/binding';
import type { Optimizer } from './optimizers';

/** The optimisers of native code (native/kernels/types.h; a test compares the two). */
export const optimizerCodes = {
  gradientDescent: 0,
  momentum: 1,
  adam: 2,
  rmsProp: 3,
  adagrad: 4,
  adadelta: 5,
  adamax: 6,
  nadam: 7,
  lion: 8,
  lbfgs: 9,
} as const;

/** Where native code looks for an option (there too). Flags are 0 or 1. */
export const hyperparameterIndices = {
  learningRate: 0,
  momentum: 1,
  beta1: 2,
  beta2: 3,
  epsilon: 4,
  weightDecay: 5,
  decoupled: 6,
  decay: 7,
  dampening: 8,
  nesterov: 9,
  centered: 10,
  amsgrad: 11,
  kerasEpsilon: 12,
  initialAccumulator: 13,
  learningRateDecay: 14,
  momentumDecay: 15,
  historySize: 16,
  toleranceGradient: 17,
  toleranceChange: 18,
  maxEvaluations: 19,
} as const;

/** What native code takes of an optimiser. */
export interface NativeOptimizer {
  readonly code: number;
  /** By hyperparameterIndices. */
  readonly hyperparameters: Float64Array;
  /** How many elements it keeps between the steps of so many parameters; they begin with zeros. */
  stateSize(parameters: number): number;
}

export function nativeOptimizer(optimizer: Optimizer): NativeOptimizer {
  const values: Record<string, unknown> = {
    ...optimizer,
    kerasEpsilon: 'convention' in optimizer && optimizer.convention === 'keras',
    decoupled: 'decoupled' in optimizer ? optimizer.decoupled : decoupledAlways.has(optimizer.name),
  };
  const code = optimizerCodes[codeName(optimizer)];
  const hyperparameters = Float64Array.from(Object.keys(hyperparameterIndices), (option) =>
    Number(values[option] ?? 0),
  );
  const stateSize = (parameters: number) => native.optimizerStateSize(code, hyperparameters, parameters);
  return { code, hyperparameters, stateSize };
}

const decoupledAlways = new Set(['adamW', 'lion']);

function codeName(optimizer: Optimizer): keyof typeof optimizerCodes {
  switch (optimizer.name) {
    case 'sgd':
      return optimizer.momentum === 0 ? 'gradientDescent' : 'momentum';
    case 'adamW':
      return 'adam';
    default:
      return optimizer.name;
  }
}
