import { availableParallelism, cpus, hostname } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { native } from '../addon/binding';
import { buildInfo } from '../addon/build-info';
import { newOutcome } from '../addon/outcome';
import type { MpiLibraryFacts, NativeRankGroup } from '../addon/rank-group';
import { defaultThreads, getThreads, setThreads } from '../addon/threads';
import { settled } from '../addon/work';
import { blasnetError } from '../base/errors';
import { above, checkOptions, optional } from '../base/validate';
import type { RankGroup } from '../training/distribution';
import { gatherBy, type Place, Ranks } from './group';
import { guardExits } from './guard';
import { type Launch, launchOf, librariesFor } from './launcher';

export interface MpiOptions {
  /**
   * How many seconds a rank waits for another one, in a step, an epoch or at the end. A rank that has waited for longer
   * ends with an error that names the other rank. Above 0. @default 600
   */
  readonly timeout?: number;
}

// Seconds: the processes of a large job may start at very different times.
const leastStart = 60;

let group: Promise<Ranks> | undefined;

/**
 * Joins the processes that mpirun, mpiexec or srun started together: `await mpi()`, once in each of them, then
 * `fit(X, Y, { distributed: group })`. It loads the MPI library of the launcher: Open MPI, MPICH or one with the same binary
 * interface; the environment variable `BLASNET_MPI` names another one. A process that no launcher started is rank 0 of 1.
 * Later calls return the same group.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE; Error ERR_BLASNET_LOAD if there is a launcher but
 *   no library; Error ERR_BLASNET_RANKS if the launcher belongs to another library, if the ranks have different versions of
 *   blasnet, or in a worker thread
 */
export async function mpi(options: MpiOptions = {}): Promise<RankGroup> {
  checkOptions('', options, { timeout: optional(above(0)) });
  if (!isMainThread) {
    throw blasnetError(
      'ERR_BLASNET_RANKS',
      'Expected mpi() to be called in the main thread: a process is one rank',
    );
  }
  group ??= join(options.timeout ?? 600);
  return group;
}

async function join(timeout: number): Promise<Ranks> {
  const launch = launchOf(process.env);
  if (launch === undefined) {
    return new Ranks({ rank: 0, size: 1, localRank: 0, localSize: 1, library: undefined }, undefined);
  }
  keepProcessWhole();
  const ranks = new native.RankGroup({ outcome: newOutcome() });
  await start(ranks, launch, timeout);
  const { rank, size, path, version, family } = ranks.facts();
  await checkSize(ranks, launch, { rank, size, library: { path, version, family } });
  guardExits(ranks, `rank ${rank} of ${size}`);
  const own = { version: buildInfo().version, host: hostname() };
  const all = await gatherBy(ranks, own);
  for (const [other, { version: theirs }] of all.entries()) {
    if (theirs === all[0]?.version) continue;
    const versions = `rank 0 has ${all[0]?.version}, rank ${other} has ${theirs}`;
    throw blasnetError('ERR_BLASNET_RANKS', `Expected all ranks to have one version of blasnet: ${versions}`);
  }
  const here = all.flatMap(({ host }, i) => (host === own.host ? [i] : []));
  const place: Place = {
    rank,
    size,
    localRank: here.indexOf(rank),
    localSize: here.length,
    library: { path, version, family },
  };
  shareProcessors(place);
  return new Ranks(place, ranks);
}

// UCX, through which MPICH talks, would replace functions of the C library in a process whose threads are running, and
// handle its faults. Both can be allowed again by the same variables.
function keepProcessWhole(): void {
  process.env.UCX_MEM_EVENTS ??= 'n';
  process.env.UCX_HANDLE_ERRORS ??= 'none';
}

async function start(ranks: NativeRankGroup, launch: Launch, seconds: number): Promise<void> {
  const libraries = librariesFor(launch.family);
  const limit = Math.max(seconds, leastStart);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // MPI_Init_thread returns when all ranks have called it, and knows no limit.
    timer = setTimeout(() => {
      const waited = `MPI has not started within ${limit} s: every process must call mpi()`;
      reject(blasnetError('ERR_BLASNET_RANKS', waited));
    }, 1000 * Math.min(limit, 2_000_000));
  });
  const opened = settled(ranks, (callback) => ranks.open({ libraries, seconds }, callback), undefined);
  try {
    await Promise.race([opened, late]);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_BLASNET_RANKS') throw cause;
    const rank = launch.rank === undefined ? 'one of several' : `rank ${launch.rank}`;
    const tried = (cause as Error).message.replace(/^blasnet native: /, '');
    throw blasnetError(
      'ERR_BLASNET_LOAD',
      `${launch.launcher} started this process as ${rank}, but no MPI library could be loaded (${tried}). ` +
        `Install the library of the launcher, or set BLASNET_MPI to its path`,
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
}

// If the launcher belongs to another library, each process is alone for the library, and no call fails.
async function checkSize(
  ranks: NativeRankGroup,
  launch: Launch,
  { rank, size, library }: { rank: number; size: number; library: MpiLibraryFacts },
): Promise<void> {
  const crossed = launch.size === undefined ? size === 1 && (launch.rank ?? 0) > 0 : launch.size !== size;
  if (!crossed) return;
  if (size === 1) await settled(ranks, (callback) => ranks.close(callback), undefined);
  const started = launch.size === undefined ? `rank ${launch.rank}` : `rank ${launch.rank} of ${launch.size}`;
  throw blasnetError(
    'ERR_BLASNET_RANKS',
    `${launch.launcher} started this process as ${started}, but for the library ${library.path} (${library.version.replaceAll('\t', ' ')}) it is ` +
      `rank ${rank} of ${size}: use the launcher of this library, or set BLASNET_MPI to the library of the launcher`,
  );
}

// Without a binding, each rank of a machine could use all its processors.
function shareProcessors({ rank, localSize }: Place): void {
  const processors = availableParallelism(),
    bound = processors < cpus().length;
  if (!bound && getThreads() === defaultThreads()) {
    setThreads(Math.max(1, Math.floor(defaultThreads() / localSize)));
  }
  if (rank === 0 && bound && processors === 1 && process.env.OMPI_COMM_WORLD_SIZE !== undefined) {
    process.emitWarning(
      `mpirun binds each rank to one of ${cpus().length} processors, so that each computes with one thread; ` +
        '--map-by slot:PE=<threads> gives it more, --bind-to none all',
      { type: 'BlasnetWarning', code: 'BLASNET_BOUND' },
    );
  }
}
