import { describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import { type LossName, lossEntry, lossNames } from '../../lib/layers/losses';
import { floatTypes, lengths } from './helpers';
import { kernels, labelRules } from './kernels';

describe.each(floatTypes)('scans of $dtype', (type) => {
  const notFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

  it('find NaN and infinities at every place', () => {
    for (const length of lengths) {
      const data = type.array(length).fill(1);
      expect(native.firstNonFinite(data)).toBe(-1);
      for (let i = 0; i < length; i++) {
        for (const value of notFinite) {
          data[i] = value;
          expect(native.firstNonFinite(data)).toBe(i);
        }
        data[i] = 1;
      }
    }
  });

  it('take every other number for finite', () => {
    const { most, least, leastNormal } = type;
    for (const value of [0, -0, most, -most, least, -least, leastNormal, -leastNormal]) {
      for (const length of lengths) expect(native.firstNonFinite(type.array(length).fill(value))).toBe(-1);
    }
  });

  it('find the first of several', () => {
    for (const length of [5, 16, 33, 65]) {
      for (let i = 0; i < length; i++) {
        const data = type.array(length);
        data.fill(Number.NaN, i);
        expect(native.firstNonFinite(data)).toBe(i);
        expect(native.firstOutside(data, 0, 1)).toBe(i);
      }
    }
  });

  it('find values outside an interval at every place', () => {
    const outside = [1 + type.epsilon, 0.25 - type.epsilon, -0.5, type.most, -type.most, ...notFinite];
    for (const length of lengths) {
      // The bounds exclude 0, because lanes past the end of an array hold 0 and must not count.
      const data = type.array(length).fill(0.5);
      expect(native.firstOutside(data, 0.25, 1)).toBe(-1);
      for (let i = 0; i < length; i++) {
        for (const value of outside) {
          data[i] = value;
          expect(native.firstOutside(data, 0.25, 1)).toBe(i);
        }
        for (const value of [0.25, 1]) {
          data[i] = value;
          expect(native.firstOutside(data, 0.25, 1)).toBe(-1);
        }
        data[i] = 0.5;
      }
    }
  });

  it('take -0 for 0, and nothing for inside an interval that is empty or NaN', () => {
    expect(native.firstOutside(type.array([-0]), 0, 1)).toBe(-1);
    expect(native.firstOutside(type.array([0]), -0, 1)).toBe(-1);
    expect(native.firstOutside(type.array([0.5]), 1, 0)).toBe(0);
    expect(native.firstOutside(type.array([0.5]), Number.NaN, 1)).toBe(0);
    expect(native.firstOutside(type.array([0.5]), 0, Number.NaN)).toBe(0);
  });

  // For each loss with 5 outputs: numbers that are valid labels, and numbers that are not.
  const { most, least, epsilon } = type;
  const numbers = [[0, -0, 1, -1, 0.5, most, -most, least], notFinite] as const;
  const fractions = [
    [0, -0, 1, 0.5, least],
    [-least, 1 + epsilon, 2, ...notFinite],
  ] as const;
  const labels: Record<LossName, readonly [readonly number[], readonly number[]]> = {
    binaryCrossEntropy: fractions,
    categoricalCrossEntropy: fractions,
    klDivergence: fractions,
    sparseCategoricalCrossEntropy: [
      [0, -0, 1, 2, 3, 4],
      [-1, 5, 0.5, 4 - 2 * epsilon, least, most, ...notFinite],
    ],
    poisson: [
      [0, -0, 1, 0.5, most],
      [-least, -1, ...notFinite],
    ],
    hinge: [
      [-1, 1],
      [0, 0.5, -0.5, 2, 1 + epsilon, ...notFinite],
    ],
    meanSquaredError: numbers,
    meanAbsoluteError: numbers,
    huber: numbers,
    quantile: numbers,
    logCosh: numbers,
  };

  it.each(lossNames)('find values that are no labels of %s at every place', (name) => {
    const rule = labelRules.indexOf(lossEntry(name).labelRule);
    const [good, bad] = labels[name];
    for (const length of lengths) {
      const data = type.array(Array.from({ length }, (_, i) => good[i % good.length] as number));
      expect(kernels.firstBadLabel(data, rule, 5)).toBe(-1);
      for (let i = 0; i < length; i++) {
        const before = data[i] as number;
        for (const value of bad) {
          data[i] = value;
          expect(kernels.firstBadLabel(data, rule, 5), `${value}`).toBe(i);
        }
        data[i] = before;
      }
    }
  });

  it('see their own array only, wherever it starts', () => {
    for (const start of [1, 2, 3, 7]) {
      for (const length of lengths) {
        const all = type.array(start + length + 20).fill(Number.NaN);
        const data = all.subarray(start, start + length).fill(0.5);
        expect(native.firstNonFinite(data)).toBe(-1);
        expect(native.firstOutside(data, 0, 1)).toBe(-1);
      }
    }
  });
});
