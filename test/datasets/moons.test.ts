import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import { type Dataset, makeMoons } from '../../lib/datasets';
import demonstration from '../fixtures/moons.json';
import golden from '../fixtures/sklearn-datasets.json';
import { itRejects } from '../support/bad-input';
import { expectNumpy } from '../support/numpy-bits';

describe('makeMoons', () => {
  it("makes the article's 1000 points to the last bit", () => {
    const { X, Y } = makeMoons({ samples: 1000, noise: 0.2, seed: 100 });
    expectNumpy(X.toArray(), demonstration.X);
    expect(Array.from(Y.data)).toEqual(demonstration.y);
    expect([X.rows, X.cols, Y.rows, Y.cols]).toEqual([1000, 2, 1000, 1]);
  });

  it.each(golden.moons)(
    'makes $samples points as scikit-learn: noise $noise, shuffle $shuffle, seed $seed',
    ({ samples, noise, shuffle, seed, ...expected }) => {
      const { X, Y } = makeMoons({ samples, shuffle, seed, ...(noise === null ? {} : { noise }) });
      expectNumpy(X.toArray(), expected.X);
      expect(Array.from(Y.data)).toEqual(expected.y);
    },
  );

  it('puts every point on its half circle when there is no noise', () => {
    const { X, Y } = makeMoons({ samples: 99, seed: 1 });
    for (let i = 0; i < X.rows; i++) {
      const moon = Y.get(i, 0);
      const [x, y] = moon === 0 ? [X.get(i, 0), X.get(i, 1)] : [1 - X.get(i, 0), 0.5 - X.get(i, 1)];
      expect(Math.hypot(x, y)).toBeCloseTo(1, 12);
      expect(y).toBeGreaterThanOrEqual(0);
    }
    expect(Array.from(Y.data).filter((moon) => moon === 1)).toHaveLength(50);
  });

  it("rounds to float32 what float64 holds, on buffers that can't be detached", () => {
    const options = { samples: 21, noise: 0.1, seed: 3 };
    const exact = makeMoons(options);
    const rounded = makeMoons({ ...options, dtype: 'float32' });
    expect(rounded.X.data).toEqual(Float32Array.from(exact.X.data));
    expect(rounded.Y.data).toEqual(Float32Array.from(exact.Y.data));
    for (const { data } of [exact.X, exact.Y, rounded.X, rounded.Y]) {
      expect(data.buffer).toBeInstanceOf(ArrayBuffer);
    }
  });

  it('makes 100 shuffled points without noise by default, others on every call', () => {
    const [first, second] = [makeMoons(), makeMoons()];
    expect(first.X.rows).toBe(100);
    expect(first.X.data).not.toEqual(second.X.data);
    expect(first.X.data.toSorted()).toEqual(second.X.data.toSorted());
  });

  it('is typed by its dtype', () => {
    expectTypeOf(makeMoons()).toEqualTypeOf<Dataset<Float64Array>>();
    expectTypeOf(makeMoons({ dtype: 'float64' }).X).toEqualTypeOf<Matrix<Float64Array>>();
    expectTypeOf(makeMoons({ dtype: 'float32' })).toEqualTypeOf<Dataset>();
  });

  itRejects([
    {
      what: 'a misspelled option',
      // @ts-expect-error there is no such option
      call: () => makeMoons({ sample: 10 }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "sample"; did you mean "samples"?',
    },
    {
      what: "scikit-learn's name of an option",
      // @ts-expect-error there is no such option
      call: () => makeMoons({ random_state: 1 }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "random_state"; did you mean "seed"?',
    },
    {
      what: 'a number for its options',
      // @ts-expect-error it takes one object
      call: () => makeMoons(1000),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected options to be an object, got 1000 (number)',
    },
    {
      what: 'no samples',
      call: () => makeMoons({ samples: 0 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected samples to be a positive integer, got 0 (number)',
    },
    {
      what: 'more samples than a matrix holds',
      call: () => makeMoons({ samples: 2 ** 33 }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected rows * cols to be at most 2^32, got 8589934592 * 2',
    },
    {
      what: 'negative noise',
      call: () => makeMoons({ noise: -0.1 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected noise to be a finite number of at least 0, got -0.1 (number)',
    },
    {
      what: 'noise that is not a number',
      call: () => makeMoons({ noise: Number.NaN }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected noise to be a finite number of at least 0, got NaN (number)',
    },
    {
      what: 'a number for a switch',
      // @ts-expect-error true or false
      call: () => makeMoons({ shuffle: 1 }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected shuffle to be true or false, got 1 (number)',
    },
    {
      what: 'a seed out of range',
      call: () => makeMoons({ seed: -1 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected seed to be an integer from 0 to 4294967295, got -1 (number)',
    },
    {
      what: 'an unknown dtype',
      // @ts-expect-error there is no such dtype
      call: () => makeMoons({ dtype: 'float16' }),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected dtype to be one of 'float64', 'float32', got "float16" (string)`,
    },
  ]);
});
