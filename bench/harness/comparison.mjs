// From the values of two contestants to a row of the result.

import { ratios, spread } from './statistics.mjs';

/** @import { Quantity } from './quantities.mjs' */
/** @import { Requirement, Row } from './rows.mjs' */
/** @import { Outcome } from './rounds.mjs' */
/** @import { Problem } from './verification.mjs' */

/**
 * One contestant's values, and its name in the table.
 * @typedef {{ title: string, outcome: Outcome }} Side
 */

/**
 * @param {{ case: string, variant: string, threads: string, quantity: Quantity, must?: Requirement | undefined }} what
 * @param {Outcome} ours
 * @param {Side} [rival]   none: only our own figure counts
 * @returns {Row}
 */
export function compare({ quantity, must, ...what }, ours, rival) {
  /** @type {Row} */
  const row = {
    ...what,
    unit: quantity.unit,
    ours: figure(ours, quantity),
    ...(rival && { rival: rival.title, theirs: figure(rival.outcome, quantity) }),
    ...(must && { must }),
  };
  if ('unavailable' in ours) return { ...row, ...absence(ours) };
  if (rival === undefined) return row;
  if ('unavailable' in rival.outcome) return { ...row, ...absence(rival.outcome, rival.title) };
  const notes = [
    ours.note && `ours ${ours.note}`,
    rival.outcome.note && `${rival.title} ${rival.outcome.note}`,
  ];
  const note = notes.filter(Boolean).join(', ');
  return { ...row, ratio: ratios(ours.values, rival.outcome.values), ...(note && { note }) };
}

/**
 * The row of a contestant that cannot be timed.
 *
 * @param {{ case: string, variant: string, threads: string }} what
 * @param {Problem} problem
 * @returns {Row}
 */
export function withoutFigure(what, problem) {
  return { ...what, unit: '', ours: null, ...absence(problem) };
}

/** @returns {Pick<Row, 'note' | 'wrong'>} */
function absence(/** @type {Problem} */ { unavailable, wrong }, /** @type {string} */ title = '') {
  return wrong ? { note: unavailable, wrong } : { note: `${title} ${unavailable}`.trim() };
}

/**
 * The fastest of several contestants, by their medians.
 *
 * @template {Side} T
 * @param {readonly T[]} sides   at least one
 * @returns {T}
 */
export function fastest(sides) {
  const medianOf = (/** @type {Side} */ { outcome }) =>
    'values' in outcome ? spread(outcome.values).median : Number.POSITIVE_INFINITY;
  return sides.reduce((best, side) => (medianOf(side) < medianOf(best) ? side : best));
}

function figure(/** @type {Outcome} */ outcome, /** @type {Quantity} */ { of }) {
  return 'values' in outcome ? spread(outcome.values.map(of)) : null;
}
