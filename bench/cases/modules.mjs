// Standalone modules beside the library: the time of an answer, the size, and the export of a large network.

import { compare } from '../harness/comparison.mjs';
import { microseconds, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'modules';
export const title = 'Standalone modules';

const shapes = [
  [20, 128, 64, 2],
  [784, 128, 10],
];

export async function run(/** @type {Bench} */ bench) {
  const side = bench.quick ? 1000 : 4472;
  const network = (/** @type {string} */ what, /** @type {number[]} */ sizes) => () =>
    bench.probe('modules.mjs', { what, sizes, dtype: 'float32' });
  const record = (/** @type {string} */ by) => () => bench.probe('records.mjs', { kind: 'Classifier', by });
  const large = [side, side];
  const contestants = [
    { key: 'record model', measure: record('model') },
    { key: 'record module', measure: record('module') },
    ...shapes.flatMap((sizes) => [
      { key: `${sizes} predictor`, measure: network('predictor', sizes) },
      { key: `${sizes} module`, measure: network('module', sizes) },
      { key: `${sizes} size`, measure: network('size', sizes) },
    ]),
    { key: 'export', measure: network('export', large) },
    { key: 'stall', measure: network('stall', large) },
  ];
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const what = { case: id, threads: '' };
  const theModule = (/** @type {string} */ key) => ({ title: 'its module', outcome: outcomeOf(key) });
  bench.rows.push(
    compare(
      { ...what, variant: 'one record of 20 columns, by a Classifier', quantity: microseconds('a call') },
      outcomeOf('record model'),
      theModule('record module'),
    ),
  );
  for (const sizes of shapes) {
    const name = `one row of a network of ${sizes.join('-')}`;
    bench.rows.push(
      compare(
        { ...what, variant: name, quantity: microseconds('a call') },
        outcomeOf(`${sizes} predictor`),
        theModule(`${sizes} module`),
      ),
      compare(
        {
          ...what,
          variant: `bytes of the module of ${sizes.join('-')}, for each byte of parameters`,
          quantity: { unit: 'times', of: (value) => value, better: 'lower' },
          must: { atMost: 2 },
        },
        outcomeOf(`${sizes} size`),
      ),
    );
  }
  const exported = `export of ${Math.round((4 * side * (side + 1)) / 1e6)} MB`;
  bench.rows.push(
    compare({ ...what, variant: exported, quantity: time(''), must: { atMost: 1000 } }, outcomeOf('export')),
    compare(
      {
        ...what,
        variant: `${exported}: longest stall of the event loop`,
        quantity: time(''),
        must: { atMost: 10 },
      },
      outcomeOf('stall'),
    ),
  );
}
