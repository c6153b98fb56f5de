// A search in worker processes, on two threads in all.
//
//   node workers.mjs '{"workers": ..., "epochs": ...}'
//
// prints { value }: the milliseconds of the search, the start of its workers included.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { Classifier, choice, logUniform, readTable, search } = createRequire(import.meta.url)(
  '../../dist/tables.js',
);
const { workers, epochs } = JSON.parse(process.argv[2] ?? '');
const table = await readTable(fileURLToPath(new URL('../../examples/tables/credit.csv.gz', import.meta.url)));

const [here, there] = [await tableOf({ trials: 2 }, 2), await tableOf({ trials: 2, workers }, 2)];
if (here !== there) throw new Error('The table of a search with workers differs');

const start = performance.now();
await tableOf({ trials: 8, workers }, epochs);
console.log(JSON.stringify({ value: performance.now() - start }));

/** The results of a search but its times, as a text. */
async function tableOf(/** @type {object} */ options, /** @type {number} */ most) {
  const { table: results } = await search(Classifier, table, {
    ...{ target: 'Status', folds: 3, seed: 1, refit: false, threads: 2, ...options },
    space: {
      hidden: choice([[64], [128, 64]]),
      optimizer: { name: 'adam', learningRate: logUniform(1e-4, 1e-2) },
      epochs: most,
    },
  });
  const kept = results.without(['seconds']);
  return JSON.stringify(kept.names.map((/** @type {string} */ name) => kept.column(name).toArray()));
}
