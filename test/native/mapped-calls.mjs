/** The class MappedFile of the library's addon: the arguments of its constructor and methods, as in calls.mjs. */
import { fileURLToPath } from 'node:url';
import { callback, limits, notArrays, notNumbers, positive, properties, shared, size } from './arguments.mjs';

/** @typedef {import('./arguments.mjs').Argument} Argument */

const path = fileURLToPath(import.meta.url);

/** @type {Record<'MappedFile', { constructorArguments: Argument[], methods: Record<string, Argument[]>, prepare: (object: any) => void }>} */
export const mappedClasses = {
  MappedFile: {
    constructorArguments: [properties({ outcome: shared(8, true) })],
    prepare: (object) => object.open({ path }),
    methods: {
      open: [
        properties({
          path: {
            make: () => path,
            wrong: () => [
              undefined,
              3,
              '',
              'a\0b',
              ...notNumbers.filter((value) => typeof value !== 'string'),
            ],
          },
        }),
        callback(),
      ],
      size: [],
      read: [
        {
          make: () => new Uint8Array(16),
          wrong: () => [
            ...[undefined, ...notArrays, new Uint8Array(2 ** 16), new Int8Array(16), new Float64Array(2)],
          ],
        },
      ],
      // More bytes than there are behind the start.
      buffer: [
        properties({
          start: size(16),
          bytes: { make: () => 64, wrong: (Float) => [2000, ...positive(8).wrong(Float)] },
        }),
      ],
      close: [],
      limitThreads: limits(),
      stop: [],
      clearStop: [],
    },
  },
};
