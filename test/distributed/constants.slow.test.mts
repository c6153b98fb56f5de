// native/distributed/mpi_constants.h has the values of the libraries' own headers.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../native/distributed/mpi_constants.h', import.meta.url));
const ours = readFileSync(source, 'utf8');

// Where Debian puts the headers; `npm run test:slow` installs them there. On other systems they may be missing.
const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as 'x64' | 'arm64'];
const debian = existsSync('/usr/bin/apt-get');
const headers = [
  { struct: 'OpenMpi', folder: `/usr/lib/${triplet}/openmpi/include` },
  { struct: 'Mpich', folder: `/usr/include/${triplet}/mpich` },
].filter(({ folder }) => debian || existsSync(folder));

const names = {
  kWorld: 'MPI_COMM_WORLD',
  kByte: 'MPI_BYTE',
  kErrorsReturn: 'MPI_ERRORS_RETURN',
  kStatusIgnore: 'MPI_STATUS_IGNORE',
};

it.each(headers)('the constants of $struct are those of its mpi.h', ({ struct, folder }) => {
  const own = ours.slice(ours.indexOf(`struct ${struct} {`)).split('};')[0] as string;
  const program = `#include <mpi.h>\n${Object.values(names)
    .map((name) => `"${name}" = ${name};`)
    .join('\n')}`;
  const { stdout, stderr } = spawnSync('c++', ['-E', '-P', '-x', 'c++', '-I', folder, '-'], {
    input: program,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  expect(stderr).toBe('');
  for (const [constant, name] of Object.entries(names)) {
    const value = new RegExp(`${constant} = "?(\\w+)"?;`).exec(own)?.[1] as string;
    // Such as ((MPI_Comm)0x44000000), or the address of an object.
    const theirs = new RegExp(`"${name}" = ([^;]*);`).exec(stdout)?.[1] as string;
    expect(theirs.match(/\w+/g)?.at(-1)).toBe(value);
  }
  expect(ours).toContain('kFunneled = 1;');
  expect(readFileSync(`${folder}/mpi.h`, 'utf8')).toMatch(/MPI_THREAD_FUNNELED(\s+1|,)/);
});
