// The contestants of a round: a rival (or blasnet) with a job, or a yardstick.

import { rowsOf, trainingFlop } from './jobs.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Job, Task } from './jobs.mjs' */
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
 * The time that an epoch's products would take at a yardstick's rate.
 *
 * @param {Bench} bench
 * @param {'fma' | 'gemm'} yardstick
 * @param {Task} task
 * @returns {Contestant}
 */
export function yardstickFor(bench, yardstick, task) {
  const flop = trainingFlop(task.layers, rowsOf(task));
  return {
    key: yardstick,
    measure: async () => {
      const answer = await bench.limit(yardstick, task.dtype);
      return 'unavailable' in answer ? answer : { value: flop / answer.gflops / 1e6 };
    },
  };
}
