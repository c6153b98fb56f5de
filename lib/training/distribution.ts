// What a training needs to know of the processes that share it. The class is in lib/distributed, which only those load
// that use it.

import { argumentError, isBlasnetError } from '../base/errors';
import type { Constraint } from '../base/validate';

/** The processes that a launcher, such as mpirun, started together. Each is a rank: see `mpi`. */
export interface RankGroup {
  /** The number of this process, from 0. Rank 0 writes checkpoints and progress. */
  readonly rank: number;
  /** The number of processes. */
  readonly size: number;
  /** The number of this process among those of its machine, from 0. */
  readonly localRank: number;
  /** The number of processes on this machine. */
  readonly localSize: number;
  /** The MPI library; undefined if no launcher started this process, which then is rank 0 of 1. */
  readonly library: { readonly path: string; readonly version: string } | undefined;
  /**
   * Ends the group, when all ranks close it. Without it, the group ends with the processes: those that end well wait for
   * each other. @throws Error ERR_BLASNET_RANKS if a rank does something else
   */
  close(): Promise<void>;
}

/** A group, and which rows its ranks hold. */
export interface DistributedOptions {
  readonly group: RankGroup;
  /**
   * 'all': each rank passes the same X and Y, and computes its share of each batch. 'own': each passes as many rows of its
   * own, and a batch takes batchSize / ranks of each, in the order of the ranks. @default 'all'
   */
  readonly rows?: 'all' | 'own';
}

/** What the session of a training asks of a group. */
export interface Distribution extends RankGroup {
  /** Whether MPI runs: a process that no launcher started is alone. */
  readonly launched: boolean;
  /** Compares what must be equal on all ranks, of a TrainingSession. @throws Error ERR_BLASNET_RANKS, on all ranks, which names what differs */
  agree(session: object): Promise<void>;
  /** Compares facts, which are plain data, and arrays, by their names. @throws Error ERR_BLASNET_RANKS like `agree` */
  compare(
    facts: Readonly<Record<string, unknown>>,
    arrays: Readonly<Record<string, readonly ArrayBufferView[]>>,
  ): Promise<void>;
  /** Gathers a value of each rank, in their order. Values must be plain JSON. */
  gather<T>(value: T): Promise<T[]>;
  /** Has `listen` send a letter to other ranks, also one that runs already. */
  post(ranks: readonly number[], letter: Uint8Array): void;
  /**
   * Waits for letters of these ranks, without a limit; without ranks, until all that was posted is sent. Each of them must
   * send one at some time.
   */
  listen(ranks: readonly number[]): Promise<readonly { readonly rank: number; readonly bytes: Uint8Array }[]>;
  /** The first answer, in the order of the ranks, that is not undefined. */
  firstOf<T>(own: T | undefined): Promise<T | undefined>;
  /** Throws the error on the other ranks, too. */
  fail(error: unknown): Promise<void>;
}

/** Where a group keeps its `Distribution`. Another copy of the library has it, too. */
export const distributionOf = Symbol.for('blasnet.distribution');

/** The group of a training, and whether each rank has rows of its own. */
export interface Shared {
  readonly group: Distribution;
  readonly ownRows: boolean;
}

/** The option `distributed`, with its defaults; undefined if it is left out. @throws TypeError, RangeError */
export function sharedBy(value: RankGroup | DistributedOptions | undefined): Shared | undefined {
  if (value === undefined) return undefined;
  const given = groupIn(value);
  if (given === undefined) {
    const rule = "the group that mpi() of 'blasnet/distributed' returns, or { group, rows }";
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'distributed', rule, value);
  }
  const { rows = 'all' } = value as { rows?: unknown };
  if (rows !== 'all' && rows !== 'own') {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'distributed.rows', "'all' or 'own'", rows);
  }
  const { size } = given;
  if (size > 16 || (size & (size - 1)) !== 0) {
    const rule = 'a group of 1, 2, 4, 8 or 16 ranks, between which the sum of a batch can be divided';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'distributed', rule, size);
  }
  return { group: given, ownRows: rows === 'own' };
}

/** The group in an option that takes one alone; undefined if it is left out. @throws TypeError ERR_BLASNET_ARG_TYPE */
export function groupGiven(value: RankGroup | undefined): Distribution | undefined {
  const given = (value as { [distributionOf]?: Distribution } | undefined)?.[distributionOf];
  if (value === undefined || given !== undefined) return given;
  const rule = "the group that mpi() of 'blasnet/distributed' returns";
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'distributed', rule, value);
}

function groupIn(value: unknown): Distribution | undefined {
  const own = (one: unknown) =>
    (one as { [distributionOf]?: Distribution } | null | undefined)?.[distributionOf];
  return own(value) ?? own((value as { group?: unknown } | null)?.group);
}

export const distributed: Constraint = {
  rule: 'a group of ranks',
  accepts: (value) => typeof value === 'object' && value !== null,
};

/** How many ranks have rows of their own: 1 if all have the same. */
export function ownersOf(shared: Shared | undefined): number {
  return shared?.ownRows === true && shared.group.launched ? shared.group.size : 1;
}

/** Who shares the batches, for the record of a training call. */
export function rankCode(shared: Shared | undefined): number {
  if (shared?.group.launched !== true) return 0;
  return shared.ownRows ? 2 : 1;
}

/** Ranks with rows of their own need equally many that take part. @throws RangeError ERR_BLASNET_ARG_VALUE */
export function refuseZeroWeights(shared: Shared | undefined): void {
  if (shared?.ownRows !== true) return;
  const rule = 'without zeros when ranks have rows of their own';
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'sampleWeight', rule, 0);
}

const known = new WeakSet<object>();

/** Marks an error that all ranks have, since they computed it together. */
export function knownToAll<E extends Error>(error: E): E {
  known.add(error);
  return error;
}

/** Whether all ranks have this error. */
export function isKnownToAll(error: unknown): boolean {
  return known.has(error as object);
}

/** Runs a training. An error of this rank alone is thrown on the others, too, so that none waits for it. */
export async function forAllRanks<T>(
  options: { readonly distributed?: RankGroup | DistributedOptions },
  run: () => Promise<T>,
): Promise<T> {
  // Options that are no object are refused by `run`.
  const given = (options as typeof options | null | undefined)?.distributed;
  if (given === undefined) return run();
  try {
    return await run();
  } catch (error) {
    const ofAll = isKnownToAll(error) || (isBlasnetError(error) && error.code === 'ERR_BLASNET_RANKS');
    if (!ofAll) await groupIn(given)?.fail(error);
    if (error instanceof Error) knownToAll(error);
    throw error;
  }
}
