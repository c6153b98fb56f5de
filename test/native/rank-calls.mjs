/**
 * The class RankGroup of the library's addon: the arguments of its constructor and methods, as in calls.mjs. No library is
 * loaded, so the group is this process alone.
 */
import { callback, limits, notArrays, number, properties, shared, size } from './arguments.mjs';

/** @typedef {import('./arguments.mjs').Argument} Argument */

/** @type {Argument} */
const noLibraries = {
  make: () => [],
  wrong: () => [undefined, null, 3, 'libmpi.so', {}, [3], [null], new Float64Array(3)],
};
/** @type {Argument} */
const text = { make: () => 'a text', wrong: () => [undefined, null, 3, {}, [], Symbol('x')] };
/** @type {Argument} */
const bytes = {
  make: () => Uint8Array.of(1, 2, 3),
  wrong: () => [undefined, ...notArrays, new Int8Array(3), new Float64Array(3)],
};
/** @type {Argument} */
const noRanks = {
  make: () => new Uint32Array(0),
  wrong: () => [undefined, ...notArrays, Uint32Array.of(0), Uint32Array.of(1), new Int32Array(1)],
};
/** @type {Argument} */
const seconds = { make: () => 1, wrong: (Float) => [...number(1).wrong(Float), 0, -1, Number.NaN] };

/** @type {Record<'RankGroup', { constructorArguments: Argument[], methods: Record<string, Argument[]> }>} */
export const rankClasses = {
  RankGroup: {
    constructorArguments: [properties({ outcome: shared(8, true) })],
    methods: {
      open: [properties({ libraries: noLibraries, seconds }), callback()],
      gather: [bytes, callback()],
      gathered: [],
      // It is alone, so any rank is wrong.
      post: [noRanks, bytes],
      listen: [noRanks, callback()],
      heard: [],
      fail: [text, callback()],
      close: [callback()],
      abort: [{ make: () => 3, wrong: (Float) => [...size(3).wrong(Float), 256] }],
      state: [],
      busy: [],
      find: [noLibraries],
      facts: [],
      limitThreads: limits(),
      stop: [],
      clearStop: [],
    },
  },
};
