// Making a large network: how long it takes, and how long the event loop waits for it.

import { compare } from '../harness/comparison.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'create';
export const title = 'Making a large network';

export async function run(/** @type {Bench} */ bench) {
  const units = bench.quick ? 1000 : 4472;
  const probe = (/** @type {'time' | 'stall'} */ what, /** @type {'create' | 'constructor'} */ way) => () =>
    bench.probe('create.mjs', { what, way, units });
  const contestants = [
    { key: 'create', measure: probe('time', 'create') },
    { key: 'constructor', measure: probe('time', 'constructor') },
    { key: 'stall', measure: probe('stall', 'create') },
  ];
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const what = { case: id, threads: '', quantity: time('') };
  const parameters = `${(units * (units + 1)).toLocaleString('en-US')} parameters, heNormal, float32`;
  bench.rows.push(
    compare({ ...what, variant: parameters, must: { ratio: 0.8 } }, outcomeOf('create'), {
      title: 'new Network',
      outcome: outcomeOf('constructor'),
    }),
    compare(
      { ...what, variant: `${parameters}: longest stall of the event loop`, must: { atMost: 10 } },
      outcomeOf('stall'),
    ),
  );
}
