// How the time of an epoch grows with rows and widths, and shrinks with threads. blasnet is compared with itself only.

import { availableParallelism } from 'node:os';
import { compare, withoutFigure } from '../harness/comparison.mjs';
import { keyOf, timed, yardstickFor } from '../harness/contestants.mjs';
import { manyMoons, moons, synthetic } from '../harness/data.mjs';
import { dense, rowsOf, trainingFlop, writeJob } from '../harness/jobs.mjs';
import { rate, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { resultOf, verifyEqual } from '../harness/verification.mjs';
import { moonsLayers } from './moons-full.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Task } from '../harness/jobs.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'scaling';
export const title = 'Rows, widths, threads';

const sgd = /** @type {const} */ ({ name: 'sgd', learningRate: 0.01 });

export async function run(/** @type {Bench} */ bench) {
  await scaleThreads(bench);
  await scaleRows(bench);
  await scaleWidths(bench);
}

async function scaleThreads(/** @type {Bench} */ bench) {
  const rows = bench.quick ? 640 : 3840;
  await overThreads(bench, 'moons-full, float64', {
    layers: moonsLayers,
    dtype: 'float64',
    data: moons(),
    optimizer: sgd,
  });
  await overThreads(bench, 'wide, float32', {
    layers: wideLayers,
    dtype: 'float32',
    data: synthetic(rows, 784, 10),
    batchSize: 128,
    optimizer: sgd,
  });
}

async function overThreads(/** @type {Bench} */ bench, /** @type {string} */ name, /** @type {Task} */ task) {
  const job = writeJob(bench, task);
  const counts = threadCounts();
  const claim = { case: id, variant: name, what: '5 losses and the predictions', tolerance: 0 };
  const one = await resultOf(bench, 'blasnet', { ...job, threads: 1, epochs: 5 });
  for (const threads of counts.slice(1)) {
    const many = await resultOf(bench, 'blasnet', { ...job, threads, epochs: 5 });
    if ('unavailable' in one || 'unavailable' in many) continue; // the timing will say so, too
    const problem = verifyEqual(bench, claim, `${threads} threads`, many, one);
    if (problem !== undefined) {
      bench.rows.push(withoutFigure({ case: id, variant: name, threads: String(threads) }, problem));
      return;
    }
  }

  const contestants = counts.map((threads) => timed(bench, 'blasnet', threads, job, 'time-training'));
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id} ${name}: ${line}`));
  const outcomeOf = (/** @type {number} */ threads) =>
    /** @type {Outcome} */ (outcomes.get(keyOf('blasnet', threads)));
  for (const threads of counts.slice(1)) {
    const must = threads === 2 ? { ratio: 1.6 } : undefined;
    const what = { case: id, variant: name, threads: String(threads), quantity: time('an epoch'), must };
    bench.rows.push(compare(what, outcomeOf(threads), { title: '1 thread', outcome: outcomeOf(1) }));
  }
}

/** 1, 2, 4, ... and all. */
function threadCounts() {
  const all = availableParallelism();
  const powers = Array.from({ length: Math.floor(Math.log2(all)) + 1 }, (_, i) => 2 ** i);
  return [...new Set([...powers, 2, all])].sort((a, b) => a - b);
}

async function scaleRows(/** @type {Bench} */ bench) {
  const base = 1000;
  const sizes = [1, 10, 100, ...(bench.quick ? [] : [1000])].map((times) => base * times);
  const jobs = sizes.map((rows) => ({
    rows,
    // The data are 1,000 points, repeated, so that every size takes equal steps.
    job: writeJob(bench, {
      layers: moonsLayers,
      dtype: 'float64',
      data: repeated(manyMoons(base), rows / base),
      optimizer: sgd,
    }),
  }));
  const variantOf = (/** @type {number} */ rows) => `moons, ${rows.toLocaleString('en-US')} rows, full batch`;
  const results = await Promise.all(
    jobs.slice(0, 2).map(({ job }) => resultOf(bench, 'blasnet', { ...job, threads: 1, epochs: 5 })),
  );
  const [few, many] = results;
  if (few === undefined || many === undefined || 'unavailable' in few || 'unavailable' in many) {
    throw new Error('The network of this case could not be trained');
  }
  const claim = { case: id, variant: variantOf(10 * base), what: '5 losses', tolerance: 1e-9 };
  const problem = verifyEqual(bench, claim, 'a tenth of the rows', many, {
    ...few,
    predictions: many.predictions,
  });
  if (problem !== undefined) {
    bench.rows.push(withoutFigure({ case: id, variant: claim.variant, threads: '1' }, problem));
    return;
  }

  const contestants = jobs.map(({ rows, job }) => ({
    key: `${rows} rows`,
    measure: async () => {
      const answer = await bench.time('blasnet', { ...job, task: 'time-training', threads: 1 });
      return 'unavailable' in answer ? answer : { value: answer.value / rows };
    },
  }));
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  const outcomeOf = (/** @type {number} */ rows) => /** @type {Outcome} */ (outcomes.get(`${rows} rows`));
  for (const rows of sizes.slice(1)) {
    // The time should be linear: a row should not cost more among many rows. Caches and the machine may cost a tenth.
    const what = {
      case: id,
      variant: variantOf(rows),
      threads: '1',
      quantity: rate('rows', 1),
      must: { ratio: 0.9 },
    };
    bench.rows.push(compare(what, outcomeOf(rows), { title: '1,000 rows', outcome: outcomeOf(base) }));
  }
}

function repeated(
  /** @type {{ X: ArrayLike<number>, Y: ArrayLike<number> }} */ { X, Y },
  /** @type {number} */ times,
) {
  const repeat = (/** @type {ArrayLike<number>} */ values) => {
    const all = new Float64Array(values.length * times);
    for (let i = 0; i < times; i++) all.set(values, i * values.length);
    return all;
  };
  return { X: repeat(X), Y: repeat(Y) };
}

async function scaleWidths(/** @type {Bench} */ bench) {
  const widths = bench.quick ? [8, 128] : [8, 32, 128, 512, 2048];
  for (const width of widths) {
    const task = /** @type {const} */ ({
      layers: dense([width, width, width, 1], 'relu', 'sigmoid'),
      dtype: 'float32',
      data: synthetic(512, width, 1),
      batchSize: 128,
      optimizer: sgd,
    });
    const job = writeJob(bench, task);
    const flop = trainingFlop(task.layers, rowsOf(task));
    const contestants = [timed(bench, 'blasnet', 1, job, 'time-training'), yardstickFor(bench, 'fma', task)];
    const name = `${width}-${width}-${width}-1, float32, batches of 128`;
    const outcomes = await takeTurns(contestants, bench.rounds, (line) =>
      bench.log(`${id} ${name}: ${line}`),
    );
    const [ours, limit] = [...outcomes.values()];
    const what = { case: id, variant: name, threads: '1', quantity: rate('GFLOP', flop / 1e9) };
    if (ours && limit) bench.rows.push(compare(what, ours, { title: 'FMA limit', outcome: limit }));
  }
}
