// Sweeps over bit patterns, and the errors that they find.

import { expect } from 'vitest';
import type { FloatArray } from '../../lib/base/matrix';
import * as oracle from '../support/oracle';
import type { Pair } from './double-double';
import { type FloatType, float32, ulp } from './helpers';

/** A value as high + low, times 2^scale. */
export interface Exact {
  readonly value: Pair;
  readonly scale?: number;
  /** An absolute error that is allowed in addition. */
  readonly slack?: number;
}

function errorInUlp(
  type: FloatType,
  actual: number,
  { value: [high, low], scale = 0, slack = 0 }: Exact,
): number {
  const error = Math.abs(actual * 2 ** scale - high - low) - slack * 2 ** scale;
  return Math.max(0, error) / (ulp(type, high * 2 ** -scale) * 2 ** scale);
}

/** Finite numbers of every size and sign, special ones with both signs, and many where the functions bend. */
export function sweep(type: FloatType, limit: number, hardest: readonly number[] = []): FloatArray {
  const special = [0, type.least, type.leastNormal, type.most, ...hardest];
  const values = [...special, ...special.map((value) => -value)];
  if (type === float32) {
    const pattern = new DataView(new ArrayBuffer(4));
    for (let bits = 0; bits < 2 ** 32; bits += 8209) {
      pattern.setUint32(0, bits);
      const value = pattern.getFloat32(0);
      if (Number.isFinite(value)) values.push(value);
    }
  } else {
    const words = new Uint32Array(oracle.randomArray(20_000, 1, 0, 2 ** 32));
    values.push(...new Float64Array(words.buffer).filter(Number.isFinite));
  }
  values.push(...oracle.randomArray(10_000, 2, -4, 4), ...oracle.randomArray(10_000, 3, -limit, limit));
  return type.array(values);
}

/** The largest error over the inputs, and its input. */
export function worst(
  type: FloatType,
  inputs: ArrayLike<number>,
  actual: ArrayLike<number>,
  reference: (x: number) => Exact,
): { ulp: number; at: number } {
  let found = { ulp: 0, at: 0 };
  for (let i = 0; i < inputs.length; i++) {
    const at = inputs[i] as number;
    const error = errorInUlp(type, actual[i] as number, reference(at));
    if (!(error <= found.ulp)) found = { ulp: error, at };
    // The next error would replace a NaN.
    if (Number.isNaN(error)) break;
  }
  return found;
}

/** Expects that the error is within its bound, and above a share of it: otherwise nothing was measured. */
export function expectBound(found: { ulp: number; at: number }, bound: number, share = 0.5): void {
  expect(found.ulp, `at ${found.at}`).toBeLessThanOrEqual(bound);
  expect(found.ulp).toBeGreaterThan(share * bound);
}
