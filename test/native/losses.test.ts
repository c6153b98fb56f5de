import { describe, expect, it } from 'vitest';
import { type LossName, lossEntry, lossNames } from '../../lib/losses';
import type { FloatArray } from '../../lib/matrix';
import { native } from '../../lib/native';
import * as oracle from '../oracle';
import {
  combinations,
  expectClose,
  expectSameBits,
  type FloatType,
  float32,
  float64,
  floatTypes,
  guarded,
  lengths,
  sizes,
} from './helpers';

const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];

const formulas: Record<LossName, oracle.LossFormula> = {
  binaryCrossEntropy: oracle.binaryCrossEntropyFromLogits,
  categoricalCrossEntropy: oracle.categoricalCrossEntropyFromLogits,
  meanSquaredError: oracle.meanSquaredError,
};

/** Turns rows of samples into columns of them, or back: (rows x cols) to (cols x rows). */
function turned(type: FloatType, values: FloatArray, rows: number, cols: number): FloatArray {
  return type.array(oracle.transpose(oracle.dense(values, rows, cols)).data);
}

/** The sum over the samples, which are rows, and dZ with the factor `scale`. */
function lossOf(type: FloatType, name: LossName, Z: FloatArray, Y: FloatArray, outputs: number, scale = 1) {
  const dZ = guarded(type, Z.length);
  const m = Z.length / outputs;
  const [columnsZ, columnsY] = [turned(type, Z, m, outputs), turned(type, Y, m, outputs)];
  const code = lossEntry(name).code;
  const loss = native.lossFromOutputs(code, m, outputs, columnsZ, columnsY, scale, dZ.data);
  dZ.intact();
  for (const none of [null, undefined]) {
    expect(native.lossFromOutputs(code, m, outputs, columnsZ, columnsY, scale, none as null)).toBe(loss);
  }
  const inPlace = columnsZ.slice();
  expect(native.lossFromOutputs(code, m, outputs, inPlace, columnsY, scale, inPlace)).toBe(loss);
  expectSameBits(inPlace, dZ.data, 'dZ = Z');
  return { loss, dZ: turned(type, dZ.data, outputs, m) };
}

/** Labels of each kind that a loss takes: 0 or 1, between, one-hot, and rows that sum to anything. */
function labels(type: FloatType, m: number, outputs: number): FloatArray[] {
  const oneHot = oracle.build(m, outputs, (r, c) => (c === (r * 7) % outputs ? 1 : 0)).data;
  const binary = oracle.randomArray(m * outputs, 11).map((x) => (x > 0 ? 1 : 0));
  return [oneHot, binary, oracle.randomArray(m * outputs, 12, 0, 1)].map((values) => type.array(values));
}

