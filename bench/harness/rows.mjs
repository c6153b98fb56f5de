// The rows of the result: a figure, its aim, and whether it reaches the aim.

/** @import { Spread } from './statistics.mjs' */

/**
 * @typedef {object} Row
 * @property {string} case
 * @property {string} variant
 * @property {string} threads
 * @property {string} unit
 * @property {Spread | null} ours
 * @property {string} [rival]          its name and threads
 * @property {Spread | null} [theirs]
 * @property {Spread | null} [ratio]   how many times better ours is
 * @property {Requirement} [must]
 * @property {string} [note]           the reason why there is no figure, or a remark on it
 * @property {boolean} [wrong]         results that should have been equal are not
 */

/**
 * The aim of a row: the lowest allowed ratio, or the largest or the smallest figure that ours may have.
 * @typedef {{ ratio: number } | { atMost: number } | { atLeast: number }} Requirement
 */

/** @typedef {'met' | 'missed' | 'open' | 'wrong' | 'none'} Verdict */

/**
 * @param {Row} row
 * @returns {{ verdict: Verdict, text: string }}
 */
export function judge(row) {
  if (row.wrong) return { verdict: 'wrong', text: `**not equal**: ${row.note}` };
  const figure = row.must === undefined || !('ratio' in row.must) ? row.ours : row.ratio;
  if (row.ours === null || figure === null || figure === undefined) {
    return { verdict: 'open', text: row.note ?? '' };
  }
  if (row.must === undefined) return { verdict: 'none', text: row.note ?? '' };
  const reached = share(row.must, figure.median);
  const verdict = reached >= 1 ? 'met' : 'missed';
  const text = verdict === 'met' ? 'met' : `**missed** by ${Math.max(1, Math.round(100 * (1 - reached)))} %`;
  return { verdict, text: row.note ? `${text}; ${row.note}` : text };
}

/** The share of its aim that a figure reaches; from 1 on, the aim is met. */
function share(/** @type {Requirement} */ must, /** @type {number} */ value) {
  if ('ratio' in must) return value / must.ratio;
  if ('atLeast' in must) return value / must.atLeast;
  return value <= must.atMost ? 1 : must.atMost / value;
}
