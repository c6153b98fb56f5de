// Checks the bounds that native/kernels/functions-inl.h and losses.h state for logCosh, for the activations
// except sigmoid, tanh and softmax, and for their derivatives. accuracy.test.ts checks the others.

import { describe, expect, it } from 'vitest';
import { native, SampleAxis } from '../../lib/addon/binding';
import { type ActivationName, activationCodes } from '../../lib/layers/activations';
import { lossEntry } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import {
  add,
  divide,
  exp,
  expm1,
  inverseRootOf2Pi,
  log,
  log1p,
  multiply,
  negate,
  normalTail,
  type Pair,
  pair,
} from './double-double';
import { type FloatType, float32, float64, floatTypes, ulp } from './helpers';
import { kernels } from './kernels';
import { noOptions } from './loss-calls';
import { type Exact, expectBound, sweep, worst } from './sweep';

const bounds = { elu: 2, selu: 3.5, softplus: 3, softsign: 1.5, hardSigmoid: 1.5, exponential: 1.1 } as const;
// Bounds of activations that tend to 0 for large negative inputs. geluTanh may be off by 3 |v| more.
const tailed = { gelu: 7, silu: 3.5, mish: 5, geluTanh: 4 } as const;
const logCoshBound = 9;
const slopeBound = 2.5;
type Tailed = keyof typeof tailed;

/** The worst arguments that the search for the bounds found. */
const hardest = [
  ...[-0.34659336553595116, -0.3482517600059509], // expm1
  ...[0.7891219230595792, 0.7183661460876465], // selu
  ...[3.844883954635028, 2.775118691817311, 2.0864293575286865], // exponential, softplus
  ...[511.06515179845366, 511.9156188964844], // softsign
  ...[31.18755371312593, 13.803837776184082], // silu
  ...[7.59940519646372, 3.4484481811523438], // mish
  ...[-0.007653426028079446, 28.15243887663325, 0.3175060749053955], // gelu
  ...[0.3465997176086544, 0.35380321741104126], // log(cosh(x))
];

const [one, two, three] = [pair(1), pair(2), pair(3)] as const;
// Numbers that native/kernels has as decimals: selu's scale and its product with alpha, 2 sqrt(2 / pi),
// 0.044715.
const seluScale: Pair = [1.0507009873554805, 3.9874847667154144e-17];
const seluLimit: Pair = [1.7580993408473768, 1.41535193800845e-17];
const linear: Pair = [1.5957691216057308, -9.96930880911092e-17];
const cubic: Pair = [0.044715, 2.1960211427085595e-18];

function within(x: number, most: number): Pair {
  return pair(Math.max(-most, Math.min(x, most)));
}

function sigmoid(x: Pair): Pair {
  if (x[0] > 600) return one;
  const power = exp(x[0] < 0 ? x : negate(x));
  return divide(x[0] < 0 ? power : one, add(one, power));
}

/** tanh(log(1 + exp(x))), for |x| up to 300. */
function mishFactor(x: Pair): Pair {
  const power = exp(x);
  const numerator = multiply(power, add(power, two));
  return divide(numerator, add(numerator, two));
}

/** The v of geluTanh(x) = x * sigmoid(v), and its derivative. */
function geluTanhArgument(x: Pair): { v: Pair; slope: Pair } {
  const bend = multiply(cubic, multiply(x, x));
  const at = (factor: Pair) => multiply(linear, add(one, multiply(factor, bend)));
  return { v: multiply(x, at(one)), slope: at(three) };
}

/** x * factor(x), where `factor` returns a value times 2^200; 0 below -760, where exp is 0. */
function scaled(x: number, factor: (x: Pair) => Pair): Exact {
  return { value: x < -760 ? pair(0) : multiply(pair(x), factor(pair(x))), scale: 200 };
}

// Products with tiny numbers would underflow in a pair's lower half.
const tiny = (x: number, slope: number): Exact => ({ value: pair(x * 2 ** 200 * slope), scale: 200 });

