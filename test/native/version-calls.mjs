/** The class Versions of the library's addon: the arguments of its constructor and methods, as in calls.mjs. */
import {
  callback,
  floats,
  limits,
  notArrays,
  otherArrays,
  properties,
  shared,
  sharedWords,
  size,
} from './arguments.mjs';

/** @typedef {import('./arguments.mjs').Argument} Argument */

const arrays = () => properties({ parameters: floats(5), statistics: floats(2) });

/** @type {Record<'Versions', { constructorArguments: Argument[], methods: Record<string, Argument[]> }>} */
export const versionClasses = {
  Versions: {
    constructorArguments: [
      properties({
        control: {
          make: () => sharedWords(48),
          wrong: () => [undefined, ...notArrays, ...otherArrays, sharedWords(47), new Int32Array(48)],
        },
        memory: shared(16),
        parameters: size(5),
        statistics: size(2),
        stride: { make: () => 8, wrong: (Float) => [...size(8).wrong(Float), 6, 9] },
        outcome: shared(8, true),
      }),
    ],
    methods: {
      publish: [arrays(), callback()],
      copy: [arrays(), callback()],
      current: [],
      limitThreads: limits(),
      stop: [],
      clearStop: [],
    },
  },
};
