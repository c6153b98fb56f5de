import { native, SampleAxis } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';
import { type ActivationName, activationCodes, activationNames } from '../../lib/layers/activations';
import { type FloatType, guarded } from './helpers';

export type Axis = 'rows' | 'columns';

/** The slope of leakyRelu and the limit of elu in these tests; not the defaults. */
export const alpha = 0.375;

/** Activations whose derivative is computed from Z, as in native/kernels/activations.h. */
export const byInputs: readonly ActivationName[] = ['gelu', 'geluTanh', 'silu', 'mish'];

export const acrossUnits: readonly ActivationName[] = ['softmax', 'logSoftmax'];

export const elementwise = activationNames.filter((name) => !acrossUnits.includes(name));

/** Returns A of m samples, and expects that the memory around it is unchanged. */
export function forward(
  type: FloatType,
  name: ActivationName,
  Z: FloatArray,
  axis: Axis = 'rows',
  m = 1,
  units = Z.length,
): FloatArray {
  const A = guarded(type, m * units);
  native.activationForward(activationCodes[name], alpha, SampleAxis[axis], m, units, Z, A.data);
  A.intact();
  return A.data;
}

/** Returns dZ of m samples. Passes null for Z if it is not needed. */
export function backward(
  type: FloatType,
  name: ActivationName,
  { dA, Z, A }: { dA: FloatArray; Z: FloatArray | null; A: FloatArray },
  axis: Axis = 'rows',
  m = 1,
  units = dA.length,
): FloatArray {
  const dZ = guarded(type, m * units);
  const inputs = byInputs.includes(name) ? Z : null;
  const sizes = [SampleAxis[axis], m, units] as const;
  native.activationBackward(activationCodes[name], alpha, ...sizes, dA, inputs, A, dZ.data);
  dZ.intact();
  return dZ.data;
}

/** Applies an activation to one row of values; for softmax and logSoftmax the row is one sample. */
export function apply(type: FloatType, name: ActivationName, values: readonly number[]): number[] {
  return Array.from(forward(type, name, type.array(values)));
}

/** Returns dZ of one row, for values of A, or of Z if the derivative is computed from Z. */
export function derive(
  type: FloatType,
  name: ActivationName,
  dA: readonly number[],
  values: readonly number[],
): number[] {
  const array = type.array(values);
  return Array.from(backward(type, name, { dA: type.array(dA), Z: array, A: array }));
}
