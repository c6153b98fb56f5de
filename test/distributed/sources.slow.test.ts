// Ranks that train from sources: equal to the same rows in memory, and no source's end or error leaves others waiting.

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

interface Trained {
  readonly rank: number;
  /** Of each training: a digest of the network and the last loss, or the error. */
  readonly results: Readonly<Record<string, string>>;
}

/** @param alone the trainings of one process, which are those that the ranks must equal */
async function trainFromSources({ blasnet, distributed, folder }: Bundles, alone: boolean): Promise<void> {
  const { Network, Matrix, adam } = require(blasnet) as typeof import('../../lib/index');
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  const { mpi } = require(distributed) as DistributedLibrary;
  const group = alone ? undefined : await mpi({ timeout: 60 });
  const rank = group?.rank ?? 0;
  const ranks = group?.size ?? 2;
  const odd = rank === 1;
  const rows = 2560;
  const share = rows / ranks;
  const values = Float64Array.from({ length: 6 * rows }, (_, i) => Math.sin(1.3 * i));
  const labels = Float64Array.from({ length: rows }, (_, i) => i % 2);
  const chunk = (order: readonly number[]) => ({
    X: new Matrix(
      Float64Array.from(order.flatMap((row) => [...values.subarray(6 * row, 6 * row + 6)])),
      order.length,
      6,
    ),
    Y: new Matrix(
      Float64Array.from(order, (row) => labels[row] as number),
      order.length,
      1,
    ),
  });
  const from = (first: number, end: number) => Array.from({ length: end - first }, (_, i) => first + i);
  const all = from(0, rows);
  const own = from(rank * share, (rank + 1) * share);
  type Chunk = ReturnType<typeof chunk>;
  const source = (order: readonly number[], size: number, change?: (one: Chunk, number: number) => void) =>
    async function* () {
      for (let at = 0; at < order.length; at += size) {
        const one = chunk(order.slice(at, at + size));
        change?.(one, 1 + at / size);
        yield one;
      }
    };
  const results: Record<string, string> = {};
  const options = { epochs: 3, batchSize: 512, seed: 1, optimizer: adam() };
  type Net = InstanceType<typeof Network>;
  const attempt = async (
    name: string,
    train: (net: Net) => Promise<{ readonly loss: readonly number[] }>,
  ) => {
    const net = new Network(
      [
        { inputDim: 6, outputDim: 24, activation: 'tanh', normalization: 'batch', dropout: 0.1 },
        { outputDim: 1, activation: 'sigmoid' },
      ],
      { seed: 1 },
    );
    results[name] = await train(net).then(
      ({ loss }) => {
        const hash = createHash('sha256')
          .update(net.parameters.W1.data)
          .update(net.statistics.mean1?.data ?? '');
        return `${hash.digest('hex').slice(0, 16)} ${loss.at(-1)}`;
      },
      (error) => `${error.code ?? error.name}: ${error.message}`,
    );
  };
  const same = group && { distributed: group };
  const each = group && { distributed: { group, rows: 'own' as const } };
  await attempt('a window of all rows', (net) =>
    net.fit(source(all, 700), { ...options, windowRows: 4096, ...same }),
  );
  await attempt('small windows', (net) =>
    net.fit(source(all, 700), { ...options, windowRows: 512, ...same }),
  );
  // Each batch has the next rows of each rank, one rank after another.
  const inTurn = all.map((place) => {
    const batch = Math.floor(place / 512);
    const each = 512 / ranks;
    return Math.floor((place % 512) / each) * share + batch * each + (place % each);
  });
  const inOrder = { ...options, shuffle: false, windowRows: 512 };
  await attempt('sources of their own', (net) =>
    net.fit(group === undefined ? source(inTurn, 100) : source(own, 100), {
      ...inOrder,
      validationData: source(from(0, 300), 50),
      ...each,
    }),
  );
  if (group !== undefined) {
    await attempt('in memory', (net) => {
      const { X, Y } = chunk(own);
      return net.fit(X, Y, { ...options, ...each });
    });
    await attempt('sources of their own in a window of all rows', (net) =>
      net.fit(source(own, 100), { ...options, windowRows: 4096, ...each }),
    );
    await attempt('ends early', (net) =>
      net.fit(source(own.slice(0, odd ? -300 : rows), 100), { ...inOrder, ...each }),
    );
    const fails = (one: Chunk, number: number) => {
      if (odd && number === 8) throw new Error(`the disk is gone, of ${one.X.rows} rows`);
    };
    await attempt('throws', (net) => net.fit(source(own, 100, fails), { ...inOrder, ...each }));
    const broken = (one: Chunk, number: number) => {
      if (odd && number === 8) one.X.data[13] = Number.NaN;
    };
    await attempt('a bad number', (net) => net.fit(source(own, 100, broken), { ...inOrder, ...each }));
    const other = (one: Chunk, number: number) => {
      if (odd && number === 2) one.X.data[13] = 7;
    };
    await attempt('other rows', (net) => net.fit(source(all, 512, other), { ...inOrder, ...same }));
    await attempt('learns', (net) =>
      net.fit(source(own, 100), { ...inOrder, validationSplit: 0.1, ...each }),
    );
    await attempt('after all', (net) => net.fit(source(all, 700), { ...options, windowRows: 4096, ...same }));
  }
  require('node:fs').appendFileSync(`${folder}/${rank}`, JSON.stringify({ rank, results }));
}

it.each(launcherNames)(
  'ranks train from sources like one process from the same rows, and name the one whose source fails: %s',
  async (launcher) => {
    const bundles = newBundles();
    await runScript(`(${trainFromSources})(${JSON.stringify(bundles)}, true)`);
    const [one] = written<Trained>(bundles) as [Trained];
    const result = await launched({ launcher, ranks: 2 }, trainFromSources, false);
    expect(result.stderr).toBe('');
    const [zero, other] = written<Trained>(result) as [Trained, Trained];
    expect(zero.results).toMatchObject(one.results);
    expect(zero.results['sources of their own in a window of all rows']).toBe(zero.results['in memory']);
    expect(zero.results['after all']).toBe(one.results['a window of all rows']);
    const both = 'ERR_BLASNET_RANKS: Expected all ranks to train the same, but they differ in ';
    expect(zero.results['ends early']).toContain(
      `${both}the number of rows in the window of the source from row 768 of epoch 1 on (256 on rank 0; 212 on rank 1)`,
    );
    expect(zero.results['other rows']).toContain(`${both}the rows of the source from row 512 of epoch 1 on`);
    expect(zero.results.learns).toMatch(/^ERR_BLASNET_ARG_VALUE: Expected validationSplit/);
    const elsewhere = (text: string) => `ERR_BLASNET_RANKS: Rank 1 of 2 cannot go on: ${text}`;
    const gone = 'Expected the source to give its chunk 8, got an error: the disk is gone, of 100 rows';
    const bad = 'In chunk 8 of the source: Expected X to hold finite numbers, got NaN at row 2, column 1';
    expect(zero.results).toMatchObject({ throws: elsewhere(gone), 'a bad number': elsewhere(bad) });
    expect(other.results).toEqual({
      ...zero.results,
      throws: `ERR_BLASNET_SOURCE: ${gone}`,
      'a bad number': `ERR_BLASNET_NOT_FINITE: ${bad}`,
    });
  },
);
