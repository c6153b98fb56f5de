import { describe, expect, it } from 'vitest';
import { native, SampleAxis } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';
import { activationCodes, activationNames } from '../../lib/layers/activations';
import * as oracle from '../support/oracle';
import {
  type Axis,
  acrossUnits,
  alpha,
  apply,
  backward,
  byInputs,
  elementwise,
  forward,
} from './activation-calls';
import { combinations, expectClose, expectSameBits, floatTypes, guarded, lengths, sizes } from './helpers';

const { rows } = SampleAxis;
const axes = ['rows', 'columns'] as const;
const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];

// How many roundings an activation may be off by, for inputs between -8 and 8: relative ones, and absolute
// ones of size 1.
const roundings: Record<oracle.Activation, readonly [relative: number, absolute?: number]> = {
  ...{ linear: [0], relu: [0], leakyRelu: [1], sigmoid: [5], tanh: [5], softmax: [5], logSoftmax: [4, 20] },
  ...{ elu: [5], selu: [5], gelu: [80], geluTanh: [80], silu: [8], softplus: [8], softsign: [4] },
  ...{ hardSigmoid: [4], mish: [12], exponential: [4] },
};

function shape(axis: Axis, m: number, units: number): [number, number] {
  return axis === 'rows' ? [m, units] : [units, m];
}

