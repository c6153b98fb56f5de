// What `npx blasnet` does.

import { doctor, printLibrary } from './doctor';

const usage = `Usage: npx blasnet doctor

  doctor   says what this installation found: the addon, its kernels, BLAS, threads, MPI`;

const [command, ...rest] = process.argv.slice(2);

if (command === 'doctor' && rest.length === 0) {
  process.stdout.write(`${doctor().join('\n')}\n`);
} else if (command === 'mpi-library') {
  // doctor calls it, since a process should not load several libraries.
  printLibrary(rest);
} else {
  const asked = command === undefined || command === 'help' || command === '--help';
  (asked ? process.stdout : process.stderr).write(`${usage}\n`);
  process.exitCode = asked ? 0 : 1;
}
