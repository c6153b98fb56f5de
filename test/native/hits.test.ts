import { describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import { type LossName, lossEntry, lossNames } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { combinations, floatTypes, sizes } from './helpers';
import { hitsOf, turned } from './loss-calls';

const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];

describe.each(floatTypes)('hits of $dtype', (type) => {
  const columns = (values: number[], m: number, outputs: number) =>
    turned(type, type.array(values), m, outputs);
  const count = (m: number, outputs: number, A: number[], Y: number[], at = 0.5) =>
    native.countBinaryHits(m, outputs, columns(A, m, outputs), columns(Y, m, outputs), at);
  const countOf = (name: LossName) => (_m: number, outputs: number, A: number[], Y: number[]) =>
    hitsOf(type, name, type.array(A), type.array(Y), outputs);
  const categorical = countOf('categoricalCrossEntropy');
  const [binary, sparse, hinge] = [
    countOf('binaryCrossEntropy'),
    countOf('sparseCategoricalCrossEntropy'),
    countOf('hinge'),
  ];

  it('are counted as the oracle counts them', () => {
    for (const [m, outputs] of combinations(sizes, sizes)) {
      // Most outputs must be right, or no sample of 65 outputs would be a hit.
      const A = oracle.map(oracle.randomDense(m, outputs, 1, 0, 1), Math.fround);
      const flips = oracle.randomDense(m, outputs, 2, 0, outputs);
      const Y = oracle.zip(A, flips, (a, flip) => (a > 0.5 !== flip < 0.5 ? 1 : 0));
      const expected = Math.round(oracle.accuracy(A, Y) * m);
      expect(count(m, outputs, A.data, Y.data)).toBe(expected);
      const largest = Math.round(oracle.argmaxAccuracy(A, Y) * m);
      expect(categorical(m, outputs, A.data, Y.data)).toBe(largest);
      const classes = Array.from({ length: m }, (_, r) => {
        const row = oracle.row(Y, r);
        return row.indexOf(Math.max(...row));
      });
      expect(sparse(m, outputs, A.data, classes)).toBe(largest);
      const logits = A.data.map((a) => a - 0.5);
      const signs = oracle.map(Y, (y) => 2 * y - 1);
      expect(binary(m, outputs, logits, Y.data)).toBe(expected);
      expect(hinge(m, outputs, logits, signs.data)).toBe(expected);
      expect(oracle.signAccuracy(oracle.dense(logits, m, outputs), signs) * m).toBeCloseTo(expected, 9);
      if (m === 65) {
        expect(expected).toBeGreaterThan(10);
        expect(expected).toBeLessThan(60);
      }
    }
  });

  it('need the class of every output, and take the threshold for class 0', () => {
    expect(count(3, 2, [0.9, 0.1, 0.9, 0.9, 0.2, 0.5], [1, 0, 1, 0, 0, 0])).toBe(2);
    expect(count(4, 1, [0, -0, 1e-30, -1e-30], [0, 0, 1, 0], 0)).toBe(4);
    expect(count(2, 1, [0.6, 0.4], [0.6, 0.4])).toBe(0);
    expect(count(3, 1, [nan, nan, infinity], [1, 0, 1])).toBe(2);
    expect(count(0, 1, [], [])).toBe(0);
  });

  it('take a label between 0 and 1 for the class on its side of 1/2', () => {
    expect(binary(6, 1, [5, -5, 5, -5, 5, -5], [0.9, 0.1, 0.1, 0.9, 0.5, 0.5])).toBe(3);
    expect(binary(2, 2, [1, -1, 1, -1], [0.6, 0.4, 0.6, 0.6])).toBe(1);
  });

  it('take the first of equal outputs for the largest', () => {
    expect(categorical(3, 3, [1, 2, 3, 3, 2, 3, 0, 0, 0], [0, 0, 1, 0, 1, 0, 1, 0, 0])).toBe(2);
    expect(categorical(1, 3, [5, 5, 1], [0.5, 0.5, 0])).toBe(1);
    expect(categorical(1, 2, [-infinity, -5], [0, 1])).toBe(1);
    expect(categorical(1, 1, [-3], [0])).toBe(1);
    expect(categorical(0, 2, [], [])).toBe(0);
  });

  it('take 0 for -1 under hinge', () => {
    expect(hinge(4, 1, [0, -0, 1e-30, -1e-30], [-1, -1, 1, -1])).toBe(4);
    expect(hinge(2, 1, [0, nan], [1, 1])).toBe(0);
    expect(hinge(2, 2, [1, -1, 1, 1], [1, -1, 1, -1])).toBe(1);
  });

  it('are none for losses of numbers', () => {
    for (const name of lossNames) {
      if (lossEntry(name).accuracy) continue;
      const A = type.array([0.25, 0.5]);
      expect(hitsOf(type, name, A, A, 2), name).toBe(0);
    }
  });
});
