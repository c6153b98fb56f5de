// The prebuilt addon compared with one that is built on this machine: the portable build must not be slower.

import { compare, withoutFigure } from '../harness/comparison.mjs';
import { keyOf, timed } from '../harness/contestants.mjs';
import { manyMoons, moons, synthetic } from '../harness/data.mjs';
import { dense, firstRows, writeJob } from '../harness/jobs.mjs';
import { microseconds, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { resultOf, verifyEqual } from '../harness/verification.mjs';
import { moonsLayers } from './moons-full.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Task } from '../harness/jobs.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'prebuilt';
export const title = 'The prebuilt addon compared with a local build';

/** The share of the local build's speed that the prebuilt addon must reach: two builds may differ by so little. */
const must = { ratio: 0.97 };

export async function run(/** @type {Bench} */ bench) {
  // Not Adam: even for tiny gradients, its first steps have the size of the learning rate, so rounding errors would show.
  const optimizer = /** @type {const} */ ({ name: 'sgd', learningRate: 0.01 });
  const common = { shuffle: true, optimizer };
  const rows = (/** @type {number} */ all) => (bench.quick ? 256 : all);
  for (const dtype of /** @type {const} */ (['float64', 'float32'])) {
    await train(bench, `the article's network, full batch, ${dtype}`, {
      layers: moonsLayers,
      dtype,
      data: moons(),
      batchSize: 900,
      shuffle: false,
      optimizer,
    });
    await train(bench, `784-512-256-10, batches of 128, ${dtype}`, {
      ...common,
      layers: wideLayers,
      dtype,
      data: synthetic(rows(3840), 784, 10),
      batchSize: 128,
    });
    // Wide enough for OpenBLAS.
    await train(bench, `1024-1536-1536-10, batches of 512, ${dtype}`, {
      ...common,
      layers: dense([1024, 1536, 1536, 10], 'relu', 'softmax'),
      dtype,
      data: synthetic(rows(1024), 1024, 10),
      batchSize: 512,
    });
    await predict(bench, dtype);
  }
}

async function train(/** @type {Bench} */ bench, /** @type {string} */ variant, /** @type {Task} */ task) {
  const job = writeJob(bench, task);
  // Few steps: after more of them, float32's rounding errors would show.
  const compared = { ...writeJob(bench, { ...task, data: firstRows(task, 640) }), epochs: 2 };
  for (const threads of [1, 2]) {
    await beside(bench, {
      variant,
      threads,
      job,
      task: 'time-training',
      quantity: time('an epoch'),
      compared,
    });
  }
}

async function predict(/** @type {Bench} */ bench, /** @type {'float64' | 'float32'} */ dtype) {
  const job = {
    ...writeJob(bench, { layers: moonsLayers, dtype, data: manyMoons(1000) }),
    batchRows: 1,
    way: 'predictor',
  };
  const variant = `one row predicted, ${dtype}`;
  await beside(bench, {
    variant,
    threads: 1,
    job,
    compared: job,
    task: 'time-predictions',
    quantity: microseconds('a call'),
  });
}

/**
 * @param {Bench} bench
 * @param {object} race
 * @param {string} race.variant
 * @param {number} race.threads
 * @param {import('../harness/jobs.mjs').Job & { batchRows?: number, way?: string }} race.job
 * @param {'time-training' | 'time-predictions'} race.task
 * @param {import('../harness/quantities.mjs').Quantity} race.quantity
 * @param {import('../harness/jobs.mjs').Job & { epochs?: number }} race.compared   whose results must be equal first
 */
async function beside(bench, { variant, threads, job, task, quantity, compared }) {
  const what = { case: id, variant, threads: String(threads) };
  const results = [];
  for (const who of /** @type {const} */ (['blasnet-prebuilt', 'blasnet'])) {
    const result = await resultOf(bench, who, { ...compared, threads });
    if ('unavailable' in result) {
      bench.rows.push(withoutFigure(what, result));
      return;
    }
    results.push(result);
  }
  const [ours, theirs] = /** @type {[import('../harness/verification.mjs').Result, any]} */ (results);
  // Another version of OpenBLAS may sum in another order.
  const tolerance = job.dtype === 'float64' ? 1e-9 : 1e-4;
  const claim = { case: id, variant, what: 'losses and predictions', tolerance };
  const problem = verifyEqual(bench, claim, 'a local build', ours, theirs);
  if (problem !== undefined) {
    bench.rows.push(withoutFigure(what, problem));
    return;
  }
  const outcomes = await takeTurns(
    [timed(bench, 'blasnet-prebuilt', threads, job, task), timed(bench, 'blasnet', threads, job, task)],
    bench.rounds,
    (line) => bench.log(`${id} ${variant}: ${line}`),
  );
  const of = (/** @type {'blasnet' | 'blasnet-prebuilt'} */ who) =>
    /** @type {Outcome} */ (outcomes.get(keyOf(who, threads)));
  const local = { title: `local build (${threads})`, outcome: of('blasnet') };
  bench.rows.push(compare({ ...what, quantity, must }, of('blasnet-prebuilt'), local));
}
