// Groups of real processes: how they are found, what they agree on, and how they end.

import { describe, expect, it } from 'vitest';
import { type Bundles, type DistributedLibrary, launched, launcherNames, written } from './launched';

type Scenario =
  | 'gather'
  | 'close'
  | 'end'
  | 'exit 0'
  | 'exit 3'
  | 'throw'
  | 'kill'
  | 'stuck'
  | 'fail'
  | 'report';

/** Rank 1 does what the scenario says, while the others wait for it. */
async function scenario({ distributed, folder }: Bundles, what: Scenario): Promise<void> {
  const { mpi } = require(distributed) as DistributedLibrary;
  const group = (await mpi({ timeout: what === 'stuck' ? 1 : 60 })) as never as {
    rank: number;
    size: number;
    localRank: number;
    localSize: number;
    library: { path: string; version: string };
    gather<T>(value: T): Promise<T[]>;
    fail(error: Error): Promise<void>;
    close(): Promise<void>;
  };
  const { rank } = group;
  const other = rank === 1;
  const write = (value: unknown) =>
    require('node:fs').appendFileSync(`${folder}/${rank}`, `${JSON.stringify(value)}\n`);
  if (what === 'gather') {
    const { size, localRank, localSize, library } = group;
    // Longer than what a note has room for, but for rank 0.
    const all = await group.gather({ rank, text: 'x'.repeat(1000 * rank) });
    const places = { rank, size, localRank, localSize, version: library.version };
    write({ ...places, ranks: all.map((one) => one.rank), long: all.at(-1)?.text.length });
  }
  if (what === 'close') await group.close();
  if (what === 'exit 0' && other) process.exit(0);
  if (what === 'exit 3' && other) process.exit(3);
  if (what === 'throw' && other) throw new Error('a fault of rank 1');
  if (what === 'kill' && other) process.kill(process.pid, 'SIGKILL');
  if (what === 'stuck' && other) setInterval(() => {}, 1000);
  if (what === 'fail' || what === 'report') {
    if (other) await group.fail(new Error('rank 1 has no rows'));
    else if (what === 'fail') await group.gather(0);
    else {
      await group.gather(0).catch((error) => write({ message: error.message }));
    }
    // They can go on together.
    const all = await group.gather(rank);
    write({ all });
    return;
  }
  if (!['gather', 'close', 'end'].includes(what) && !(other && what === 'stuck')) await group.gather(0);
}

describe.each(launcherNames)('%s', (launcher) => {
  const end = (what: Scenario, ranks = 2) => launched({ launcher, ranks }, scenario, what);

  it('has ranks that gather what each of them gives', async () => {
    const ranks = launcher === 'Open MPI' ? 4 : 2;
    const result = await end('gather', ranks);
    const all = Array.from({ length: ranks }, (_, rank) => rank);
    const found = written<{ rank: number }>(result).sort((one, two) => one.rank - two.rank);
    expect(result.stderr).toBe('');
    expect(found).toEqual(
      all.map((rank) => ({
        rank,
        size: ranks,
        localRank: rank,
        localSize: ranks,
        version: expect.stringContaining(launcher),
        ranks: all,
        long: 1000 * (ranks - 1),
      })),
    );
    expect(result.code).toBe(0);
  });

  it.each([
    { what: 'close', code: 0, says: '' },
    { what: 'end', code: 0, says: '' },
    { what: 'exit 0', code: 1, says: 'all of them end now' },
    { what: 'exit 3', code: 3, says: 'rank 1 of 2 ends with the code 3' },
    { what: 'throw', code: 1, says: 'a fault of rank 1' },
    { what: 'kill', code: launcher === 'Open MPI' ? 137 : 9, says: '' },
    { what: 'stuck', code: 1, says: 'waited 1 s for rank 1' },
    { what: 'fail', code: 1, says: 'Rank 1 of 2 cannot go on: rank 1 has no rows' },
    { what: 'report', code: 0, says: '' },
  ] as const)(
    'ends with the code $code when rank 1 does "$what", and says why',
    async ({ what, code, says }) => {
      const result = await end(what);
      expect(result.stderr).toContain(says);
      expect(result.code).toBe(code);
      if (what === 'report') {
        expect(JSON.stringify(written(result))).toContain('Rank 1 of 2 cannot go on: rank 1 has no rows');
        expect(written<{ all?: number[] }>(result).filter(({ all }) => all?.join() === '0,1')).toHaveLength(
          2,
        );
      }
    },
  );

  it('refuses the library of the other launcher, with which each rank would be alone', async () => {
    const other = launcher === 'Open MPI' ? 'libmpich.so.12' : 'libmpi.so.40';
    const { code, stderr } = await launched(
      { launcher, ranks: 2, env: { BLASNET_MPI: other } },
      scenario,
      'end',
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/ERR_BLASNET_RANKS/);
    expect(stderr).toMatch(/started this process as rank \d of 2, but for the library .* it is rank 0 of 1/);
  });
});
