/**
 * The classes Generator and Rows of the library's addon: the arguments of their constructors and methods, as in calls.mjs.
 */
import {
  callback,
  detached,
  floats,
  limits,
  notArrays,
  number,
  numbers,
  otherArrays,
  positive,
  properties,
  shared,
  size,
  words,
} from './arguments.mjs';

/**
 * @typedef {import('./arguments.mjs').Argument} Argument
 * @typedef {{ readonly constructorArguments: Argument[], readonly methods: Record<string, Argument[]> }} CallsOfClass
 */

const made = () => [properties({ outcome: shared(8, true) })];

/** The methods that every class of operations has. */
const controls = () => ({ limitThreads: limits(), stop: [], clearStop: [] });

/** Doubles of any number. @param {...number} values */
const anyDoubles = (...values) => numbers(values, {}, { anyLength: true, mayBeEmpty: true });

/** @param {boolean} optional @returns {unknown[]} */
const noArrays = (optional) => [
  ...notArrays.filter((value) => !optional || value !== null),
  ...(optional ? [] : [undefined]),
  ...otherArrays,
];

/** Indices of rows, any number of them. @param {boolean} optional @param {number[]} values @returns {Argument} */
const indices = (optional, ...values) => ({
  make: () => Uint32Array.from(values),
  wrong: () => [...noArrays(optional), Int32Array.from(values)],
});

/** Class numbers of 5 rows. @param {boolean} optional @returns {Argument} */
const labels = (optional) => ({
  make: () => Int32Array.of(0, 1, 1, 0, 1),
  wrong: () => [...noArrays(optional), new Int32Array(4), new Uint32Array(5), detached(new Int32Array(5))],
});

/** @param {number} [position] */
const generatorState = (position = 600) => new Uint32Array(625).fill(7).fill(position, 624);
/** @returns {Argument} */
const state = () => ({
  make: () => generatorState(),
  wrong: () => [...words(625).wrong(Float64Array), generatorState(625), generatorState(2 ** 32 - 1)],
});

/** @type {Record<'Generator' | 'Rows', CallsOfClass>} */
export const rowClasses = {
  Generator: {
    constructorArguments: made(),
    methods: {
      orders: [
        properties({
          state: state(),
          from: {
            make: () => Uint32Array.of(0, 1, 2, 3, 4),
            wrong: () => [...noArrays(true), new Uint32Array(4), new Int32Array(5)],
          },
          size: size(5),
          count: { make: () => 4, wrong: (Float) => [...size(4).wrong(Float), 6] },
          orders: {
            make: () => new Uint32Array(10),
            wrong: () => [...noArrays(false), new Uint32Array(4), new Int32Array(10)],
          },
        }),
        callback(),
      ],
      uniform: [
        properties({
          ...{ state: state(), low: number(1), range: number(2) },
          out: floats(5, { anyLength: true, anyType: true }),
        }),
        callback(),
      ],
      normal: [
        properties({
          state: state(),
          spare: numbers([Number.NaN], {}, {}),
          mean: number(1),
          deviation: number(2),
          limit: {
            make: () => 1,
            wrong: (Float) => [...number(1).wrong(Float), 0.9, -1, Number.NaN],
          },
          out: floats(5, { anyLength: true, anyType: true }),
        }),
        callback(),
      ],
      orthogonal: [
        properties({
          state: state(),
          spare: numbers([Number.NaN], {}, {}),
          rows: positive(5),
          cols: positive(3),
          gain: number(2),
          out: floats(15, { anyType: true }),
        }),
        callback(),
      ],
      ...controls(),
    },
  },
  Rows: {
    constructorArguments: made(),
    methods: {
      take: [
        properties({
          from: floats(15, { anyType: true }),
          rows: size(5),
          cols: size(3),
          index: indices(false, 4, 0, 4, 1),
          out: floats(12),
        }),
        callback(),
      ],
      countClasses: [
        properties({
          ...{ labels: labels(false), rows: size(5), cols: positive(1) },
          weights: floats(5, { optional: true, anyType: true }),
          counts: anyDoubles(0, 0),
        }),
        callback(),
      ],
      stratify: [
        properties({
          labels: labels(false),
          rows: size(5),
          cols: positive(1),
          quotas: anyDoubles(1, 1),
          order: {
            make: () => Uint32Array.of(4, 3, 2, 1, 0),
            wrong: () => [...noArrays(false), new Uint32Array(4), new Int32Array(5)],
          },
        }),
        callback(),
      ],
      checkOrder: [indices(false, 4, 0, 3, 1, 2), callback()],
      encodeClasses: [
        properties({
          ...{ numbers: labels(false), rows: size(5) },
          classes: { make: () => 3, wrong: (Float) => [...positive(3).wrong(Float), 1] },
          cols: { make: () => 2, wrong: (Float) => [...positive(2).wrong(Float), 4] },
          ...{ off: number(-1), on: number(1) },
          out: floats(10, { anyType: true }),
        }),
        callback(),
      ],
      decideClasses: [
        properties({
          outputs: floats(10, { anyType: true }),
          ...{ rows: size(5), cols: positive(2) },
          // Several columns have no threshold.
          threshold: { make: () => null, wrong: () => [0.5, 'x', true, {}, Symbol('x')] },
          numbers: labels(false),
        }),
        callback(),
      ],
      checkWeights: [floats(5, { anyLength: true, anyType: true }), callback()],
      listPresent: [
        properties({
          weights: floats(5, { anyLength: true, anyType: true }),
          order: {
            make: () => new Uint32Array(5),
            wrong: () => [...noArrays(false), new Uint32Array(4), new Int32Array(5)],
          },
        }),
        callback(),
      ],
      weigh: [
        properties({
          weights: floats(5, { optional: true, anyType: true }),
          labels: labels(true),
          cols: positive(1),
          ofClass: anyDoubles(1, 2),
          rows: size(5),
          scale: number(1),
          out: floats(5, { anyType: true }),
        }),
        callback(),
      ],
      ...controls(),
    },
  },
};
