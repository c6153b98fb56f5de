// A search in worker processes: several workers beside one. The tables of both are equal; the probe verifies it.

import { compare } from '../harness/comparison.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'workers';
export const title = 'A search in worker processes';

export async function run(/** @type {Bench} */ bench) {
  const epochs = bench.quick ? 5 : 80;
  const contestants = [4, 1].map((workers) => ({
    key: String(workers),
    measure: () => bench.probe('workers.mjs', { workers, epochs }),
  }));
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const what = {
    case: id,
    variant: `8 trials of 3 folds, credit, ${epochs} epochs: 4 workers`,
    threads: '2',
    quantity: time(''),
    // At most 60 % of the time.
    must: { ratio: 1.67 },
  };
  bench.rows.push(compare(what, outcomeOf('4'), { title: '1 worker', outcome: outcomeOf('1') }));
}
