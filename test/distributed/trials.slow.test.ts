// Cross-validations and searches over the ranks of real groups: equal results, errors, and ranks that disagree or end.

import { expect, it } from 'vitest';
import { runScript } from '../network/child';
import {
  type Bundles,
  type DistributedLibrary,
  launched,
  launcherNames,
  newBundles,
  written,
} from './launched';

type Library = typeof import('../../lib/index');
type Tables = typeof import('../../lib/tabular/index');

interface Line {
  readonly what: string;
  readonly found: unknown;
}

/**
 * Makes each call and writes a line of its result or its error. It is sent to other processes as text, so it uses its
 * arguments only.
 */
async function makeCalls(
  { blasnet, distributed, folder }: Bundles,
  { calls, alone }: { readonly calls: readonly string[]; readonly alone: boolean },
): Promise<void> {
  const library = require(blasnet) as Library;
  const { Classifier, Regressor, choice, crossValidate, integer, logUniform, search, Table } = require(
    `${blasnet}/tables.js`,
  ) as Tables;
  const { mpi } = require(distributed) as DistributedLibrary;
  const group = alone ? undefined : await mpi({ timeout: 100 });
  const rank = group?.rank ?? 0;
  const how = group === undefined ? {} : { distributed: group };
  const rows = Array.from({ length: 90 }, (_, i) => ({
    a: 2 * Math.sin(1.3 * i),
    b: i % 11 === 0 ? null : Math.cos(0.7 * i),
    city: ['Köln', 'Łódź', null, 'Paris'][i % 4] as string | null,
    left: Math.sin(1.3 * i) + Math.cos(0.7 * i) > 0.1 ? 'yes' : 'no',
  }));
  const table = Table.from(rows);
  const { X, Y } = library.makeMoons({ samples: 120, noise: 0.2, seed: 1 });
  const make = ({ units = 6 }, { seed = 1 } = {}) =>
    new library.Network(
      [
        { inputDim: 2, outputDim: units, activation: 'relu' },
        { outputDim: 1, activation: 'sigmoid' },
      ],
      { seed },
    );
  const withoutTimes = (given: InstanceType<Tables['Table']>) => given.without(['seconds']).toRecords();
  const given = { target: 'left', folds: 3, hidden: [8], epochs: 6, seed: 3 } as const;
  const space = {
    hidden: choice([[4], [8]]),
    optimizer: { name: 'adam' as const, learningRate: logUniform(1e-4, 1e-1) },
    epochs: 6,
  };
  const ends: string[] = [];
  const stop = new AbortController();
  const all: Record<string, () => Promise<unknown>> = {
    'cross-validation': async () => {
      const onFoldEnd = ({ fold }: { fold: number }) => ends.push(`fold ${fold}`);
      const options = { ...given, ...how, keepModels: true, onFoldEnd };
      const {
        folds,
        table: scores,
        predictions,
        probabilities,
        models,
        ...rest
      } = await crossValidate(Classifier, table, options);
      return [
        folds.map(({ seconds: _, ...fold }) => [fold, `${fold.evaluation}`]),
        [withoutTimes(scores), predictions.toRecords(), probabilities?.toRecords(), rest, `${rest}`],
        models.map((model) => model.predictSync(table)),
        // Rank 0 alone is told when a fold ends.
        rank > 0 ? 3 - ends.length : ends.length,
      ];
    },
    'cross-validation of networks': async () => {
      const { table: scores, predictions } = await crossValidate(({ seed }) => make({}, { seed }), X, Y, {
        ...{ fit: ({ fold }) => ({ epochs: fold + 2, callbacks: () => true }), folds: 3, repeats: 2 },
        ...{ stratify: true, metrics: ['rocAuc'], seed: 1, ...how },
      });
      return [withoutTimes(scores), [...predictions.data]];
    },
    search: async () => {
      const {
        table: trials,
        bag,
        best,
      } = await search(Classifier, table, {
        ...{ target: 'left', space, trials: 6, folds: 2, seed: 2, refit: 'bag', method: 'halving', ...how },
      });
      return [withoutTimes(trials), bag?.predictSync(table), best.drawn];
    },
    'search with trials that fail': async () => {
      const wild = {
        ...{ hidden: [4], epochs: 2 },
        optimizer: { name: 'sgd' as const, learningRate: choice([1e-2, 1e30]) },
      };
      const found = await search(Regressor, table.without(['left', 'city']), {
        ...{
          target: 'a',
          space: wild,
          trials: 6,
          seed: 4,
          validation: 20,
          metric: ({ r2 }: { r2: number }) => -r2,
        },
        ...how,
      });
      return [
        withoutTimes(found.table),
        found.trials.map(({ state, error }) => [state, error?.message]),
        found.model?.predictSync(table),
      ];
    },
    'search of networks': async () => {
      const { table: trials, model } = await search(make, X, Y, {
        space: { units: integer(2, 8), rate: logUniform(1e-3, 1e-1) },
        fit: ({ rate }) => ({ epochs: 6, optimizer: library.adam({ learningRate: rate }) }),
        ...{ trials: 4, folds: 2, seed: 3, metric: 'rocAuc', ...how },
      });
      return [withoutTimes(trials), Array.from(model?.predictSync(X).data ?? [])];
    },
    // Without a seed, all take that of rank 0.
    'no seed': async () => {
      const { seed, ...others } = given;
      const found = await crossValidate(Classifier, table, { ...others, ...how });
      return [seed, found.seed, found.predictions.toRecords()];
    },
    'other options': () => crossValidate(Classifier, table, { ...given, ...how, epochs: rank === 1 ? 7 : 6 }),
    'other rows': () => {
      const other = rows.map((row, i) => (rank === 1 && i === 40 ? { ...row, a: 9 } : row));
      return crossValidate(Classifier, other, { ...given, ...how });
    },
    'another call': () =>
      rank === 1
        ? search(Classifier, table, { target: 'left', space, seed: 3, ...how })
        : crossValidate(Classifier, table, { ...given, ...how }),
    'an option that is wrong on one rank': () =>
      crossValidate(Classifier, table, { ...given, ...how, epochs: rank === 1 ? 0 : 6 }),
    'a fold that fails': () => {
      const bad = ({ fold }: { fold: number }) => (fold === 2 ? (3 as never) : make({}));
      return crossValidate(bad, X, Y, { fit: { epochs: 300 }, folds: 3, seed: 1, ...how });
    },
    'a function that fails': () => {
      const bad = () => {
        throw new TypeError('no network today');
      };
      return search(bad, X, Y, {
        space: { units: choice([2, 3]) },
        fit: { epochs: 2 },
        trials: 2,
        seed: 1,
        ...how,
      });
    },
    'a signal of one rank': () => {
      const callbacks = () => {
        if (rank === 1) stop.abort(new Error('enough'));
      };
      const options = { ...given, ...how, epochs: 1000, callbacks, signal: stop.signal };
      return crossValidate(Classifier, table, options);
    },
    'fit over ranks, too': () =>
      crossValidate(() => make({}), X, Y, { fit: { epochs: 2, ...how }, folds: 2, seed: 1, ...how }),
    'a rank that dies': () => {
      const callbacks = () => {
        if (rank === 1) process.kill(process.pid, 'SIGKILL');
      };
      return crossValidate(Classifier, table, { ...given, ...how, callbacks });
    },
  };
  for (const what of calls) {
    const found = await all[what]?.().catch((error: Error & { code?: string }) => ({
      code: error.code,
      message: error.message,
    }));
    const line: Line = { what, found };
    require('node:fs').appendFileSync(`${folder}/${rank}`, `${JSON.stringify(line)}\n`);
  }
}

