// Training with rows that are not in memory: rows a second beside training from arrays, and the memory that it needs.

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from '../harness/comparison.mjs';
import { rate } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { moonsLayers } from './moons-full.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'sources';
export const title = 'Rows that are not in memory';

/** @type {import('../harness/quantities.mjs').Quantity} */
const megabytes = { unit: 'MB', of: (value) => value, better: 'lower' };

/** Writes a CSV file of points and their classes. */
function writePoints(/** @type {string} */ file, /** @type {number} */ rows) {
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, 'a,b,y\n');
  for (let from = 0; from < rows; from += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, rows - from) }, (_, i) => {
      const [a, b] = /** @type {const} */ ([((from + i) * 0.618) % 1, ((from + i) * 0.732) % 1]);
      return `${a.toFixed(6)},${b.toFixed(6)},${Number(a > b)}\n`;
    });
    writeSync(descriptor, lines.join(''));
  }
  closeSync(descriptor);
}

export async function run(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 20_000 : 4_000_000;
  const file = join(bench.folder, 'points.csv');
  writePoints(file, rows);
  const ways = /** @type {const} */ (['arrays', 'source', 'csv', 'read', 'memory']);
  const contestants = ways.map((way) => ({
    key: way,
    measure: () => bench.probe('sources.mjs', { way, rows, file, layers: moonsLayers }),
  }));
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {string} */ key) => /** @type {Outcome} */ (outcomes.get(key));
  const what = { case: id, threads: '', quantity: rate('rows', rows) };
  const arrays = { title: 'from arrays', outcome: outcomeOf('arrays') };
  bench.rows.push(
    compare({ ...what, variant: 'chunks that are made as they are asked for' }, outcomeOf('source'), arrays),
    compare({ ...what, variant: 'a CSV file' }, outcomeOf('csv'), arrays),
    compare({ ...what, variant: 'reading the CSV file alone' }, outcomeOf('read')),
    compare(
      {
        ...what,
        variant: 'most memory over Node, from the CSV file',
        quantity: megabytes,
        must: { atMost: 300 },
      },
      outcomeOf('memory'),
    ),
  );
}
