// The activations as JavaScript, by the formulas of native/kernels/functions-inl.h.

import type { ActivationName, ResolvedActivation } from '../../layers/activations';
import type { Functions } from './functions';
import { literal } from './literals';

const formulas = {
  linear: undefined,
  sigmoid: `// 1 / (1 + exp(-z)), by an exponential that cannot overflow
function sigmoid(z) {
  const power = Math.exp(-Math.abs(z));
  return (z < 0 ? power : 1) / (1 + power);
}`,
  relu: `// max(0, z)
function relu(z) {
  return z <= 0 ? 0 : z;
}`,
  tanh: `// (exp(z) - exp(-z)) / (exp(z) + exp(-z))
function tanh(z) {
  return Math.tanh(z);
}`,
  softmax: `// exp(z_i) / sum of exp(z_j)
function softmax(z) {
  const greatest = greatestOf(z);
  const powers = applied((unit) => Math.exp(unit - greatest), z);
  const sum = powers.reduce((all, power) => all + power, 0);
  return applied((power) => power / sum, powers);
}`,
  leakyRelu: `// z, or slope * z if z < 0
function leakyRelu(z, slope) {
  return z > 0 ? z : slope * z;
}`,
  elu: `// z, or alpha * (exp(z) - 1) if z < 0
function elu(z, alpha) {
  return z > 0 ? z : alpha * Math.expm1(z);
}`,
  selu: `// 1.0507 * z, or 1.7581 * (exp(z) - 1) if z < 0
function selu(z) {
  return z > 0 ? 1.0507009873554805 * z : 1.7580993408473769 * Math.expm1(z);
}`,
  gelu: `// z * P(z), where P is the standard normal distribution function
function gelu(z) {
  const tail = normalTail(Math.abs(z));
  return z < 0 ? Math.max(z, -39) * tail : z * (1 - tail);
}`,
  geluTanh: `// z / 2 * (1 + tanh(sqrt(2 / pi) * (z + 0.044715 z^3))), which is z * sigmoid(2 * that argument)
function geluTanh(z) {
  const inside = Math.min(Math.max(z, -30), 30);
  const argument = inside * (1.5957691216057308 + 0.07135481627260025 * inside * inside);
  return (z < 0 ? inside : z) * sigmoid(argument);
}`,
  silu: `// z * sigmoid(z)
function silu(z) {
  return Math.max(z, -1000) * sigmoid(z);
}`,
  softplus: `// log(1 + exp(z))
function softplus(z) {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}`,
  softsign: `// z / (1 + |z|)
function softsign(z) {
  const inside = Math.min(Math.max(z, -Number.MAX_VALUE), Number.MAX_VALUE);
  return inside / (1 + Math.abs(inside));
}`,
  hardSigmoid: `// (z + 3) / 6, limited to [0, 1]
function hardSigmoid(z) {
  return Math.min(Math.max(z + 3, 0), 6) / 6;
}`,
  mish: `// z * tanh(log(1 + exp(z))), by sums of positive terms
function mish(z) {
  const inside = Math.max(z, -1000);
  const power = Math.exp(-Math.abs(inside));
  const above = inside < 0 ? power * (power + 2) : 1 + 2 * power;
  const below = above + (inside < 0 ? 2 : 2 * power * power);
  return inside * (above / below);
}`,
  exponential: `// exp(z)
function exponential(z) {
  return Math.exp(z);
}`,
  logSoftmax: `// log(softmax(z))
function logSoftmax(z) {
  const greatest = greatestOf(z);
  const logSum = Math.log(z.reduce((all, unit) => all + Math.exp(unit - greatest), 0));
  return applied((unit) => unit - greatest - logSum, z);
}`,
} satisfies Record<ActivationName, string | undefined>;

const helpers: Functions = {
  applied: `// f(z_i)
function applied(f, z) {
  const out = new Float64Array(z.length);
  for (let i = 0; i < z.length; i++) out[i] = f(z[i]);
  return out;
}`,
  greatestOf: `// The greatest number, so that no exponential overflows
function greatestOf(z) {
  return z.reduce((greatest, unit) => (greatest < unit ? unit : greatest), z[0]);
}`,
  normalTail: `// The probability that a standard normal variable is above t, for t >= 0: a polynomial in (t - 5) / (t + 5)
function normalTail(t) {
  if (t >= 39) return 0;
  const coefficients = [
    7.69193049750062959e-1, -6.653825028900567e-1, 4.95305615969976413e-1, -3.13533156671304545e-1,
    1.65020366170384718e-1, -6.91186387063101636e-2, 2.07950667998831796e-2, -2.99337677050854244e-3,
    -7.97869398466070105e-4, 5.44899064773129894e-4, -5.93757280099158637e-5, -4.97628142705858052e-5,
    1.66812137420420615e-5, 3.98090215786804112e-6, -2.76926709599743025e-6, -3.36615368101247117e-7,
    4.33141035686258495e-7, 4.22749937400653484e-8, -6.59422166247722304e-8, -9.31356099432605914e-9,
    7.66307180076004105e-9, 1.75304840140823198e-9, -1.58774688274733654e-10,
  ];
  const u = (t - 5) / (t + 5);
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * u + coefficients[i];
  // exp(-t^2 / 2) magnifies the rounding error of t^2, but the square of 24 bits is exact.
  const high = Math.fround(t);
  const low = t - high;
  return (sum / (t + 5)) * Math.exp(-0.5 * high * high) * Math.exp(-0.5 * low * (high + t));
}`,
};

const { linear: _, ...named } = formulas;

/** The activations, and what they need. */
export const activationFunctions: Functions = { ...named, ...helpers };

const ofAllUnits: readonly ActivationName[] = ['softmax', 'logSoftmax'];
const withParameter: readonly ActivationName[] = ['leakyRelu', 'elu'];

/** The activation of one unit as a function; undefined for those that need all units, and for linear. */
export function functionOfUnit({ name, alpha }: ResolvedActivation): string | undefined {
  if (ofAllUnits.includes(name) || name === 'linear') return undefined;
  return withParameter.includes(name) ? `(unit) => ${name}(unit, ${literal(alpha)})` : name;
}

/** The activation of these sums, which are an expression. */
export function activated(activation: ResolvedActivation, sums: string): string {
  if (activation.name === 'linear') return sums;
  const unit = functionOfUnit(activation);
  return unit === undefined ? `${activation.name}(${sums})` : `applied(${unit}, ${sums})`;
}
