import { expect } from 'vitest';
import { thisMachine } from '../../lib/addon/machine';

/** The golden numbers come from NumPy on glibc, and depend on the logarithm, sine and cosine of glibc. */
const sameLibrary = thisMachine().libc === 'glibc';

/**
 * Expects NumPy's numbers, which may be nested arrays: bit-identical with the C library that NumPy called, within the
 * last few bits with others. (The sine of Windows differs from glibc's for one argument in fifty, by one bit.)
 */
export function expectNumpy(actual: unknown, expected: unknown, message?: string): void {
  if (sameLibrary) expect(actual, message).toEqual(expected);
  else expect(actual, message).toEqual(withRoom(expected));
}

function withRoom(expected: unknown): unknown {
  if (typeof expected === 'number' && !Number.isInteger(expected)) {
    return expect.toSatisfy(
      (actual) => Math.abs(actual - expected) <= 8 * Number.EPSILON * Math.max(Math.abs(expected), 1),
      `${expected}, but for its last bits`,
    );
  }
  if (Array.isArray(expected)) return expected.map(withRoom);
  if (expected?.constructor === Object) {
    return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, withRoom(value)]));
  }
  return expected;
}
