/**
 * The constructors and methods of native.Columns and native.Pipeline, as calls.mjs has those of Plan.
 *
 * @typedef {import('./arguments.mjs').Argument} Argument
 */
import {
  callback,
  doubles,
  flag,
  floats,
  limits,
  notArrays,
  number,
  otherArrays,
  positive,
  properties,
  shared,
  size,
} from './arguments.mjs';

const either = { anyType: true };

/** Ascending columns below 3. @param {number[]} columns @returns {Argument} */
const columns = (...columns) => ({
  make: () => Uint32Array.from(columns),
  wrong: () => [
    ...[undefined, ...notArrays, ...otherArrays, Int32Array.from(columns), new Uint32Array(0)],
    ...[[3], [0, 3], [1, 0], [0, 0], [2 ** 32 - 1]].map((wrong) => Uint32Array.from(wrong)),
  ],
});

/** The properties that all operations of Columns share, and others. @param {Record<string, Argument>} others */
const given = (others) => [
  properties({
    X: floats(15, either),
    rows: positive(5),
    width: positive(3),
    columns: columns(0, 2),
    skipMissing: flag(false),
    ...others,
  }),
  callback(),
];

/** @returns {Argument} */
const percent = () => ({
  ...number(25),
  wrong: (Float) => [...number(25).wrong(Float), -1, 100.1, Number.NaN],
});

const steps = () => [
  {
    columns: Uint32Array.of(0, 1),
    center: Float64Array.of(1, 2),
    scale: Float64Array.of(3, 4),
    offset: 0,
    clip: Float64Array.of(0, 1),
  },
  { columns: Uint32Array.of(1), fill: Float64Array.of(7), indicators: Uint32Array.of(1, 2) },
  { columns: Uint32Array.of(2), categories: [Float64Array.of(0, 0.5, 2)], refuseUnknown: false },
];

/** The right steps, but with one property that is wrong. @param {number} i @param {object} change */
const changed = (i, change) => steps().map((step, at) => (at === i ? { ...step, ...change } : step));

/** @returns {Argument} */
const stepList = () => ({
  make: steps,
  wrong: () => [
    ...[undefined, null, 3, 'x', true, Symbol('x'), { length: 1 }],
    ...[[3], [null], [{}], [{ columns: Uint32Array.of(0) }]],
    ...notArrays.flatMap((value) => [
      changed(0, { columns: value }),
      changed(0, { center: value }),
      changed(0, { scale: value }),
      changed(1, { fill: value }),
      changed(1, { indicators: value }),
      changed(2, { categories: [value] }),
    ]),
    ...[changed(0, { columns: Uint32Array.of(0, 3) }), changed(0, { center: new Float64Array(1) })],
    ...[changed(0, { scale: new Float32Array(2) }), changed(0, { offset: '0' })],
    ...[changed(0, { clip: new Float64Array(1) }), changed(1, { indicators: Uint32Array.of(2, 1) })],
    ...[changed(1, { fill: new Float64Array(0) }), changed(2, { columns: Uint32Array.of(5) })],
    ...[changed(2, { categories: null }), changed(2, { categories: [] })],
    ...[
      changed(2, { categories: [Float64Array.of(2, 1)] }),
      changed(2, { categories: [new Float64Array(0)] }),
    ],
    ...[changed(2, { refuseUnknown: 1 })],
  ],
});

/** @type {Record<string, { constructorArguments: Argument[], methods: Record<string, Argument[]> }>} */
export const preprocessingCalls = {
  Columns: {
    constructorArguments: [shared(8, true)],
    methods: {
      moments: given({ means: doubles(2), variances: doubles(2), present: doubles(2) }),
      extremes: given({ least: doubles(2), most: doubles(2) }),
      orders: given({ low: percent(), high: percent(), orders: doubles(10) }),
      quantiles: given({
        percentiles: {
          make: () => Float64Array.of(0, 50, 100),
          wrong: () => [
            undefined,
            ...notArrays,
            new Float32Array(3),
            Float64Array.of(0, 101),
            Float64Array.of(Number.NaN),
          ],
        },
        quantiles: doubles(6),
      }),
      splits: given({
        classes: {
          make: () => null,
          wrong: () => [
            ...notArrays.filter((value) => value !== null),
            ...[new Float64Array(5), new Int32Array(4)],
          ],
        },
        count: size(2),
        targets: {
          make: () => [Float64Array.of(1, 0, 2, 5, 4), Float64Array.of(3, 1, Number.NaN, 0, 2)],
          wrong: () => [
            ...[undefined, null, 3, 'x', {}, new Float64Array(5), []],
            ...[...notArrays, new Float32Array(5), new Float64Array(4)].map((value) => [value]),
          ],
        },
        ...{ bins: positive(3), least: positive(1), edges: doubles(8), counts: doubles(2) },
      }),
      categories: given({ most: size(9), counts: doubles(2) }),
      copyCategories: [
        size(0),
        {
          make: () => new Float64Array(1),
          wrong: () => [undefined, ...notArrays, new Float32Array(1), new Int32Array(1)],
        },
      ],
      limitThreads: limits(),
      stop: [],
      clearStop: [],
    },
  },
  Pipeline: {
    constructorArguments: [properties({ columns: positive(3), steps: stepList(), outcome: shared(8, true) })],
    methods: {
      transform: [floats(15, either), positive(5), floats(35, either), callback()],
      inverse: [floats(35, either), positive(5), floats(15, either), callback()],
      limitThreads: limits(),
      stop: [],
      clearStop: [],
    },
  },
};