describe.each(floatTypes)('losses of $dtype', (type) => {
  it.each(lossNames)('%s equals the oracle, and so does its gradient', (name) => {
    for (const [m, outputs] of combinations(sizes, sizes)) {
      const Z = type.array(oracle.randomArray(m * outputs, 1, -8, 8));
      for (const Y of labels(type, m, outputs)) {
        const what = `${m} x ${outputs}`;
        const scale = 1 / m;
        const { loss, dZ } = lossOf(type, name, Z, Y, outputs, scale);
        const [A, labelled] = [oracle.dense(Z, m, outputs), oracle.dense(Y, m, outputs)];
        const expected = formulas[name].value(A, labelled) * m;
        // An element's terms are of sizes up to 100, and a sum of them is off by 70 roundings at most.
        const terms = name === 'meanSquaredError' ? m : m * outputs;
        expectClose([loss], [expected], (outputs + 20) * type.epsilon * (expected + 8 * terms), what);
        const sum = Math.max(...Array.from(Y)) * outputs;
        const allowed = (outputs + 20) * type.epsilon * scale * Math.max(1, sum);
        expectClose(dZ, formulas[name].gradient(A, labelled).data, allowed, what);
      }
    }
  });

  it.each(lossNames)('%s of many samples is as precise as that of few', (name) => {
    // Equal terms are the worst case of a running sum: every rounding goes the same way.
    const m = 300_000;
    const allowed = Math.max(40 * type.epsilon, 1e-10);
    const Z = type.array(2 * m).fill(3.3);
    const Y = type.array(2 * m);
    Y.forEach((_, i) => {
      Y[i] = i % 2;
    });
    const one = formulas[name].value(oracle.dense(Z.slice(0, 2), 1, 2), oracle.dense([0, 1], 1, 2));
    const { loss } = lossOf(type, name, Z, Y, 2);
    expectClose([loss / m / one], [1], allowed);
    const cost = native.binaryCrossEntropy(type.array(m).fill(0.9), type.array(m).fill(1)) / m;
    expectClose([cost / -Math.log(type.array([0.9])[0] as number)], [1], allowed);
  });

  it('have worked values', () => {
    const of = (name: LossName, Z: number[], Y: number[], outputs: number, scale: number) => {
      const { loss, dZ } = lossOf(type, name, type.array(Z), type.array(Y), outputs, scale);
      return [loss, ...dZ];
    };
    const { epsilon } = type;
    expectClose(of('binaryCrossEntropy', [0, 0], [1, 0], 1, 0.5), [2 * Math.log(2), -0.25, 0.25], epsilon);
    expectClose(of('binaryCrossEntropy', [0, 0], [0.5, 1], 2, 1), [2 * Math.log(2), 0, -0.5], epsilon);
    expectClose(of('categoricalCrossEntropy', [7, 7], [1, 0], 2, 1), [Math.log(2), -0.5, 0.5], epsilon);
    expectClose(of('categoricalCrossEntropy', [0, 0], [2, 4], 2, 1), [6 * Math.log(2), 1, -1], 8 * epsilon);
    expect(of('categoricalCrossEntropy', [5], [1], 1, 1)).toEqual([0, 0]);
    expect(of('meanSquaredError', [1, 2, 3, 4], [1, 0, 0, 0], 2, 1)).toEqual([14.5, 0, 2, 3, 4]);
    expect(of('meanSquaredError', [1, 2, 3, 4], [1, 0, 0, 0], 1, 0.25)).toEqual([29, 0, 1, 1.5, 2]);
  });

  it('from logits stay finite and right for saturated ones', () => {
    for (const size of [800, 1e4, 1e30]) {
      const z = type.array([size])[0] as number;
      const Z = type.array([z, z, -z, -z]);
      const binary = lossOf(type, 'binaryCrossEntropy', Z, type.array([1, 0, 1, 0]), 1);
      expect(binary.loss).toBe(type.array([2 * z])[0]);
      expect(Array.from(binary.dZ)).toEqual([0, 1, -1, 0]);
      const logits = type.array([z, -z, z, -z]);
      const categorical = lossOf(type, 'categoricalCrossEntropy', logits, type.array([1, 0, 0, 1]), 2);
      expect(categorical.loss).toBe(2 * z);
      expect(Array.from(categorical.dZ)).toEqual([0, 0, 1, -1]);
    }
    // The tail is not lost: log(1 + e^-z) is e^-z.
    const right = lossOf(type, 'binaryCrossEntropy', type.array([80]), type.array([1]), 1).loss;
    expectClose([right / Math.exp(-80)], [1], 3 * type.epsilon);
    const most = lossOf(type, 'binaryCrossEntropy', type.array([type.most, -type.most]), type.array(2), 1);
    expect(most.loss).toBe(type.most);
  });

  it.each(lossNames)('%s passes NaN on, to its own sample only', (name) => {
    for (const outputs of [1, 2, 9, 16]) {
      for (const [z, y] of [
        [nan, 1],
        [nan, 0],
        [0.5, nan],
      ] as const) {
        const Z = type.array(3 * outputs).fill(0.5);
        const Y = type.array(3 * outputs).fill(0.25);
        const place = 2 * outputs - 1;
        Z[place] = z;
        Y[place] = y;
        const { loss, dZ } = lossOf(type, name, Z, Y, outputs);
        expect(loss).toBe(nan);
        expect(dZ[place]).toBe(nan);
        const others = [...dZ.subarray(0, outputs), ...dZ.subarray(2 * outputs)];
        expect(others.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it.each(lossNames)("%s' gradient doesn't depend on where a sample stands", (name) => {
    const outputs = name === 'categoricalCrossEntropy' ? 3 : 1;
    const Z = type.array(oracle.randomArray(100 * outputs, 5, -9, 9));
    const Y = type.array(oracle.randomArray(100 * outputs, 6, 0, 1));
    const whole = lossOf(type, name, Z, Y, outputs).dZ;
    for (const [start, length] of combinations([0, 1, 2, 3, 5, 17], lengths)) {
      const cut = (array: FloatArray) => array.subarray(start * outputs, (start + length) * outputs);
      expectSameBits(lossOf(type, name, cut(Z), cut(Y), outputs).dZ, cut(whole));
    }
  });

  it.each(lossNames)('%s of no samples is 0', (name) => {
    expect(lossOf(type, name, type.array(0), type.array(0), 3).loss).toBe(0);
  });
});

describe.each(floatTypes)('binary cross-entropy of probabilities, $dtype', (type) => {
  const least = type.leastNormal;
  const most = 1 - type.epsilon / 2;

  function backward(P: FloatArray, Y: FloatArray): FloatArray {
    const dA = guarded(type, P.length);
    native.binaryCrossEntropyBackward(P, Y, dA.data);
    dA.intact();
    return dA.data;
  }

  it('equals the oracle, and so does its gradient', () => {
    for (const length of lengths.filter((size) => size > 0)) {
      const P = type.array(oracle.randomArray(length, 1, 0.01, 0.99));
      for (const Y of labels(type, length, 1)) {
        const [A, labelled] = [oracle.dense(P, length, 1), oracle.dense(Y, length, 1)];
        const expected = oracle.binaryCrossEntropy.value(A, labelled) * length;
        expectClose([native.binaryCrossEntropy(P, Y)], [expected], 10 * type.epsilon * expected);
        const gradient = oracle.map(oracle.binaryCrossEntropy.gradient(A, labelled), (g) => g * length);
        // Two quotients of opposite signs, of sizes up to 100.
        expectClose(backward(P, Y), gradient.data, 200 * type.epsilon);
      }
    }
  });

  it('has worked values', () => {
    const P = type.array([0.5, 0.25, 0.75, 0.5]);
    const Y = type.array([1, 0, 1, 0.5]);
    const expected = 2 * Math.log(2) - 2 * Math.log(0.75);
    expectClose([native.binaryCrossEntropy(P, Y)], [expected], 4 * type.epsilon);
    const gradient = [-2, 4 / 3, -4 / 3, 0];
    expectClose(backward(P, Y), gradient, 2 * type.epsilon);
  });

  it('keeps saturated probabilities inside (0, 1)', () => {
    const cost = (p: number, y: number) => native.binaryCrossEntropy(type.array([p]), type.array([y]));
    const slope = (p: number, y: number) => backward(type.array([p]), type.array([y]))[0] as number;
    const relative = (a: number, b: number) => expectClose([a / b], [1], 2 * type.epsilon);
    // 708.4 and 36.7 in float64, 87.3 and 16.6 in float32
    relative(cost(0, 1), -Math.log(least));
    relative(cost(1, 0), -Math.log(1 - most));
    relative(cost(type.least, 1), -Math.log(least));
    relative(slope(0, 1), -1 / least);
    relative(slope(1, 0), 1 / (1 - most));
    expect(cost(0, 0)).toBe(0);
    relative(cost(1, 1), -Math.log(most));
    expect(slope(0, 0)).toBe(1);
    relative(slope(1, 1), -1);
    // Inside, nothing moves.
    relative(cost(least, 1), -Math.log(least));
    relative(cost(2 * least, 1), -Math.log(2 * least));
    relative(cost(most, 0), -Math.log(1 - most));
    relative(cost(1 - type.epsilon, 0), -Math.log(type.epsilon));
  });

  it('passes NaN on', () => {
    for (const length of [1, 8, 9, 17]) {
      for (const [p, y] of [
        [nan, 1],
        [nan, 0],
        [0.5, nan],
      ] as const) {
        const P = type.array(length).fill(0.5);
        const Y = type.array(length).fill(1);
        P[length - 1] = p;
        Y[length - 1] = y;
        expect(native.binaryCrossEntropy(P, Y)).toBe(nan);
        const dA = backward(P, Y);
        expect(dA[length - 1]).toBe(nan);
        expect(dA.subarray(0, -1).every((value) => value === -2)).toBe(true);
      }
    }
  });
});

describe.each(floatTypes)('hits of $dtype', (type) => {
  const columns = (values: number[], m: number, outputs: number) =>
    turned(type, type.array(values), m, outputs);
  const count = (m: number, outputs: number, A: number[], Y: number[], at = 0.5) =>
    native.countBinaryHits(m, outputs, columns(A, m, outputs), columns(Y, m, outputs), at);
  const categorical = (m: number, outputs: number, A: number[], Y: number[]) =>
    native.countCategoricalHits(m, outputs, columns(A, m, outputs), columns(Y, m, outputs));

  it('are counted as the oracle counts them', () => {
    for (const [m, outputs] of combinations(sizes, sizes)) {
      // Mostly right, or no sample of 65 outputs would be.
      const A = oracle.map(oracle.randomDense(m, outputs, 1, 0, 1), Math.fround);
      const flips = oracle.randomDense(m, outputs, 2, 0, outputs);
      const Y = oracle.zip(A, flips, (a, flip) => (a > 0.5 !== flip < 0.5 ? 1 : 0));
      const expected = Math.round(oracle.accuracy(A, Y) * m);
      expect(count(m, outputs, A.data, Y.data)).toBe(expected);
      const largest = Math.round(oracle.argmaxAccuracy(A, Y) * m);
      expect(categorical(m, outputs, A.data, Y.data)).toBe(largest);
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

  it('by the largest output take the first of equals', () => {
    expect(categorical(3, 3, [1, 2, 3, 3, 2, 3, 0, 0, 0], [0, 0, 1, 0, 1, 0, 1, 0, 0])).toBe(2);
    expect(categorical(1, 3, [5, 5, 1], [0.5, 0.5, 0])).toBe(1);
    expect(categorical(1, 2, [-infinity, -5], [0, 1])).toBe(1);
    expect(categorical(1, 1, [-3], [0])).toBe(1);
    expect(categorical(0, 2, [], [])).toBe(0);
  });
});

it('the bounds on probabilities are those that functional.ts names', () => {
  expect(Math.log(float64.leastNormal)).toBeCloseTo(-708.4, 1);
  expect(float64.leastNormal).toBe(2 ** -1022);
  expect(1 - float64.epsilon / 2).toBe(1 - 2 ** -53);
  expect(float32.leastNormal).toBe(2 ** -126);
  expect(Math.fround(1 - float32.epsilon / 2)).toBe(1 - 2 ** -24);
});
