import { copyArrays } from '../addon/arrays';
import { type AsyncOptions, asyncConstraints, type Work, workElsewhere, workHere } from '../addon/work';
import { AbortError } from '../base/errors';
import { allocateShared } from '../base/matrix';
import { checkOptions } from '../base/validate';
import type { PlanQueue } from '../engine/plan-queue';
import type { ResolvedLoss } from '../layers/losses';
import type { GeneratorState } from '../random/random-state';
import type { SampleKind } from '../samples/samples';
import type { OptimizerState } from '../training/optimizer-state';
import type { TrainedNetwork } from '../training/trained-network';
import { newMemory, type StoredNetwork, withMemory } from './network-file';

/** What a clone takes from its network. */
export interface ClonedParts {
  readonly kind: SampleKind;
  readonly seed: number;
  readonly trained: Pick<TrainedNetwork, 'parameters' | 'statistics' | 'random'>;
  readonly optimizerState: OptimizerState | undefined;
}

/** A copy of everything that a network trains with. Nothing in it changes with the network. */
export interface NetworkCopy extends Pick<StoredNetwork, 'architecture' | 'options'> {
  readonly random: GeneratorState;
  readonly optimizerState: OptimizerState | undefined;
  readonly lastLoss: ResolvedLoss | undefined;
}

/** Copies a network on the calling thread. */
export function copyHere(parts: ClonedParts, queue: PlanQueue): NetworkCopy {
  queue.checkAtRest('clone', 'readers');
  return workHere(copying(parts, queue));
}

/** Copies a network on other threads, in its turn in the queue. */
export async function copyElsewhere(
  parts: () => ClonedParts,
  queue: PlanQueue,
  options: AsyncOptions,
): Promise<NetworkCopy> {
  checkOptions('', options, asyncConstraints);
  const { signal } = options;
  if (signal?.aborted) throw new AbortError(signal.reason);
  // A training on this thread does not wait for a turn.
  if (queue.training === 'here') return copyHere(parts(), queue);
  const turn = await queue.turnToRead(signal);
  try {
    return await workElsewhere(copying(parts(), queue), options);
  } finally {
    turn.end();
  }
}

function* copying({ kind, seed, trained, optimizerState }: ClonedParts, queue: PlanQueue): Work<NetworkCopy> {
  const { architecture, dtype } = kind;
  const memory = newMemory(architecture, dtype);
  const optimizer = optimizerState && {
    ...optimizerState,
    state: allocateShared(optimizerState.state.length, dtype),
  };
  // Before the copying, since this thread may use these parts while another one copies.
  const preprocessing = kind.preprocessing?.copy();
  const labels = kind.labels?.copy();
  const { lastLoss } = queue;
  const random = trained.random.getState();
  yield* copyArrays(
    [trained.parameters, trained.statistics],
    [memory.parameters.flat, memory.statistics.flat],
  );
  if (optimizerState !== undefined && optimizer !== undefined) {
    yield* copyArrays([optimizerState.state], [optimizer.state]);
  }
  const options = {
    ...{ dtype, seed },
    ...(preprocessing && { preprocessing }),
    ...(labels && { labels }),
  };
  return { architecture, options: withMemory(options, memory), random, optimizerState: optimizer, lastLoss };
}
