// The typed arrays that hold numbers. They are recognised by what they are, whichever realm made them: Jest and
// node:vm have classes of their own, for which `instanceof` is false.

import { kindOf, lengthOf } from './intrinsics';

export { kindOf, lengthOf } from './intrinsics';

/** The element types: 'float64' is stored in a Float64Array, 'float32' in a Float32Array. */
export type Dtype = 'float64' | 'float32';
export type FloatArray = Float64Array | Float32Array;
/** Labels in the form that native code takes. An Int32Array holds class numbers, for the loss that needs them. */
export type LabelArray = FloatArray | Int32Array;
/** The typed arrays that native code reads. */
export type NumberArray = LabelArray | Uint32Array | Uint16Array | Uint8Array;

/**
 * Any typed array of numbers: Float64Array, Float32Array, Float16Array, Int8Array, Uint8Array (so a Buffer),
 * Uint8ClampedArray, Int16Array, Uint16Array, Int32Array or Uint32Array.
 */
export type TypedNumbers = ArrayBufferView & ArrayLike<number>;

/** One number after another: a typed array, or an array of numbers. */
export type NumbersLike = TypedNumbers | readonly number[];

/** How many numbers there are. */
export function countOf(numbers: NumbersLike | ArrayLike<unknown>): number {
  return isTypedNumbers(numbers) ? lengthOf(numbers) : numbers.length;
}

export function isFloatArray(value: unknown): value is FloatArray {
  const kind = kindOf(value);
  return kind === 'Float64Array' || kind === 'Float32Array';
}

/** Whether the array holds doubles. */
export function isFloat64(array: unknown): array is Float64Array {
  return kindOf(array) === 'Float64Array';
}

export function isInt32(array: unknown): array is Int32Array {
  return kindOf(array) === 'Int32Array';
}

export function isUint32(array: unknown): array is Uint32Array {
  return kindOf(array) === 'Uint32Array';
}

export function dtypeOf(array: FloatArray): Dtype {
  return isFloat64(array) ? 'float64' : 'float32';
}

const nativeKinds: readonly (string | undefined)[] = [
  ...['Float64Array', 'Float32Array', 'Int32Array', 'Uint32Array', 'Uint16Array', 'Uint8Array'],
];

const otherKinds: readonly (string | undefined)[] = [
  ...['Int8Array', 'Int16Array', 'Uint8ClampedArray', 'Float16Array'],
];

const integerKinds: readonly (string | undefined)[] = [
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array'],
  'Uint32Array',
];

/** Whether native code reads it. */
export function isNumberArray(value: unknown): value is NumberArray {
  return nativeKinds.includes(kindOf(value));
}

export function isTypedNumbers(value: unknown): value is TypedNumbers {
  const kind = kindOf(value);
  return nativeKinds.includes(kind) || otherKinds.includes(kind);
}

/** Whether it is a typed array of integers, which may hold class numbers. */
export function isIntegerArray(value: unknown): value is TypedNumbers {
  return integerKinds.includes(kindOf(value));
}
