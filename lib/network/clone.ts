import { copyArrays } from '../addon/arrays';
import { type AsyncOptions, asyncConstraints, type Work, workElsewhere, workHere } from '../addon/work';
import { AbortError } from '../base/errors';
import { allocateShared } from '../base/matrix';
import { giveMethods } from '../base/methods';
import { checkOptions } from '../base/validate';
import type { PlanQueue } from '../engine/plan-queue';
import type { Json } from '../formats/json';
import type { ResolvedLoss } from '../layers/losses';
import type { GeneratorState } from '../random/random-state';
import type { SampleKind } from '../samples/samples';
import type { OptimizerState } from '../training/optimizer-state';
import type { TrainedNetwork } from '../training/trained-network';
import { architectureOfMembers, copyMembers, makeOfMembers, type NetworkOfMembers } from './members';
import { type NetworkMemory, newMemory, type StoredNetwork, withMemory, withTable } from './network-file';

/** A network that can be copied as a whole, or with some of its members. */
export interface ClonableNetwork<Network> extends NetworkOfMembers<Network> {
  /**
   * Makes a network with the same layers, parameters, running moments, preprocessing, labels and targetScaler, in memory
   * of its own. It also takes the state of the random numbers and of the optimiser. So both train on to the same bits,
   * and neither changes the other: one may predict while the other trains.
   *
   * @throws Error ERR_BLASNET_BUSY while a step is being taken; Error ERR_BLASNET_MEMORY
   */
  clone(): Network;
  /**
   * Like `clone`, but copies on other threads. While `fit` trains, it waits for the current epochs.
   * @throws AbortError when the signal ends the call; like clone()
   */
  cloneAsync(options?: AsyncOptions): Promise<Network>;
}

/** The inner parts of a network that its clone takes, and the queue of the operations that use them. */
export interface CloneSource {
  readonly parts: ClonedParts;
  readonly queue: PlanQueue;
}

/** Gives the networks of a class these methods. `make` makes a network from a copy. */
export function makeClonable<Network extends ClonableNetwork<Network>>(
  prototype: Network,
  sourceOf: (network: Network) => CloneSource,
  make: (copy: NetworkCopy) => Network,
): void {
  const methods: Pick<ClonableNetwork<Network>, 'clone' | 'cloneAsync'> & ThisType<Network> = {
    clone() {
      return make(copyHere(sourceOf(this)));
    },
    async cloneAsync(options = {}) {
      return make(await copyElsewhere(() => sourceOf(this), options));
    },
  };
  giveMethods(prototype, methods);
  makeOfMembers(
    prototype,
    (network) => sourceOf(network).parts.kind.architecture,
    (network, members) => make(membersHere(sourceOf(network), members)),
  );
}

/** What a clone takes from its network. */
export interface ClonedParts {
  readonly kind: SampleKind;
  readonly seed: number;
  readonly table: Json | undefined;
  /** A network that is attached to shared memory gives a new copy each time. */
  readonly trained: Pick<TrainedNetwork, 'random'> & { readonly memory: NetworkMemory };
  readonly optimizerState: OptimizerState | undefined;
}

/** A copy of everything that a network trains with. Nothing in it changes with the network. */
export interface NetworkCopy extends Pick<StoredNetwork, 'architecture' | 'options'> {
  readonly random: GeneratorState;
  readonly optimizerState: OptimizerState | undefined;
  readonly lastLoss: ResolvedLoss | undefined;
}

function copyHere(source: CloneSource): NetworkCopy {
  source.queue.checkAtRest('clone', 'readers');
  return workHere(copying(source));
}

function membersHere(source: CloneSource, members: readonly number[]): NetworkCopy {
  source.queue.checkAtRest('keepMembers', 'readers');
  return workHere(copying(source, members));
}

async function copyElsewhere(source: () => CloneSource, options: AsyncOptions): Promise<NetworkCopy> {
  checkOptions('', options, asyncConstraints);
  const { signal } = options;
  if (signal?.aborted) throw new AbortError(signal.reason);
  const { queue } = source();
  // A training on this thread does not wait for a turn.
  if (queue.training === 'here') return copyHere(source());
  const turn = await queue.turnToRead(signal);
  try {
    return await workElsewhere(copying(source()), options);
  } finally {
    turn.end();
  }
}

/** @param members those that the copy has; without, it also has the optimiser's state */
function* copying({ parts, queue }: CloneSource, members?: readonly number[]): Work<NetworkCopy> {
  const { kind, seed, table, trained } = parts;
  const { dtype } = kind;
  const optimizerState = members === undefined ? parts.optimizerState : undefined;
  const architecture =
    members === undefined ? kind.architecture : architectureOfMembers(kind.architecture, members);
  const memory = newMemory(architecture, dtype);
  const optimizer = optimizerState && {
    ...optimizerState,
    state: allocateShared(optimizerState.state.length, dtype),
  };
  // Before the copying, since this thread may use these parts while another one copies.
  const preprocessing = kind.preprocessing?.copy();
  const labels = kind.labels?.copy();
  const targetScaler = kind.targetScaler?.copy();
  const { lastLoss } = queue;
  const random = trained.random.getState();
  const { parameters, statistics } = memory;
  const from = trained.memory;
  yield* members === undefined
    ? copyArrays([from.parameters.flat], [parameters.flat])
    : copyMembers(kind.architecture, members, from.parameters.flat, parameters.flat);
  yield* copyArrays([from.statistics.flat], [statistics.flat]);
  if (optimizerState !== undefined && optimizer !== undefined) {
    yield* copyArrays([optimizerState.state], [optimizer.state]);
  }
  const options = {
    ...{ dtype, seed },
    ...(preprocessing && { preprocessing }),
    ...(labels && { labels }),
    ...(targetScaler && { targetScaler }),
    ...withTable(table),
  };
  return { architecture, options: withMemory(options, memory), random, optimizerState: optimizer, lastLoss };
}