const references: Record<keyof typeof bounds | 'logCosh', (x: number) => Exact> = {
  elu: (x) => ({ value: x > 0 || x > -1e-100 ? pair(x) : expm1(within(x, 60)) }),
  selu: (x) => {
    if (Math.abs(x) < 1e-100) return tiny(x, x > 0 ? seluScale[0] : seluLimit[0]);
    if (x > 0) return { value: multiply(seluScale, pair(x * 2 ** -600)), scale: -600 };
    return { value: multiply(seluLimit, expm1(within(x, 60))) };
  },
  softplus: (x) => {
    if (x < -600) return { value: x < -760 ? pair(0) : exp(pair(x), 200), scale: 200 };
    return { value: add(pair(Math.max(x, 0)), log1p(exp(pair(-Math.min(Math.abs(x), 600))))) };
  },
  softsign: (x) => {
    if (Math.abs(x) > 1e100) return { value: pair(Math.sign(x)) };
    return Math.abs(x) < 1e-100
      ? { value: pair(x) }
      : { value: divide(pair(x), add(one, pair(Math.abs(x)))) };
  },
  hardSigmoid: (x) => ({ value: divide(add(within(x, 3), three), pair(6)) }),
  exponential: (x) => {
    if (x < -600) return { value: x < -760 ? pair(0) : exp(pair(x), 200), scale: 200 };
    return { value: exp(pair(x)) };
  },
  logCosh: (x) => {
    const size = Math.abs(x);
    if (size < 1e-100) return { value: pair(0) };
    if (size < 1) {
      const m = expm1(pair(size / 2));
      const sinh = multiply(pair(0.5), add(m, divide(m, add(m, one))));
      return { value: log1p(multiply(two, multiply(sinh, sinh))) };
    }
    const tail = log1p(exp(pair(-2 * Math.min(size, 300))));
    return { value: add(add(pair(size), tail), negate(log(two))) };
  },
};

/** The value of a tailed activation, and its derivative for inputs that are not tiny. */
const tailedReferences: Record<Tailed, { value(type: FloatType, x: number): Exact; slope(x: number): Pair }> =
  {
    silu: {
      value: ({ least }, x) => {
        if (x < -600) return { ...scaled(x, (z) => exp(z, 200)), slack: Math.min(-x, 760) * least };
        if (x > 600) return { value: pair(x) };
        return { value: multiply(pair(x), sigmoid(pair(x))), slack: x < 0 ? -x * least : 0 };
      },
      slope: (x) => {
        const z = within(x, 500);
        return multiply(sigmoid(z), add(one, multiply(z, sigmoid(negate(z)))));
      },
    },
    mish: {
      value: ({ least }, x) => {
        if (x < -250) return tailedReferences.silu.value(float64, x);
        if (x > 250) return { value: pair(x) };
        return { value: multiply(pair(x), mishFactor(pair(x))), slack: x < 0 ? -x * least : 0 };
      },
      slope: (x) => {
        const z = within(x, 300);
        const t = mishFactor(z);
        return add(t, multiply(z, multiply(add(one, negate(multiply(t, t))), sigmoid(z))));
      },
    },
    gelu: {
      value: (_, x) => {
        if (x > 20) return { value: pair(x) };
        if (x > 0) return { value: multiply(pair(x), add(one, negate(normalTail(pair(x))))) };
        return x < -39 ? { value: pair(0) } : scaled(x, (z) => normalTail(negate(z), 200));
      },
      slope: (x) => {
        const z = within(x, 30);
        const density = multiply(inverseRootOf2Pi, exp(multiply(pair(-0.5), multiply(z, z))));
        const tail = normalTail(pair(Math.abs(z[0])));
        return add(x < 0 ? tail : add(one, negate(tail)), multiply(z, density));
      },
    },
    geluTanh: {
      value: ({ least }, x) => {
        if (x > 20) return { value: pair(x) };
        if (x < -25) return { value: pair(0) };
        const { v } = geluTanhArgument(pair(x));
        if (v[0] < -760) return { value: pair(0) };
        if (v[0] < -600) return { ...scaled(x, () => exp(v, 200)), slack: -x * least };
        return { value: multiply(pair(x), sigmoid(v)), slack: x < 0 ? -x * least : 0 };
      },
      slope: (x) => {
        const z = within(x, 20);
        const { v, slope } = geluTanhArgument(z);
        return multiply(sigmoid(v), add(one, multiply(multiply(z, sigmoid(negate(v))), slope)));
      },
    },
  };

