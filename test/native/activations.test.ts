import { describe, expect, it } from 'vitest';
import { activationCodes, activationNames } from '../../lib/activations';
import type { FloatArray } from '../../lib/matrix';
import { native, SampleAxis } from '../../lib/native';
import * as oracle from '../oracle';
import {
  combinations,
  expectClose,
  expectSameBits,
  type FloatType,
  floatTypes,
  guarded,
  lengths,
  sizes,
} from './helpers';

const { rows } = SampleAxis;
const axes = ['rows', 'columns'] as const;
const elementwise = (['linear', 'sigmoid', 'relu', 'tanh'] as const).map((name) => [name] as const);
const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];

type Axis = (typeof axes)[number];

function forward(
  type: FloatType,
  name: oracle.Activation,
  Z: FloatArray,
  axis: Axis,
  m: number,
  units: number,
) {
  const A = guarded(type, m * units);
  native.activationForward(activationCodes[name], SampleAxis[axis], m, units, Z, A.data);
  A.intact();
  return A.data;
}

/** The activation of one row of values: one sample for softmax. */
function apply(type: FloatType, name: oracle.Activation, values: number[]): number[] {
  return Array.from(forward(type, name, type.array(values), 'rows', 1, values.length));
}

/** dZ of one row of values. */
function derive(type: FloatType, name: oracle.Activation, dA: number[], A: number[]): number[] {
  const dZ = guarded(type, A.length);
  const code = activationCodes[name];
  native.activationBackward(code, rows, 1, A.length, type.array(dA), type.array(A), dZ.data);
  dZ.intact();
  return Array.from(dZ.data);
}

function shape(axis: Axis, m: number, units: number): [number, number] {
  return axis === 'rows' ? [m, units] : [units, m];
}

