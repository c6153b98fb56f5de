/**
 * Every error the library raises for bad input carries one of these codes. The class follows from the
 * code: a TypeError when the kind of thing is wrong, a RangeError when the kind is right and the value is not.
 */
export const errorClasses = {
  /** Not the kind of value that the argument takes. */
  ERR_BLASNET_ARG_TYPE: TypeError,
  /** The right kind of value, outside its range. */
  ERR_BLASNET_ARG_VALUE: RangeError,
  /** An option that does not exist; the message guesses which was meant. */
  ERR_BLASNET_UNKNOWN_OPTION: TypeError,
  /** A name (of an activation, an initializer, ...) that is in no table. */
  ERR_BLASNET_UNKNOWN_NAME: RangeError,
  /** Arrays, matrices or layers whose sizes do not fit one another. */
  ERR_BLASNET_SHAPE: RangeError,
  /** NaN or an infinity where the arithmetic needs numbers. */
  ERR_BLASNET_NOT_FINITE: RangeError,
  /** float32 where float64 is needed, or the reverse. */
  ERR_BLASNET_DTYPE: TypeError,
  /** A typed array whose buffer was detached (transferred away). */
  ERR_BLASNET_DETACHED: TypeError,
  /** A typed array on a resizable buffer, which could shrink under native code. */
  ERR_BLASNET_RESIZABLE: TypeError,
  /** A loss that is not finite while training. */
  ERR_BLASNET_DIVERGED: RangeError,
  /** The network is training, and this call would read or write its parameters meanwhile. */
  ERR_BLASNET_BUSY: Error,
  /** A file that cannot be read or written, is damaged, or does not hold what it should. */
  ERR_BLASNET_FILE: Error,
  /** What has to learn from data first was asked for its results. */
  ERR_BLASNET_NOT_FITTED: Error,
  /** The native addon could not be loaded. */
  ERR_BLASNET_LOAD: Error,
} as const;

export type ErrorCode = keyof typeof errorClasses;

export interface BlasnetError extends Error {
  readonly code: ErrorCode;
}

/** An error of the class that belongs to the code. */
export function blasnetError(code: ErrorCode, message: string, options?: ErrorOptions): BlasnetError {
  const error = new errorClasses[code](message, options);
  return Object.defineProperty(error, 'code', {
    value: code,
    enumerable: true,
  }) as BlasnetError;
}

/** The one sentence for a bad argument: `Expected epochs to be a positive integer, got 0 (number)`. */
export function argumentError(code: ErrorCode, name: string, rule: string, actual: unknown): BlasnetError {
  return blasnetError(code, `Expected ${name} to be ${rule}, got ${describe(actual)}`);
}

/** A value with its kind, short enough for one line. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `${JSON.stringify(abbreviate(value))} (string)`;
  if (typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return value.name === '' ? 'a function' : `function ${value.name}`;
  if (typeof value !== 'object') return `${String(value)} (${typeof value})`;
  if (ArrayBuffer.isView(value)) {
    const { length } = value as { length?: number };
    const name = className(value);
    const article = name.startsWith('Int') ? 'an' : 'a';
    return `${article} ${name}${length === undefined ? '' : ` of length ${length}`}`;
  }
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  return `an object (${className(value)})`;
}

function className(value: object): string {
  const { constructor: kind } = value as { constructor?: { name?: unknown } };
  return typeof kind?.name === 'string' && kind.name !== '' ? kind.name : 'no class';
}

function abbreviate(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/**
 * What a cancelled operation rejects with: Node's own convention (name AbortError, code ABORT_ERR,
 * the signal's reason as the cause).
 */
export class AbortError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor(reason?: unknown) {
    super('The operation was aborted', { cause: reason });
  }
}
