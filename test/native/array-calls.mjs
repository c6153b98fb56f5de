/**
 * The class Arrays of the library's addon, and the hash of the tests' addon: the arguments of their constructors,
 * methods and functions, as in calls.mjs.
 */
import {
  callback,
  code,
  floats,
  limits,
  notArrays,
  number,
  otherArrays,
  properties,
  shared,
  size,
  words,
} from './arguments.mjs';

/** @typedef {import('./arguments.mjs').Argument} Argument */

/** Bytes, as many as there are. @param {number} count @param {unknown[]} wrong @returns {Argument} */
const bytes = (count, ...wrong) => ({
  make: () => new Uint8Array(count).fill(7),
  wrong: () => [
    undefined,
    ...notArrays,
    ...otherArrays.filter((array) => !(array instanceof Uint8Array)),
    ...[new Int8Array(count), new Uint8ClampedArray(count)],
    ...wrong,
  ],
});

/** Typed arrays of 13 bytes in all. @returns {Argument} */
const arrays = () => ({
  make: () => [new Uint8Array(5).fill(1), new Float32Array(2), new Int16Array(0)],
  wrong: () => [
    ...[undefined, null, 3, 'x', {}, new Uint8Array(13), new ArrayBuffer(13)],
    ...[[], [new Uint8Array(12)], [new Uint8Array(14)], [new Uint8Array(13), null], [new ArrayBuffer(13)]],
    [new DataView(new ArrayBuffer(13))],
  ],
});

/** @type {Record<'Arrays', { constructorArguments: Argument[], methods: Record<string, Argument[]> }>} */
export const arrayClasses = {
  Arrays: {
    constructorArguments: [properties({ outcome: shared(8, true) })],
    methods: {
      hash: [properties({ state: words(26), bytes: bytes(70) }), callback()],
      copy: [properties({ from: arrays(), to: arrays() }), callback()],
      fill: [
        properties({ value: number(2), out: floats(5, { anyLength: true, anyType: true }) }),
        callback(),
      ],
      columns: [
        properties({
          from: {
            make: () => Uint16Array.of(1, 2, 3, 4, 5, 6),
            wrong: () => [undefined, ...notArrays, new BigInt64Array(6), new Uint8Array(5)],
          },
          rows: size(3),
          cols: { make: () => 2, wrong: (Float) => [...size(2).wrong(Float), 1] },
          out: {
            make: () => [new Float64Array(3), new Float64Array(3)],
            wrong: () => [
              undefined,
              null,
              {},
              [new Float64Array(3)],
              [new Float64Array(3), new Float64Array(2)],
              [new Float64Array(3), new Float32Array(3)],
            ],
          },
        }),
        callback(),
      ],
      convert: [
        properties({
          from: {
            make: () => Uint16Array.of(1, 2, 3, 4, 5),
            wrong: () => [
              ...[undefined, ...notArrays, new BigInt64Array(5), new Int16Array(5), new Int8Array(5)],
              ...[new Uint8Array(6), new Float64Array(6)],
            ],
          },
          out: floats(5, { anyType: true }),
        }),
        callback(),
      ],
      checkFinite: [floats(5, { anyLength: true, anyType: true }), callback()],
      beginHash: [words(26)],
      endHash: [words(26), bytes(32, new Uint8Array(31))],
      ...{ limitThreads: limits(), stop: [], clearStop: [] },
    },
  },
};

/** @type {Record<'sha256Blocks', Argument[]>} */
export const hashCalls = { sha256Blocks: [code(0, 2), words(8), bytes(128, new Uint8Array(63))] };
