// What the library adds to a process: memory while it trains, and time to load.

import { compare } from '../harness/comparison.mjs';
import { manyMoons } from '../harness/data.mjs';
import { writeJob } from '../harness/jobs.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { moonsLayers } from './moons-full.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'memory';
export const title = 'Memory and start-up';

/** @type {import('../harness/quantities.mjs').Quantity} */
const megabytes = { unit: 'MB', of: (value) => value, better: 'lower' };

export async function run(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 10_000 : 1_000_000;
  const job = writeJob(bench, {
    layers: moonsLayers,
    dtype: 'float64',
    data: manyMoons(rows),
    batchSize: 32,
    shuffle: true,
    optimizer: { name: 'sgd', learningRate: 0.01 },
  });
  const peak = async (/** @type {boolean} */ training) =>
    (await bench.probe('memory.mjs', { training, job })).value;
  const contestants = [
    { key: 'memory', measure: async () => ({ value: (await peak(true)) - (await peak(false)) }) },
    { key: 'start-up', measure: () => bench.probe('start-up.mjs', {}) },
  ];
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const what = { case: id, threads: '' };
  const peakOf = `peak over Node with the same ${rows.toLocaleString('en-US')} rows, batches of 32`;
  bench.rows.push(
    compare({ ...what, variant: peakOf, quantity: megabytes, must: { atMost: 60 } }, outcomeOf('memory')),
    compare(
      { ...what, variant: "require('blasnet')", quantity: time(''), must: { atMost: 20 } },
      outcomeOf('start-up'),
    ),
  );
}
