import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** Like expect(found).toEqual(expected), but quick where the two are equal, however large they are. */
export function expectEqual(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}
