// Trainings that run alone and by several ranks: what the ranks get must have the same bits.

import type { Bundles, DistributedLibrary } from './launched';

export interface Case {
  readonly name: string;
  readonly hidden: readonly number[];
  readonly dtype: 'float64' | 'float32';
  readonly rows: number;
  /** The name of the optimiser. */
  readonly optimizer: string;
  readonly learningRate?: number;
  readonly fit: Readonly<Record<string, unknown>>;
  /** More options of each hidden layer. */
  readonly layer?: Readonly<Record<string, unknown>>;
  readonly members?: number;
  readonly threads?: number;
  /** Each rank holds rows of its own. */
  readonly own?: boolean;
  readonly weighted?: boolean;
}

export interface Trained {
  readonly rank: number;
  readonly size: number;
  /** Of each case: the hash of the parameters and the running moments, and the history. */
  readonly results: readonly { readonly name: string; readonly hash: string; readonly history: string }[];
}

/**
 * Trains each case and writes a line of `Trained`. It is sent to other processes as text, so it uses its arguments only.
 *
 * @param alone the number of ranks whose order of rows it uses, without them
 */
export async function trainCases(
  { blasnet, distributed, folder }: Bundles,
  { cases, alone }: { readonly cases: readonly Case[]; readonly alone?: number },
): Promise<void> {
  const library = require(blasnet) as typeof import('../../lib/index');
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  const { mpi } = require(distributed) as DistributedLibrary;
  const group = alone === undefined ? await mpi({ timeout: 100 }) : undefined;
  const results = [];
  for (const one of cases) {
    const { name, hidden, dtype, rows, optimizer, learningRate, fit, layer, members, own, weighted } = one;
    const Float = dtype === 'float64' ? Float64Array : Float32Array;
    const matrix = (count: number, cols: number) => new library.Matrix(new Float(count * cols), count, cols);
    const values = matrix(rows, 4);
    const labels = matrix(rows, 1);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < 4; j++) values.data[4 * i + j] = Math.sin(1 + i * (j + 1) * 0.7);
      labels.data[i] = Number((values.data[4 * i] as number) * (values.data[4 * i + 1] as number) > 0);
    }
    const take = (from: typeof values, order: readonly number[]) => {
      const taken = matrix(order.length, from.cols);
      for (const [i, row] of order.entries()) {
        taken.data.set(from.data.subarray(row * from.cols, (row + 1) * from.cols), i * from.cols);
      }
      return taken;
    };
    const ranks = group?.size ?? alone ?? 1;
    const shard = Math.floor(rows / ranks);
    let order = Array.from({ length: rows }, (_, i) => i);
    if (own === true && group !== undefined) {
      order = order.slice(group.rank * shard, (group.rank + 1) * shard);
    } else if (own === true) {
      // Each batch has the next rows of each rank, one rank after another.
      const batchSize = fit.batchSize as number;
      const each = batchSize / ranks;
      order = Array.from({ length: shard * ranks }, (_, i) => {
        const batch = Math.floor(i / batchSize);
        const share = Math.min(each, shard - batch * each);
        const place = i - batch * batchSize;
        return Math.floor(place / share) * shard + batch * each + (place % share);
      });
    }
    const make = library[optimizer as 'adam'];
    const net = new library.Network(
      [
        ...hidden.map((outputDim, i) => ({
          outputDim,
          activation: 'tanh' as const,
          ...(i === 0 && { inputDim: 4, ...(members !== undefined && { members }) }),
          ...layer,
        })),
        { outputDim: 1, activation: 'sigmoid' as const },
      ],
      { seed: 11, dtype },
    );
    const history = await net.fit(take(values, order), take(labels, order), {
      epochs: 3,
      seed: 5,
      optimizer: make(learningRate === undefined ? {} : { learningRate }),
      ...(weighted === true && { sampleWeight: Float64Array.from(order, (i) => i % 3) }),
      ...fit,
      ...(one.threads !== undefined && { threads: one.threads }),
      ...(group !== undefined && { distributed: own === true ? { group, rows: 'own' as const } : group }),
    });
    const hash = createHash('sha256');
    for (const numbers of [net.parameters, net.statistics]) {
      for (const one of Object.values(numbers)) hash.update((one as typeof values).data);
    }
    results.push({ name, hash: hash.digest('hex').slice(0, 16), history: JSON.stringify(history) });
  }
  const line = JSON.stringify({ rank: group?.rank ?? 0, size: group?.size ?? 1, results });
  require('node:fs').appendFileSync(`${folder}/${group?.rank ?? 0}`, `${line}\n`);
}

