// A model of a table that goes on with new rows, beside one that learns anew from all rows.

import { compare } from '../harness/comparison.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'update';
export const title = 'Going on with new rows';

export async function run(/** @type {Bench} */ bench) {
  const [rows, more] = bench.quick ? [2_000, 200] : [50_000, 5_000];
  const contestants = ['update', 'train', 'drift'].map((way) => ({
    key: way,
    measure: () => bench.probe('update.mjs', { way, rows, more }),
  }));
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const what = { case: id, threads: '', quantity: time('') };
  const all = [rows, more].map((count) => count.toLocaleString('en-US')).join(' rows and ');
  bench.rows.push(
    compare({ ...what, variant: `${all} new ones, 20 columns, 10,000 remembered` }, outcomeOf('update'), {
      title: 'train with all',
      outcome: outcomeOf('train'),
    }),
    compare({ ...what, variant: `${all} new ones: drift` }, outcomeOf('drift')),
  );
}
