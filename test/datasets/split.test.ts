import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { type Split, trainTestSplit } from '../../lib/datasets';
import demonstration from '../fixtures/moons.json';
import golden from '../fixtures/sklearn-datasets.json';
import { itRejects } from '../support/bad-input';

// X (rows, 3) and Y (rows, 1), whose numbers tell their row.
function numbered(rows: number): { X: Matrix<Float64Array>; Y: Matrix<Float64Array> } {
  const X = Float64Array.from({ length: rows * 3 }, (_, i) => Math.floor(i / 3) + (i % 3) / 10);
  const Y = Float64Array.from({ length: rows }, (_, i) => i);
  return { X: new Matrix(X, rows, 3), Y: new Matrix(Y, rows, 1) };
}

describe('trainTestSplit', () => {
  it("makes the article's split", () => {
    const X = Matrix.from(demonstration.X);
    const Y = Matrix.from(demonstration.y.map((label) => [label]));
    const { train, test, trainIndex, testIndex } = trainTestSplit(X, Y, { testSize: 0.1, seed: 42 });
    expect(Array.from(trainIndex)).toEqual(demonstration.trainIndex);
    expect(Array.from(testIndex)).toEqual(demonstration.testIndex);
    expect(train.X.toArray()).toEqual(demonstration.trainIndex.map((i) => demonstration.X[i]));
    expect(Array.from(train.Y.data)).toEqual(demonstration.trainIndex.map((i) => demonstration.y[i]));
    expect(test.X.toArray()).toEqual(demonstration.testIndex.map((i) => demonstration.X[i]));
    expect(Array.from(test.Y.data)).toEqual(demonstration.testIndex.map((i) => demonstration.y[i]));
  });

  it.each(golden.splits)(
    'splits $rows rows as scikit-learn: testSize $testSize, shuffle $shuffle, seed $seed',
    ({ rows, testSize, shuffle, seed, ...expected }) => {
      const { X, Y } = numbered(rows);
      const { train, test } = trainTestSplit(X, Y, { testSize, shuffle, seed });
      expect(Array.from(train.Y.data)).toEqual(expected.trainIndex);
      expect(Array.from(test.Y.data)).toEqual(expected.testIndex);
    },
  );

  it('keeps every row once, and each with its label', () => {
    const anySize = fc.integer({ min: 2, max: 60 }).chain((rows) =>
      fc.record({
        rows: fc.constant(rows),
        testSize: fc.oneof(
          fc.integer({ min: 1, max: rows - 1 }),
          fc.double({ min: 0, minExcluded: true, max: (rows - 1) / rows, noNaN: true }),
        ),
        shuffle: fc.boolean(),
        seed: fc.nat(),
      }),
    );
    fc.assert(
      fc.property(anySize, ({ rows, ...options }) => {
        const { X, Y } = numbered(rows);
        const { train, test, trainIndex, testIndex } = trainTestSplit(X, Y, options);
        const all = [...trainIndex, ...testIndex].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: rows }, (_, row) => row));
        for (const part of [train, test]) {
          expect(part.X.rows).toBeGreaterThanOrEqual(1);
          expect(part.Y.rows).toBe(part.X.rows);
          for (let r = 0; r < part.X.rows; r++) {
            const row = part.Y.get(r, 0);
            expect(Array.from(part.X.row(r))).toEqual([row, row + 0.1, row + 0.2]);
          }
        }
      }),
    );
  });

  it('takes a quarter by default, other rows on every call', () => {
    const { X, Y } = numbered(1000);
    const [first, second] = [trainTestSplit(X, Y), trainTestSplit(X, Y)];
    expect([first.train.X.rows, first.test.X.rows]).toEqual([750, 250]);
    expect(first.testIndex).not.toEqual(second.testIndex);
  });

  it('keeps each dtype, copies, and cannot be detached', () => {
    const { X } = numbered(4);
    const labels = Float32Array.from([0, 1, 0, 1]);
    const { train, test } = trainTestSplit(X, new Matrix(labels, 4, 1), { seed: 1 });
    expectTypeOf(train.X).toEqualTypeOf<Matrix<Float64Array>>();
    expectTypeOf(train.Y).toEqualTypeOf<Matrix<Float32Array>>();
    expect([train.X.dtype, train.Y.dtype, test.X.dtype, test.Y.dtype]).toEqual([
      'float64',
      'float32',
      'float64',
      'float32',
    ]);
    const before = train.Y.toArray();
    labels.fill(7);
    expect(train.Y.toArray()).toEqual(before);
    for (const { data } of [train.X, train.Y, test.X, test.Y]) {
      expect(data.buffer).toBeInstanceOf(ArrayBuffer);
    }
  });

  it('takes rows of numbers as well', () => {
    const split = trainTestSplit(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [[0], [1], [0]],
      { testSize: 1, shuffle: false },
    );
    expectTypeOf(split).toEqualTypeOf<Split>();
    expect(split.train.X.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(split.test).toEqual({ X: Matrix.from([[5, 6]]), Y: Matrix.from([[0]]) });
  });

  const { X, Y } = numbered(10);
  const sizeRule = 'a share of the rows between 0 and 1, or a positive whole number of them';
  const badSize = (testSize: number) =>
    ({
      what: `${testSize} for the size of the test`,
      call: () => trainTestSplit(X, Y, { testSize }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected testSize to be ${sizeRule}, got ${testSize} (number)`,
    }) as const;

  itRejects([
    badSize(0),
    badSize(-0.5),
    badSize(1.5),
    badSize(Number.NaN),
    badSize(Number.POSITIVE_INFINITY),
    {
      what: 'a test of all rows',
      call: () => trainTestSplit(X, Y, { testSize: 10 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected testSize to be small enough to leave one of 10 rows for training, got 10 (number)',
    },
    {
      what: 'a share that rounds up to all rows',
      call: () => trainTestSplit(X, Y, { testSize: 0.91 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected testSize to be small enough to leave one of 10 rows for training, got 0.91 (number)',
    },
    {
      what: 'a share in words',
      // @ts-expect-error a number
      call: () => trainTestSplit(X, Y, { testSize: '10%' }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected testSize to be ${sizeRule}, got "10%" (string)`,
    },
    {
      what: 'a misspelled option',
      // @ts-expect-error there is no such option
      call: () => trainTestSplit(X, Y, { test_size: 0.1 }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "test_size"; did you mean "testSize"?',
    },
    {
      what: 'labels for fewer rows',
      call: () => trainTestSplit(X, numbered(9).Y),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected Y to have as many rows as X (10), got 9',
    },
    {
      what: 'a single row',
      call: () => trainTestSplit([[1]], [[0]]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected X to have at least 2 rows, got 1',
    },
    {
      what: 'a matrix whose buffer was transferred away',
      call: () => {
        const data = new Float64Array(10);
        const labels = new Matrix(data, 10, 1);
        structuredClone(data, { transfer: [data.buffer] });
        return trainTestSplit(X, labels);
      },
      error: TypeError,
      code: 'ERR_BLASNET_DETACHED',
      message: 'Expected Y to be an array whose buffer is not detached, got a Float64Array of length 0',
    },
  ]);
});
