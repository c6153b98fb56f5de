import { describe, expect, it } from 'vitest';
import { native } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';
import { type LossName, lossNames } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import {
  combinations,
  expectClose,
  expectSameBits,
  float32,
  float64,
  floatTypes,
  guarded,
  lengths,
  sizes,
} from './helpers';
import { labelsFor, labelsOf, lossOf, outputsFor } from './loss-calls';

const nan = Number.NaN;

const smoothed: readonly LossName[] = [
  'binaryCrossEntropy',
  'categoricalCrossEntropy',
  'sparseCategoricalCrossEntropy',
];

/** Options to test: [what, options]. */
function settings(name: LossName, m: number, outputs: number): [string, oracle.LossOptions][] {
  const weights = oracle.randomArray(m, 13, 0, 3);
  return [
    ['plain', {}],
    ['weighted', { weights }],
    ...(smoothed.includes(name)
      ? ([['smoothed', { smoothing: 0.125, weights }]] satisfies [string, oracle.LossOptions][])
      : []),
    ...(name === 'huber'
      ? ([['delta', { delta: 2.5, weights }]] satisfies [string, oracle.LossOptions][])
      : []),
    ...(name === 'quantile'
      ? ([
          ['levels', { levels: Array.from({ length: outputs }, (_, j) => ((j % 9) + 1) / 10), weights }],
        ] satisfies [string, oracle.LossOptions][])
      : []),
  ];
}

