// Equal results come first: a rival with different results is not timed.

import { readPredictions } from './jobs.mjs';
import { ProcessError } from './processes.mjs';
import { rivalEntry } from './rivals.mjs';
import { largestDifference } from './statistics.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Job } from './jobs.mjs' */
/** @import { RivalId } from './rivals.mjs' */

/**
 * The result of a job: the losses of its epochs, if it trains, and the predictions for X.
 * @typedef {{ losses?: number[], predictions: Float64Array }} Result
 */

/**
 * The reason why a contestant cannot be timed.
 * @typedef {{ unavailable: string, wrong?: boolean }} Problem
 */

/** @typedef {{ case: string, variant: string, what: string, tolerance: number }} Claim */

/** Outputs are probabilities. Differences of smaller outputs are relative to this number. */
const predictionFloor = 0.1;

/**
 * @param {Bench} bench
 * @param {RivalId} id
 * @param {Job & { threads: number, epochs?: number, way?: string }} job
 * @returns {Promise<Result | { unavailable: string }>}
 */
export async function resultOf(bench, id, job) {
  const missing = bench.missing(id);
  if (missing !== undefined) return { unavailable: missing };
  try {
    const answer = await bench.ask(id, { task: job.epochs === undefined ? 'predict' : 'train', ...job });
    return 'unavailable' in answer ? answer : { ...answer, predictions: readPredictions(job) };
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    return { unavailable: `failed: ${error.message}` };
  }
}

/**
 * Compares a rival's result with ours and records the difference.
 *
 * @param {Bench} bench
 * @param {Claim} claim
 * @param {string} title   the name of the rival
 * @param {Result} ours
 * @param {Result} theirs
 * @returns {Problem | undefined} the reason not to time the rival
 */
export function verifyEqual(bench, claim, title, ours, theirs) {
  const differences = [largestDifference(ours.predictions, theirs.predictions, predictionFloor)];
  if (ours.losses !== undefined) differences.push(largestDifference(ours.losses, theirs.losses ?? [], 0));
  const difference = Math.max(...differences);
  bench.verified.push({ ...claim, with: title, difference });
  bench.log(
    `${claim.case} ${claim.variant}: ${claim.what} differ from ${title} by ${difference.toExponential(1)}, ` +
      `allowed ${claim.tolerance}`,
  );
  if (difference <= claim.tolerance) return undefined;
  const reason = `${claim.what} differ by ${difference.toExponential(1)}, allowed ${claim.tolerance}`;
  return { unavailable: reason, wrong: true };
}

/** The name of a rival in the table, with its number of threads. */
export function titleOf(/** @type {RivalId} */ id, /** @type {number} */ threads) {
  const { title, threads: choices } = rivalEntry(id);
  return choices.length === 1 ? title : `${title} (${threads})`;
}
