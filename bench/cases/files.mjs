// A network's file of 80 MB: the time to save and load it beside that of the disk alone, and how long the event loop waits.

import { compare } from '../harness/comparison.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'files';
export const title = 'Files of large networks';

export async function run(/** @type {Bench} */ bench) {
  const bytes = bench.quick ? 8e6 : 80e6;
  // A gigabyte a second.
  const fastest = bytes / 1e6;
  const probe = (/** @type {string} */ what, /** @type {string} */ measure) => () =>
    bench.probe('files.mjs', { what, measure, folder: bench.folder, bytes });
  const disk = (/** @type {string} */ what) => async () => ({
    value: Math.max(fastest, (await probe(what, 'disk')()).value),
  });
  const contestants = ['save', 'load'].flatMap((what) => [
    { key: `${what} time`, measure: probe(what, 'time') },
    { key: `${what} disk`, measure: disk(what) },
    { key: `${what} stall`, measure: probe(what, 'stall') },
  ]);
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  for (const what of ['save', 'load']) {
    const row = { case: id, threads: '', quantity: time('') };
    const variant = `${what} of ${bytes / 1e6} MB`;
    bench.rows.push(
      compare({ ...row, variant, must: { ratio: 0.9 } }, outcomeOf(`${what} time`), {
        title: 'the disk alone, at most 1 GB/s',
        outcome: outcomeOf(`${what} disk`),
      }),
      compare(
        { ...row, variant: `${variant}: longest stall of the event loop`, must: { atMost: 10 } },
        outcomeOf(`${what} stall`),
      ),
    );
  }
}
