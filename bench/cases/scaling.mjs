// How the rate of training and prediction depends on widths, rows and threads: as pictures with the FMA limit drawn in.
// blasnet is compared with itself only.

import { availableParallelism } from 'node:os';
import { compare, withoutFigure } from '../harness/comparison.mjs';
import { keyOf, timed } from '../harness/contestants.mjs';
import { measureCurves } from '../harness/curves.mjs';
import { manyMoons, moons, synthetic } from '../harness/data.mjs';
import { dense, predictionFlop, rowsOf, trainingFlop, writeJob } from '../harness/jobs.mjs';
import { rate, time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { resultOf, verifyEqual } from '../harness/verification.mjs';
import { moonsLayers } from './moons-full.mjs';
import { wideLayers } from './wide.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Point } from '../harness/curves.mjs' */
/** @import { Task } from '../harness/jobs.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'scaling';
export const title = 'Widths, rows, threads';

const sgd = /** @type {const} */ ({ name: 'sgd', learningRate: 0.01 });
const dtypes = /** @type {const} */ (['float64', 'float32']);

export async function run(/** @type {Bench} */ bench) {
  await scaleWidths(bench);
  await scaleRows(bench);
  await scaleThreads(bench);
}

async function scaleWidths(/** @type {Bench} */ bench) {
  const batchSize = 128;
  const widths = bench.quick ? [8, 128] : [8, 16, 32, 64, 128, 256, 512, 1024, 2048];
  const points = widths.flatMap((width) => {
    // Narrow networks have more steps, so that the begin and the end of an epoch cost little.
    const steps = Math.max(2, Math.min(32, 2048 / width));
    const data = synthetic(steps * batchSize, width, 1);
    return dtypes.map((dtype) => trainingAt(bench, width, { dtype, data, batchSize }));
  });
  await measureCurves(bench, id, {
    name: 'widths',
    title: `Three square hidden layers, batches of ${batchSize}`,
    xTitle: 'units in each layer',
    ticks: [8, 16, 32, 64, 128, 256, 512, 1024, 2048],
    points,
  });
}

/** @returns {Point} */
function trainingAt(
  /** @type {Bench} */ bench,
  /** @type {number} */ width,
  /** @type {Pick<Task, 'dtype' | 'data' | 'batchSize'>} */ given,
) {
  const layers = dense([width, width, width, width, 1], 'relu', 'sigmoid');
  const task = { ...given, layers, optimizer: sgd };
  const flop = trainingFlop(layers, rowsOf(task));
  return { size: width, dtype: task.dtype, work: 'training', job: writeJob(bench, task), flop };
}

/** The points of `manyMoons` that are repeated, so that every size takes equal steps. */
const base = 1000;

async function scaleRows(/** @type {Bench} */ bench) {
  const ticks = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
  const sizes = bench.quick ? [1, base, 10 * base] : ticks.flatMap((rows) => [rows, 3 * rows]).slice(0, -1);
  const points = sizes.flatMap((rows) => dtypes.flatMap((dtype) => pointsAt(bench, rows, dtype)));
  const few = jobAt(points, base);
  const many = jobAt(points, 10 * base);
  const claim = { case: id, variant: 'moons, 10,000 rows, full batch', what: '5 losses', tolerance: 1e-9 };
  const expected = await resultOf(bench, 'blasnet', { ...few, threads: 1, epochs: 5 });
  const actual = await resultOf(bench, 'blasnet', { ...many, threads: 1, epochs: 5 });
  if ('unavailable' in expected || 'unavailable' in actual) {
    throw new Error('The network of this case could not be trained');
  }
  const { predictions } = actual;
  const problem = verifyEqual(bench, claim, 'a tenth of the rows', actual, { ...expected, predictions });
  if (problem !== undefined) {
    bench.rows.push(withoutFigure({ case: id, variant: claim.variant, threads: '1' }, problem));
    return;
  }

  const outcomeAt = await measureCurves(bench, id, {
    name: 'rows',
    title: 'The network 2-25-50-50-25-1, all rows in one batch or call',
    xTitle: 'rows',
    ticks,
    points,
  });
  // The time should be linear: a row should not cost more among many rows. Caches and the machine may cost a tenth.
  const largest = Math.max(...sizes);
  for (const point of points.filter(({ size }) => size === largest)) {
    const { dtype, work } = point;
    const same = (/** @type {Point} */ other) =>
      other.size === base && other.dtype === dtype && other.work === work;
    const middle = /** @type {Point} */ (points.find(same));
    for (const threads of [1, 2]) {
      const what = {
        ...{ case: id, variant: `${work}, ${largest.toLocaleString('en-US')} rows, ${dtype}` },
        ...{ threads: String(threads), quantity: rate('rows', 1), must: { ratio: 0.9 } },
      };
      const side = { title: '1,000 rows', outcome: perRow(outcomeAt(middle, threads), rowsIn(middle)) };
      bench.rows.push(compare(what, perRow(outcomeAt(point, threads), rowsIn(point)), side));
    }
  }
}

/** @returns {Point[]} the training and the prediction of so many rows */
function pointsAt(
  /** @type {Bench} */ bench,
  /** @type {number} */ rows,
  /** @type {'float64' | 'float32'} */ dtype,
) {
  // A few rows are a batch of an epoch with many, or its begin and end would take most of the time.
  const total = rows < base ? base - (base % rows) : rows;
  const data = rows < base ? manyMoons(total) : repeated(manyMoons(base), rows / base);
  const task = { layers: moonsLayers, dtype, data, batchSize: rows, optimizer: sgd };
  const job = writeJob(bench, task);
  return [
    { size: rows, dtype, work: 'training', job, flop: trainingFlop(moonsLayers, total) },
    {
      ...{ size: rows, dtype, work: 'prediction', flop: predictionFlop(moonsLayers, rows) },
      job: { ...job, batchRows: rows, way: 'predictSync' },
    },
  ];
}

/** The training of so many rows in float64. */
function jobAt(/** @type {readonly Point[]} */ points, /** @type {number} */ rows) {
  const found = points.find(
    ({ size, dtype, work }) => size === rows && dtype === 'float64' && work === 'training',
  );
  return /** @type {Point} */ (found).job;
}

function rowsIn(/** @type {Point} */ { work, flop }) {
  return flop / (work === 'training' ? trainingFlop(moonsLayers, 1) : predictionFlop(moonsLayers, 1));
}

/** @returns {Outcome} */
function perRow(/** @type {Outcome} */ outcome, /** @type {number} */ rows) {
  return 'values' in outcome ? { ...outcome, values: outcome.values.map((value) => value / rows) } : outcome;
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

/** On more than two threads: every training case has one and two. */
async function scaleThreads(/** @type {Bench} */ bench) {
  if (availableParallelism() <= 2) return;
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
    const what = { case: id, variant: name, threads: String(threads), quantity: time('an epoch') };
    bench.rows.push(compare(what, outcomeOf(threads), { title: '1 thread', outcome: outcomeOf(1) }));
  }
}

/** 1, 2, 4, ... and all. */
function threadCounts() {
  const all = availableParallelism();
  const powers = Array.from({ length: Math.floor(Math.log2(all)) + 1 }, (_, i) => 2 ** i);
  return [...new Set([...powers, 2, all])].sort((a, b) => a - b);
}