describe.each(floatTypes)('activations of $dtype', (type) => {
  it.each(combinations(activationNames, axes))('%s equals the oracle, samples in %s', (name, axis) => {
    for (const [m, units] of combinations(sizes, sizes)) {
      const Z = type.array(oracle.randomArray(m * units, 1, -8, 8));
      const A = forward(type, name, Z, axis, m, units);
      const expected = oracle.activate(name, oracle.dense(Z, ...shape(axis, m, units)), axis, alpha).data;
      // Activations across units also sum over the units, and shift by up to 16.
      const [relative, absolute = 0] = roundings[name];
      const more = acrossUnits.includes(name) ? units + 16 : 0;
      const allowed = expected.map((a) => ((relative + more) * Math.abs(a) + absolute) * type.epsilon);
      expectClose(A, expected, allowed, `${m} x ${units}`);
    }
  });

  it.each(combinations(activationNames, axes))("%s' equals the oracle, samples in %s", (name, axis) => {
    for (const [m, units] of combinations(sizes, sizes)) {
      const size = m * units;
      const Z = type.array(oracle.randomArray(size, 1, -3, 3));
      const dA = type.array(oracle.randomArray(size, 2));
      const A = forward(type, name, Z, axis, m, units);
      const dZ = backward(type, name, { dA, Z, A }, axis, m, units);
      const [r, c] = shape(axis, m, units);
      const expected = oracle.activateBackward(
        name,
        oracle.dense(dA, r, c),
        oracle.dense(Z, r, c),
        axis,
        alpha,
      );
      // 1 - A cancels, so the error has the size of A, which is up to 20 for exponential.
      const exact = ['linear', 'relu'].includes(name);
      const allowed = exact ? 0 : (name === 'exponential' ? 40 : units + 8) * type.epsilon;
      expectClose(dZ, expected.data, allowed, `${m} x ${units}`);
    }
  });

  it.each(combinations(activationNames, axes))('%s works in place, samples in %s', (name, axis) => {
    const code = activationCodes[name];
    for (const [m, units] of combinations(sizes, sizes)) {
      const Z = type.array(oracle.randomArray(m * units, 3, -4, 4));
      const dA = type.array(oracle.randomArray(m * units, 4));
      const A = forward(type, name, Z, axis, m, units);
      const inPlace = Z.slice();
      native.activationForward(code, alpha, SampleAxis[axis], m, units, inPlace, inPlace);
      expectSameBits(inPlace, A, 'A = Z');

      const dZ = backward(type, name, { dA, Z, A }, axis, m, units);
      for (const [what, take] of [
        ['dZ = dA', 0],
        ['dZ = Z', 1],
        ['dZ = A', 2],
      ] as const) {
        const given = [dA.slice(), Z.slice(), A.slice()] as const;
        native.activationBackward(code, alpha, SampleAxis[axis], m, units, ...given, given[take]);
        expectSameBits(given[take], dZ, what);
      }
    }
  });

  it.each(elementwise)("%s and its derivative don't depend on where an element stands", (name) => {
    const code = activationCodes[name];
    const Z = type.array(oracle.randomArray(131, 5, -20, 20));
    const dA = type.array(oracle.randomArray(131, 6));
    const whole = forward(type, name, Z);
    const wholeBack = backward(type, name, { dA, Z, A: whole });
    for (const [start, length] of combinations([0, 1, 2, 3, 5, 17, 64], lengths)) {
      if (length === 0) continue;
      const cut = (array: FloatArray) => array.subarray(start, start + length);
      const piece = guarded(type, length);
      native.activationForward(code, alpha, rows, 1, length, cut(Z), piece.data);
      expectSameBits(piece.data, cut(whole), name);
      native.activationBackward(code, alpha, rows, 1, length, cut(dA), cut(Z), cut(whole), piece.data);
      expectSameBits(piece.data, cut(wholeBack), `${name}'`);
      piece.intact();
    }
  });

  it('a derivative reads either Z or A, and never the other', () => {
    const [Z, dA] = [type.array(oracle.randomArray(33, 1)), type.array(oracle.randomArray(33, 2))];
    for (const name of activationNames) {
      const A = forward(type, name, Z);
      const expected = backward(type, name, { dA, Z, A });
      const none = type.array(33).fill(nan);
      const inputs = byInputs.includes(name);
      const dZ = type.array(33);
      const given = [dA, inputs ? Z : none, inputs ? none : A] as const;
      native.activationBackward(activationCodes[name], alpha, rows, 1, 33, ...given, dZ);
      expectSameBits(dZ, expected, name);
    }
  });

  it.each(combinations(acrossUnits, axes))(
    "%s of a sample doesn't depend on the others, samples in %s",
    (name, axis) => {
      for (const [m, units] of combinations([3, 17], sizes)) {
        const Z = oracle.randomDense(m, units, 7, -20, 20);
        const dA = oracle.randomDense(m, units, 8);
        const lay = (A: oracle.Dense) => type.array((axis === 'rows' ? A : oracle.transpose(A)).data);
        const A = forward(type, name, lay(Z), axis, m, units);
        const dZ = backward(type, name, { dA: lay(dA), Z: null, A }, axis, m, units);
        for (let sample = 0; sample < m; sample++) {
          const of = (array: FloatArray) =>
            type.array(
              Array.from({ length: units }, (_, unit) => {
                return array[axis === 'rows' ? sample * units + unit : unit * m + sample] as number;
              }),
            );
          const alone = forward(type, name, of(lay(Z)), axis, 1, units);
          expectSameBits(alone, of(A), 'A');
          const aloneBack = backward(type, name, { dA: of(lay(dA)), Z: null, A: alone }, axis, 1, units);
          expectSameBits(aloneBack, of(dZ), 'dZ');
        }
      }
    },
  );

  it('do nothing with no samples', () => {
    const none = type.array(0);
    for (const [name, axis] of combinations(activationNames, axes)) {
      const sizes = [SampleAxis[axis], 0, 3] as const;
      native.activationForward(activationCodes[name], alpha, ...sizes, none, none);
      native.activationBackward(activationCodes[name], alpha, ...sizes, none, none, none, none);
    }
  });

  it.each([
    { name: 'linear', given: [nan, infinity, -infinity, -0], expected: [nan, infinity, -infinity, -0] },
    { name: 'sigmoid', given: [nan, infinity, -infinity, 0, -0], expected: [nan, 1, 0, 0.5, 0.5] },
    { name: 'tanh', given: [nan, infinity, -infinity, 0, -0], expected: [nan, 1, -1, 0, -0] },
    { name: 'relu', given: [nan, infinity, -infinity, 0, -0], expected: [nan, infinity, 0, 0, 0] },
    {
      name: 'leakyRelu',
      given: [nan, infinity, -infinity, 0, -0],
      expected: [nan, infinity, -infinity, 0, -0],
    },
    { name: 'elu', given: [nan, infinity, -infinity, 0], expected: [nan, infinity, -alpha, 0] },
    { name: 'gelu', given: [nan, infinity, -infinity, 0, -0], expected: [nan, infinity, -0, 0, -0] },
    { name: 'geluTanh', given: [nan, infinity, -infinity, 0, -0], expected: [nan, infinity, -0, 0, -0] },
    { name: 'silu', given: [nan, infinity, -infinity, 0, -0], expected: [nan, infinity, -0, 0, -0] },
    { name: 'softsign', given: [nan, infinity, -infinity, 0, -0], expected: [nan, 1, -1, 0, -0] },
    {
      name: 'hardSigmoid',
      given: [nan, infinity, -infinity, 0, -0, 3, -3, 1.5],
      expected: [nan, 1, 0, 0.5, 0.5, 1, 0, 0.75],
    },
    { name: 'mish', given: [nan, infinity, -infinity, 0, -0], expected: [nan, infinity, -0, 0, -0] },
    { name: 'exponential', given: [nan, infinity, -infinity, 0, -0], expected: [nan, infinity, 0, 1, 1] },
  ] as const)('$name passes NaN and infinities through', ({ name, given, expected }) => {
    // At places in full vectors, and in the last, partial one.
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
    // exp(z), if the result is too small for a normal number; 0, if it is below half the smallest number.
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

  it('leakyRelu and elu have their alpha, and selu its constants', () => {
    expect(apply(type, 'leakyRelu', [2, -2, -8])).toEqual([2, -2 * alpha, -8 * alpha]);
    expect(apply(type, 'elu', [2, -50, -800, -type.most])).toEqual([2, -alpha, -alpha, -alpha]);
    const [one, least] = [1.0507009873554805, -1.7580993408473766];
    expectClose(apply(type, 'selu', [1, -800, infinity, 0]), [one, least, infinity, 0], 4 * type.epsilon);
    expect(apply(type, 'selu', [nan])).toEqual([nan]);
    // exp(x) - 1 would lose this.
    const small = type.epsilon / 8;
    expect(apply(type, 'elu', [-small])).toEqual([-small * alpha]);
  });

  it('smooth activations reach their asymptotes without an overflow on the way', () => {
    for (const size of [1e30, type.most]) {
      const [z] = type.array([size]) as unknown as [number];
      for (const name of ['gelu', 'geluTanh', 'silu', 'mish', 'softplus'] as const) {
        expect(
          apply(type, name, [z, -z]).map((a) => a + 0),
          name,
        ).toEqual([z, 0]);
      }
      expect(apply(type, 'softsign', [z, -z])).toEqual([1, -1]);
      expect(apply(type, 'exponential', [z, -z])).toEqual([infinity, 0]);
    }
    expect(apply(type, 'softplus', [nan, infinity, -infinity])).toEqual([nan, infinity, 0]);
  });

  it('exponential is finite up to the largest logarithm, and infinite beyond', () => {
    const [inside, outside] = type.dtype === 'float64' ? [709.78, 709.79] : [88.72, 88.73];
    const [last, over] = apply(type, 'exponential', [inside, outside]);
    const [z] = type.array([inside]) as unknown as [number];
    expectClose([(last as number) / Math.exp(z)], [1], 2 * type.epsilon);
    expect(over).toBe(infinity);
  });

  it('gelu, silu, mish and softplus keep their relative precision in their tails', () => {
    const z = -7;
    const tail = 1.279812543885835e-12; // Q(7), by mpmath
    expectClose([(apply(type, 'gelu', [z])[0] as number) / (z * tail)], [1], 8 * type.epsilon);
    expectClose([(apply(type, 'silu', [-60])[0] as number) / (-60 * Math.exp(-60))], [1], 5 * type.epsilon);
    expectClose([(apply(type, 'mish', [-60])[0] as number) / (-60 * Math.exp(-60))], [1], 6 * type.epsilon);
    expectClose([(apply(type, 'softplus', [-60])[0] as number) / Math.exp(-60)], [1], 4 * type.epsilon);
  });

  it.each(axes)('logSoftmax stays finite for any finite logits, samples in %s', (axis) => {
    const of = (...values: number[]) =>
      Array.from(forward(type, 'logSoftmax', type.array(values), axis, 1, values.length));
    expect(of(5)).toEqual([0]);
    expect(of(800, -800)).toEqual([0, -1600]);
    expect(of(1e30, -1e30).map((a) => a / (type.array([2e30])[0] as number))).toEqual([0, -1]);
    expect(of(-infinity, 2)).toEqual([-infinity, 0]);
    expectClose(of(type.most, type.most), [-Math.LN2, -Math.LN2], type.epsilon);
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

  it.each(combinations(acrossUnits, axes))(
    '%s turns a sample with NaN into NaN, and no other sample, samples in %s',
    (name, axis) => {
      for (const [units, value] of combinations([1, 3, 8, 9, 17], [nan, infinity])) {
        for (let unit = 0; unit < units; unit++) {
          const Z = oracle.build(3, units, (r, c) => (r === 1 && c === unit ? value : 0));
          const laid = axis === 'rows' ? Z : oracle.transpose(Z);
          const A = forward(type, name, type.array(laid.data), axis, 3, units);
          const even = name === 'softmax' ? 1 / units : -Math.log(units);
          const expected = oracle.build(3, units, (r) => (r === 1 ? nan : even));
          const laidOut = axis === 'rows' ? expected : oracle.transpose(expected);
          expectClose(A, laidOut.data, 4 * type.epsilon);
        }
      }
    },
  );
});

it('the addon says which instruction set it runs on', () => {
  expect(native.simd).toMatch(/^[A-Z]+\w*$/);
});
