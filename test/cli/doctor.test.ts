import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dist, run } from '../network/child';

const cli = join(dist, 'cli.js');

describe('npx blasnet', () => {
  it('says in `doctor` what the installation found', async () => {
    const { code, stdout, stderr } = await run([cli, 'doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^blasnet {3}\d+\.\d+\.\d+/);
    for (const name of ['Node', 'addon', 'kernels', 'BLAS', 'threads', 'launcher', 'Open MPI', 'MPICH']) {
      expect(stdout).toMatch(new RegExp(`^${name.padEnd(9)} \\S`, 'm'));
    }
  });

  it('says in `doctor` which library BLASNET_MPI names, and why it cannot be loaded', async () => {
    const { stdout } = await run([cli, 'doctor'], { BLASNET_MPI: '/nowhere/libmpi.so' });
    expect(stdout).toMatch(/^MPICH {5}not found \(\/nowhere\/libmpi.so: .+\)$/m);
  });

  it.each([
    { asked: [], code: 0 },
    { asked: ['--help'], code: 0 },
    { asked: ['doctro'], code: 1 },
    { asked: ['doctor', 'now'], code: 1 },
  ])('shows its usage for the arguments $asked', async ({ asked, code }) => {
    const { code: ended, stdout, stderr } = await run([cli, ...asked]);
    expect(ended).toBe(code);
    expect(stdout + stderr).toContain('Usage: npx blasnet doctor');
  });
});
