import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Dtype, type FloatArray, Matrix } from '../../lib/base/matrix';
import { itRejects } from '../support/bad-input';

// Rows of one length, at least 1 x 1.
const anyRows = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain(([rows, cols]) =>
    fc.array(fc.array(fc.double(), { minLength: cols, maxLength: cols }), {
      minLength: rows,
      maxLength: rows,
    }),
  );

describe('Matrix', () => {
  it('is a view: writes go through to the array, and back', () => {
    const data = new Float64Array(6);
    const matrix = new Matrix(data, 2, 3);
    matrix.set(1, 2, 7);
    expect(data[5]).toBe(7);
    data[3] = 4;
    expect(matrix.get(1, 0)).toBe(4);
    matrix.row(1)[1] = 9;
    expect(Array.from(data)).toEqual([0, 0, 0, 4, 9, 7]);
    expect(matrix.data).toBe(data);
  });

  it('makes zeros of either dtype on an ordinary buffer', () => {
    expectTypeOf(Matrix.zeros(1, 1)).toEqualTypeOf<Matrix<Float64Array>>();
    expectTypeOf(Matrix.zeros(1, 1, 'float32' as Dtype)).toEqualTypeOf<Matrix<FloatArray>>();
    expect(Matrix.zeros(2, 3).dtype).toBe('float64');
    for (const [dtype, kind] of [
      ['float64', Float64Array],
      ['float32', Float32Array],
    ] as const) {
      const matrix: Matrix = Matrix.zeros(2, 3, dtype as Dtype);
      expect(matrix.dtype).toBe(dtype);
      expect(matrix.data).toEqual(new kind(6));
      expect(matrix.data.buffer).toBeInstanceOf(ArrayBuffer);
    }
  });

  it('may be empty', () => {
    expect(Matrix.zeros(0, 3).toArray()).toEqual([]);
    expect(Matrix.zeros(2, 0).transpose()).toEqual(Matrix.zeros(0, 2));
  });

  it('gives back the rows that it is made from, rounded in float32', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        expect(Matrix.from(rows).toArray()).toEqual(rows);
        expect(Matrix.from(rows, 'float32' as Dtype).toArray()).toEqual(
          rows.map((row) => row.map(Math.fround)),
        );
      }),
    );
  });

  it('has element (r, c) in row r, and in row c of the transpose, which is a copy', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const matrix = Matrix.from(rows);
        const transposed = matrix.transpose();
        expect([transposed.rows, transposed.cols]).toEqual([matrix.cols, matrix.rows]);
        rows.forEach((row, r) => {
          expect(Array.from(matrix.row(r))).toEqual(row);
          row.forEach((value, c) => {
            expect(matrix.get(r, c)).toBe(value);
            expect(transposed.get(c, r)).toBe(value);
          });
        });
        expect(transposed.transpose()).toEqual(matrix);
        transposed.data.fill(0);
        expect(matrix.toArray()).toEqual(rows);
      }),
    );
  });

  const matrix = Matrix.zeros(2, 3);
  const from = (rows: unknown) => Matrix.from(rows as number[][]);

  itRejects([
    {
      what: 'a plain array for the data',
      call: () => new Matrix([1, 2] as never, 1, 2),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected data to be a Float64Array or Float32Array, got an array of length 2',
    },
    {
      what: 'integers for the data',
      call: () => new Matrix(new Int16Array(2) as never, 1, 2),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected data to be a Float64Array or Float32Array, got an Int16Array of length 2',
    },
    {
      what: 'data of another length',
      call: () => new Matrix(new Float64Array(5), 2, 3),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected data to be of length 2 * 3 = 6, got a Float64Array of length 5',
    },
    {
      what: 'half a row',
      call: () => Matrix.zeros(1.5, 2),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected rows to be an integer of at least 0, got 1.5 (number)',
    },
    {
      what: 'fewer columns than none',
      call: () => Matrix.zeros(1, -1),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected cols to be an integer of at least 0, got -1 (number)',
    },
    {
      what: 'a string for a size',
      call: () => Matrix.zeros('2' as never, 2),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected rows to be an integer of at least 0, got "2" (string)',
    },
    {
      what: 'more elements than an array holds',
      call: () => Matrix.zeros(2 ** 20, 2 ** 20),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected rows * cols to be at most 2^32, got 1048576 * 1048576',
    },
    {
      what: 'an unknown dtype',
      call: () => Matrix.zeros(1, 1, 'float16' as never),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected dtype to be one of 'float64', 'float32', got "float16" (string)`,
    },
    {
      what: 'rows that are no array',
      call: () => from('1 2'),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected rows to be an array of rows, got "1 2" (string)',
    },
    {
      what: 'no rows',
      call: () => from([]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected rows to be a non-empty array of rows, got an array of length 0',
    },
    {
      what: 'an empty row',
      call: () => from([[]]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected rows[0] to be a non-empty row, got an array of length 0',
    },
    {
      what: 'a flat array',
      call: () => from([1, 2]),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected rows[0] to be an array of numbers, got 1 (number); write one row as [[1, 2]]',
    },
    {
      what: 'a longer row',
      call: () =>
        from([
          [1, 2],
          [3, 4, 5],
        ]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected rows[1] to be of length 2, like the first row, got an array of length 3',
    },
    {
      what: 'a shorter row',
      call: () => from([[1, 2], [3]]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected rows[1] to be of length 2, like the first row, got an array of length 1',
    },
    {
      what: 'a hole in a row',
      call: () => from([[1, undefined]]),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected rows[0][1] to be a number, got undefined',
    },
    {
      what: 'an element of a row after the last',
      call: () => matrix.get(2, 0),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected row to be an integer from 0 to 1, got 2 (number)',
    },
    {
      what: 'an element of a column after the last',
      call: () => matrix.set(0, 3, 1),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected column to be an integer from 0 to 2, got 3 (number)',
    },
    {
      what: 'the row before the first',
      call: () => matrix.row(-1),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected row to be an integer from 0 to 1, got -1 (number)',
    },
  ]);
});
