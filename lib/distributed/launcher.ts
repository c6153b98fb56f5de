import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Who started this process as one of several, by what it left in the environment. */
export interface Launch {
  /** Its name, for messages. */
  readonly launcher: string;
  /** Whose library it works with; undefined if it works with several. */
  readonly family: 'Open MPI' | 'MPICH' | undefined;
  /** How many processes it started, and which of them this is, as far as it says so. */
  readonly size: number | undefined;
  readonly rank: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The launcher of a process with this environment; undefined if there was none. */
export function launchOf(env: Environment): Launch | undefined {
  const number = (...names: string[]) => {
    const text = names.map((name) => env[name]).find((value) => value !== undefined && /^\d+$/.test(value));
    return text === undefined ? undefined : Number(text);
  };
  if (env.OMPI_COMM_WORLD_SIZE !== undefined) {
    return {
      launcher: "Open MPI's mpirun",
      family: 'Open MPI',
      size: number('OMPI_COMM_WORLD_SIZE'),
      rank: number('OMPI_COMM_WORLD_RANK'),
    };
  }
  // A step of Slurm: a batch script alone has the number of tasks, too, but is one process.
  const slurm = env.SLURM_STEP_ID !== undefined && env.SLURM_PROCID !== undefined;
  const step = { size: number('SLURM_STEP_NUM_TASKS', 'SLURM_NTASKS'), rank: number('SLURM_PROCID') };
  if (env.PMI_SIZE !== undefined || env.PMI_FD !== undefined) {
    return {
      launcher: slurm ? 'srun' : "MPICH's mpiexec",
      family: 'MPICH',
      size: number('PMI_SIZE') ?? (slurm ? step.size : undefined),
      rank: number('PMI_RANK') ?? (slurm ? step.rank : undefined),
    };
  }
  if (slurm) return { launcher: 'srun', family: undefined, ...step };
  if (env.PMIX_RANK !== undefined) {
    return { launcher: 'a PMIx launcher', family: undefined, size: undefined, rank: number('PMIX_RANK') };
  }
  return undefined;
}

const names = {
  linux: {
    'Open MPI': ['libmpi.so.40', 'libmpi.so'],
    MPICH: ['libmpich.so.12', 'libmpi.so.12', 'libmpi.so'],
    standard: ['libmpi_abi.so.0', 'libmpi_abi.so'],
  },
  darwin: {
    'Open MPI': ['libmpi.40.dylib', 'libmpi.dylib'],
    MPICH: ['libmpi.12.dylib', 'libmpi.dylib'],
    standard: ['libmpi_abi.dylib'],
  },
} as const;

// Where Homebrew puts libraries, which the loader does not search.
const folders = { linux: [], darwin: ['/opt/homebrew/lib', '/usr/local/lib'] } as const;

/**
 * The libraries to try, in order: `BLASNET_MPI` alone, if it is set; otherwise those of the launcher, first those that lie
 * beside it.
 */
export function librariesFor(family: Launch['family'], env: Environment = process.env): string[] {
  if (env.BLASNET_MPI) return [env.BLASNET_MPI];
  const platform = process.platform === 'darwin' ? 'darwin' : 'linux';
  const known = names[platform];
  const wanted =
    family === undefined
      ? [...known['Open MPI'], ...known.MPICH, ...known.standard]
      : [...known[family], ...known.standard];
  const beside = [...besideLaunchers(env), ...folders[platform]].flatMap((folder) =>
    wanted.map((name) => join(folder, name)),
  );
  return [...new Set([...beside.filter((path) => existsSync(path)), ...wanted])];
}

/** The folders of libraries beside the launchers on the path, which may be those of an MPI in a folder of its own. */
function besideLaunchers(env: Environment): string[] {
  const found = [];
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    for (const name of ['mpirun', 'mpiexec']) {
      const path = join(folder, name);
      if (folder === '' || !existsSync(path)) continue;
      const prefix = dirname(dirname(realpathSync(path)));
      found.push(join(prefix, 'lib'), join(prefix, 'lib64'));
    }
  }
  return found;
}
