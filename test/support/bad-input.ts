import { expect, it } from 'vitest';
import type { ErrorCode } from '../../lib/base/errors';

type ErrorClass = typeof Error | typeof TypeError | typeof RangeError;

/** One row of a bad-input table. */
export interface BadCall {
  readonly what: string;
  readonly call: () => unknown;
  readonly error: ErrorClass;
  readonly code: ErrorCode;
  readonly message: string;
}

/** A test a row: the call throws exactly this class, this code and this message. */
export function itRejects(table: readonly BadCall[]): void {
  it.each(table)('rejects $what', ({ call, error, code, message }) => {
    expectError(call, error, code, message);
  });
}

/** Expects the call to throw exactly this class, this code and this message. */
export function expectError(
  call: () => unknown,
  errorClass: ErrorClass,
  code: ErrorCode,
  message: string,
): void {
  const error = thrownBy(call);
  expect(error).toMatchObject({ code, message });
  expect((error as Error).constructor).toBe(errorClass);
}

/** Returns the error that a call throws; fails if it throws nothing. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return expect.fail('Expected the call to throw');
}

/** What the promise is rejected with; a promise that is fulfilled fails the test. */
export function rejectionOf(promise: Promise<unknown>): Promise<Error & { code: string }> {
  return promise.then(
    () => expect.fail('Expected the promise to be rejected'),
    (error) => error,
  );
}
