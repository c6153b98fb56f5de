// In every round, all contestants take turns. So a slow phase of the machine slows all of them.

import { ProcessError } from './processes.mjs';

/**
 * The value that a process measured, with a remark; or the reason why there is none. The value is in milliseconds for a
 * piece of work, unless the case says otherwise. Lower is better.
 * @typedef {{ value: number, note?: string } | { unavailable: string }} Measurement
 */

/**
 * A program to time.
 * @typedef {object} Contestant
 * @property {string} key
 * @property {() => Promise<Measurement>} measure   in a fresh process
 */

/**
 * One value for each round; or the reason why there is none. `wrong` says that the results are wrong.
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

/** If a rival fails, only its own comparison ends. */
function failure(/** @type {unknown} */ error) {
  if (!(error instanceof ProcessError)) throw error;
  return { unavailable: `failed: ${error.message}` };
}
