// Trainings of several ranks equal those of one process, bit for bit.

import { describe, expect, it } from 'vitest';
import { optimizerNames } from '../../lib/optimizers/make';
import { runScript } from '../network/child';
import { newFolder } from '../support/scratch';
import {
  type Bundles,
  type DistributedLibrary,
  launched,
  launcherNames,
  newBundles,
  written,
} from './launched';
import { casesFor, ownCases, type Trained, trainCases } from './trained';

const cases = casesFor(optimizerNames());

async function alone(given: Parameters<typeof trainCases>[1]): Promise<Trained> {
  const bundles = newBundles();
  const { stderr } = await runScript(`(${trainCases})(${JSON.stringify(bundles)}, ${JSON.stringify(given)})`);
  expect(stderr).toBe('');
  return written<Trained>(bundles)[0] as Trained;
}

const runs = launcherNames.flatMap((launcher) =>
  (launcher === 'Open MPI' ? [1, 2, 4, 8, 16] : [2, 4]).map((ranks) => ({ launcher, ranks })),
);

describe('a training of several ranks', () => {
  let ofOne: Promise<Trained> | undefined;

  it.each(runs)(
    'has the bits of one process with $launcher and $ranks ranks',
    async ({ launcher, ranks }) => {
      // More ranks than processors take long for each meeting.
      const few = ['adam, float32', 'batch normalisation, float64'];
      const every = ranks < 4 ? 1 : launcher === 'MPICH' ? 6 : 2;
      const some = cases.filter(({ name }, i) => few.includes(name) || (ranks < 8 && i % every === 0));
      ofOne ??= alone({ cases, alone: 1 });
      const one = await ofOne;
      const result = await launched({ launcher, ranks }, trainCases, { cases: some });
      expect(result.stderr).toBe('');
      const trained = written<Trained>(result);
      expect(trained.map(({ rank }) => rank).sort((a, b) => a - b)).toEqual(
        Array.from({ length: ranks }, (_, i) => i),
      );
      const names = some.map(({ name }) => name);
      const expected = one.results.filter(({ name }) => names.includes(name));
      for (const { results } of trained) expect(results).toEqual(expected);
    },
  );

  it.each(runs.filter(({ ranks }) => ranks === 2 || ranks === 4))(
    'has those of one process on the rows in the order of the ranks, if each has its own: $launcher, $ranks ranks',
    async ({ launcher, ranks }) => {
      const some = ranks === 2 ? ownCases : ownCases.slice(0, 1);
      const expected = await alone({ cases: some, alone: ranks });
      const result = await launched({ launcher, ranks }, trainCases, { cases: some });
      expect(result.stderr).toBe('');
      const trained = written<Trained>(result);
      expect(trained).toHaveLength(ranks);
      for (const { results } of trained) expect(results).toEqual(expected.results);
    },
  );
});

interface Answer {
  readonly rank: number;
  readonly errors: readonly string[];
  readonly hash: string;
}

/** Rank 1 does something else, or gets other data; all then train together. */
async function differ({ blasnet, distributed, folder }: Bundles): Promise<void> {
  const { Network, Matrix, adam, sgd } = require(blasnet) as typeof import('../../lib/index');
  const { mpi } = require(distributed) as DistributedLibrary;
  const group = await mpi({ timeout: 60 });
  const odd = group.rank === 1;
  const X = (rows: number, scale = 1) =>
    new Matrix(
      Float64Array.from({ length: 3 * rows }, (_, i) => scale * Math.sin(i)),
      rows,
      3,
    );
  const Y = (rows: number) =>
    new Matrix(
      Float64Array.from({ length: rows }, (_, i) => i % 2),
      rows,
      1,
    );
  const net = (seed = 1, outputDim = 5) =>
    new Network(
      [
        { inputDim: 3, outputDim, activation: 'relu' },
        { outputDim: 1, activation: 'sigmoid' },
      ],
      { seed },
    );
  const fit = { epochs: 2, seed: 1, distributed: group };
  const tries: (() => Promise<unknown>)[] = [
    () => net().fit(X(64), Y(64), { ...fit, batchSize: odd ? 16 : 32 }),
    () => net().fit(X(64), Y(64), { ...fit, optimizer: odd ? sgd() : adam() }),
    () => net().fit(X(64), Y(64), { ...fit, epochs: odd ? 3 : 2 }),
    () => net(odd ? 2 : 1).fit(X(64), Y(64), fit),
    () => net(1, odd ? 6 : 5).fit(X(64), Y(64), fit),
    () => net().fit(X(64, odd ? 2 : 1), Y(64), fit),
    () => net().fit(X(odd ? 60 : 64), Y(odd ? 60 : 64), fit),
    () => net().fit(odd ? X(0) : X(64), odd ? Y(0) : Y(64), fit),
    () => net().fit(X(64), Y(64), { ...fit, batchSize: 32, distributed: { group, rows: 'own' } }),
    async () => {
      const broken = X(64);
      if (odd) broken.data[7] = Number.NaN;
      await net().fit(broken, Y(64), { ...fit, distributed: group });
    },
    () =>
      net().fit(X(64), Y(64), {
        ...fit,
        callbacks: () => {
          if (odd) throw new Error('a fault in a callback');
        },
      }),
    () => net().fit(X(64), Y(64), { ...fit, ...(odd && { signal: AbortSignal.abort() }) }),
  ];
  const errors = [];
  for (const attempt of tries) {
    errors.push(
      await attempt().then(
        () => 'none',
        (error) => `${error.code ?? error.name}: ${error.message}`,
      ),
    );
  }
  // One network goes on after an error of one rank.
  const trained = net();
  const { seed, ...unseeded } = fit;
  const fault = () => {
    if (odd) throw new Error(`a fault after the seed ${seed}`);
  };
  await trained.fit(X(64), Y(64), { ...unseeded, callbacks: fault }).catch(() => {});
  const history = await trained.fit(X(64), Y(64), {
    ...unseeded,
    epochs: 9,
    callbacks: ({ epoch }) => !(odd && epoch === 4),
  });
  const hash = `${history.loss.length} ${history.stoppedBy} ${[...trained.parameters.W1.data].join()}`;
  require('node:fs').appendFileSync(
    `${folder}/${group.rank}`,
    JSON.stringify({ rank: group.rank, errors, hash }),
  );
}

