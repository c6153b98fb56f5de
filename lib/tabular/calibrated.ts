// Networks whose probabilities are calibrated when their training has ended.

import type { Network } from '../network/network';
import type { TargetValues } from './labels';
import { describeTargets } from './model-file';
import type { Task } from './task';
import { applyTemperatures } from './temperature';

/** Calibrates a network, and lets it carry what was learned of the target then. */
export function withTemperatures(
  network: Network,
  values: TargetValues,
  temperatures: readonly number[] | undefined,
  task: Task,
): TargetValues {
  if (temperatures === undefined) return values;
  const learned = applyTemperatures(network, values, temperatures);
  describeTargets(network, task.describe(learned));
  return learned;
}