const small = { hidden: [24, 12], dtype: 'float64', rows: 1500, fit: { batchSize: 700 } } as const;
// As large as networks that are swept layer by layer.
const wide = {
  hidden: [420, 310],
  dtype: 'float64',
  rows: 1100,
  fit: { batchSize: 1024, epochs: 2 },
} as const;

const normalized = { normalization: 'batch' };

/** @param optimizers the names of all optimisers */
export function casesFor(optimizers: readonly string[]): Case[] {
  return [
    ...optimizers.flatMap((optimizer) =>
      (['float64', 'float32'] as const).map((dtype): Case => {
        const fit = optimizer === 'lbfgs' ? {} : small.fit;
        return { ...small, name: `${optimizer}, ${dtype}`, optimizer, dtype, fit };
      }),
    ),
    { ...wide, name: 'wide, float64', optimizer: 'sgd' },
    { ...wide, name: 'wide, float32', optimizer: 'adam', dtype: 'float32', hidden: [620, 450] },
    { ...wide, name: 'wide, lbfgs', optimizer: 'lbfgs', fit: { epochs: 1 } },
    {
      ...small,
      name: 'batches of fewer lanes than ranks',
      optimizer: 'adam',
      fit: { batchSize: 64, epochs: 1 },
    },
    {
      ...small,
      name: 'batches that are summed to steps, clipped',
      optimizer: 'adam',
      fit: { batchSize: 400, accumulate: 3, clipNorm: 0.01, clipValue: 0.1 },
    },
    { ...small, name: 'dropout and noise', optimizer: 'sgd', layer: { dropout: 0.3, noise: 0.1 } },
    { ...small, name: 'layer normalisation', optimizer: 'adam', layer: { normalization: 'layer' } },
    { ...small, name: 'penalties and limits', optimizer: 'sgd', layer: { l2: 0.01, maxNorm: 1 } },
    { ...small, name: 'members', optimizer: 'adam', members: 3 },
    ...(['float64', 'float32'] as const).map((dtype): Case => {
      return { ...small, name: `batch normalisation, ${dtype}`, optimizer: 'adam', dtype, layer: normalized };
    }),
    {
      ...small,
      name: 'batch normalisation, dropout, noise, residual connections and members',
      hidden: [4, 4],
      optimizer: 'sgd',
      members: 3,
      layer: { ...normalized, dropout: 0.3, noise: 0.1, skip: true },
      fit: { batchSize: 400, accumulate: 3 },
    },
    {
      ...wide,
      name: 'batch normalisation, wide',
      optimizer: 'sgd',
      layer: normalized,
      fit: { batchSize: 1024, epochs: 2, metrics: ['f1'], validationSplit: 0.1 },
    },
    {
      ...small,
      name: 'batch normalisation, lbfgs',
      optimizer: 'lbfgs',
      layer: normalized,
      fit: { epochs: 2 },
    },
    {
      ...small,
      name: 'batch normalisation, batches of fewer lanes than ranks',
      optimizer: 'adam',
      layer: normalized,
      fit: { batchSize: 130, epochs: 1 },
    },
    { ...small, name: 'weights, some of them 0', optimizer: 'adam', weighted: true },
    { ...small, name: 'one thread', optimizer: 'adam', threads: 1 },
    {
      ...small,
      name: 'validation, early stopping, schedule',
      optimizer: 'adam',
      learningRate: 0.05,
      fit: {
        batchSize: 512,
        epochs: 12,
        validationSplit: 0.2,
        metrics: ['f1'],
        earlyStopping: { patience: 2, restoreBest: true },
      },
    },
  ];
}

/** Trainings with rows of the ranks' own, in their order. */
export const ownCases: Case[] = [
  {
    ...small,
    name: 'own rows',
    optimizer: 'adam',
    own: true,
    rows: 4096,
    fit: { batchSize: 1024, shuffle: false },
  },
  {
    ...small,
    name: 'own rows, float32, summed to steps',
    optimizer: 'sgd',
    dtype: 'float32',
    own: true,
    rows: 5120,
    fit: { batchSize: 2048, accumulate: 2, shuffle: false },
  },
  {
    ...small,
    name: 'own rows, batch normalisation',
    optimizer: 'adam',
    own: true,
    rows: 4096,
    layer: normalized,
    fit: { batchSize: 1024, shuffle: false },
  },
  {
    ...wide,
    name: 'own rows, wide',
    optimizer: 'sgd',
    own: true,
    rows: 4500,
    fit: { batchSize: 2048, epochs: 2, shuffle: false, dropLast: true },
  },
];
