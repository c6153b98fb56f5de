import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/base/matrix';
import * as oracle from '../support/oracle';
import { maskElement, normalElement, subKey, threefry, type Words } from '../support/oracle-random';
import {
  expectClose,
  expectSameBits,
  type FloatType,
  float32,
  floatTypes,
  guarded,
  lengths,
} from './helpers';
import { kernels } from './kernels';

const key: Words = [0x13198a2e, 0x03707344];

function nativeThreefry(of: Words, counter: Words): Words {
  const block = new Uint32Array(2);
  kernels.threefry(...of, ...counter, block);
  return [...block] as unknown as Words;
}

describe('Threefry-2x32-20', () => {
  // The known answers of Random123.
  it.each([
    { of: [0, 0], counter: [0, 0], words: [0x6b200159, 0x99ba4efe] },
    { of: [0xffffffff, 0xffffffff], counter: [0xffffffff, 0xffffffff], words: [0x1cb996fc, 0xbb002be7] },
    { of: [0x13198a2e, 0x03707344], counter: [0x243f6a88, 0x85a308d3], words: [0xc4923a9c, 0x483df7a0] },
  ] as { of: Words; counter: Words; words: Words }[])(
    'turns key $of and counter $counter into $words',
    ({ of, counter, words }) => {
      expect(nativeThreefry(of, counter)).toEqual(words);
      expect(threefry(of, counter)).toEqual(words);
    },
  );

  it('equals plain arithmetic', () => {
    const words = oracle.randomArray(4000, 1, 0, 2 ** 32).map(Math.floor);
    for (let i = 0; i < words.length; i += 4) {
      const [a = 0, b = 0, c = 0, d = 0] = words.slice(i, i + 4);
      expect(nativeThreefry([a, b], [c, d])).toEqual(threefry([a, b], [c, d]));
    }
  });

  it('makes other keys for other times and places', () => {
    const keys = [0, 1, 2 ** 32, 2 ** 32 + 1].flatMap((time) =>
      [0, 1, 2, 1000].map((place) => subKey(key, time, place).join()),
    );
    expect(new Set(keys).size).toBe(16);
  });
});

function mask(
  type: FloatType,
  of: Words,
  row: number,
  first: number,
  size: number,
  rate: number,
): FloatArray {
  const { data, intact } = guarded(type, size);
  kernels.dropoutMask(...of, row, first, rate, 1 / (1 - rate), data);
  intact();
  return data;
}

/** Adds noise to X. */
function noise(type: FloatType, of: Words, row: number, first: number, X: FloatArray, deviation = 1) {
  const { data, intact } = guarded(type, X.length);
  kernels.addNoise(...of, row, first, deviation, X, data);
  intact();
  return data;
}

describe.each(floatTypes)('random numbers of $dtype', (type) => {
  const rates = [0, 1e-9, 0.1, 0.25, 0.5, 0.9, 1 - 2 ** -32];

  it('masks are made of the words of the scalar generator, at any length', () => {
    for (const rate of rates) {
      const [scale = 0] = type.array([1 / (1 - rate)]);
      for (const size of [...lengths, 255, 256, 257, 1000]) {
        const expected = Array.from({ length: size }, (_, i) => maskElement(key, 5, i + 6, rate, scale));
        expectSameBits(mask(type, key, 5, 6, size, rate), type.array(expected), `${size} at ${rate}`);
      }
    }
  });

  it('masks drop the share that is asked for, independently in each row and with each key', () => {
    const size = 100_000;
    for (const rate of [0.1, 0.5, 0.9]) {
      const masks = [key, subKey(key, 1, 0)].flatMap((of) =>
        [0, 1, 2 ** 32 - 1].map((row) => Array.from(mask(type, of, row, 0, size, rate))),
      );
      for (const [i, one] of masks.entries()) {
        const dropped = one.reduce((count, value) => count + Number(value === 0), 0);
        // Five standard deviations.
        const allowed = 5 * Math.sqrt(size * rate * (1 - rate));
        expect(Math.abs(dropped - size * rate)).toBeLessThan(allowed);
        for (const other of masks.slice(i + 1)) {
          const both = one.reduce((count, value, j) => count + Number(value === 0 && other[j] === 0), 0);
          const [share, mean] = [rate * rate, size * rate * rate];
          expect(Math.abs(both - mean)).toBeLessThan(5 * Math.sqrt(size * share * (1 - share)));
        }
      }
    }
  });

  it('masks and noise do not depend on where a row is cut', () => {
    const [whole, X] = [mask(type, key, 3, 0, 1000, 0.5), type.array(oracle.randomArray(1000, 1))];
    const noisy = noise(type, key, 3, 0, X, 0.5);
    for (const [first, size] of [
      [0, 1],
      [2, 7],
      [8, 16],
      [16, 300],
      [254, 4],
      [256, 744],
      [998, 2],
    ] as const) {
      expectSameBits(mask(type, key, 3, first, size, 0.5), whole.slice(first, first + size));
      const part = noise(type, key, 3, first, X.subarray(first, first + size), 0.5);
      expectSameBits(part, noisy.slice(first, first + size));
    }
  });

  it('noise is that of Box and Muller by the words of the scalar generator', () => {
    for (const size of [...lengths, 255, 256, 257, 1000]) {
      const X = type.array(oracle.randomArray(size, 1));
      const expected = Array.from(X, (x, i) => x + 0.3 * normalElement(key, 9, i + 4));
      // A float holds 24 of a word's 32 bits. So angles are off by 4e-7. Uniform numbers near 1 are off by
      // 6e-8, but their radius is short.
      const allowed = type === float32 ? 2e-4 : 1e-14;
      expectClose(noise(type, key, 9, 4, X, 0.3), expected, allowed, `${size}`);
    }
  });

  it('noise has the moments and the tails of the normal distribution', () => {
    const size = 400_000;
    const values = Array.from(noise(type, key, 0, 0, type.array(size)));
    const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / size;
    // Five standard deviations of each: sqrt(var(x^k) / size), with var(x^k) 1, 2, 15 and 96.
    const deviation = (variance: number) => 5 * Math.sqrt(variance / size);
    expectClose([moment(1)], [0], deviation(1), 'mean');
    expectClose([moment(2)], [1], deviation(2), 'variance');
    expectClose([moment(3)], [0], deviation(15), 'third');
    expectClose([moment(4)], [3], deviation(96), 'fourth');
    for (const [beyond, share] of [
      [1, 0.3173105],
      [2, 0.0455003],
      [3, 0.0026998],
      [4, 6.334e-5],
    ] as const) {
      const count = values.reduce((sum, x) => sum + Number(Math.abs(x) > beyond), 0);
      expectClose([count / size], [share], deviation(share), `beyond ${beyond}`);
    }
    expect(values.every((x) => Math.abs(x) < 6.8)).toBe(true);
    // Neighbours come from one block.
    const product = values.reduce((sum, x, i) => sum + (i % 2 === 0 ? x * (values[i + 1] as number) : 0), 0);
    expectClose([(2 * product) / size], [0], deviation(2), 'neighbours');
  });

  it('noise of no deviation changes nothing, and is added in place', () => {
    const X = type.array([1, -2, 3, Number.NaN, Number.POSITIVE_INFINITY]);
    expectSameBits(noise(type, key, 0, 0, X, 0), X);
    const expected = noise(type, key, 1, 0, X, 2);
    kernels.addNoise(...key, 1, 0, 2, X, X);
    expectSameBits(X, expected);
  });
});
