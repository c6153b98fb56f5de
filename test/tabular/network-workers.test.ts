// crossValidate and search of networks in worker processes, which load the function that makes them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { adam, makeMoons, Network } from '../../lib/index';
import type { Table } from '../../lib/tabular/index';
import { crossValidate, integer, logUniform, search } from '../../lib/tabular/index';
import { dist } from '../network/child';
import { newFolder } from '../support/scratch';

const { X, Y } = makeMoons({ samples: 120, noise: 0.2, seed: 1 });

function network(units: number, seed: number): Network {
  return new Network(
    [
      { inputDim: 2, outputDim: units, activation: 'relu' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed },
  );
}

/** A module with the same function. */
function moduleOf(body: string, name = 'make.cjs'): string {
  const path = join(newFolder(), name);
  const text = `new Network([{ inputDim: 2, outputDim: units, activation: 'relu' }, { outputDim: 1, activation: 'sigmoid' }], { seed })`;
  writeFileSync(path, `${body.replaceAll('DIST', JSON.stringify(dist)).replaceAll('NETWORK', text)}\n`);
  return path;
}

const valuesOf = (table: Table) =>
  table.names.filter((name) => name !== 'seconds').map((name) => [name, table.column(name).toArray()]);

describe('crossValidate of networks', () => {
  const make = ({ seed }: { seed: number }) => network(6, seed);
  const options = { fit: { epochs: 4 }, folds: 3, stratify: true, metrics: ['rocAuc'], seed: 1 } as const;

  it('gives the same results with workers as without', async () => {
    const module = moduleOf(
      `const { Network } = require(DIST); const units = 6; exports.make = ({ seed }) => NETWORK;`,
    );
    const here = await crossValidate(make, X, Y, { ...options, keepModels: true });
    const how = { workers: 2, makeFrom: { module }, keepModels: true };
    const there = await crossValidate(make, X, Y, { ...options, ...how });
    expect(valuesOf(there.table)).toEqual(valuesOf(here.table));
    expect(there.predictions).toEqual(here.predictions);
    expect(there.models.map((each) => each.predictSync(X))).toEqual(
      here.models.map((each) => each.predictSync(X)),
    );
  });

  it('takes names and categories, ES modules, and names of exports', async () => {
    const module = moduleOf(
      `import { createRequire } from 'node:module';
       const { Network } = createRequire(import.meta.url)(DIST);
       export const made = ({ seed }) => new Network(
         [{ inputDim: 2, outputDim: 2, activation: 'softmax', embeddings: [{ categories: 3, outputDim: 2 }] }],
         { seed, labels: undefined });`.replace(', labels: undefined', ''),
      'make.mjs',
    );
    const own = ({ seed }: { seed: number }) =>
      new Network(
        [{ inputDim: 2, outputDim: 2, activation: 'softmax', embeddings: [{ categories: 3, outputDim: 2 }] }],
        { seed },
      );
    const inputs = { numbers: X, categories: Array.from({ length: 120 }, (_, i) => [i % 3]) };
    const labels = Uint8Array.from({ length: 120 }, (_, i) => i % 2);
    const fit = { fit: { epochs: 2, loss: 'sparseCategoricalCrossEntropy' as const }, folds: 2, seed: 1 };
    const here = await crossValidate(own, inputs, labels, fit);
    const makeFrom = { module: pathToFileURL(module), name: 'made' };
    const there = await crossValidate(own, inputs, labels, { ...fit, workers: 1, makeFrom });
    expect(valuesOf(there.table)).toEqual(valuesOf(here.table));
    expect(there.predictions).toEqual(here.predictions);
  });

  it('refuses what a worker cannot have', async () => {
    const module = moduleOf(`exports.other = 3;`);
    for (const [more, code, message] of [
      [{}, 'ERR_BLASNET_ARG_TYPE', /^Expected makeFrom to be given with workers/],
      [
        { makeFrom: { module: './make.js' } },
        'ERR_BLASNET_ARG_VALUE',
        /makeFrom\.module to be an absolute path/,
      ],
      [{ makeFrom: { module, file: 1 } }, 'ERR_BLASNET_UNKNOWN_OPTION', /file/],
      [{ makeFrom: { module } }, 'ERR_BLASNET_ARG_VALUE', /to export a function make$/],
      [
        { makeFrom: { module }, fit: { epochs: 1, callbacks: () => {} } },
        'ERR_BLASNET_ARG_TYPE',
        /fit\.callbacks/,
      ],
    ] as const) {
      const call = crossValidate(make, X, Y, { ...options, workers: 1, ...more } as never);
      await expect(call).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    }
  });
});

describe('search of networks', () => {
  it.each(['random', 'halving'] as const)('finds the same by the method %s with workers', async (method) => {
    const module = moduleOf(
      `const { Network } = require(DIST); exports.make = ({ units }, { seed }) => NETWORK;`,
    );
    const make = ({ units }: { units: number }, { seed }: { seed: number }) => network(units, seed);
    const options = {
      space: { units: integer(2, 8), rate: logUniform(1e-3, 1e-1) },
      fit: ({ rate }: { rate: number }) => ({ epochs: 6, optimizer: adam({ learningRate: rate }) }),
      ...{ trials: 4, folds: 2, seed: 3, metric: 'rocAuc', refit: 'bag', method },
    } as const;
    const here = await search(make, X, Y, options);
    const there = await search(make, X, Y, { ...options, workers: 2, makeFrom: { module } });
    expect(valuesOf(there.table)).toEqual(valuesOf(here.table));
    expect(there.bag?.predictSync(X)).toEqual(here.bag?.predictSync(X));
  });
});