it.each(launcherNames)(
  'ranks that differ are named before the first step, and can go on: %s',
  async (launcher) => {
    const result = await launched({ launcher, ranks: 2 }, differ, null);
    expect(result.stderr).toBe('');
    const [zero, one] = written<Answer>(result).sort((a, b) => a.rank - b.rank) as [Answer, Answer];
    const both = /^ERR_BLASNET_RANKS: Expected all ranks to train the same, but they differ in /;
    const named = [
      /batchSize \(32 on rank 0; 16 on rank 1\)/,
      /optimizer \(.*adam.*on rank 0; .*sgd.*on rank 1\)/,
      /epochs \(2 on rank 0; 3 on rank 1\)/,
      /the network's parameters/,
      /the network's layers/,
      /X and Y/,
      /rows \(64 on rank 0; 60 on rank 1\)/,
    ];
    for (const [i, name] of named.entries()) {
      expect(zero.errors[i]).toMatch(both);
      expect(zero.errors[i]).toMatch(name);
      expect(one.errors[i]).toBe(zero.errors[i]);
    }
    const rest = (answer: Answer) => answer.errors.slice(named.length);
    expect(rest(one)).toEqual([
      expect.stringMatching(/^ERR_BLASNET_\w+: Expected X/),
      expect.stringMatching(/^ERR_BLASNET_ARG_VALUE: Expected batchSize to be such that each of 2 ranks/),
      expect.stringMatching(/^ERR_BLASNET_\w+: /),
      'Error: a fault in a callback',
      expect.stringMatching(/^ABORT_ERR/),
    ]);
    expect(rest(zero)).toEqual([
      expect.stringMatching(/^ERR_BLASNET_RANKS: Rank 1 of 2 cannot go on: Expected X/),
      rest(one)[1],
      expect.stringMatching(/^ERR_BLASNET_RANKS: /),
      'ERR_BLASNET_RANKS: Rank 1 of 2 cannot go on: a fault in a callback',
      expect.stringMatching(/^ERR_BLASNET_RANKS: Rank 1 of 2 cannot go on: The operation was aborted/),
    ]);
    expect(zero.hash).toMatch(/^4 callback /);
    expect(one.hash).toBe(zero.hash);
    expect(result.code).toBe(0);
  },
);

interface Resumption {
  readonly directory: string;
  /** The epoch after which rank 1 is killed. */
  readonly dies?: number;
  readonly resumes?: boolean;
}

async function trainWithCheckpoints(
  { blasnet, distributed, folder }: Bundles,
  given: Resumption,
): Promise<void> {
  const { Network, Matrix, adam } = require(blasnet) as typeof import('../../lib/index');
  const { mpi } = require(distributed) as DistributedLibrary;
  const { directory, dies, resumes } = given;
  const group = await mpi({ timeout: 60 });
  const X = new Matrix(
    Float64Array.from({ length: 2700 }, (_, i) => Math.sin(i)),
    900,
    3,
  );
  const Y = new Matrix(
    Float64Array.from({ length: 900 }, (_, i) => i % 2),
    900,
    1,
  );
  const options = {
    epochs: 8,
    batchSize: 400,
    seed: 1,
    optimizer: adam(),
    checkpoint: { directory },
    distributed: group,
    callbacks: ({ epoch }: { epoch: number }) => {
      if (group.rank === 1 && epoch === dies) process.kill(process.pid, 'SIGKILL');
    },
  };
  const layers = [
    { inputDim: 3, outputDim: 16, activation: 'tanh' as const, dropout: 0.1 },
    { outputDim: 1, activation: 'sigmoid' as const },
  ];
  let net = new Network(layers, { seed: 1 });
  if (resumes === true) net = (await Network.resume(directory, X, Y, options)).network;
  else await net.fit(X, Y, options);
  const weights = [...net.parameters.W1.data].join();
  require('node:fs').appendFileSync(`${folder}/${group.rank}`, JSON.stringify({ rank: group.rank, weights }));
}

it.each(launcherNames)(
  'a rank that is killed ends all, and the next launch goes on from the checkpoint, with any number of ranks: %s',
  async (launcher) => {
    const train = (ranks: number, given: Resumption) =>
      launched({ launcher, ranks }, trainWithCheckpoints, given);
    const whole = await train(2, { directory: newFolder() });
    const [expected] = written<{ weights: string }>(whole);
    const directory = newFolder();
    const began = performance.now();
    const killed = await train(2, { directory, dies: 5 });
    expect(killed.code).toBe(launcher === 'Open MPI' ? 137 : 9);
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(killed.stdout + killed.stderr).toMatch(/signal 9|Killed/);
    const resumed = await train(launcher === 'Open MPI' ? 4 : 1, { directory, resumes: true });
    expect(resumed.stderr).toBe('');
    for (const { weights } of written<{ weights: string }>(resumed)) expect(weights).toBe(expected?.weights);
    expect(written(resumed)).toHaveLength(launcher === 'Open MPI' ? 4 : 1);
  },
);
