import { expect, it } from 'vitest';
import { mpi } from '../../lib/distributed/index';
import { dist, inChild } from '../network/child';

it('gives a process that no launcher started rank 0 of 1, without MPI', async () => {
  const group = await mpi();
  expect(group).toMatchObject({ rank: 0, size: 1, localRank: 0, localSize: 1, library: undefined });
  expect(await mpi()).toBe(group);
  await group.close();
  await group.close();
});

it.each([
  { given: { timeout: 0 }, code: 'ERR_BLASNET_ARG_VALUE', message: 'Expected timeout to be' },
  { given: { timeout: '5' }, code: 'ERR_BLASNET_ARG_TYPE', message: 'Expected timeout to be' },
  { given: { timeOut: 5 }, code: 'ERR_BLASNET_UNKNOWN_OPTION', message: 'did you mean "timeout"' },
])('refuses the options $given', async ({ given, code, message }) => {
  const error = await mpi(given as never).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
});

it('is refused in a worker thread, since a process is one rank', async () => {
  const { stdout } = await inChild(async (library) => {
    const { Worker, isMainThread } = require('node:worker_threads');
    const body = `require('${library}/distributed.js').mpi().catch((e) => console.log(e.code, e.message))`;
    if (isMainThread) new Worker(body, { eval: true });
  }, null);
  expect(stdout).toContain('ERR_BLASNET_RANKS Expected mpi() to be called in the main thread');
});

it('says that there is a launcher and no library, rather than to train alone', async () => {
  const { stdout, stderr } = await inChild(
    async (library) => {
      const { mpi } = require(`${library}/distributed.js`);
      await mpi().catch((error: Error & { code: string }) => console.log(error.code, error.message));
    },
    null,
    { env: { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '2', BLASNET_MPI: '/nowhere/libmpi.so' } },
  );
  expect(stderr).toBe('');
  expect(stdout).toMatch(
    /^ERR_BLASNET_LOAD Open MPI's mpirun started this process as rank 2, but no MPI library .*\/nowhere/,
  );
});

it('is not loaded by the library itself', async () => {
  const { stdout } = await inChild((library) => {
    require(library);
    console.log(Object.keys(require.cache).some((file) => file.includes('distributed')));
  }, null);
  expect(stdout.trim()).toBe('false');
  expect(dist).toContain('dist');
});
