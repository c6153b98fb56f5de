// Matrix.map: the time until the matrix is there, training from it as from arrays, and the memory that it needs.

import { compare } from '../harness/comparison.mjs';
import { bytesOfPoint, pointFiles, writePoints } from '../harness/points.mjs';
import { rate, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { moonsLayers } from './moons-full.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'mapped';
export const title = 'Mapped files';

export async function run(/** @type {Bench} */ bench) {
  const wanted = Math.round((1e9 * bench.gigabytes) / bytesOfPoint.npy);
  const rows = await writePoints(bench.folder, 'npy', wanted);
  const files = pointFiles(bench.folder, 'npy');
  const own = /** @type {Record<string, number[]>} */ ({ 'whole map': [], 'whole file': [] });
  const contestants = ['open', 'train'].flatMap((work) =>
    Object.keys(own).map((way) => ({
      key: `${way} ${work}`,
      measure: async () => {
        const job = { way, work, files, layers: moonsLayers };
        const { milliseconds = Number.NaN, anonymous = Number.NaN } = await bench.figures('sources.mjs', job);
        if (work === 'train') own[way]?.push(anonymous);
        return { value: milliseconds };
      },
    })),
  );
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const what = { case: id, threads: '' };
  const size = `${rows.toLocaleString('en-US')} rows`;
  const memory = { unit: 'MB', of: (/** @type {number} */ value) => value };
  bench.rows.push(
    compare(
      { ...what, variant: `${size} until they are there`, quantity: time('') },
      outcomeOf('whole map open'),
      {
        title: 'reading the files',
        outcome: outcomeOf('whole file open'),
      },
    ),
    compare(
      { ...what, variant: `training from ${size}`, quantity: rate('rows', rows), must: { ratio: 0.9 } },
      outcomeOf('whole map train'),
      { title: 'from memory', outcome: outcomeOf('whole file train') },
    ),
    compare(
      { ...what, variant: `own memory over Node, while it trains`, quantity: { ...memory, better: 'lower' } },
      { values: own['whole map'] ?? [] },
      { title: 'from memory', outcome: { values: own['whole file'] ?? [] } },
    ),
  );
}
