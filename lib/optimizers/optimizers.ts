// Everything here is public: lib/index.ts exports all of it.

import { argumentError } from '../base/errors';
import { optimizerRow } from './make';

/** The formula to use: PyTorch and Keras put epsilon in different places. It changes no default. */
export type Convention = 'pytorch' | 'keras';

export interface LearningRateOptions {
  /** The factor of each step. Above 0. @default see the optimiser's function */
  readonly learningRate?: number;
}

export interface WeightDecayOptions {
  /** The strength of the decay of all parameters, biases included. At least 0. @default 0; 0.01 with adamW */
  readonly weightDecay?: number;
}

export interface DecoupledOptions extends WeightDecayOptions {
  /**
   * false: weightDecay * parameters is added to the gradients, like the gradient of the penalty
   * weightDecay / 2 * parameters^2 (PyTorch). true: every step begins with
   * parameters *= 1 - learningRate * weightDecay (Loshchilov and Hutter, 2019; Keras). @default false
   */
  readonly decoupled?: boolean;
}

export interface SgdOptions extends LearningRateOptions, DecoupledOptions {
  /** The share of the previous velocity that a step keeps, in [0, 1). @default 0 */
  readonly momentum?: number;
  /**
   * Whether to use Nesterov's momentum, which looks one step ahead. Needs momentum, and no dampening. @default false
   */
  readonly nesterov?: boolean;
  /** The share of each gradient that the velocity leaves out, from the second step on; in [0, 1). @default 0 */
  readonly dampening?: number;
}

export interface RmsPropOptions extends LearningRateOptions, DecoupledOptions {
  /** The decay of the mean of the squared gradients, in [0, 1). Others call it alpha or rho. @default 0.99 */
  readonly decay?: number;
  /** Prevents a division by zero. Above 0. @default 1e-8 */
  readonly epsilon?: number;
  /** The share of the previous velocity that a step keeps, in [0, 1). @default 0 */
  readonly momentum?: number;
  /** Whether to divide by the gradients' standard deviation instead of their root mean square. @default false */
  readonly centered?: boolean;
  /** Whether epsilon is added to the root ('pytorch') or under it ('keras'). @default 'pytorch' */
  readonly convention?: Convention;
}

export interface AdagradOptions extends LearningRateOptions, DecoupledOptions {
  /** The initial value of the sums of squares. At least 0. @default 0; Keras has 0.1 */
  readonly initialAccumulator?: number;
  /** Step t (from 1) uses learningRate / (1 + (t - 1) * learningRateDecay). At least 0. @default 0 */
  readonly learningRateDecay?: number;
  /** Prevents a division by zero. Above 0. @default 1e-10 */
  readonly epsilon?: number;
  /** Whether epsilon is added to the root ('pytorch') or under it ('keras'). @default 'pytorch' */
  readonly convention?: Convention;
}

export interface AdadeltaOptions extends LearningRateOptions, DecoupledOptions {
  /** The decay of both means of squares, in [0, 1). Others call it rho. @default 0.9 */
  readonly decay?: number;
  /** It is added under both roots, as in PyTorch and Keras. Above 0. @default 1e-6 */
  readonly epsilon?: number;
}

export interface MomentsOptions extends LearningRateOptions {
  /** The decay of the mean of the gradients, in [0, 1). @default 0.9 */
  readonly beta1?: number;
  /** The decay of the mean of the squared gradients, in [0, 1). @default 0.999 */
  readonly beta2?: number;
  /** Prevents a division by zero. Above 0. @default 1e-8 */
  readonly epsilon?: number;
}

export interface AdamOptions extends MomentsOptions, WeightDecayOptions {
  /** Whether to use the largest mean of squares so far (AMSGrad: Reddi et al., 2018). @default false */
  readonly amsgrad?: boolean;
  /**
   * Whether epsilon is added to the root after its bias correction ('pytorch', the paper's algorithm 1) or before it
   * ('keras', the paper's epsilon-hat). @default 'pytorch'
   */
  readonly convention?: Convention;
}

export interface AdamaxOptions extends MomentsOptions, DecoupledOptions {
  /**
   * Whether epsilon is added to the gradients inside the norm ('pytorch') or to the norm ('keras'). @default 'pytorch'
   */
  readonly convention?: Convention;
}

export interface NadamOptions extends MomentsOptions, DecoupledOptions {
  /** How fast the momentum grows from beta1 / 2 to beta1. At least 0. @default 0.004; Keras has 1 */
  readonly momentumDecay?: number;
}

export interface LionOptions extends LearningRateOptions, WeightDecayOptions {
  /** The share of the mean in a step's direction, in [0, 1). @default 0.9 */
  readonly beta1?: number;
  /** The decay of the mean of the gradients, in [0, 1). @default 0.99 */
  readonly beta2?: number;
}

