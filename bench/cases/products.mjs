// Matrix products of other libraries on one thread, beside what a core can do: the shapes that networks have, small enough
// for the first cache, of a layer, and as libraries like them best.

import { together } from '../harness/figures.mjs';
import { libraryEntry, shapeText } from '../harness/limits.mjs';
import { ProcessError } from '../harness/processes.mjs';
import { number } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { median, ratios } from '../harness/statistics.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Dtype, LibraryId, Shape } from '../harness/limits.mjs' */
/** @import { Contestant, Outcome } from '../harness/rounds.mjs' */

export const id = 'products';
export const title = 'Matrix products of other libraries on one thread';

/** @type {readonly Shape[]} */
const shapes = ['32x50x50', '64x50x50', '128x50x50', '50x900x50', '512x128x784', '1024x1024x1024'];

export async function run(/** @type {Bench} */ bench) {
  for (const dtype of /** @type {const} */ (['float64', 'float32'])) {
    const libraries = bench.librariesFor(dtype);
    const contestants = [
      ...libraries.flatMap((library) => productsOf(bench, library, dtype)),
      limitOf(bench, dtype),
    ];
    const outcomes = await takeTurns(contestants, bench.rounds, (line) =>
      bench.log(`${id} ${dtype}: ${line}`),
    );
    const limit = outcomes.get('fma') ?? { unavailable: 'not run' };
    bench.tables.push({
      title: `${title}, ${dtype}: GFLOP/s and share of the FMA limit`,
      header: ['', ...shapes.map(shapeText)],
      body: libraries.map((library) => [
        libraryEntry(library).title,
        ...shapes.map((shape) => cell(outcomes.get(`${library} ${shape}`), limit)),
      ]),
    });
  }
}

/** @returns {Contestant[]} */
function productsOf(
  /** @type {Bench} */ bench,
  /** @type {LibraryId} */ library,
  /** @type {Dtype} */ dtype,
) {
  return together(library, shapes, async () => {
    const answer = await bench.products(library, dtype, shapes);
    if ('unavailable' in answer) throw new ProcessError(answer.unavailable);
    return answer.rates;
  });
}

/** @returns {Contestant} */
function limitOf(/** @type {Bench} */ bench, /** @type {Dtype} */ dtype) {
  return {
    key: 'fma',
    measure: async () => {
      const answer = await bench.limit(dtype);
      return 'unavailable' in answer ? answer : { value: answer.gflops };
    },
  };
}

/** 51.2 (87 %), or why there is no figure */
function cell(
  /** @type {Outcome | undefined} */ outcome = { unavailable: 'not run' },
  /** @type {Outcome} */ limit,
) {
  if ('unavailable' in outcome) return outcome.unavailable;
  const rate = number(median(outcome.values));
  if ('unavailable' in limit) return rate;
  const share = ratios(limit.values, outcome.values).median;
  return `${rate} (${Math.round(100 * share)} %)`;
}
