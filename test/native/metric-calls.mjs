/**
 * The constructor and the methods of native.Metrics, as calls.mjs has those of Plan.
 *
 * @typedef {import('./arguments.mjs').Argument} Argument
 */
import {
  callback,
  code,
  detached,
  doubles,
  limits,
  noCodes,
  noSizes,
  notArrays,
  numbers,
  positive,
  properties,
  shared,
} from './arguments.mjs';

/**
 * Numbers of any type that metrics take.
 *
 * @param {number} length @param {{ optional?: boolean }} [but]
 * @returns {Argument}
 */
const anyNumbers = (length, but = {}) => ({
  make: (Float) => new Float(length).fill(0.5),
  wrong: (Float) => [
    ...[...notArrays, undefined].filter((value) => !but.optional || (value !== null && value !== undefined)),
    ...[new BigInt64Array(length), new Int16Array(length), new Int8Array(length)],
    ...[new Float(length - 1), new Uint8Array(length - 1), detached(new Float(length))],
  ],
});

/**
 * @param {typeof import('../../lib/addon/binding.js').native} native
 */
export function metricCallsOf({ labelRules, rowValues, records }) {
  /** @param {object} table */
  const lastOf = (table) => Object.keys(table).length - 1;

  /** (rows, cols, indices, value, classes, threshold, k, epsilon, scale) */
  const request = [5, 2, 0, rowValues.squaredError, 1, 0.5, 1, 1e-6, 1];
  const refused = { 3: noCodes(lastOf(rowValues)), 6: noSizes };
  // The arrays have no elements for more rows or columns.
  const tooLarge = { 0: [...noSizes, 6, 2 ** 40], 1: [...noSizes, 3, 2 ** 40] };

  /** @param {number} results @param {boolean} [takesMeans] @returns {Argument[]} */
  const comparison = (results, takesMeans = false) => [
    properties({
      numbers: numbers(request, { ...refused, ...tooLarge }),
      labels: anyNumbers(10),
      predictions: anyNumbers(10),
      weights: anyNumbers(5, { optional: true }),
      ...(takesMeans ? { means: doubles(2) } : {}),
      results: doubles(results),
    }),
    callback(),
  ];

  /** @type {Record<string, Argument[]>} */
  const methods = {
    check: [
      properties({
        data: {
          make: (Float) => new Float(10),
          wrong: () => [...notArrays, undefined, new BigInt64Array(9), new Int16Array(9)],
        },
        rule: code(labelRules.finite, lastOf(labelRules)),
        classes: positive(3),
      }),
      callback(),
    ],
    sumRows: comparison(3),
    sumDeviations: comparison(2 * records.deviation.length, true),
    countDecisions: comparison(2 * records.count.length),
    countConfusions: comparison(4),
    countBins: comparison(records.bin.length),
    rankColumns: comparison(2 * records.ranking.length),
    limitThreads: limits(),
    stop: [],
    clearStop: [],
  };
  return { methods, constructorArguments: [properties({ outcome: shared(records.outcome.length, true) })] };
}