export interface LbfgsOptions {
  /** The share of the quasi-Newton step that a line search tries first. Above 0. @default 1 */
  readonly learningRate?: number;
  /**
   * How many of the last steps approximate the Hessian, 1 to 1000. Each needs two arrays of the parameters' size.
   * @default 10
   */
  readonly historySize?: number;
  /** Training ends when no component of the gradient is larger. At least 0. @default 1e-7 */
  readonly toleranceGradient?: number;
  /** Training ends when a step changes the loss, or every parameter, by less than this. At least 0. @default 1e-9 */
  readonly toleranceChange?: number;
  /** The most evaluations of loss and gradient in a line search, from 1 to 1000. @default 25 */
  readonly maxEvaluations?: number;
}

type Made<Name extends string, Options> = { readonly name: Name } & Readonly<Required<Options>>;

/** An optimiser with its hyperparameters, made by a function such as `sgd()`, for the `optimizer` option. */
export type Optimizer =
  | Made<'sgd', SgdOptions>
  | Made<'rmsProp', RmsPropOptions>
  | Made<'adagrad', AdagradOptions>
  | Made<'adadelta', AdadeltaOptions>
  | Made<'adam', AdamOptions>
  | Made<'adamW', AdamOptions>
  | Made<'adamax', AdamaxOptions>
  | Made<'nadam', NadamOptions>
  | Made<'lion', LionOptions>
  | Made<'lbfgs', LbfgsOptions>;

const makeSgd = optimizerRow<Made<'sgd', SgdOptions>>({
  name: 'sgd',
  defaults: {
    learningRate: 0.01,
    momentum: 0,
    nesterov: false,
    dampening: 0,
    weightDecay: 0,
    decoupled: false,
  },
});

