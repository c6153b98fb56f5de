// Medians and spreads of a few rounds.

/** @typedef {{ median: number, min: number, max: number }} Spread */

/** @param {readonly number[]} values   at least one */
export function median(values) {
  if (values.length === 0) throw new RangeError('The median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ i) => /** @type {number} */ (sorted[Math.floor(i)]);
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2;
}

/**
 * The smallest value that this share of the values does not exceed.
 *
 * @param {readonly number[]} values   at least one
 * @param {number} share   such as 0.99
 */
export function quantile(values, share) {
  if (values.length === 0) throw new RangeError('The quantile of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  return /** @type {number} */ (sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]);
}

/**
 * @param {readonly number[]} values   at least one
 * @returns {Spread}
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How a series grows. The slope is that of the line of least squares, over the whole series.
 *
 * @param {readonly number[]} values   at least two
 * @returns {{ first: number, last: number, slope: number }}
 */
export function growth(values) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  let products = 0;
  let squares = 0;
  for (const [i, value] of values.entries()) {
    const x = i - (n - 1) / 2;
    products += x * (value - mean);
    squares += x * x;
  }
  return { first: Number(values[0]), last: Number(values[n - 1]), slope: (products / squares) * (n - 1) };
}

/**
 * The rival's value divided by ours, round by round: a slow phase of the machine slows both values of a round.
 *
 * @param {readonly number[]} ours
 * @param {readonly number[]} rival   of equal length
 */
export function ratios(ours, rival) {
  if (ours.length !== rival.length) throw new RangeError('Rounds that do not pair');
  return spread(ours.map((value, round) => /** @type {number} */ (rival[round]) / value));
}

/**
 * The largest difference between two series, relative to the expected values, or to `floor` where those are smaller. It
 * is Infinity if the lengths differ, if the series are empty, or if a value is NaN.
 *
 * @param {ArrayLike<number>} actual
 * @param {ArrayLike<number>} expected
 * @param {number} floor
 */
export function largestDifference(actual, expected, floor) {
  if (actual.length !== expected.length || actual.length === 0) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const right = /** @type {number} */ (expected[i]);
    const difference = Math.abs(/** @type {number} */ (actual[i]) - right) / Math.max(Math.abs(right), floor);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
