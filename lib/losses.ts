import type { ActivationName } from './activations';
import { argumentError } from './errors';
import { check, oneOf } from './validate';

/**
 * The losses, by name. m samples; every loss is a mean over them.
 *
 * - binaryCrossEntropy: -1/m * sum(y log p + (1 - y) log(1 - p)), summed over the outputs, as in the
 *   article; computed from the logits of a sigmoid output, so that it is finite for every finite logit.
 *   Labels in [0, 1].
 * - categoricalCrossEntropy: -1/m * sum(y log p), from the logits of a softmax output. Labels in [0, 1],
 *   one-hot as a rule.
 * - meanSquaredError: 1/(m * outputs) * sum((a - y)^2), for any output.
 */
const losses = {
  binaryCrossEntropy: { code: 0, output: 'sigmoid', labels: 'numbers from 0 to 1', accuracy: true },
  categoricalCrossEntropy: { code: 1, output: 'softmax', labels: 'numbers from 0 to 1', accuracy: true },
  meanSquaredError: { code: 2, output: undefined, labels: 'finite numbers', accuracy: false },
} as const satisfies Record<string, LossEntry>;

interface LossEntry {
  /** The number that stands for it in native code (native/kernels/types.h; a test compares the two). */
  readonly code: number;
  /** The only output activation it works with; undefined: any. */
  readonly output: ActivationName | undefined;
  /** What the labels have to be. */
  readonly labels: string;
  /** Whether an accuracy is counted beside it. */
  readonly accuracy: boolean;
}

export type LossName = keyof typeof losses;

export const lossNames = Object.keys(losses) as LossName[];

export function lossEntry(name: LossName): LossEntry {
  return losses[name];
}

/** The loss that belongs to an output activation: what `fit` uses when it is given none. */
export function defaultLoss(output: ActivationName): LossName {
  return lossNames.find((name) => losses[name].output === output) ?? 'meanSquaredError';
}

/** The loss that an option names, checked against the output activation it has to work with. */
export function resolveLoss(name: unknown, output: ActivationName): LossName {
  if (name === undefined) return defaultLoss(output);
  check('loss', name, oneOf(lossNames), 'ERR_BLASNET_UNKNOWN_NAME');
  const loss = name as LossName;
  const needed = losses[loss].output;
  if (needed !== undefined && needed !== output) {
    const rule = `a loss for the output activation '${output}' ('${loss}' needs '${needed}')`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'loss', rule, loss);
  }
  return loss;
}
