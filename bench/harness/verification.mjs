// Equal results come first: nobody is timed who computes something else.

import { readPredictions } from './jobs.mjs';
import { ProcessError } from './processes.mjs';
import { rivalEntry } from './rivals.mjs';
import { largestDifference } from './statistics.mjs';

/** @import { Bench } from './bench.mjs' */
/** @import { Job } from './jobs.mjs' */
/** @import { RivalId } from './rivals.mjs' */

/**
 * What a job came to: the losses of its epochs, if it trains, and the predictions for X.
 * @typedef {{ losses?: number[], predictions: Float64Array }} Result
 */

/**
 * Why somebody cannot be timed.
 * @typedef {{ unavailable: string, wrong?: boolean }} Problem
 */

/** @typedef {{ case: string, variant: string, what: string, tolerance: number }} Claim */

/** Outputs are probabilities: differences of smaller ones are taken relative to this. */
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
 * Compares a rival's result with ours and keeps what came out.
 *
 * @param {Bench} bench
 * @param {Claim} claim
 * @param {string} title   whose result it is
 * @param {Result} ours
 * @param {Result} theirs
 * @returns {Problem | undefined} why they cannot be timed together
 */
export function verifyEqual(bench, claim, title, ours, theirs) {
  const differences = [largestDifference(ours.predictions, theirs.predictions, predictionFloor)];
  if (ours.losses !== undefined) differences.push(largestDifference(ours.losses, theirs.losses ?? [], 0));
  const difference = Math.max(...differences);
  bench.verified.push({ ...claim, with: title, difference });
  bench.log(
    `${claim.case} ${claim.variant}: ${claim.what} are those of ${title} to ${difference.toExponential(1)}, ` +
      `allowed ${claim.tolerance}`,
  );
  if (difference <= claim.tolerance) return undefined;
  const reason = `${claim.what} differ by ${difference.toExponential(1)}, allowed ${claim.tolerance}`;
  return { unavailable: reason, wrong: true };
}

/** The name of a rival with its number of threads, as the table shows it. */
export function titleOf(/** @type {RivalId} */ id, /** @type {number} */ threads) {
  const { title, threads: choices } = rivalEntry(id);
  return choices.length === 1 ? title : `${title} (${threads})`;
}
