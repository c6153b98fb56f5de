// The contestants of a round: a rival (or blasnet) with a job, or a yardstick.

import { rowsOf, trainingFlop } from './jobs.mjs';
import { libraryEntry, shapeText } from './limits.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Job, Task } from './jobs.mjs' */
/** @import { Dtype, LibraryId, Shape } from './limits.mjs' */
/** @import { RivalId } from './rivals.mjs' */
/** @import { Contestant } from './rounds.mjs' */

export function keyOf(/** @type {RivalId} */ who, /** @type {number} */ threads) {
  return `${who} on ${threads}`;
}

/**
 * Measures the milliseconds of an epoch or a call.
 *
 * @param {Bench} bench
 * @param {RivalId} who
 * @param {number} threads
 * @param {Job} job
 * @param {'time-training' | 'time-predictions'} task
 * @returns {Contestant}
 */
export function timed(bench, who, threads, job, task) {
  return { key: keyOf(who, threads), measure: () => bench.time(who, { ...job, task, threads }) };
}

/**
 * What a training is measured by: the FMA limit of a core, or another library's product of one shape.
 * @typedef {{ yardstick: 'fma' } | { yardstick: LibraryId, shape: Shape }} Yardstick
 */

/** The name of a yardstick in the table. */
export function yardstickTitle(/** @type {Yardstick} */ yardstick, threads = 1) {
  if (yardstick.yardstick === 'fma') return threads === 1 ? 'FMA limit' : `${threads} x FMA limit`;
  return `${libraryEntry(yardstick.yardstick).title}, ${shapeText(yardstick.shape)}`;
}

/**
 * The time that an epoch's products would take at a yardstick's rate.
 *
 * @param {Bench} bench
 * @param {Yardstick} yardstick
 * @param {Task} task
 * @returns {Contestant}
 */
export function yardstickFor(bench, yardstick, task) {
  const flop = trainingFlop(task.layers, rowsOf(task));
  return {
    key: yardstickTitle(yardstick),
    measure: async () => {
      const answer = await rateOf(bench, yardstick, task.dtype);
      return 'unavailable' in answer ? answer : { value: flop / answer.gflops / 1e6 };
    },
  };
}

/** @returns {Promise<{ gflops: number } | { unavailable: string }>} */
async function rateOf(
  /** @type {Bench} */ bench,
  /** @type {Yardstick} */ yardstick,
  /** @type {Dtype} */ dtype,
) {
  if (yardstick.yardstick === 'fma') return bench.limit(dtype);
  const { shape } = yardstick;
  const answer = await bench.products(yardstick.yardstick, dtype, [shape]);
  if ('unavailable' in answer) return answer;
  const gflops = answer.rates[shape];
  return gflops === undefined ? { unavailable: 'does not take this shape' } : { gflops };
}
