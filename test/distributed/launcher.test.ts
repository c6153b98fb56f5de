import { describe, expect, it } from 'vitest';
import { launchOf, librariesFor } from '../../lib/distributed/launcher';

describe('launchOf', () => {
  it.each([
    { started: 'by no launcher', env: {}, launch: undefined },
    {
      started: "by Open MPI's mpirun",
      env: { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '3', PMIX_RANK: '3' },
      launch: { launcher: "Open MPI's mpirun", family: 'Open MPI', size: 4, rank: 3 },
    },
    {
      started: "by MPICH's mpiexec",
      env: { PMI_SIZE: '2', PMI_RANK: '1', PMI_FD: '7' },
      launch: { launcher: "MPICH's mpiexec", family: 'MPICH', size: 2, rank: 1 },
    },
    {
      started: 'by srun with PMI-2',
      env: { PMI_FD: '7', SLURM_STEP_ID: '0', SLURM_PROCID: '5', SLURM_STEP_NUM_TASKS: '8' },
      launch: { launcher: 'srun', family: 'MPICH', size: 8, rank: 5 },
    },
    {
      started: 'by srun with PMIx',
      env: { PMIX_RANK: '5', SLURM_STEP_ID: '0', SLURM_PROCID: '5', SLURM_STEP_NUM_TASKS: '8' },
      launch: { launcher: 'srun', family: undefined, size: 8, rank: 5 },
    },
    {
      started: 'in a batch script of Slurm, which is one process',
      env: { SLURM_JOB_ID: '17', SLURM_NTASKS: '8', SLURM_PROCID: '0' },
      launch: undefined,
    },
    {
      started: 'by another launcher with PMIx',
      env: { PMIX_RANK: '1' },
      launch: { launcher: 'a PMIx launcher', family: undefined, size: undefined, rank: 1 },
    },
  ])('knows a process that was started $started', ({ env, launch }) => {
    expect(launchOf(env)).toEqual(launch);
  });

  it('takes no number from a variable that has none', () => {
    expect(launchOf({ OMPI_COMM_WORLD_SIZE: 'many' })).toMatchObject({ size: undefined, rank: undefined });
  });
});

describe('librariesFor', () => {
  it('lists only the library that BLASNET_MPI names', () => {
    expect(librariesFor('Open MPI', { BLASNET_MPI: '/opt/mpi/libmpi.so' })).toEqual(['/opt/mpi/libmpi.so']);
  });

  it('lists no library of MPICH for a launcher of Open MPI, and the reverse', () => {
    expect(librariesFor('Open MPI', {}).join(' ')).not.toMatch(/libmpich|12/);
    expect(librariesFor('MPICH', {}).join(' ')).not.toMatch(/40/);
  });

  it('lists those of all for a launcher that works with several', () => {
    const all = librariesFor(undefined, {});
    for (const family of ['Open MPI', 'MPICH'] as const) {
      for (const name of librariesFor(family, {})) expect(all).toContain(name);
    }
  });
});