describe.each(floatTypes)('losses of $dtype', (type) => {
  it.each(lossNames)('%s equals the oracle, and so does its gradient', (name) => {
    for (const [m, outputs] of combinations(sizes, sizes)) {
      const Z = outputsFor(type, name, m * outputs);
      for (const Y of labelsFor(type, name, m, outputs)) {
        for (const [setting, options] of settings(name, m, outputs)) {
          const what = `${m} x ${outputs}, ${setting}`;
          const given = options.weights && { weights: type.array(options.weights) };
          const [scale, formula] = [1 / m, oracle.lossFormula(name, { ...options, ...given })];
          const { loss, dZ } = lossOf(type, name, Z, Y, outputs, { ...options, scale });
          const [A, labels] = [oracle.dense(Z, m, outputs), oracle.dense(Y, m, labelsOf(name, outputs))];
          const expected = formula.value(A, labels) * m;
          // The terms of an element have sizes up to 100, and their sum is off by at most 70 roundings.
          const terms = (name.endsWith('Entropy') || name === 'klDivergence' ? m * outputs : m) * 3;
          const roundings = (outputs + 20) * type.epsilon;
          expectClose([loss], [expected], roundings * (Math.abs(expected) + 8 * terms), what);
          const sum = Math.max(...Array.from(Y)) * outputs;
          const steepest = formula
            .gradient(A, labels)
            .data.reduce((most, g) => Math.max(most, Math.abs(g * m)), 1);
          const allowed = roundings * scale * Math.max(steepest, sum) * 3;
          expectClose(dZ, formula.gradient(A, labels).data, allowed, what);
        }
      }
    }
  });

  it.each(lossNames)('%s of many samples is as precise as that of few', (name) => {
    // Equal terms are the worst case of a running sum: all rounding errors have one sign.
    const m = 300_000;
    const Z = type.array(2 * m).fill(name === 'klDivergence' ? 0.25 : 3.3);
    const labels = { hinge: [-1, 1], sparseCategoricalCrossEntropy: [1] }[name as string] ?? [0, 1];
    const Y = type.array(labels.length * m);
    for (let i = 0; i < m; i++) Y.set(labels, i * labels.length);
    const one = oracle
      .lossFormula(name)
      .value(oracle.dense(Z.slice(0, 2), 1, 2), oracle.dense(labels, 1, labels.length));
    const { loss } = lossOf(type, name, Z, Y, 2);
    expectClose([loss / m / one], [1], Math.max(40 * type.epsilon, 1e-10));
  });

  it('have worked values', () => {
    const of = (name: LossName, Z: number[], Y: number[], outputs: number, scale: number, more = {}) => {
      const { loss, dZ } = lossOf(type, name, type.array(Z), type.array(Y), outputs, { scale, ...more });
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
    expectClose(of('sparseCategoricalCrossEntropy', [7, 7], [0], 2, 1), [Math.log(2), -0.5, 0.5], epsilon);
    expect(of('meanAbsoluteError', [1, 2, -3, 4], [1, 0, 0, 0], 2, 1)).toEqual([4.5, 0, 0.5, -0.5, 0.5]);
    expect(of('huber', [1, 0.5, -3, 4], [1, 0, 0, 0], 2, 1, { delta: 2 })).toEqual([5.0625, 0, 0.25, -1, 1]);
    expect(of('huber', [3], [1], 1, 1, { delta: 2 })).toEqual([2, 2]);
    expect(of('hinge', [0.5, 2, 1, -1], [1, 1, 1, 1], 1, 1)).toEqual([2.5, -1, 0, 0, -1]);
    expect(of('hinge', [0.5, -2], [-1, -1], 2, 1)).toEqual([0.75, 0.5, 0]);
    expectClose(of('logCosh', [2, 0], [1, 0], 1, 1), [Math.log(Math.cosh(1)), Math.tanh(1), 0], 2 * epsilon);
    expectClose(of('poisson', [1, 2], [0, 4], 2, 1), [1.5 - 2 * Math.LN2 - 1e-7, 0.5, -0.5], 1e-7);
    expectClose(of('klDivergence', [0.5, 0.5], [0, 1], 2, 1), [Math.LN2, 0, -2], epsilon);
    expect(of('quantile', [1, 2, -3, 4], [1, 0, 0, 0], 2, 1, { levels: [0.25, 0.5] })).toEqual([
      1.875, 0, 0.25, -0.125, 0.25,
    ]);
    expect(of('klDivergence', [0, 0.5], [0, 0.5], 2, 1)).toEqual([0, -0, -1]);
  });

  it('smooth labels as Keras does', () => {
    for (const name of smoothed) {
      const outputs = 4;
      const Z = outputsFor(type, name, 5 * outputs);
      const Y = labelsFor(type, name, 5, outputs)[0] as FloatArray;
      const s = 0.25;
      const sparse = name === 'sparseCategoricalCrossEntropy';
      const oneHot = sparse ? (labelsFor(type, 'categoricalCrossEntropy', 5, outputs)[0] as FloatArray) : Y;
      const share = name === 'binaryCrossEntropy' ? s / 2 : s / outputs;
      const soft = type.array(Array.from(oneHot, (y) => y * (1 - s) + share));
      const dense = sparse ? 'categoricalCrossEntropy' : name;
      const [actual, expected] = [
        lossOf(type, name, Z, Y, outputs, { smoothing: s }),
        lossOf(type, dense, Z, soft, outputs),
      ];
      expect(actual.loss).toBe(expected.loss);
      expectSameBits(actual.dZ, expected.dZ);
    }
  });

  it('the sparse cross-entropy is that of one-hot labels, to the last bit', () => {
    for (const [m, outputs] of combinations(sizes, sizes)) {
      const Z = outputsFor(type, 'categoricalCrossEntropy', m * outputs);
      const [oneHot] = labelsFor(type, 'categoricalCrossEntropy', m, outputs) as [FloatArray];
      const [classes] = labelsFor(type, 'sparseCategoricalCrossEntropy', m, outputs) as [FloatArray];
      const dense = lossOf(type, 'categoricalCrossEntropy', Z, oneHot, outputs);
      const sparse = lossOf(type, 'sparseCategoricalCrossEntropy', Z, classes, outputs);
      expect(sparse.loss).toBe(dense.loss);
      expectSameBits(sparse.dZ, dense.dZ);
    }
  });

  it.each(lossNames)('%s is unchanged by weights of one, and 0 by weights of zero', (name) => {
    const [m, outputs] = [37, 3];
    const Z = outputsFor(type, name, m * outputs);
    const Y = labelsFor(type, name, m, outputs).at(-1) as FloatArray;
    const plain = lossOf(type, name, Z, Y, outputs, { scale: 0.3 });
    const ones = lossOf(type, name, Z, Y, outputs, { scale: 0.3, weights: new Array(m).fill(1) });
    // Without weights the compiler may fuse the products into the sums, which skips a rounding.
    expectClose([ones.loss], [plain.loss], 4 * type.epsilon * Math.abs(plain.loss));
    expectSameBits(ones.dZ, plain.dZ);
    const zeros = lossOf(type, name, Z, Y, outputs, { weights: new Array(m).fill(0) });
    expect(zeros.loss + 0).toBe(0);
    expect(zeros.dZ.every((g) => g === 0)).toBe(true);
  });

  it('stay finite and right for saturated logits', () => {
    for (const size of [800, 1e4, 1e30]) {
      const z = type.array([size])[0] as number;
      const Z = type.array([z, z, -z, -z]);
      const binary = lossOf(type, 'binaryCrossEntropy', Z, type.array([1, 0, 1, 0]), 1);
      expect(binary.loss).toBe(type.array([2 * z])[0]);
      expect(Array.from(binary.dZ)).toEqual([0, 1, -1, 0]);
      const logits = type.array([z, -z, z, -z]);
      for (const [name, labels] of [
        ['categoricalCrossEntropy', [1, 0, 0, 1]],
        ['sparseCategoricalCrossEntropy', [0, 1]],
      ] as const) {
        const { loss, dZ } = lossOf(type, name, logits, type.array(labels), 2);
        expect(loss).toBe(2 * z);
        expect(Array.from(dZ)).toEqual([0, 0, 1, -1]);
      }
    }
    // The tail must not get lost: log(1 + e^-z) is about e^-z.
    const right = lossOf(type, 'binaryCrossEntropy', type.array([80]), type.array([1]), 1).loss;
    expectClose([right / Math.exp(-80)], [1], 3 * type.epsilon);
    const most = lossOf(type, 'binaryCrossEntropy', type.array([type.most, -type.most]), type.array(2), 1);
    expect(most.loss).toBe(type.most);
  });

  it('stay finite for far outputs, and keep small values', () => {
    const of = (name: LossName, a: number, y: number) => {
      const { loss, dZ } = lossOf(type, name, type.array([a]), type.array([y]), 1);
      return [loss, dZ[0] as number];
    };
    const far = type.array([1e30])[0] as number;
    expect(of('logCosh', far, 0)).toEqual([far, 1]);
    expect(of('logCosh', -far, 0)).toEqual([far, -1]);
    const small = type.array([1e-5])[0] as number;
    expectClose([(of('logCosh', small, 0)[0] as number) / (small ** 2 / 2)], [1], 20 * type.epsilon + 1e-10);
    expect(of('huber', far, 0)).toEqual([far, 1]);
    expect(of('meanAbsoluteError', -far, 0)).toEqual([far, -1]);
    // Probabilities and rates of 0.
    const bound = 100 * Math.LN2;
    const [divergence, slope] = of('klDivergence', 0, 1) as [number, number];
    expectClose([divergence / bound, slope], [1, -(2 ** 100)], 4 * type.epsilon);
    expectClose([of('poisson', 0, 1)[0] as number], [-Math.log(1e-7)], 30 * type.epsilon);
    expect(of('poisson', -1, 1)[0]).toBe(nan);
  });

  it.each(lossNames)('%s passes NaN on, to its own sample only', (name) => {
    for (const outputs of [1, 2, 9, 16]) {
      for (const [z, y] of [
        [nan, 1],
        [nan, 0],
        [0.5, nan],
      ] as const) {
        const perSample = labelsOf(name, outputs);
        const Z = type.array(3 * outputs).fill(0.5);
        const Y = type.array(3 * perSample).fill(name === 'sparseCategoricalCrossEntropy' ? 0 : 0.25);
        const place = 2 * outputs - 1;
        Z[place] = z;
        Y[2 * perSample - 1] = y;
        const { loss, dZ } = lossOf(type, name, Z, Y, outputs);
        expect(loss).toBe(nan);
        // If the label is 0, the slope of klDivergence is 0 for every output.
        if (!(name === 'klDivergence' && y === 0)) expect(dZ[place]).toBe(nan);
        const others = [...dZ.subarray(0, outputs), ...dZ.subarray(2 * outputs)];
        expect(others.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it.each(lossNames)("the gradient of %s doesn't depend on where a sample stands", (name) => {
    const outputs = 3;
    const Z = outputsFor(type, name, 100 * outputs, 5);
    const Y = labelsFor(type, name, 100, outputs).at(-1) as FloatArray;
    const perSample = labelsOf(name, outputs);
    const whole = lossOf(type, name, Z, Y, outputs).dZ;
    for (const [start, length] of combinations([0, 1, 2, 3, 5, 17], lengths)) {
      const cut = (array: FloatArray, count: number) =>
        array.subarray(start * count, (start + length) * count);
      expectSameBits(lossOf(type, name, cut(Z, outputs), cut(Y, perSample), outputs).dZ, cut(whole, outputs));
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
      for (const Y of labelsFor(type, 'binaryCrossEntropy', length, 1)) {
        const [A, labelled] = [oracle.dense(P, length, 1), oracle.dense(Y, length, 1)];
        const expected = oracle.binaryCrossEntropy.value(A, labelled) * length;
        expectClose([native.binaryCrossEntropy(P, Y)], [expected], 10 * type.epsilon * expected);
        const gradient = oracle.map(oracle.binaryCrossEntropy.gradient(A, labelled), (g) => g * length);
        // The gradient sums two quotients of opposite signs, with sizes up to 100.
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
    // Inside the bounds, values do not change.
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

it('the bounds on probabilities are those that functional.ts names', () => {
  expect(Math.log(float64.leastNormal)).toBeCloseTo(-708.4, 1);
  expect(float64.leastNormal).toBe(2 ** -1022);
  expect(1 - float64.epsilon / 2).toBe(1 - 2 ** -53);
  expect(float32.leastNormal).toBe(2 ** -126);
  expect(Math.fround(1 - float32.epsilon / 2)).toBe(1 - 2 ** -24);
});
