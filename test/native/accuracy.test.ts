import { describe, expect, it } from 'vitest';
import { native, SampleAxis } from '../../lib/addon/binding';
import { activationCodes } from '../../lib/layers/activations';
import { lossEntry } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { add, divide, exp, expm1, log, log1p, normalTail, type Pair, pair } from './double-double';
import { float64, floatTypes } from './helpers';
import { kernels } from './kernels';
import { noOptions } from './loss-calls';
import { type Exact, expectBound, sweep, worst } from './sweep';

// The bounds that native/kernels/functions-inl.h and losses.h state, in ulp, and the worst arguments that the
// search for them found.
const bounds = { sigmoid: 2.5, tanh: 3.5, softmax: 2.5, logistic: 3, log: 1 };
const hardest = [
  ...[5.5417618719093671, 2.72708082], // sigmoid
  ...[0.17499807507719692, 0.181412145], // tanh
  ...[8.4213822649617072, 2.23403859], // log(1 + exp(x))
];

const references: Record<
  'float64' | 'float32',
  Record<'sigmoid' | 'tanh' | 'softplus' | 'log', (x: number) => Exact>
> = {
  float64: {
    sigmoid: (x) => {
      if (x < -760) return { value: pair(0) };
      if (x < -600) return { value: exp(pair(x), 200), scale: 200 };
      const power = exp(pair(-Math.min(Math.abs(x), 600)));
      return { value: divide(x < 0 ? power : pair(1), add(pair(1), power)) };
    },
    tanh: (x) => {
      const size = Math.min(Math.abs(x), 300);
      if (size < 1e-100) return { value: pair(x) };
      const excess = expm1(pair(2 * size));
      const [high, low] = divide(excess, add(excess, pair(2)));
      return { value: [Math.sign(x) * high, Math.sign(x) * low] };
    },
    softplus: (x) => {
      if (x < -600) return references.float64.sigmoid(x);
      const tail = log1p(exp(pair(-Math.min(Math.abs(x), 600))));
      return { value: add(pair(Math.max(x, 0)), tail) };
    },
    log: (x) => ({ value: log(pair(x)) }),
  },
  // For results of 24 bits, references of 53 bits are exact enough.
  float32: {
    sigmoid: (x) => ({ value: pair((x < 0 ? Math.exp(x) : 1) / (1 + Math.exp(-Math.abs(x)))) }),
    tanh: (x) => ({ value: pair(Math.tanh(x)) }),
    softplus: (x) => ({ value: pair(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))) }),
    log: (x) => ({ value: pair(Math.log(x)) }),
  },
};

describe('the reference', () => {
  // From mpmath 1.3.0 with 60 digits: the rounded value, and the rounding error.
  it.each([
    { name: 'exp', x: 1, high: Math.E, low: 1.4456468917292502e-16 },
    { name: 'exp', x: -0.3, high: 0.7408182206817179, low: -1.805530505953e-18 },
    { name: 'exp', x: -30.125, high: 8.25807328555592e-14, low: -2.8871750064957297e-30 },
    { name: 'exp', x: 600, high: 3.7730203009299397e260, low: 1.6116934109232247e244 },
    { name: 'expm1', x: -1e-3, high: -0.0009995001666250085, low: 9.742029814169854e-20 },
    { name: 'expm1', x: 0.375, high: 0.45499141461820136, low: -2.5843071672554946e-17 },
    { name: 'expm1', x: -2, high: -0.8646647167633873, low: -1.042381423288669e-17 },
    { name: 'log1p', x: 1e-30, high: 1e-30, low: -5.0000000000000005e-61 },
    { name: 'log1p', x: 0.001, high: 0.0009995003330835331, low: 3.8971025988294614e-20 },
    { name: 'log1p', x: 0.4375, high: 0.3629054936893685, low: -2.1492361455310972e-17 },
    { name: 'normalTail', x: 0.3, high: 0.3820885778110474, low: -1.37890315934949e-17 },
    { name: 'normalTail', x: 1.5, high: 0.06680720126885807, low: -5.303515941678518e-18 },
    { name: 'normalTail', x: 6, high: 9.86587645037698e-10, low: 5.0182069523925116e-26 },
    { name: 'normalTail', x: 20, high: 2.7536241186062337e-89, low: -4.205855543202273e-106 },
    { name: 'log', x: 0.001, high: -6.907755278982137, low: -2.1613487097372872e-16 },
    { name: 'log', x: 0.75, high: -0.2876820724517809, low: -2.607160616442564e-17 },
    { name: 'log', x: 1e-300, high: -690.7755278982137, low: -2.3670096176709832e-14 },
  ] as const)('has 29 digits of $name at $x', ({ name, x, high, low }) => {
    const [ourHigh, ourLow] = { exp, expm1, log1p, log, normalTail }[name](pair(x));
    expect(Math.abs(ourHigh - high + (ourLow - low))).toBeLessThanOrEqual(1e-29 * Math.abs(high));
  });
});

