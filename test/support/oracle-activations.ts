/** The activations of oracle.ts: (Z) -> A, and (dA, Z) -> dZ. */

import type { Dense, Grid, Samples } from './oracle-matrices';
import { map, perSample, zip } from './oracle-matrices';

/** A function of one number, with its derivative. */
interface Elementwise {
  forward(z: number, alpha: number): number;
  slope(z: number, alpha: number): number;
}

export const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

// Klambauer et al., 2017
const [seluScale, seluAlpha] = [1.0507009873554805, 1.6732632423543772];

// geluTanh is z * sigmoid(v): these are v and its derivative.
const geluTanhArgument = (z: number) => 2 * Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3);
const geluTanhSlope = (z: number) => 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * z ** 2);

// Slopes are derivatives of the formulas; where a formula has a kink, relu's is 0 and the others' the left one.
const elementwise = {
  linear: { forward: (z) => z, slope: () => 1 },
  sigmoid: { forward: sigmoid, slope: (z) => sigmoid(z) * (1 - sigmoid(z)) },
  relu: { forward: (z) => Math.max(0, z), slope: (z) => (z <= 0 ? 0 : 1) },
  tanh: { forward: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  leakyRelu: { forward: (z, alpha) => (z > 0 ? z : alpha * z), slope: (z, alpha) => (z > 0 ? 1 : alpha) },
  elu: {
    forward: (z, alpha) => (z > 0 ? z : alpha * Math.expm1(z)),
    slope: (z, alpha) => (z > 0 ? 1 : alpha * Math.exp(z)),
  },
  selu: {
    forward: (z) => seluScale * (z > 0 ? z : seluAlpha * Math.expm1(z)),
    slope: (z) => seluScale * (z > 0 ? 1 : seluAlpha * Math.exp(z)),
  },
  gelu: {
    forward: (z) => z * normal(z),
    slope: (z) => normal(z) + (z * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI),
  },
  geluTanh: {
    forward: (z) => z * sigmoid(geluTanhArgument(z)),
    slope: (z) => {
      const s = sigmoid(geluTanhArgument(z));
      return s + z * s * (1 - s) * geluTanhSlope(z);
    },
  },
  silu: { forward: (z) => z * sigmoid(z), slope: (z) => sigmoid(z) * (1 + z * sigmoid(-z)) },
  softplus: { forward: softplus, slope: sigmoid },
  softsign: { forward: (z) => z / (1 + Math.abs(z)), slope: (z) => 1 / (1 + Math.abs(z)) ** 2 },
  hardSigmoid: {
    forward: (z) => Math.min(Math.max((z + 3) / 6, 0), 1),
    slope: (z) => (Math.abs(z) < 3 ? 1 / 6 : 0),
  },
  mish: {
    forward: (z) => z * Math.tanh(softplus(z)),
    slope: (z) => {
      const t = Math.tanh(softplus(z));
      return t + z * (1 - t * t) * sigmoid(z);
    },
  },
  exponential: { forward: Math.exp, slope: Math.exp },
} satisfies Record<string, Elementwise>;

export type Activation = keyof typeof elementwise | 'softmax' | 'logSoftmax';

/** leakyRelu's slope below 0 and elu's alpha, when they are not given. */
function defaultAlpha(name: Activation): number {
  return name === 'leakyRelu' ? 0.01 : 1;
}

export function activate(
  name: Activation,
  Z: Dense,
  samples: Samples = 'rows',
  alpha = defaultAlpha(name),
): Grid {
  if (name === 'softmax') return perSample(samples, [Z], ([z = []]) => softmax(z));
  if (name === 'logSoftmax') return perSample(samples, [Z], ([z = []]) => logSoftmax(z));
  const { forward }: Elementwise = elementwise[name];
  return map(Z, (z) => forward(z, alpha));
}

export function activateBackward(
  name: Activation,
  dA: Dense,
  Z: Dense,
  samples: Samples = 'rows',
  alpha = defaultAlpha(name),
): Grid {
  if (name === 'softmax' || name === 'logSoftmax') {
    return perSample(samples, [dA, Z], ([da = [], z = []]) => {
      const s = softmax(z);
      const sum = da.reduce((all, daj, j) => all + (name === 'softmax' ? daj * (s[j] as number) : daj), 0);
      return s.map((sj, j) => {
        const daj = da[j] as number;
        return name === 'softmax' ? sj * (daj - sum) : daj - sj * sum;
      });
    });
  }
  const { slope }: Elementwise = elementwise[name];
  return zip(dA, Z, (da, z) => da * slope(z, alpha));
}

export function softmax(z: readonly number[]): number[] {
  const largest = Math.max(...z);
  const powers = z.map((zj) => Math.exp(zj - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export function logSoftmax(z: readonly number[]): number[] {
  const largest = Math.max(...z);
  const logSum = Math.log(z.reduce((sum, zj) => sum + Math.exp(zj - largest), 0));
  return z.map((zj) => zj - largest - logSum);
}

/** The probability that a standard normal variable is below z. */
function normal(z: number): number {
  const t = Math.abs(z);
  const density = Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let tail: number;
  if (t < 1) {
    // 1/2 - density * (t + t^3 / 3 + t^5 / (3 * 5) + ...)
    let sum = 0;
    for (let term = t, k = 3; k < 60; term *= (t * t) / k, k += 2) sum += term;
    tail = 0.5 - density * sum;
  } else {
    // density / (t + 1 / (t + 2 / (t + 3 / ...))), from its end
    let fraction = t;
    for (let k = 600; k >= 1; k--) fraction = t + k / fraction;
    tail = density / fraction;
  }
  return z < 0 ? tail : 1 - tail;
}
