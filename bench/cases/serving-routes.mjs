// One row a request: the predict route of a Fastify service beside the same route without a model, and beside other
// libraries in the same service.

import { compare } from '../harness/comparison.mjs';
import { together } from '../harness/figures.mjs';
import { microseconds, rate } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { recordLayers, servers, writeServed } from '../harness/served.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'serving-routes';
export const title = 'A service that predicts a row a request';

const libraries = /** @type {const} */ (['blasnet', 'predictor', 'onnxruntime', 'tfjs-wasm', 'brain']);
const figures = ['predict', 'constant', 'predictUsage', 'constantUsage'];

export async function run(/** @type {Bench} */ bench) {
  const served = await writeServed(bench, recordLayers, 1000);
  const installed = libraries.filter((library) => library === 'predictor' || !bench.missing(library));
  const outcomes = await takeTurns(
    installed.flatMap((library) =>
      together(library, figures, () =>
        bench.figures('serving-routes.mjs', { library, served, seconds: bench.seconds }),
      ),
    ),
    bench.rounds,
    (line) => bench.log(`${id}: ${line}`),
  );
  const outcomeOf = (/** @type {string} */ library, /** @type {string} */ figure) =>
    outcomes.get(`${library} ${figure}`) ?? { unavailable: 'is not installed' };
  const network = served.sizes.join('-');
  const what = { case: id, threads: '' };
  const requests = { ...what, variant: `${network}, JSON: requests`, quantity: rate('requests', 1) };
  const usage = {
    ...what,
    variant: `${network}, JSON: processor time of the service`,
    quantity: microseconds('a request'),
  };
  for (const [row, figure] of /** @type {const} */ ([
    [requests, 'predict'],
    [usage, 'predictUsage'],
  ])) {
    const ours = outcomeOf('blasnet', figure);
    const constant = outcomeOf('blasnet', figure.replace('predict', 'constant'));
    const direct = { ...row, variant: `${row.variant}, by a predictor` };
    bench.rows.push(
      compare({ ...row, must: { ratio: 0.95 } }, ours, {
        title: 'the same route without a model',
        outcome: constant,
      }),
      compare(direct, outcomeOf('predictor', figure), {
        title: 'the same route without a model',
        outcome: outcomeOf('predictor', figure.replace('predict', 'constant')),
      }),
      ...libraries
        .slice(2)
        .map((library) =>
          compare(row, ours, { title: servers[library].title, outcome: outcomeOf(library, figure) }),
        ),
    );
  }
}
