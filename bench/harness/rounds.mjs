// Everyone takes turns, round after round, so that what slows the machine for a while slows everyone.

import { ProcessError } from './processes.mjs';

/**
 * What a process measured, with a remark on it; or why it could not. The value is in milliseconds (a piece of work)
 * unless the case says otherwise; less is better.
 * @typedef {{ value: number, note?: string } | { unavailable: string }} Measurement
 */

/**
 * Somebody who is timed.
 * @typedef {object} Contestant
 * @property {string} key
 * @property {() => Promise<Measurement>} measure   in a fresh process
 */

/**
 * A value a round; or why there is none, in the worst case because the results are wrong.
 * @typedef {{ values: number[], note?: string } | { unavailable: string, wrong?: boolean }} Outcome
 */

/**
 * @param {readonly Contestant[]} contestants
 * @param {number} rounds
 * @param {(line: string) => void} progress
 * @returns {Promise<Map<string, Outcome>>} by key
 */
export async function takeTurns(contestants, rounds, progress) {
  /** @type {Map<string, Outcome>} */
  const outcomes = new Map(contestants.map(({ key }) => [key, { values: [] }]));
  for (let round = 1; round <= rounds; round++) {
    for (const { key, measure } of contestants) {
      const outcome = outcomes.get(key);
      if (outcome === undefined || 'unavailable' in outcome) continue;
      const measurement = await measure().catch(failure);
      if ('unavailable' in measurement) {
        progress(`round ${round}/${rounds} ${key}: ${measurement.unavailable}`);
        outcomes.set(key, measurement);
        continue;
      }
      progress(`round ${round}/${rounds} ${key}: ${measurement.value.toPrecision(3)}`);
      outcome.values.push(measurement.value);
      if (measurement.note !== undefined) outcome.note = measurement.note;
    }
  }
  return outcomes;
}

/** A rival that fails ends its own comparison, not the others'. */
function failure(/** @type {unknown} */ error) {
  if (!(error instanceof ProcessError)) throw error;
  return { unavailable: `failed: ${error.message}` };
}
