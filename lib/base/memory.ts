import { type BlasnetError, blasnetError } from './errors';

interface ArrayKind<Shared, Own> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer): Shared;
  new (length: number): Own;
}

/** Zeros on a buffer of their own. @throws Error ERR_BLASNET_MEMORY */
export function newArray<Own>(kind: ArrayKind<unknown, Own>, length: number): Own {
  try {
    return new kind(length);
  } catch (cause) {
    throw memoryError(cause);
  }
}

/** Zeros on a SharedArrayBuffer. @throws Error ERR_BLASNET_MEMORY */
export function newSharedArray<Shared>(kind: ArrayKind<Shared, unknown>, length: number): Shared {
  try {
    return new kind(new SharedArrayBuffer(kind.BYTES_PER_ELEMENT * length));
  } catch (cause) {
    throw memoryError(cause);
  }
}

/** The error for the RangeError of an array's constructor, whose length is right. */
export function memoryError(cause: unknown): BlasnetError {
  return blasnetError('ERR_BLASNET_MEMORY', 'There is not enough memory for an array of this operation', {
    cause,
  });
}