describe.each(floatTypes)('in $dtype', (type) => {
  // References for float32 are float64 numbers and cost a hundredth of pairs. For float64, a few thousand
  // inputs are enough.
  const all = sweep(type, type === float64 ? 750 : 110, hardest);
  const inputs = all.filter((_, i) => i < 2 * hardest.length + 10 || i % (type === float64 ? 5 : 50) === 0);
  const m = inputs.length;

  function activate(name: ActivationName) {
    const A = type.array(m);
    native.activationForward(activationCodes[name], 1, SampleAxis.rows, m, 1, inputs, A);
    return A;
  }

  it.each(Object.entries(bounds) as [keyof typeof bounds, number][])(
    'the error of %s is bounded',
    (name, bound) => {
      const largest = type === float64 ? 709.78 : 88.72;
      const reference = references[name];
      const fits = (x: number) => (name === 'exponential' ? x <= largest : Math.abs(x) < type.most / 2);
      const [A, kept] = [activate(name), Array.from(inputs.keys()).filter((i) => fits(inputs[i] as number))];
      const found = worst(
        type,
        kept.map((i) => inputs[i] as number),
        kept.map((i) => A[i] as number),
        reference,
      );
      expectBound(found, bound);
    },
  );

  it.each(Object.entries(tailed) as [Tailed, number][])('the error of %s is bounded', (name, bound) => {
    const { value } = tailedReferences[name];
    const [values, A] = [Array.from(inputs), activate(name)];
    if (name !== 'geluTanh') {
      expectBound(
        worst(type, values, A, (x) => value(type, x)),
        bound,
      );
      return;
    }
    values.forEach((x, i) => {
      const v = x < 0 ? Math.min(760, -geluTanhArgument(within(x, 30)).v[0]) : 0;
      const found = worst(type, [x], [A[i] as number], () => value(type, x));
      expect(found.ulp, `at ${x}`).toBeLessThanOrEqual(bound + 3 * v);
    });
  });

  it.each(Object.keys(tailed) as Tailed[])('the error of the derivative of %s is bounded', (name) => {
    const code = activationCodes[name];
    const dZ = type.array(m);
    native.activationBackward(code, 1, SampleAxis.rows, m, 1, type.array(m).fill(1), inputs, inputs, dZ);
    let most = 0;
    inputs.forEach((x, i) => {
      const [high, low] = tailedReferences[name].slope(Math.abs(x) < 1e-100 ? 0 : x);
      most = Math.max(most, Math.abs((dZ[i] as number) - high - low) / type.epsilon);
    });
    expect(most).toBeLessThanOrEqual(slopeBound);
    expect(most).toBeGreaterThan(slopeBound / 4);
  });

  it('the error of logCosh is bounded', () => {
    const { code } = lossEntry('logCosh');
    const normal = type === float32 ? 1e-15 : 1e-90;
    const some = inputs.filter((x, i) => i % 3 === 0 && Math.abs(x) > normal && Math.abs(x) < type.most / 2);
    const Y = type.array([0]);
    const losses = Array.from(some, (_, i) =>
      kernels.lossFromOutputs(code, noOptions, 1, 1, 1, some.subarray(i, i + 1), Y, null, 1, null),
    );
    expectBound(worst(type, some, losses, references.logCosh), logCoshBound, 0.3);
  });

  it('the error of logSoftmax is bounded', () => {
    for (const units of [2, 3, 8, 17]) {
      // Multiples of 1 / 256, so their differences from the largest are exact.
      const Z = oracle.randomArray(300 * units, 5, -12, 12).map((z) => Math.round(z * 256) / 256);
      const A = type.array(Z.length);
      const code = activationCodes.logSoftmax;
      native.activationForward(code, 1, SampleAxis.rows, 300, units, type.array(Z), A);
      A.forEach((a, i) => {
        const start = i - (i % units);
        const sum = Z.slice(start, start + units)
          .map((z) => exp(pair(z)))
          .reduce(add);
        const [high, low] = add(pair(Z[i] as number), negate(log(sum)));
        const allowed = 2 * ulp(type, high) + (units + 2) * type.epsilon;
        expect(Math.abs(a - high - low)).toBeLessThanOrEqual(allowed);
      });
    }
  });
});