const good = [
  'cross-validation',
  'cross-validation of networks',
  'search',
  'search with trials that fail',
  'search of networks',
];

let ofOne: Promise<readonly Line[]> | undefined;

/** What a process alone finds. */
async function foundAlone(): Promise<readonly Line[]> {
  const bundles = newBundles();
  const given = { calls: good, alone: true };
  const { stderr } = await runScript(`(${makeCalls})(${JSON.stringify(bundles)}, ${JSON.stringify(given)})`);
  expect(stderr).toBe('');
  return written<Line>(bundles);
}

it.each(launcherNames.flatMap((launcher) => [1, 2, 4].map((ranks) => ({ launcher, ranks }))))(
  '$ranks ranks all find what one process finds: $launcher',
  async ({ launcher, ranks }) => {
    ofOne ??= foundAlone();
    const expected = await ofOne;
    expect(expected.map(({ found }) => (found as { code?: string }).code)).toEqual(good.map(() => undefined));
    const result = await launched({ launcher, ranks }, makeCalls, { calls: good, alone: false });
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
    const lines = written<Line>(result);
    for (let rank = 0; rank < ranks; rank++) {
      expect(lines.slice(rank * good.length, (rank + 1) * good.length)).toEqual(expected);
    }
  },
);

const bad = [
  ['other options', /they differ in epochs \(6 on rank 0; 7 on rank 1\)$/],
  ['other rows', /they differ in the rows \(/],
  ['another call', /they differ in .*the call \("crossValidate of a classifier" on rank 0; "search of a/],
  ['an option that is wrong on one rank', /^(Rank 1 of 2 cannot go on: )?Expected epochs to be/],
  ['a fold that fails', /^In fold 2: Expected make to be a function that makes a Network, got 3/],
  ['a function that fails', /^no network today$/],
  ['a signal of one rank', /^The operation was aborted$/],
  [
    'fit over ranks, too',
    /^(Rank . of 2 cannot go on: )?Expected fit.distributed to be left out with distributed/,
  ],
  // They go on together after all of these.
  ['no seed', undefined],
] as const;

it.each(launcherNames)('ranks reject together, and can go on: %s', async (launcher) => {
  const calls = bad.map(([what]) => what);
  const result = await launched({ launcher, ranks: 2 }, makeCalls, { calls, alone: false });
  expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
  const lines = written<Line>(result);
  expect(lines).toHaveLength(2 * bad.length);
  for (const [i, [what, message]] of bad.entries()) {
    const [first, second] = [lines[i], lines[bad.length + i]];
    for (const line of [first, second]) {
      expect(line?.what).toBe(what);
      if (message !== undefined)
        expect(line?.found).toMatchObject({ message: expect.stringMatching(message) });
    }
    if (message === undefined) expect(second?.found).toEqual(first?.found);
  }
});

it.each(launcherNames)('all end when a rank dies, and the launcher says so: %s', async (launcher) => {
  const { code } = await launched({ launcher, ranks: 2 }, makeCalls, {
    ...{ calls: ['a rank that dies'], alone: false },
  });
  expect(code).toBe(launcher === 'Open MPI' ? 137 : 9);
});
