// Ranks that train a model of a table together.

import { expect, it } from 'vitest';
import { type Bundles, type DistributedLibrary, launched, launcherNames, written } from './launched';

async function trainTables({ distributed, folder }: Bundles): Promise<void> {
  const { mpi } = require(distributed) as DistributedLibrary;
  const path = require('node:path') as typeof import('node:path');
  const { Classifier } = require(
    path.join(path.dirname(distributed), 'tables.js'),
  ) as typeof import('../../lib/tabular/index');
  const group = await mpi({ timeout: 60 });
  const rows = Array.from({ length: 300 }, (_, i) => ({
    size: Math.sin(i),
    count: i % 7,
    kind: ['x', 'y', 'z'][i % 3] as string,
    answer: i % 3 === 0 ? 'yes' : 'no',
  }));
  const common = { target: 'answer', epochs: 3, hidden: [8] };
  const answers = async (options: object) =>
    Classifier.train(rows, { ...common, ...options }).then(
      (model) => JSON.stringify(rows.slice(0, 30).map((row) => model.probabilities(row))),
      (error) => `${error.code}: ${error.message}`,
    );
  const results = {
    alone: await answers({ seed: 1 }),
    together: await answers({ seed: 1, distributed: group }),
    unseeded: await answers({ distributed: group }),
    own: await answers({ distributed: { group, rows: 'own' } }),
    preset: await answers({ hidden: undefined, distributed: group }),
    bad: await answers({ target: group.rank === 1 ? 'anwser' : 'answer', distributed: group }),
    after: await answers({ seed: 1, distributed: group }),
  };
  require('node:fs').appendFileSync(`${folder}/${group.rank}`, JSON.stringify(results));
}

it.each(launcherNames)(
  'ranks get the model of a table that one process gets, and refuse together what they cannot share: %s',
  async (launcher) => {
    const result = await launched({ launcher, ranks: 2 }, trainTables, null);
    expect(result.stderr).toBe('');
    const [zero, one] = written<Record<string, string>>(result) as [
      Record<string, string>,
      Record<string, string>,
    ];
    expect(zero.together).toBe(zero.alone);
    expect(zero.after).toBe(zero.alone);
    expect(zero.own).toMatch(/^ERR_BLASNET_ARG_VALUE: Expected distributed\.rows to be 'all' for tables/);
    expect(zero.preset).toMatch(
      /^ERR_BLASNET_ARG_VALUE: Expected distributed to be left out with the presets/,
    );
    expect(one.bad).toMatch(/^ERR_BLASNET_\w+: .*anwser/);
    expect(zero.bad).toBe(`ERR_BLASNET_RANKS: Rank 1 of 2 cannot go on: ${one.bad?.replace(/^\w+: /, '')}`);
    expect({ ...one, bad: zero.bad }).toEqual(zero);
  },
);
