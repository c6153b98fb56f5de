// Several figures that one process measures.

/** @import { Contestant } from './rounds.mjs' */

/**
 * Contestants that share a process: the first of a round starts it, the others take their figures from its answer.
 *
 * @param {string} key   the keys of the contestants are this and the name of their figure
 * @param {readonly string[]} names   of the figures
 * @param {() => Promise<Record<string, number>>} measure
 * @returns {Contestant[]}
 */
export function together(key, names, measure) {
  /** @type {Promise<Record<string, number>> | undefined} */
  let answer;
  /** @type {Set<string>} */
  const taken = new Set();
  return names.map((name) => ({
    key: `${key} ${name}`,
    measure: async () => {
      if (answer === undefined || taken.has(name)) {
        answer = measure();
        taken.clear();
      }
      taken.add(name);
      const value = (await answer)[name];
      return value === undefined ? { unavailable: 'not measured' } : { value };
    },
  }));
}
