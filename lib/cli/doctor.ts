import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { native } from '../addon/binding';
import { buildInfo } from '../addon/build-info';
import { newOutcome } from '../addon/outcome';
import type { MpiLibraryFacts } from '../addon/rank-group';
import { launchOf, librariesFor } from '../distributed/launcher';

/** The lines that say what this installation found. */
export function doctor(): string[] {
  const { version, commit, file, prebuilt, buildType, simd, simdTargets, blas, blasCore, threads } =
    buildInfo();
  const launch = launchOf(process.env);
  const rows: [string, string][] = [
    ['blasnet', commit === null ? version : `${version} (commit ${commit})`],
    ['Node', `${process.version}, ${process.platform} ${process.arch}`],
    ['addon', `${file} (${prebuilt ? 'prebuilt' : 'compiled on this machine'}, ${buildType})`],
    ['kernels', `${simd}, of ${simdTargets.join(' ')}`],
    ['BLAS', blasCore === null ? blas : `${blas}, kernels for ${blasCore}`],
    ['threads', `${threads}; this process may use ${availableParallelism()} of ${cpus().length} processors`],
    [
      'launcher',
      launch === undefined
        ? 'none: mpi() gives rank 0 of 1, without MPI'
        : `${launch.launcher}, rank ${launch.rank ?? '?'} of ${launch.size ?? '?'}`,
    ],
    ...(['Open MPI', 'MPICH'] as const).map((family): [string, string] => [
      family,
      describe(librariesFor(family)),
    ]),
  ];
  return rows.map(([name, text]) => `${name.padEnd(9)} ${text}`);
}

/** Prints the facts of the first library that can be loaded, or why there is none. */
export function printLibrary(names: readonly string[]): void {
  const group = new native.RankGroup({ outcome: newOutcome() });
  try {
    process.stdout.write(JSON.stringify(group.find(names)));
  } catch (error) {
    process.stderr.write((error as Error).message.replace('blasnet native: ', ''));
    process.exitCode = 1;
  }
}

function describe(names: readonly string[]): string {
  const script = process.argv[1] as string;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'mpi-library', ...names], {
    encoding: 'utf8',
  });
  if (status !== 0) return `not found (${stderr.trim() || 'loading it ended the process'})`;
  const { path, version, family } = JSON.parse(stdout) as MpiLibraryFacts;
  return `${path} (${version.replaceAll('\t', ' ')}; binary interface: ${family})`;
}
