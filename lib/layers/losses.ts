import { argumentError } from '../base/errors';
import { above, check, checkOptions, halfOpen, oneOf, optional } from '../base/validate';
import { type ActivationName, activationNames } from './activations';

/**
 * The losses, by name: y the labels, a the outputs, p outputs that are probabilities; m samples. Every loss is
 * a mean over the samples.
 *
 * - binaryCrossEntropy: -sum(y log p + (1 - y) log(1 - p)), summed over the outputs, as in the article;
 *   computed from the logits of a sigmoid output, so that it is finite for every finite logit
 * - categoricalCrossEntropy: -sum(y log p), from the logits of a softmax or logSoftmax output; labels one-hot
 *   as a rule
 * - sparseCategoricalCrossEntropy: the same, with the class's number as label; float32 labels are exact up to
 *   class 2^24
 * - meanSquaredError: the mean over the outputs of (a - y)^2
 * - meanAbsoluteError: the mean of |a - y|; its derivative at 0 is 0
 * - huber: the mean of (a - y)^2 / 2, and of delta (|a - y| - delta / 2) where |a - y| is above delta
 * - logCosh: the mean of log(cosh(a - y))
 * - poisson: the mean of a - y log(a + 1e-7), as in Keras, for rates a above 0; so linear outputs, which may be
 *   negative, and relu, which is stuck at 0 with a slope of -y / 1e-7, do not go with it
 * - hinge: the mean of max(0, 1 - y a), for labels -1 and 1; its derivative is 0 where y a is 1
 * - klDivergence: sum(y log(y / p)) over the outputs, 0 where y is 0; p is taken as 2^-100 at least
 *
 * Accuracies. binaryCrossEntropy: every output on its label's side of 1/2; hinge: of 0. The categorical ones:
 * the largest output at the label's class (the first of equals).
 */
const losses = {
  binaryCrossEntropy: { code: 0, outputs: ['sigmoid'], labels: 'numbers from 0 to 1', accuracy: true },
  categoricalCrossEntropy: {
    code: 1,
    outputs: ['softmax', 'logSoftmax'],
    labels: 'numbers from 0 to 1',
    accuracy: true,
  },
  meanSquaredError: { code: 2, outputs: undefined, labels: 'finite numbers', accuracy: false },
  sparseCategoricalCrossEntropy: {
    code: 3,
    outputs: ['softmax', 'logSoftmax'],
    labels: 'integers from 0 to the number of outputs - 1',
    accuracy: true,
  },
  meanAbsoluteError: { code: 4, outputs: undefined, labels: 'finite numbers', accuracy: false },
  huber: { code: 5, outputs: undefined, labels: 'finite numbers', accuracy: false },
  logCosh: { code: 6, outputs: undefined, labels: 'finite numbers', accuracy: false },
  poisson: {
    code: 7,
    outputs: ['exponential', 'softplus'],
    labels: 'finite numbers of at least 0',
    accuracy: false,
  },
  hinge: {
    code: 8,
    outputs: activationNames.filter((name) => name !== 'softmax' && name !== 'logSoftmax'),
    outputsRule: "any but 'softmax' and 'logSoftmax'",
    labels: 'either -1 or 1',
    accuracy: true,
  },
  klDivergence: {
    code: 9,
    outputs: ['softmax', 'sigmoid'],
    labels: 'numbers from 0 to 1',
    accuracy: false,
  },
} as const satisfies Record<string, LossEntry>;

interface LossEntry {
  /** The number that stands for it in native code (native/kernels/types.h; a test compares the two). */
  readonly code: number;
  /** The output activations it works with; undefined: any. */
  readonly outputs: readonly ActivationName[] | undefined;
  /** These in words, where they are too many to list. */
  readonly outputsRule?: string;
  /** What the labels have to be; native/kernels/scan.h looks. */
  readonly labels: string;
  /** Whether an accuracy is counted beside it. */
  readonly accuracy: boolean;
}

export type LossName = keyof typeof losses;

export const lossNames = Object.keys(losses) as LossName[];

