// Starts programs by the launchers of real MPIs: as many processes as there are ranks.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { dist } from '../network/child';
import { newFolder } from '../support/scratch';

export type DistributedLibrary = typeof import('../../lib/distributed/index');

/** Debian's names of both launchers. */
export const launchers = { 'Open MPI': 'mpirun.openmpi', MPICH: 'mpirun.mpich' } as const;
export type LauncherName = keyof typeof launchers;

const onPath = (name: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

/**
 * The launchers to test with. Debian has packages of both, which `npm run test:slow` installs; elsewhere the tests need
 * Debian's names, and are left out without them.
 */
export const launcherNames = (Object.keys(launchers) as LauncherName[]).filter(
  (name) => onPath('apt-get') || onPath(launchers[name]),
);

export interface Launched {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly folder: string;
}

export interface LaunchOptions {
  readonly launcher: LauncherName;
  readonly ranks: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** The places of the library, of dist/index.js and dist/distributed.js, and where ranks write. */
export interface Bundles {
  /** Each rank appends lines of JSON to a file with its number: a launcher would mix the lines that ranks print. */
  readonly folder: string;
  readonly blasnet: string;
  readonly distributed: string;
}

/**
 * Runs a function in each of several ranks, and waits until the launcher ends. The ranks get the function as text: it can
 * use only its arguments and Node's globals (including require).
 */
export function launched<A>(
  { launcher, ranks, env = {} }: LaunchOptions,
  body: (bundles: Bundles, argument: A) => unknown,
  argument: A,
): Promise<Launched> {
  const bundles = newBundles();
  const script = `(${body})(${JSON.stringify(bundles)}, ${JSON.stringify(argument)})`;
  const isOpenMpi = launcher === 'Open MPI';
  const options = isOpenMpi ? ['--oversubscribe', '--bind-to', 'none'] : [];
  const child = spawn(
    launchers[launcher],
    ['-n', String(ranks), ...options, process.execPath, '-e', script],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        // Tests may run as root, in a container.
        OMPI_ALLOW_RUN_AS_ROOT: '1',
        OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
        ...env,
      },
    },
  );
  onTestFinished(() => {
    // The launcher then ends its ranks.
    child.kill('SIGTERM');
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr, folder: bundles.folder }));
  });
}

/** The library, and a folder for what ranks write. */
export function newBundles(): Bundles {
  return { blasnet: dist, distributed: join(dist, 'distributed.js'), folder: newFolder() };
}

/** What the ranks wrote, in their order. */
export function written<T>({ folder }: { readonly folder: string }): T[] {
  const files = readdirSync(folder).sort((a, b) => Number(a) - Number(b));
  return files.flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as T),
  );
}
