import { expect } from 'vitest';
import type { Dtype, FloatArray } from '../../lib/base/matrix';

/** One of the two element types that every kernel is compiled for. */
export interface FloatType {
  readonly dtype: Dtype;
  /** The distance from 1 to the next number. */
  readonly epsilon: number;
  /** The smallest positive number. */
  readonly least: number;
  /** The smallest normal number. */
  readonly leastNormal: number;
  /** The largest finite number. */
  readonly most: number;
  array(values: number | ArrayLike<number>): FloatArray;
}

export const float64: FloatType = {
  dtype: 'float64',
  epsilon: 2 ** -52,
  least: 2 ** -1074,
  leastNormal: 2 ** -1022,
  most: Number.MAX_VALUE,
  array: (values) => new Float64Array(values as ArrayLike<number>),
};

export const float32: FloatType = {
  dtype: 'float32',
  epsilon: 2 ** -23,
  least: 2 ** -149,
  leastNormal: 2 ** -126,
  most: (2 - 2 ** -23) * 2 ** 127,
  array: (values) => new Float32Array(values as ArrayLike<number>),
};

export const floatTypes = [float64, float32];

/** The odd sizes of matrices. */
export const sizes = [1, 3, 17, 65];

/** 0, and lengths around one and several vectors of 2, 4, 8 and 16 lanes. */
export const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65];

/** Every combination of one value from each list, as rows of a table. */
export function combinations<T extends readonly (readonly unknown[])[]>(
  ...lists: T
): { [K in keyof T]: T[K][number] }[] {
  return lists.reduce<unknown[][]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
    [[]],
  ) as { [K in keyof T]: T[K][number] }[];
}

/** The distance between x and the number next to it, away from zero. */
export function ulp({ epsilon, leastNormal }: FloatType, x: number): number {
  const size = Math.max(Math.abs(x), leastNormal);
  let exponent = Math.floor(Math.log2(size));
  // log2 rounds.
  if (2 ** exponent > size) exponent--;
  if (2 ** (exponent + 1) <= size) exponent++;
  return 2 ** exponent * epsilon;
}

/**
 * Expects |actual - expected| <= tolerance for each element; NaN and infinities must be equal. The tolerance
 * is one number, or one per element.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | ArrayLike<number>,
  what = '',
): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number];
    const allowed = typeof tolerance === 'number' ? tolerance : (tolerance[i] as number);
    if (Object.is(a, e) || Math.abs(a - e) <= allowed) continue;
    expect.fail(`${what}[${i}]: got ${a}, expected ${e} +- ${allowed}`);
  }
}

/** The bits of an array; unlike toEqual on numbers, they tell 0 from -0. */
export function bits({ buffer, byteOffset, byteLength }: FloatArray): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Expects equal bits, except that any NaN equals any other NaN. */
export function expectSameBits(actual: FloatArray, expected: FloatArray, what = ''): void {
  if (bits(actual).equals(bits(expected))) return;
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i]))
      expect.fail(`${what}[${i}]: got ${actual[i]}, expected ${expected[i]}`);
  }
}

const guard = 123.5;
const margin = 19;

/**
 * An array of NaN with guard values on both sides. `intact` expects that the guards are unchanged. A function
 * that only writes leaves no NaN.
 */
export function guarded(type: FloatType, length: number): { data: FloatArray; intact(): void } {
  const all = type.array(length + 2 * margin).fill(guard);
  const data = all.subarray(margin, margin + length).fill(Number.NaN);
  return {
    data,
    intact: () => {
      const around = [...all.subarray(0, margin), ...all.subarray(margin + length)];
      expect(around.every((value) => value === guard)).toBe(true);
    },
  };
}
