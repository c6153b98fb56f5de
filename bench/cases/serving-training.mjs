// A service at full speed that trains the successor of its model and swaps it in ten times. No request may fail, and each answer
// must be one version's, bit for bit.

import { compare } from '../harness/comparison.mjs';
import { together } from '../harness/figures.mjs';
import { rate, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { recordLayers, writeServed } from '../harness/served.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'serving-training';
export const title = 'A service that trains and swaps under load';

const figures = ['p50', 'p99', 'time', 'idleP50', 'idleP99', 'idle'];

export async function run(/** @type {Bench} */ bench) {
  const seconds = bench.quick ? 3 : 60;
  const swaps = bench.quick ? 2 : 10;
  for (const { name, layers, atOnce } of [
    { name: 'answered at once', layers: recordLayers, atOnce: undefined },
    { name: 'in batches', layers: wideLayers, atOnce: 0 },
  ]) {
    const served = await writeServed(bench, layers, 4000);
    const title = `${served.sizes.join('-')}, ${name}`;
    const priorities = /** @type {const} */ (['low', 'normal']);
    const outcomes = await takeTurns(
      priorities.flatMap((priority) =>
        together(priority, figures, async () => {
          const question = { served, atOnce, priority, seconds, swaps };
          const answer = await bench.figures('serving-training.mjs', question);
          bench.log(`${id} ${title}, ${priority}: ${JSON.stringify(answer)}`);
          return answer;
        }),
      ),
      // Each takes more than a minute.
      Math.min(2, bench.rounds),
      () => {},
    );
    const outcomeOf = (/** @type {string} */ priority, /** @type {string} */ figure) =>
      outcomes.get(`${priority} ${figure}`) ?? { unavailable: 'not run' };
    for (const priority of priorities) {
      const what = { case: id, threads: '2' };
      const variant = `${title}; training of ${priority} priority, ${swaps} swaps in ${seconds} s`;
      const row = (/** @type {string} */ figure) => ({ ...what, variant: `${variant}: ${figure}` });
      const idle = (/** @type {string} */ figure) => ({
        title: 'idle',
        outcome: outcomeOf(priority, figure),
      });
      // The low priority is the one to serve beside.
      const must = priority === 'low' ? { ratio: 0.33 } : undefined;
      bench.rows.push(
        compare({ ...row('p50'), quantity: time('') }, outcomeOf(priority, 'p50'), idle('idleP50')),
        compare({ ...row('p99'), quantity: time(''), must }, outcomeOf(priority, 'p99'), idle('idleP99')),
        compare(
          { ...row('requests'), quantity: rate('requests', 1) },
          outcomeOf(priority, 'time'),
          idle('idle'),
        ),
      );
    }
  }
}