export function lossEntry(name: LossName): LossEntry {
  return losses[name];
}

export interface CrossEntropyOptions {
  /**
   * How much of each label is spread over the classes, in [0, 1): y (1 - s) + s / 2 for binary labels, y (1 - s)
   * + s / outputs for categorical ones, as in Keras. @default 0
   */
  readonly labelSmoothing?: number;
}

export interface HuberOptions {
  /** The error up to which the loss is a square, and beyond which it is a line. Above 0. @default 1 */
  readonly delta?: number;
}

type SmoothedName = 'binaryCrossEntropy' | 'categoricalCrossEntropy' | 'sparseCategoricalCrossEntropy';

/** A loss with its hyperparameter, as `huber()` and the cross-entropies' factories make it. */
export type Loss =
  | ({ readonly name: SmoothedName } & Readonly<Required<CrossEntropyOptions>>)
  | ({ readonly name: 'huber' } & Readonly<Required<HuberOptions>>);

/** What the `loss` option may be: a name, with the defaults, or what a factory made. */
export type LossOption = LossName | Loss;

/**
 * Binary cross-entropy with label smoothing.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  return smoothed('binaryCrossEntropy', options);
}

/** Categorical cross-entropy with label smoothing. Throws as `binaryCrossEntropy` does. */
export function categoricalCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  return smoothed('categoricalCrossEntropy', options);
}

/** Categorical cross-entropy of classes' numbers, with label smoothing. Throws as `binaryCrossEntropy` does. */
export function sparseCategoricalCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  return smoothed('sparseCategoricalCrossEntropy', options);
}

/**
 * Huber's loss (1964): a square near 0, a line beyond `delta`.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function huber(options: HuberOptions = {}): Loss {
  checkOptions('', options, { delta: optional(above(0)) });
  return make({ name: 'huber', delta: options.delta ?? 1 });
}

function smoothed(name: SmoothedName, options: CrossEntropyOptions): Loss {
  checkOptions('', options, { labelSmoothing: optional(halfOpen(0, 1)) });
  return make({ name, labelSmoothing: options.labelSmoothing ?? 0 });
}

const made = new WeakSet<Loss>();

function make(loss: Loss): Loss {
  made.add(Object.freeze(loss));
  return loss;
}

/** The loss that belongs to an output activation: what `fit` uses when it is given none. */
export function defaultLoss(output: ActivationName): LossName {
  if (output === 'sigmoid') return 'binaryCrossEntropy';
  return output === 'softmax' || output === 'logSoftmax' ? 'categoricalCrossEntropy' : 'meanSquaredError';
}

/** A loss as native code takes it. */
export interface ResolvedLoss {
  readonly name: LossName;
  readonly code: number;
  /** Label smoothing; 0 for those that have none. */
  readonly smoothing: number;
  /** huber's; 1 for the others. */
  readonly delta: number;
}

/** The `loss` option, checked against the output activation it has to work with. */
export function resolveLoss(value: unknown, output: ActivationName): ResolvedLoss {
  const { name, smoothing = 0, delta = 1 } = readLoss(value === undefined ? defaultLoss(output) : value);
  const { code, outputs, outputsRule }: LossEntry = losses[name];
  if (outputs !== undefined && !outputs.includes(output)) {
    const needed = outputsRule ?? outputs.map((needs) => `'${needs}'`).join(' or ');
    const rule = `a loss for the output activation '${output}' ('${name}' needs ${needed})`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'loss', rule, name);
  }
  return { name, code, smoothing, delta };
}

function readLoss(value: unknown): { name: LossName; smoothing?: number; delta?: number } {
  if (typeof value === 'object' && value !== null) {
    if (!made.has(value as Loss)) {
      const rule = 'the name of a loss, or one such as huber({ delta: 2 })';
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'loss', rule, value);
    }
    const loss = value as Loss;
    return loss.name === 'huber' ? loss : { name: loss.name, smoothing: loss.labelSmoothing };
  }
  check('loss', value, oneOf(lossNames), 'ERR_BLASNET_UNKNOWN_NAME');
  return { name: value as LossName };
}
