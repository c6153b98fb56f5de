// A service at full speed that trains the successor of its model and swaps it in ten times. No request may fail, and each answer
// must be one version's, bit for bit.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compare, withoutFigure } from '../harness/comparison.mjs';
import { together } from '../harness/figures.mjs';
import { rate, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { recordLayers, writeServed } from '../harness/served.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'serving-training';
export const title = 'A service that trains and swaps under load';

const figures = ['p50', 'p99', 'time', 'idleP50', 'idleP99', 'idle'];
const root = fileURLToPath(new URL('../..', import.meta.url));

export async function run(/** @type {Bench} */ bench) {
  const swaps = bench.quick ? 2 : 10;
  await example(bench, swaps);
  for (const { name, layers, atOnce } of [
    { name: 'answered at once', layers: recordLayers, atOnce: undefined },
    { name: 'in batches', layers: wideLayers, atOnce: 0 },
  ]) {
    const seconds = bench.quick ? 3 : 20;
    const served = await writeServed(bench, layers, 4000);
    for (const priority of /** @type {const} */ (['low', 'normal'])) {
      await measure(
        bench,
        `${served.sizes.join('-')}, ${name}, trained at ${priority} priority, ${swaps} swaps in ${seconds} s`,
        ['serving-training.mjs', { served, atOnce, priority, seconds, swaps }],
        // The low priority is the one to serve beside.
        priority === 'low' ? 0.33 : undefined,
      );
    }
  }
}

async function example(/** @type {Bench} */ bench, /** @type {number} */ swaps) {
  const seconds = bench.quick ? 10 : 60;
  const variant = `examples/server, ${swaps} trainings and swaps in ${seconds} s`;
  if (existsSync(join(root, 'examples/server/node_modules'))) {
    await measure(bench, variant, ['serving-example.mjs', { swaps, seconds }], 0.33);
    return;
  }
  const unavailable = 'its packages are not installed: npm install --prefix examples/server';
  bench.rows.push(withoutFigure({ case: id, variant, threads: '' }, { unavailable }));
}

/** @param {number | undefined} must   how many times idle's p99 may be of ours */
async function measure(
  /** @type {Bench} */ bench,
  /** @type {string} */ name,
  /** @type {[string, Record<string, unknown>]} */ [probe, question],
  must,
) {
  const outcomes = await takeTurns(
    together(name, figures, async () => {
      const answer = await bench.figures(probe, question);
      bench.log(`${id} ${name}: ${JSON.stringify(answer)}`);
      return answer;
    }),
    // A round takes up to a minute and a half.
    Math.min(3, bench.rounds),
    () => {},
  );
  const outcomeOf = (/** @type {string} */ figure) =>
    outcomes.get(`${name} ${figure}`) ?? { unavailable: 'not run' };
  const row = (/** @type {string} */ figure) => ({ case: id, threads: '2', variant: `${name}: ${figure}` });
  const idle = (/** @type {string} */ figure) => ({ title: 'idle', outcome: outcomeOf(figure) });
  bench.rows.push(
    compare({ ...row('p50'), quantity: time('') }, outcomeOf('p50'), idle('idleP50')),
    compare(
      { ...row('p99'), quantity: time(''), must: must === undefined ? undefined : { ratio: must } },
      outcomeOf('p99'),
      idle('idleP99'),
    ),
    compare({ ...row('requests'), quantity: rate('requests', 1) }, outcomeOf('time'), idle('idle')),
  );
}
