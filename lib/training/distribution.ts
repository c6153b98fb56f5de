// What a training needs to know of the processes that share it. The class is in lib/distributed, which only those load
// that use it.

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
