// Cases that predict a number of rows in each call: first the predictions are compared, then they are timed in turns.

import { compare, fastest } from './comparison.mjs';
import { keyOf, timed } from './contestants.mjs';
import { writeJob } from './jobs.mjs';
import { rivalEntry } from './rivals.mjs';
import { takeTurns } from './rounds.mjs';
import { resultOf, titleOf, verifyEqual } from './verification.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Job, Task } from './jobs.mjs' */
/** @import { Quantity } from './quantities.mjs' */
/** @import { RivalId } from './rivals.mjs' */
/** @import { Problem } from './verification.mjs' */

/**
 * @typedef {object} PredictionVariant
 * @property {string} name
 * @property {Task} task
 * @property {number} batchRows   rows in each call
 * @property {'predictor' | 'predictSync'} way
 * @property {Quantity} quantity
 * @property {number} [atMost]   the largest figure that ours may have
 * @property {RivalId} rival
 * @property {number} tolerance
 * @property {number} must   how many times faster than the rival
 * @property {boolean} [equalThreads]
 *   a row for each number of threads, equal for both; otherwise our one thread against the rival's best number
 */

/**
 * @param {Bench} bench
 * @param {string} id
 * @param {PredictionVariant} variant
 */
export async function runPrediction(bench, id, variant) {
  const { name, rival, batchRows, way, quantity, must, atMost, equalThreads } = variant;
  const job = { ...writeJob(bench, variant.task), batchRows, way };
  const theirThreads = rivalEntry(rival).threads;
  const ourThreads = equalThreads ? theirThreads : [1];
  const problems = await verifyPredictions(bench, id, variant, job, ourThreads);
  const turns = (/** @type {RivalId} */ who, /** @type {readonly number[]} */ counts) =>
    problems.has(who) || problems.has('blasnet')
      ? []
      : counts.map((threads) => timed(bench, who, threads, job, 'time-predictions'));
  const contestants = [...turns('blasnet', ourThreads), ...turns(rival, theirThreads)];
  const progress = (/** @type {string} */ line) => bench.log(`${id} ${name}: ${line}`);
  const outcomes = await takeTurns(contestants, bench.rounds, progress);
  const outcomeOf = (/** @type {RivalId} */ who, /** @type {number} */ threads) =>
    problems.get(who) ?? outcomes.get(keyOf(who, threads)) ?? { unavailable: 'not run' };

  for (const threads of ourThreads) {
    const what = { case: id, variant: name, threads: String(threads), quantity };
    const ours = outcomeOf('blasnet', threads);
    const choices = equalThreads ? [threads] : theirThreads;
    const theirs = fastest(choices.map((n) => ({ title: titleOf(rival, n), outcome: outcomeOf(rival, n) })));
    if (atMost !== undefined) bench.rows.push(compare({ ...what, must: { atMost } }, ours));
    bench.rows.push(compare({ ...what, must: { ratio: must } }, ours, theirs));
  }
}

/**
 * @param {Bench} bench
 * @param {string} id
 * @param {PredictionVariant} variant
 * @param {Job & { batchRows: number, way: string }} job
 * @param {readonly number[]} ourThreads
 * @returns {Promise<Map<RivalId, Problem>>} the contestants that cannot be timed, and why
 */
async function verifyPredictions(bench, id, { name, rival, tolerance, task }, job, ourThreads) {
  /** @type {Map<RivalId, Problem>} */
  const problems = new Map();
  const claim = { case: id, variant: name, what: `predictions (${task.dtype})`, tolerance };
  const ours = await resultOf(bench, 'blasnet', { ...job, threads: 1 });
  if ('unavailable' in ours) return problems.set('blasnet', ours);
  for (const threads of ourThreads.slice(1)) {
    const many = await resultOf(bench, 'blasnet', { ...job, threads });
    if ('unavailable' in many) continue; // the timing will say so, too
    const title = `blasnet on ${threads} threads`;
    const problem = verifyEqual(bench, { ...claim, tolerance: 0 }, title, ours, many);
    if (problem !== undefined) return problems.set('blasnet', problem);
  }
  const theirs = await resultOf(bench, rival, { ...job, threads: 1 });
  const problem =
    'unavailable' in theirs ? theirs : verifyEqual(bench, claim, rivalEntry(rival).title, ours, theirs);
  return problem === undefined ? problems : problems.set(rival, problem);
}