/**
 * Makes the gradient descent optimiser, with one step per batch: stochastic with mini-batches, plain with
 * `batchSize: 'full'`. The default learning rate is 0.01.
 *
 *     velocity = momentum * velocity + (1 - dampening) * gradients
 *     parameters -= learningRate * velocity
 *     with nesterov: parameters -= learningRate * (gradients + momentum * velocity)
 *
 * Momentum has the form of Sutskever et al. (2013), as in PyTorch; the first velocity is the gradient itself. Keras's
 * velocity includes the learning rate, so it differs if the learning rate changes.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const optimizer = makeSgd(options);
  const { momentum, nesterov, dampening } = optimizer;
  if (nesterov && momentum === 0) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'momentum', 'above 0 with nesterov', momentum);
  }
  if (nesterov && dampening !== 0) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'dampening', '0 with nesterov', dampening);
  }
  return optimizer;
}

const makeRmsProp = optimizerRow<Made<'rmsProp', RmsPropOptions>>({
  name: 'rmsProp',
  defaults: {
    learningRate: 0.01,
    decay: 0.99,
    epsilon: 1e-8,
    momentum: 0,
    centered: false,
    convention: 'pytorch',
    weightDecay: 0,
    decoupled: false,
  },
});

/**
 * Makes the RMSProp optimiser (Hinton's lecture 6e, 2012; centred: Graves, 2013). The default learning rate is 0.01.
 *
 *     square = decay * square + (1 - decay) * gradients^2
 *     centered: mean = decay * mean + (1 - decay) * gradients, and square - mean^2 in place of square
 *     velocity = momentum * velocity + gradients / (sqrt(square) + epsilon)
 *     parameters -= learningRate * velocity
 *
 * Keras has sqrt(square + epsilon), and the defaults learningRate 0.001, decay 0.9 and epsilon 1e-7.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function rmsProp(options: RmsPropOptions = {}): Optimizer {
  return makeRmsProp(options);
}

const makeAdagrad = optimizerRow<Made<'adagrad', AdagradOptions>>({
  name: 'adagrad',
  defaults: {
    learningRate: 0.01,
    initialAccumulator: 0,
    learningRateDecay: 0,
    epsilon: 1e-10,
    convention: 'pytorch',
    weightDecay: 0,
    decoupled: false,
  },
});

/**
 * Makes the Adagrad optimiser (Duchi et al., 2011). The default learning rate is 0.01.
 *
 *     sum = sum + gradients^2, starting with initialAccumulator
 *     parameters -= learningRate / (1 + (t - 1) * learningRateDecay) * gradients / (sqrt(sum) + epsilon)
 *
 * Keras has sqrt(sum + epsilon), and the defaults learningRate 0.001, initialAccumulator 0.1 and epsilon 1e-7.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  return makeAdagrad(options);
}

const makeAdadelta = optimizerRow<Made<'adadelta', AdadeltaOptions>>({
  name: 'adadelta',
  defaults: { learningRate: 1, decay: 0.9, epsilon: 1e-6, weightDecay: 0, decoupled: false },
});

/**
 * Makes the Adadelta optimiser (Zeiler, 2012). The default learning rate is 1, which is the paper's algorithm.
 *
 *     square = decay * square + (1 - decay) * gradients^2
 *     change = sqrt(changes + epsilon) / sqrt(square + epsilon) * gradients
 *     changes = decay * changes + (1 - decay) * change^2
 *     parameters -= learningRate * change
 *
 * Keras has these formulas, and the defaults learningRate 0.001, decay 0.95 and epsilon 1e-7.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  return makeAdadelta(options);
}

const adamDefaults: Required<AdamOptions> = {
  learningRate: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  amsgrad: false,
  convention: 'pytorch',
  weightDecay: 0,
};

const makeAdam = optimizerRow<Made<'adam', AdamOptions>>({
  name: 'adam',
  defaults: adamDefaults,
});

/**
 * Makes the Adam optimiser (Kingma and Ba, 2015). The default learning rate is 0.001. t counts the steps from 1.
 *
 *     mean = beta1 * mean + (1 - beta1) * gradients
 *     square = beta2 * square + (1 - beta2) * gradients^2
 *     parameters -= learningRate * mean / (1 - beta1^t) / (sqrt(square / (1 - beta2^t)) + epsilon)
 *
 * Keras has the divisor (sqrt(square) + epsilon) / sqrt(1 - beta2^t), and the default epsilon 1e-7. The weight decay is
 * added to the gradients; `adamW` has decoupled weight decay.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return makeAdam(options);
}

const makeAdamW = optimizerRow<Made<'adamW', AdamOptions>>({
  name: 'adamW',
  native: 'adam',
  decoupled: true,
  defaults: { ...adamDefaults, weightDecay: 0.01 },
});

/**
 * Makes the AdamW optimiser (Loshchilov and Hutter, 2019): `adam` with decoupled weight decay. Every step begins with
 * parameters *= 1 - learningRate * weightDecay. The default learning rate is 0.001, the default weight decay 0.01.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return makeAdamW(options);
}

const makeAdamax = optimizerRow<Made<'adamax', AdamaxOptions>>({
  name: 'adamax',
  defaults: {
    learningRate: 0.002,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    convention: 'pytorch',
    weightDecay: 0,
    decoupled: false,
  },
});

/**
 * Makes the Adamax optimiser (Kingma and Ba, 2015, section 7.1). The default learning rate is 0.002. t counts the steps
 * from 1.
 *
 *     mean = beta1 * mean + (1 - beta1) * gradients
 *     norm = max(beta2 * norm, abs(gradients) + epsilon)
 *     parameters -= learningRate * mean / (1 - beta1^t) / norm
 *
 * Keras has max(beta2 * norm, abs(gradients)) and divides by norm + epsilon. It has the defaults learningRate 0.001 and
 * epsilon 1e-7.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  return makeAdamax(options);
}

const makeNadam = optimizerRow<Made<'nadam', NadamOptions>>({
  name: 'nadam',
  defaults: {
    learningRate: 0.002,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    momentumDecay: 0.004,
    weightDecay: 0,
    decoupled: false,
  },
});

/**
 * Makes the Nadam optimiser (Dozat, 2016): Adam with Nesterov's momentum. The default learning rate is 0.002. t counts
 * the steps from 1.
 *
 *     momentum[t] = beta1 * (1 - 0.96^(t * momentumDecay) / 2)
 *     ahead = momentum[t + 1] * mean / (1 - momentum[1] * ... * momentum[t + 1])
 *             + (1 - momentum[t]) * gradients / (1 - momentum[1] * ... * momentum[t])
 *     parameters -= learningRate * ahead / (sqrt(square / (1 - beta2^t)) + epsilon)
 *
 * with Adam's mean and square, as in the paper and in PyTorch 2.0 and later (in older versions, the second product has
 * momentum[t] twice). Keras has this formula, and the defaults learningRate 0.001, momentumDecay 1 and epsilon 1e-7.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  return makeNadam(options);
}

const makeLion = optimizerRow<Made<'lion', LionOptions>>({
  name: 'lion',
  decoupled: true,
  defaults: { learningRate: 0.0001, beta1: 0.9, beta2: 0.99, weightDecay: 0 },
});

/**
 * Makes the Lion optimiser (Chen et al., 2023, algorithm 2). The default learning rate is 0.0001, since steps are larger
 * than Adam's.
 *
 *     parameters -= learningRate * (sign(beta1 * mean + (1 - beta1) * gradients) + weightDecay * parameters)
 *     mean = beta2 * mean + (1 - beta2) * gradients
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function lion(options: LionOptions = {}): Optimizer {
  return makeLion(options);
}

const makeLbfgs = optimizerRow<Made<'lbfgs', LbfgsOptions>>({
  name: 'lbfgs',
  defaults: {
    learningRate: 1,
    historySize: 10,
    maxEvaluations: 25,
    toleranceGradient: 1e-7,
    toleranceChange: 1e-9,
  },
});

/**
 * Makes the L-BFGS optimiser (Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.5, 3.5 and 3.6). Each epoch
 * takes one quasi-Newton step from the gradient of all samples, with a line search for the strong Wolfe conditions
 * (decrease 1e-4, curvature 0.9). It suits small and medium networks, and data that fit in a full batch: it takes tens
 * of epochs where gradient descent takes thousands.
 *
 * `batchSize` must be 'full', which is its default here. An epoch evaluates loss and gradient once or a few times. Its
 * loss in the history is the loss before its step. If a tolerance is met, training and history end early. A loss that
 * is not finite shortens the step.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function lbfgs(options: LbfgsOptions = {}): Optimizer {
  return makeLbfgs(options);
}
