// How long predictions take while another network of the process trains: at the priority of the process, and at a low one.

import { compare } from '../harness/comparison.mjs';
import { synthetic } from '../harness/data.mjs';
import { writeJob } from '../harness/jobs.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'beside';
export const title = 'Predictions while a wide network trains, at normal and at low priority';

const measures = [
  { what: 'tick', words: 'a timer and one row', percentile: 50 },
  { what: 'tick', words: 'a timer and one row', percentile: 99 },
  { what: 'rows', words: 'predict of 1,000 rows', percentile: 50 },
  { what: 'rows', words: 'predict of 1,000 rows', percentile: 99 },
];

export async function run(/** @type {Bench} */ bench) {
  const job = writeJob(bench, {
    ...{ layers: wideLayers, dtype: 'float32', data: synthetic(bench.quick ? 640 : 3840, 784, 10) },
    ...{ batchSize: 128, shuffle: true, optimizer: { name: 'sgd', learningRate: 0.01 } },
  });
  for (const { what, words, percentile } of measures) {
    const probe = (/** @type {object | null} */ training) => () =>
      bench.probe('beside.mjs', { what, percentile, training, job, seconds: bench.seconds });
    const contestants = [
      { key: 'at rest', measure: probe(null) },
      ...[1, 2].flatMap((threads) =>
        ['normal', 'low'].map((priority) => ({
          key: `${priority} ${threads}`,
          measure: probe({ threads, priority }),
        })),
      ),
    ];
    const progress = (/** @type {string} */ line) => bench.log(`${id}, ${words}, p${percentile}: ${line}`);
    const outcomes = await takeTurns(contestants, bench.rounds, progress);
    const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
    for (const threads of [1, 2]) {
      const row = { case: id, threads: String(threads), quantity: time('') };
      const low = outcomeOf(`low ${threads}`);
      const variant = `${words}, p${percentile}, beside a training of low priority`;
      bench.rows.push(
        compare({ ...row, variant }, low, { title: 'normal', outcome: outcomeOf(`normal ${threads}`) }),
        compare({ ...row, variant }, low, { title: 'at rest', outcome: outcomeOf('at rest') }),
      );
    }
  }
}
