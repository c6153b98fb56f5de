// The way back of scalers on the calling thread has the bits of native code.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { minMaxScaler, preprocessing, robustScaler, standardScaler } from '../../lib/preprocessing';
import { randomMatrix } from '../network/helpers';

const cols = 3;
const columns = fc.constantFrom(undefined, [0], [2, 1]);
const scaler = fc
  .tuple(fc.constantFrom(standardScaler, robustScaler, minMaxScaler), columns)
  .map(([make, chosen]) => make(chosen === undefined ? {} : { columns: chosen }));

it.each(['float64', 'float32'] as const)(
  'takes any numbers of %s back, in place, and leaves other rows',
  (dtype) => {
    const numbers = fc.array(fc.double(), { minLength: 4 * cols, maxLength: 4 * cols });
    const property = fc.property(
      fc.array(scaler, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 1000 }),
      numbers,
      fc.integer({ min: 1, max: 4 }),
      (steps, seed, given, rows) => {
        const pipeline = preprocessing(steps).fit(randomMatrix(9, cols, seed));
        const matrix = Matrix.zeros(4, cols, dtype);
        matrix.data.set([...given.slice(0, -1), -0]);
        const expected = matrix.data.slice();
        expected.set(pipeline.inverse(new Matrix(matrix.data.slice(0, rows * cols), rows, cols)).data);
        pipeline.inverseHereWork(matrix, rows);
        expect(Array.from(matrix.data)).toEqual(Array.from(expected));
      },
    );
    fc.assert(property, { numRuns: 300, seed: 7 });
  },
);
