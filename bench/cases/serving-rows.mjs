// A thousand rows a request: rows a second beside other libraries in the same service, and how long another route of the
// service waits meanwhile. Octets are the rows in float32. JSON costs more than any model: reading and writing the texts.

import { compare, fastest } from '../harness/comparison.mjs';
import { together } from '../harness/figures.mjs';
import { microseconds, rate, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { servers, writeServed } from '../harness/served.mjs';
import { moonsLayers } from './moons-full.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Quantity } from '../harness/quantities.mjs' */
/** @import { Served } from '../harness/served.mjs' */

export const id = 'serving-rows';
export const title = 'A service that predicts a thousand rows a request';

const rows = 1000;
const contestants = /** @type {const} */ ([
  { library: 'blasnet', threads: undefined },
  { library: 'onnxruntime', threads: 1 },
  { library: 'onnxruntime', threads: 2 },
  { library: 'tfjs-wasm', threads: undefined },
]);
const rivals = /** @type {const} */ (['onnxruntime', 'tfjs-wasm']);
const keyOf = (/** @type {typeof contestants[number]} */ { library, threads }) =>
  threads === undefined ? library : `${library} (${threads})`;

/**
 * The figures of a probe, and those of its route without a model.
 * @type {Record<string, { title: string, quantity: Quantity, constant?: string }>}
 */
const figures = {
  rows: { title: 'rows', quantity: rate('rows', rows), constant: 'constant' },
  model: { title: 'what the model adds to the same route without one', quantity: microseconds('a request') },
  usage: {
    title: 'processor time of the service',
    quantity: microseconds('a request'),
    constant: 'constantUsage',
  },
  health: { title: 'p99 of GET /health meanwhile', quantity: time(''), constant: 'constantHealth' },
};
const measured = Object.entries(figures).flatMap(([name, { constant }]) =>
  constant ? [name, constant] : [name],
);

export async function run(/** @type {Bench} */ bench) {
  for (const { layers, must } of [
    { layers: moonsLayers, must: { onnxruntime: 2, 'tfjs-wasm': 10 } },
    { layers: wideLayers, must: { onnxruntime: 1, 'tfjs-wasm': 10 } },
  ]) {
    const served = await writeServed(bench, layers, rows);
    for (const form of /** @type {const} */ (['octets', 'json'])) await serve(bench, served, form, must);
  }
}

async function serve(
  /** @type {Bench} */ bench,
  /** @type {Served} */ served,
  /** @type {'octets' | 'json'} */ form,
  /** @type {Record<typeof rivals[number], number>} */ must,
) {
  const name = `${served.sizes.join('-')}, ${form === 'json' ? 'JSON' : 'octets'}`;
  const outcomes = await takeTurns(
    contestants
      .filter(({ library }) => !bench.missing(library))
      .flatMap((each) =>
        together(keyOf(each), measured, () =>
          bench.figures('serving-rows.mjs', { ...each, served, form, seconds: bench.seconds }),
        ),
      ),
    bench.rounds,
    (line) => bench.log(`${id} ${name}: ${line}`),
  );
  const outcomeOf = (/** @type {string} */ key, /** @type {string} */ figure) =>
    outcomes.get(`${key} ${figure}`) ?? { unavailable: 'is not installed' };
  // At its best number of threads.
  const best = (/** @type {typeof rivals[number]} */ library, /** @type {string} */ figure) =>
    fastest(
      contestants
        .filter((each) => each.library === library)
        .map((each) => ({
          title: `${servers[library].title}${each.threads === undefined ? '' : ` (${each.threads})`}`,
          outcome: outcomeOf(keyOf(each), figure),
        })),
    );
  for (const [figure, { title, quantity, constant }] of Object.entries(figures)) {
    const row = { case: id, threads: '2', variant: `${name}: ${title}`, quantity };
    const ours = outcomeOf('blasnet', figure);
    if (constant !== undefined) {
      bench.rows.push(
        compare(row, ours, {
          title: 'the same route without a model',
          outcome: outcomeOf('blasnet', constant),
        }),
      );
    }
    for (const library of rivals) {
      const aim = figure === 'rows' && form === 'octets' ? { ratio: must[library] } : undefined;
      bench.rows.push(compare({ ...row, must: aim }, ours, best(library, figure)));
    }
  }
}
