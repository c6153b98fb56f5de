/**
 * The class TextReader of the library's addon: the arguments of its constructor and methods, as in calls.mjs.
 */
import {
  callback,
  code,
  flag,
  floats,
  limits,
  notArrays,
  otherArrays,
  properties,
  shared,
  size,
  steps,
} from './arguments.mjs';

/** @typedef {import('./arguments.mjs').Argument} Argument */

/** @param {string[]} values @returns {Argument} */
const strings = (...values) => ({
  make: () => values,
  wrong: () => [undefined, null, 3, 'x', {}, [3], [null], new Float64Array(2)],
});

/** The code of an ASCII character. @param {string} character @returns {Argument} */
const character = (character) => code(character.charCodeAt(0), 127);

/**
 * An array of this class, at least this long.
 * @param {Float64ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor} kind
 * @param {number} length @param {number} least @param {boolean} [optional] @returns {Argument}
 */
const array = (kind, length, least, optional = false) => ({
  make: () => new kind(length),
  wrong: () => [
    ...(optional ? [] : [undefined, null]),
    ...[
      ...notArrays.filter((value) => value !== null),
      ...otherArrays.filter((other) => other.constructor !== kind),
    ],
    ...(least > 0 ? [new kind(least - 1)] : []),
  ],
});

/** @returns {Argument} */
const bytes = () => ({
  make: () => new TextEncoder().encode('2,y,false\n'),
  wrong: () => [undefined, ...notArrays, new Float64Array(2), new Int16Array(2)],
});

/** Reads a row, so that there are three columns: of numbers, of texts and of truth values. @param {any} reader */
export function prepareReader(reader) {
  reader.add(new TextEncoder().encode('a,b,c\n1,x,true\n'));
  reader.readHeader({ last: false });
  reader.read({ last: false, rows: 9, bytes: 99 });
}

const csv = properties({
  ...{ header: flag(true), trim: flag(true), fill: flag(true) },
  ...{ delimiter: character(','), quote: character('"'), decimal: character('.') },
  ...{ thousands: character(','), comment: character('#'), skipLines: size(0) },
  missing: strings('', 'NA'),
});
const json = properties({
  names: strings('a', 'b'),
  kinds: {
    make: () => Int32Array.of(2, 3),
    wrong: () => [
      undefined,
      ...notArrays,
      ...otherArrays,
      Int32Array.of(2),
      Int32Array.of(2, 6),
      Int32Array.of(-1, 2),
    ],
  },
  otherwise: code(0, 1),
});

/** @type {Argument} */
const nothing = { make: () => null, wrong: () => [] };

/** @type {{ TextReader: import('./row-calls.mjs').CallsOfClass & { prepare(reader: any): void } }} */
export const textClasses = {
  TextReader: {
    constructorArguments: [properties({ outcome: shared(8, true), csv, json: nothing })],
    prepare: prepareReader,
    methods: {
      add: [bytes()],
      readHeader: [properties({ last: flag(false) })],
      names: [],
      setKinds: [
        {
          make: () => Int32Array.of(0, 0, 0),
          wrong: () => [
            undefined,
            ...notArrays,
            ...otherArrays,
            Int32Array.of(0, 0),
            Int32Array.of(0, 0, 6),
            Int32Array.of(-1, 0, 0),
          ],
        },
      ],
      read: [properties({ last: flag(false), rows: steps(9), bytes: steps(99) }), callback()],
      full: [],
      summarise: [properties({ texts: steps(9), bytes: steps(99) }), callback()],
      summaries: [array(Float64Array, 12, 12)],
      fault: [],
      describe: [array(Float64Array, 15, 15)],
      take: [
        properties({
          column: { make: () => 1, wrong: (Float) => [...size(1).wrong(Float), 3] },
          values: array(Int32Array, 64, 1),
          bytes: array(Uint8Array, 64, 1, true),
          ends: array(Float64Array, 64, 1),
        }),
        callback(),
      ],
      clear: [],
      clearTexts: [{ make: () => 1, wrong: (Float) => [...size(1).wrong(Float), 3] }],
      ...{ limitThreads: limits(), stop: [], clearStop: [] },
    },
  },
};