describe.each(floatTypes)('in $dtype', (type) => {
  const { sigmoid, tanh, softplus, log: logarithm } = references[type.dtype];
  const inputs = sweep(type, type === float64 ? 750 : 110, hardest);

  it.each([
    { name: 'sigmoid', reference: sigmoid, least: 0 },
    { name: 'tanh', reference: tanh, least: -1 },
  ] as const)(
    'the error of $name stays within its bound, and its values within their range',
    ({ name, reference, least }) => {
      const A = type.array(inputs.length);
      native.activationForward(activationCodes[name], 0, SampleAxis.rows, inputs.length, 1, inputs, A);
      expectBound(worst(type, inputs, A, reference), bounds[name]);
      expect(A.every((a) => a >= least && a <= 1)).toBe(true);
    },
  );

  it('the error of softmax stays within its bound for two logits, one of them 0', () => {
    // softmax(0, x) is (sigmoid(-x), sigmoid(x)).
    const m = inputs.length;
    const [Z, A] = [type.array(2 * m), type.array(2 * m)];
    inputs.forEach((x, i) => {
      Z[2 * i + 1] = x;
    });
    native.activationForward(activationCodes.softmax, 0, SampleAxis.rows, m, 2, Z, A);
    const second = A.filter((_, i) => i % 2 === 1);
    const first = A.filter((_, i) => i % 2 === 0);
    expectBound(worst(type, inputs, second, sigmoid), bounds.softmax);
    expectBound(
      worst(type, inputs, first, (x) => sigmoid(-x)),
      bounds.softmax,
    );
  });

  it('the error of softmax grows by 1 ulp at most with every unit', () => {
    for (const units of [3, 8, 17]) {
      // Multiples of 1 / 256, so their differences from the largest are exact.
      const Z = oracle.randomArray(300 * units, 5, -8, 8).map((z) => Math.round(z * 256) / 256);
      const A = type.array(Z.length);
      native.activationForward(activationCodes.softmax, 0, SampleAxis.rows, 300, units, type.array(Z), A);
      const softmax = (i: number): Exact => {
        const start = i - (i % units);
        const powers = Z.slice(start, start + units).map((z) => exp(pair(z)));
        return { value: divide(powers[i % units] as Pair, powers.reduce(add)) };
      };
      expectBound(worst(type, Array.from(Z.keys()), A, softmax), bounds.softmax + units - 2, 0.2);
    }
  });

  it('the errors of binary cross-entropy from logits and of its gradient stay within their bounds', () => {
    const code = lossEntry('binaryCrossEntropy').code;
    const some = inputs.filter((_, i) => i < 100 || i % 10 === 0);
    for (const label of [0, 1]) {
      const Y = type.array([label]);
      const losses = Array.from(some, (_, i) =>
        kernels.lossFromOutputs(code, noOptions, 1, 1, 1, some.subarray(i, i + 1), Y, null, 1, null),
      );
      const softplusOf = (x: number) => softplus(label === 0 ? x : -x);
      expectBound(worst(type, some, losses, softplusOf), bounds.logistic);
    }
    const dZ = type.array(inputs.length);
    const labels = type.array(inputs.length);
    const m = inputs.length;
    kernels.lossFromOutputs(code, noOptions, m, 1, m, inputs, labels, null, 1, dZ);
    expectBound(worst(type, inputs, dZ, sigmoid), bounds.sigmoid);
  });

  it('the error of binary cross-entropy from probabilities stays within its bound', () => {
    const probabilities = type.array([
      ...inputs.filter((x, i) => x > type.leastNormal && x < 1 && i % 10 === 0),
      ...oracle.randomArray(10_000, 4, 0, 1),
    ]);
    const Y = type.array([1]);
    const losses = Array.from(
      probabilities,
      (_, i) => -native.binaryCrossEntropy(probabilities.subarray(i, i + 1), Y),
    );
    expectBound(worst(type, probabilities, losses, logarithm), bounds.log);
  });
});
