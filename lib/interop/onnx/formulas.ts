// Activations in operators of ONNX. In float32 most are one operator. The runtimes have few of these in float64, and some
// come and go with the version of the operators: there each activation is made of operators that all of them have.

import type { Dtype } from '../../base/matrix';
import type { ActivationName } from '../../layers/activations';
import type { Ops } from './operators';

/** The formula of an activation for z. `alpha` is its parameter; 0 if it has none. */
type Formula = <E>(ops: Ops<E>, z: E, alpha: number) => E;

/** The constants of selu: see native/kernels/activations.cc. */
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

// exp(z) - 1 without cancellation: tanh(z / 2) (exp(z) + 1).
const expm1: Formula = ({ op, number }, z) =>
  op('Mul', [op('Tanh', [op('Mul', [z, number(0.5)])]), op('Add', [op('Exp', [z]), number(1)])]);

// log(1 + exp(z)), without an exp that overflows.
const softplus: Formula = ({ op, number }, z) =>
  op('Add', [op('Relu', [z]), op('Log', [op('Add', [op('Exp', [op('Neg', [op('Abs', [z])])]), number(1)])])]);

const negativePart = <E>(ops: Ops<E>, z: E, below: E): E =>
  ops.op('Where', [ops.op('Greater', [z, ops.number(0)]), z, below]);

const geluTanh: Formula = ({ op, number }, z) => {
  const cube = op('Mul', [op('Mul', [z, z]), z]);
  const inner = op('Mul', [
    op('Add', [z, op('Mul', [cube, number(0.044715)])]),
    number(Math.sqrt(2 / Math.PI)),
  ]);
  return op('Mul', [op('Mul', [z, number(0.5)]), op('Add', [op('Tanh', [inner]), number(1)])]);
};

const one =
  (type: string): Formula =>
  ({ op }, z) =>
    op(type, [z]);

const overUnits =
  (type: string): Formula =>
  ({ op }, z) =>
    op(type, [z], { axis: -1n });

/** The activations that are equal in both types. */
const both = {
  linear: (_, z) => z,
  sigmoid: one('Sigmoid'),
  relu: one('Relu'),
  tanh: one('Tanh'),
  softmax: overUnits('Softmax'),
  logSoftmax: overUnits('LogSoftmax'),
  exponential: one('Exp'),
} satisfies Partial<Record<ActivationName, Formula>>;

const float32: Readonly<Record<ActivationName, Formula>> = {
  ...both,
  leakyRelu: ({ op }, z, alpha) => op('LeakyRelu', [z], { alpha }),
  elu: ({ op }, z, alpha) => op('Elu', [z], { alpha }),
  selu: one('Selu'),
  gelu: ({ op, number, opset }, z) => {
    if (opset >= 20) return op('Gelu', [z]);
    const erf = op('Erf', [op('Mul', [z, number(Math.SQRT1_2)])]);
    return op('Mul', [op('Mul', [z, number(0.5)]), op('Add', [erf, number(1)])]);
  },
  geluTanh: (ops, z) =>
    ops.opset >= 20 ? ops.op('Gelu', [z], { approximate: 'tanh' }) : geluTanh(ops, z, 0),
  silu: ({ op }, z) => op('Mul', [z, op('Sigmoid', [z])]),
  softplus: one('Softplus'),
  softsign: one('Softsign'),
  hardSigmoid: ({ op }, z) => op('HardSigmoid', [z], { alpha: 1 / 6, beta: 0.5 }),
  mish: (ops, z) =>
    ops.opset >= 18 ? ops.op('Mish', [z]) : ops.op('Mul', [z, ops.op('Tanh', [ops.op('Softplus', [z])])]),
};

const float64: Readonly<Record<Exclude<ActivationName, 'gelu'>, Formula>> = {
  ...both,
  leakyRelu: (ops, z, alpha) => negativePart(ops, z, ops.op('Mul', [z, ops.number(alpha)])),
  elu: (ops, z, alpha) => negativePart(ops, z, ops.op('Mul', [expm1(ops, z, 0), ops.number(alpha)])),
  selu: (ops, z) => {
    const below = ops.op('Mul', [expm1(ops, z, 0), ops.number(seluAlpha)]);
    return ops.op('Mul', [negativePart(ops, z, below), ops.number(seluScale)]);
  },
  geluTanh,
  silu: ({ op, number }, z) => op('Div', [z, op('Add', [op('Exp', [op('Neg', [z])]), number(1)])]),
  softplus,
  softsign: ({ op, number }, z) => op('Div', [z, op('Add', [op('Abs', [z]), number(1)])]),
  hardSigmoid: ({ op, number }, z) =>
    op('Clip', [op('Add', [op('Mul', [z, number(1 / 6)]), number(0.5)]), number(0), number(1)]),
  mish: (ops, z) => ops.op('Mul', [z, ops.op('Tanh', [softplus(ops, z, 0)])]),
};

/** The formula of an activation in a dtype; undefined for gelu in float64, which has no operator there. */
export function formulaOf(name: ActivationName, dtype: Dtype): Formula | undefined {
  return dtype === 'float32' ? float32[name] : name === 'gelu' ? undefined : float64[name];
}