/** @param {number[]} values @param {number[][]} wrong @returns {Argument} */
const integers = (values, ...wrong) => ({
  make: () => Int32Array.from(values),
  wrong: () => [
    undefined,
    ...notArrays,
    ...otherArrays.filter((array) => array.length > 0),
    ...wrong.map((list) => Int32Array.from(list)),
  ],
});

/** A list of typed arrays. @param {() => unknown[]} make @param {() => unknown[][]} wrong @returns {Argument} */
const arrays = (make, wrong) => ({
  make,
  wrong: () => [undefined, null, 3, {}, new Float64Array(3), [], ...wrong()],
});

const columns = () => [
  Float64Array.of(1, Number.NaN, 3, 4),
  Int32Array.of(0, 1, -1, 7),
  Int8Array.of(0, 1, -1, 1),
];

/** @type {Record<'TableEncoder', import('./row-calls.mjs').CallsOfClass>} */
export const encoderClasses = {
  TableEncoder: {
    constructorArguments: [
      properties({
        outcome: shared(8, true),
        columns: size(3),
        // Scale the numbers, say which are missing, encode the codes, once as codes, and the flags.
        parts: integers(
          [0, 0, 3, 3, 0, 0, 5, 1, 2, 8, 1, 2, 6, 2, 0],
          ...[
            [0, 3, 3],
            [9, 0, 0],
            [-1, 0, 0],
            [0, 0, 2],
            [0, 0, 9],
            [5, 1, 0],
            [5, 1, 1],
            [8, 1, 1],
          ],
        ),
        numbers: {
          make: () => Float64Array.of(1, 2, 0, 3, 0, 3, 1),
          wrong: () => [
            undefined,
            ...notArrays,
            new Float32Array(7),
            new Float64Array(6),
            Float64Array.of(1, 2, 0, -1, 0, 3, 1),
            Float64Array.of(1, 2, 0, 0.5, 0, 3, 1),
            Float64Array.of(1, 2, 0, 3, 2, 3, 1),
            Float64Array.of(1, 2, 0, 3, 0, 3, 0.5),
            Float64Array.of(1, 2, 0, 3, 0, 2 ** 32, 1),
          ],
        },
        refuseUnknown: flag(false),
      }),
    ],
    methods: {
      encode: [
        properties({
          columns: arrays(columns, () => [
            columns().slice(1),
            [...columns().slice(0, 2), new Int8Array(3)],
            [new Float32Array(4), ...columns().slice(1)],
          ]),
          known: arrays(
            () => [null, Int32Array.of(2, 0), null],
            () => [
              [null, null, null],
              [null, Int32Array.of(1)],
              [null, new Float64Array(2), null],
            ],
          ),
          rows: size(4),
          out: floats(24, { anyType: true }),
          codes: integers([0, 0, 0, 0], [0]),
        }),
        callback(),
      ],
      encodeRow: [array(Float64Array, 3, 3), floats(6, { anyType: true }), integers([0], [])],
      ...{ limitThreads: limits(), stop: [], clearStop: [] },
    },
  },
};

/** @type {Record<'TableColumns', import('./row-calls.mjs').CallsOfClass>} */
export const tableColumnClasses = {
  TableColumns: {
    constructorArguments: [properties({ outcome: shared(8, true) })],
    methods: {
      describe: [
        properties({
          values: {
            make: () => Int8Array.of(0, 1, -1),
            wrong: () => [undefined, ...notArrays, new Float32Array(3), new Uint8Array(3)],
          },
          out: array(Float64Array, 6, 6),
        }),
        callback(),
      ],
      count: [
        properties({
          codes: integers([0, 1, -1, 1]),
          counts: array(Float64Array, 2, 0),
          order: integers([0, 0], [0]),
        }),
        callback(),
      ],
      sort: [
        properties({
          values: array(Float64Array, 3, 0),
          order: {
            make: () => new Uint32Array(3),
            wrong: () => [undefined, ...notArrays, new Uint32Array(2)],
          },
        }),
        callback(),
      ],
      ...{ limitThreads: limits(), stop: [], clearStop: [] },
    },
  },
};

/** The arguments of a reader of JSON, for the constructor. */
export const jsonArguments = [properties({ outcome: shared(8, true), csv: nothing, json })];
