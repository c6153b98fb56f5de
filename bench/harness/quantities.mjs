// The kinds of figures, and how they are written.

/** @import { Spread } from './statistics.mjs' */

/**
 * A kind of measured figure. `of` converts milliseconds for a piece of work to it. `better` says whether lower or higher
 * figures are better.
 *
 * @typedef {object} Quantity
 * @property {string} unit
 * @property {(milliseconds: number) => number} of
 * @property {'lower' | 'higher'} better
 */

/** @returns {Quantity} */
export function time(/** @type {string} */ piece) {
  return { unit: `ms ${piece}`.trim(), of: (milliseconds) => milliseconds, better: 'lower' };
}

/** @returns {Quantity} */
export function microseconds(/** @type {string} */ piece) {
  return { unit: `us ${piece}`.trim(), of: (milliseconds) => 1000 * milliseconds, better: 'lower' };
}

/** @returns {Quantity} */
export function seconds(/** @type {string} */ piece) {
  return { unit: `s ${piece}`.trim(), of: (milliseconds) => milliseconds / 1000, better: 'lower' };
}

/** @returns {Quantity} */
export function rate(/** @type {string} */ unit, /** @type {number} */ pieces) {
  return { unit: `${unit}/s`, of: (milliseconds) => (1000 * pieces) / milliseconds, better: 'higher' };
}

/** Three significant digits, thousands separated: 0.412, 27.3, 72,000. */
export function number(/** @type {number} */ value) {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const digits = Math.floor(Math.log10(Math.abs(value))) + 1;
  if (digits > 3) {
    const rounded = Math.round(value / 10 ** (digits - 3)) * 10 ** (digits - 3);
    return rounded.toLocaleString('en-US', { maximumFractionDigits: 0 });
  }
  return value.toPrecision(3);
}

/** 0.724 (0.71..0.76): the median, the smallest and the largest value of the rounds. */
export function withSpread(/** @type {Spread} */ { median, min, max }) {
  const middle = number(median);
  return min === max ? middle : `${middle} (${number(min)}..${number(max)})`;
}