describe.each(floatTypes)('activations of $dtype', (type) => {
  it.each(combinations(activationNames, axes))('%s equals the oracle, samples in %s', (name, axis) => {
    for (const [m, units] of combinations(sizes, sizes)) {
      const Z = type.array(oracle.randomArray(m * units, 1, -8, 8));
      const A = forward(type, name, Z, axis, m, units);
      const expected = oracle.activate(name, oracle.dense(Z, ...shape(axis, m, units)), axis).data;
      // Some roundings, a sum over the units for softmax, and its shifts by up to 16.
      const roundings = { linear: 0, relu: 0, sigmoid: 5, tanh: 5, softmax: units + 16 }[name];
      const allowed = expected.map((a) => roundings * type.epsilon * Math.abs(a));
      expectClose(A, expected, allowed, `${m} x ${units}`);
    }
  });

  it.each(combinations(activationNames, axes))("%s' equals the oracle, samples in %s", (name, axis) => {
    for (const [m, units] of combinations(sizes, sizes)) {
      const size = m * units;
      const Z = type.array(oracle.randomArray(size, 1, -3, 3));
      const dA = type.array(oracle.randomArray(size, 2));
      const A = forward(type, name, Z, axis, m, units);
      const dZ = guarded(type, size);
      native.activationBackward(activationCodes[name], SampleAxis[axis], m, units, dA, A, dZ.data);
      dZ.intact();
      const [r, c] = shape(axis, m, units);
      const expected = oracle.activateBackward(name, oracle.dense(dA, r, c), oracle.dense(Z, r, c), axis);
      // 1 - A cancels: the error is one of A's size.
      const allowed = ['linear', 'relu'].includes(name) ? 0 : (units + 8) * type.epsilon;
      expectClose(dZ.data, expected.data, allowed, `${m} x ${units}`);
    }
  });

  it.each(combinations(activationNames, axes))('%s works in place, samples in %s', (name, axis) => {
    const code = activationCodes[name];
    for (const [m, units] of combinations(sizes, sizes)) {
      const Z = type.array(oracle.randomArray(m * units, 3, -4, 4));
      const dA = type.array(oracle.randomArray(m * units, 4));
      const A = forward(type, name, Z, axis, m, units);
      const inPlace = Z.slice();
      native.activationForward(code, SampleAxis[axis], m, units, inPlace, inPlace);
      expectSameBits(inPlace, A, 'A = Z');

      const dZ = type.array(m * units);
      native.activationBackward(code, SampleAxis[axis], m, units, dA, A, dZ);
      for (const [what, take] of [
        ['dZ = dA', 0],
        ['dZ = A', 1],
      ] as const) {
        const given = [dA.slice(), A.slice()] as const;
        native.activationBackward(code, SampleAxis[axis], m, units, ...given, given[take]);
        expectSameBits(given[take], dZ, what);
      }
    }
  });

  it.each(elementwise)("%s and its derivative don't depend on where an element stands", (name) => {
    const code = activationCodes[name];
    const Z = type.array(oracle.randomArray(131, 5, -20, 20));
    const dA = type.array(oracle.randomArray(131, 6));
    const whole = forward(type, name, Z, 'rows', 1, Z.length);
    const wholeBack = type.array(Z.length);
    native.activationBackward(code, rows, 1, Z.length, dA, whole, wholeBack);
    for (const [start, length] of combinations([0, 1, 2, 3, 5, 17, 64], lengths)) {
      if (length === 0) continue;
      const cut = (array: FloatArray) => array.subarray(start, start + length);
      const piece = guarded(type, length);
      native.activationForward(code, rows, 1, length, cut(Z), piece.data);
      expectSameBits(piece.data, cut(whole), name);
      native.activationBackward(code, rows, 1, length, cut(dA), cut(whole), piece.data);
      expectSameBits(piece.data, cut(wholeBack), `${name}'`);
      piece.intact();
    }
  });

  it.each(axes)("softmax of a sample doesn't depend on the others, samples in %s", (axis) => {
    for (const [m, units] of combinations([3, 17], sizes)) {
      const code = activationCodes.softmax;
      const Z = oracle.randomDense(m, units, 7, -20, 20);
      const dA = oracle.randomDense(m, units, 8);
      const lay = (A: oracle.Dense) => type.array((axis === 'rows' ? A : oracle.transpose(A)).data);
      const A = forward(type, 'softmax', lay(Z), axis, m, units);
      const dZ = type.array(m * units);
      native.activationBackward(code, SampleAxis[axis], m, units, lay(dA), A, dZ);
      for (let sample = 0; sample < m; sample++) {
        const of = (array: FloatArray) =>
          type.array(
            Array.from({ length: units }, (_, unit) => {
              return array[axis === 'rows' ? sample * units + unit : unit * m + sample] as number;
            }),
          );
        const alone = forward(type, 'softmax', of(lay(Z)), axis, 1, units);
        expectSameBits(alone, of(A), 'A');
        native.activationBackward(code, SampleAxis[axis], 1, units, of(lay(dA)), alone, alone);
        expectSameBits(alone, of(dZ), 'dZ');
      }
    }
  });

  it('do nothing with no samples', () => {
    const none = type.array(0);
    for (const [name, axis] of combinations(activationNames, axes)) {
      native.activationForward(activationCodes[name], SampleAxis[axis], 0, 3, none, none);
      native.activationBackward(activationCodes[name], SampleAxis[axis], 0, 3, none, none, none);
    }
  });

  it.each([
    ['linear', [nan, infinity, -infinity, -0], [nan, infinity, -infinity, -0]],
    ['sigmoid', [nan, infinity, -infinity, 0, -0], [nan, 1, 0, 0.5, 0.5]],
    ['tanh', [nan, infinity, -infinity, 0, -0], [nan, 1, -1, 0, -0]],
    ['relu', [nan, infinity, -infinity, 0, -0], [nan, infinity, 0, 0, 0]],
  ] as const)('%s passes NaN and infinities through', (name, given, expected) => {
    // In a full vector, and in the last, partial one.
    for (const length of [1, 2, 4, 8, 16, 33]) {
      for (const [i, value] of given.entries()) {
        for (const place of [0, length - 1]) {
          const Z = new Array(length).fill(0.25);
          Z[place] = value;
          expect(apply(type, name, Z)[place], `${value}`).toBe(expected[i]);
        }
      }
    }
  });

  it('sigmoid saturates to exactly 0 and 1, and keeps its left tail', () => {
    const { most, least, leastNormal } = type;
    const saturated = apply(type, 'sigmoid', [800, 1e4, most, -800, -1e4, -most]);
    expect(saturated).toEqual([1, 1, 1, 0, 0, 0]);
    expect(apply(type, 'sigmoid', [leastNormal, -leastNormal, least, -least])).toEqual([0.5, 0.5, 0.5, 0.5]);
    // exp(z) where the result is too small to be a normal number, and 0 from half the least one on.
    const tail = type.dtype === 'float64' ? [-710, -740, -745, -746] : [-88, -100, -103, -104];
    const [normal, subnormal, last, gone] = apply(type, 'sigmoid', tail);
    expectClose([normal as number], [Math.exp(tail[0] as number)], least);
    expectClose([subnormal as number], [Math.exp(tail[1] as number)], least);
    expectClose([last as number], [Math.exp(tail[2] as number)], least);
    expect(last).toBeGreaterThan(0);
    expect(gone).toBe(0);
  });

  it('tanh saturates to exactly 1 and -1, and is the identity on the smallest numbers', () => {
    const { most, least, leastNormal } = type;
    expect(apply(type, 'tanh', [20, 800, most, -20, -800, -most])).toEqual([1, 1, 1, -1, -1, -1]);
    const small = [least, -least, leastNormal, -leastNormal, 3 * least];
    expect(apply(type, 'tanh', small)).toEqual(small);
  });

  it('relu keeps every positive number, and nothing else', () => {
    const { most, least } = type;
    expect(apply(type, 'relu', [most, least, 0.5, -least, -most])).toEqual([most, least, 0.5, 0, 0]);
  });

  it.each(axes)('softmax stays finite for any finite logits, samples in %s', (axis) => {
    const of = (...values: number[]) =>
      Array.from(forward(type, 'softmax', type.array(values), axis, 1, values.length));
    expect(of(5)).toEqual([1]);
    expect(of(800, -800)).toEqual([1, 0]);
    expect(of(type.most, -type.most, 0)).toEqual([1, 0, 0]);
    expect(of(type.most, type.most)).toEqual([0.5, 0.5]);
    expect(of(-type.most, -type.most, -type.most, -type.most)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(of(-infinity, 2, 2)).toEqual([0, 0.5, 0.5]);
    for (const units of [2, 3, 17, 65]) {
      const sum = of(...oracle.randomArray(units, 9, -50, 50)).reduce((a, b) => a + b);
      expectClose([sum], [1], units * type.epsilon);
    }
  });

  it.each(axes)('softmax makes NaN of a sample with NaN, and of no other, samples in %s', (axis) => {
    for (const [units, value] of combinations([1, 3, 8, 9, 17], [nan, infinity])) {
      for (let unit = 0; unit < units; unit++) {
        const Z = oracle.build(3, units, (r, c) => (r === 1 && c === unit ? value : 0));
        const laid = axis === 'rows' ? Z : oracle.transpose(Z);
        const A = forward(type, 'softmax', type.array(laid.data), axis, 3, units);
        const expected = oracle.build(3, units, (r) => (r === 1 ? nan : 1 / units));
        const laidOut = axis === 'rows' ? expected : oracle.transpose(expected);
        expectClose(A, laidOut.data, type.epsilon);
      }
    }
  });

  it('derivatives are exactly 0 where the function is saturated', () => {
    expect(derive(type, 'sigmoid', [3, -3, type.most], [1, 0, 1])).toEqual([0, -0, 0]);
    expect(derive(type, 'tanh', [3, -3], [1, -1])).toEqual([0, -0]);
    expect(derive(type, 'softmax', [3, -3], [1, 0])).toEqual([0, -0]);
  });

  it('derivatives have worked values', () => {
    expect(derive(type, 'linear', [2, -0, 3], [9, 9, 9])).toEqual([2, -0, 3]);
    expect(derive(type, 'sigmoid', [2, -4], [0.5, 0.25])).toEqual([0.5, -0.75]);
    expect(derive(type, 'relu', [2, 3, -4, 5], [1, 0, 7, -0])).toEqual([2, 0, -4, 0]);
    expect(derive(type, 'tanh', [2, -4], [0.5, -0.25])).toEqual([1.5, -3.75]);
    expect(derive(type, 'softmax', [1, 2, 4], [0.25, 0.25, 0.5])).toEqual([-0.4375, -0.1875, 0.625]);
  });

  it('derivatives pass NaN and infinities through', () => {
    for (const name of ['sigmoid', 'tanh'] as const) {
      expect(derive(type, name, [nan, 1, infinity, -infinity], [0.5, nan, 0.5, 0.5])).toEqual([
        nan,
        nan,
        infinity,
        -infinity,
      ]);
    }
    // As in the article: 0 where Z <= 0, dA elsewhere, whatever dA is; and NaN <= 0 is not so.
    expect(derive(type, 'relu', [nan, nan, infinity, infinity, 3], [1, 0, 1, 0, nan])).toEqual([
      nan,
      0,
      infinity,
      0,
      3,
    ]);
    expect(derive(type, 'linear', [nan, infinity], [0, 0])).toEqual([nan, infinity]);
    expect(derive(type, 'softmax', [nan, 1, 1], [0.5, 0.25, 0.25])).toEqual([nan, nan, nan]);
    expect(derive(type, 'softmax', [1, 1], [nan, 0.5])).toEqual([nan, nan]);
  });
});

it('the addon says which instruction set it runs on', () => {
  expect(native.simd).toMatch(/^[A-Z]+\w*$/);
});
