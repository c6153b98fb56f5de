import type { Callback, NativeOperations } from './operations';

/** Where MPI is in this process. */
export const rankStates = { closed: 0, open: 1, broken: 2, starting: 3 } as const;

/** A loaded MPI library. */
export interface MpiLibraryFacts {
  /** The path of its file. */
  readonly path: string;
  /** The first line of its description of itself. */
  readonly version: string;
  /** Whose binary interface it has. */
  readonly family: 'Open MPI' | 'MPICH' | 'standard';
}

/** The group of the process, of which there is one: see native/binding/rank_group.cc. */
export interface NativeRankGroup extends NativeOperations {
  /** Starts MPI with the first library that is there. `seconds` is the limit of each wait. */
  open(given: { readonly libraries: readonly string[]; readonly seconds: number }, callback?: Callback): void;
  /** Gathers the bytes of all ranks, for `gathered`. */
  gather(bytes: Uint8Array, callback?: Callback): void;
  gathered(): Uint8Array[];
  /** Has `listen` send a letter to other ranks, also one that runs already. */
  post(ranks: Uint32Array, bytes: Uint8Array): void;
  /** Sends letters, and waits for one of these ranks, without a limit; without ranks, until all are sent. */
  listen(ranks: Uint32Array, callback?: Callback): void;
  /** The letters that have come. */
  heard(): { readonly rank: number; readonly bytes: Uint8Array }[];
  /** Throws an error with this text on the other ranks. */
  fail(text: string, callback?: Callback): void;
  /** Ends MPI, when all ranks do so. */
  close(callback?: Callback): void;
  /** Ends all ranks with this exit code, if MPI runs. */
  abort(code: number): void;
  /** One of `rankStates`. */
  state(): number;
  /** Whether its thread has something to do. */
  busy(): boolean;
  /** Loads the first library that is there, without starting MPI. */
  find(libraries: readonly string[]): MpiLibraryFacts;
  /** Of the open group. */
  facts(): MpiLibraryFacts & { readonly rank: number; readonly size: number };
}
