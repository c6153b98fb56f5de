import { types } from 'node:util';
import { kindOf, lengthOf } from './intrinsics';

/**
 * The codes of the library's errors. The code decides the class: a TypeError for the wrong kind of value, a RangeError
 * for a value of the right kind that is not allowed, and an Error for a state, a file or the addon.
 */
export const errorClasses = {
  /** A value of another kind than the argument takes. */
  ERR_BLASNET_ARG_TYPE: TypeError,
  /** A value of the right kind, outside its range. */
  ERR_BLASNET_ARG_VALUE: RangeError,
  /** An option that does not exist; the message guesses the right name. */
  ERR_BLASNET_UNKNOWN_OPTION: TypeError,
  /** A name (of an activation, an initialiser, ...) that does not exist. */
  ERR_BLASNET_UNKNOWN_NAME: RangeError,
  /** Arrays, matrices or layers whose sizes do not fit together. */
  ERR_BLASNET_SHAPE: RangeError,
  /** NaN or an infinity where a finite number is needed. */
  ERR_BLASNET_NOT_FINITE: RangeError,
  /** float32 where float64 is needed, or the reverse. */
  ERR_BLASNET_DTYPE: TypeError,
  /** A typed array whose buffer was detached (transferred away). */
  ERR_BLASNET_DETACHED: TypeError,
  /** A typed array on a resizable buffer, which could shrink under native code. */
  ERR_BLASNET_RESIZABLE: TypeError,
  /** A training whose loss or parameters are no longer finite. */
  ERR_BLASNET_DIVERGED: RangeError,
  /** A call that needs a network's parameters while the network is training. */
  ERR_BLASNET_BUSY: Error,
  /** A call that would change a network that reads parameters in shared memory. */
  ERR_BLASNET_READ_ONLY: Error,
  /** A handle of a shared network that another version of the library made. */
  ERR_BLASNET_VERSION: Error,
  /** A file that cannot be read or written, is damaged, or has the wrong content. */
  ERR_BLASNET_FILE: Error,
  /** A source of chunks that fails, or that has other rows than before. */
  ERR_BLASNET_SOURCE: Error,
  /** Preprocessing or labels that are missing, or that have not learned from data yet. */
  ERR_BLASNET_NOT_FITTED: Error,
  /** Memory that the system does not give. Native code throws it, too: see native/binding/failure.h. */
  ERR_BLASNET_MEMORY: Error,
  /** A thread that the system does not give. Native code throws it. */
  ERR_BLASNET_THREAD: Error,
  /** A worker process that ended before its task. */
  ERR_BLASNET_WORKER: Error,
  /** A slot that has no model, or none to go back to. */
  ERR_BLASNET_NO_MODEL: Error,
  /** A queue in which as many calls wait as it takes. */
  ERR_BLASNET_QUEUE_FULL: Error,
  /** A slot or a batcher that was closed. */
  ERR_BLASNET_CLOSED: Error,
  /** Processes that train one network together, and do not agree, or of which one does not answer. Native code throws it, too. */
  ERR_BLASNET_RANKS: Error,
  /** The native addon, a package that a format needs, or the MPI library of a launcher could not be loaded. */
  ERR_BLASNET_LOAD: Error,
} as const;

export type ErrorCode = keyof typeof errorClasses;

/** An error of this library. Its code is stable; its message may change. */
export interface BlasnetError extends Error {
  readonly code: ErrorCode;
}

/** Makes an error of the code's class. */
export function blasnetError(code: ErrorCode, message: string, options?: ErrorOptions): BlasnetError {
  const error = new errorClasses[code](message, options);
  return Object.defineProperty(error, 'code', {
    value: code,
    enumerable: true,
  }) as BlasnetError;
}

/** Whether the library made an error; false for those of Node, of a package or of a user's code. */
export function isBlasnetError(error: unknown): error is BlasnetError {
  return String((error as { readonly code?: unknown } | undefined)?.code).startsWith('ERR_BLASNET_');
}

/** The error for a bad argument: `Expected epochs to be a positive integer, got 0 (number)`; the hint follows. */
export function argumentError(
  code: ErrorCode,
  name: string,
  rule: string,
  actual: unknown,
  hint = '',
): BlasnetError {
  return blasnetError(code, `Expected ${name} to be ${rule}, got ${describe(actual)}${hint}`);
}

/** Describes a value and its kind in one short line. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `${JSON.stringify(abbreviate(value))} (string)`;
  if (typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return value.name === '' ? 'a function' : `function ${value.name}`;
  if (typeof value !== 'object') return `${String(value)} (${typeof value})`;
  const kind = kindOf(value);
  if (kind !== undefined || ArrayBuffer.isView(value)) {
    const name = className(value);
    const article = name.startsWith('Int') ? 'an' : 'a';
    return `${article} ${name}${kind === undefined ? '' : ` of length ${lengthOf(value as ArrayBufferView)}`}`;
  }
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (types.isDate(value) && Number.isNaN(Date.prototype.getTime.call(value))) return 'an invalid Date';
  return `an object (${className(value)})`;
}

function className(value: object): string {
  try {
    const { constructor: kind } = value as { constructor?: { name?: unknown } };
    return typeof kind?.name === 'string' && kind.name !== '' ? kind.name : 'no class';
  } catch {
    // A getter of the object's own may throw anything.
    return 'no class';
  }
}

/** The beginning of a long text. */
export function abbreviate(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/**
 * The error that a cancelled operation rejects with. It follows Node's convention: its name is AbortError, its code
 * ABORT_ERR, and its cause the signal's reason.
 */
export class AbortError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor(reason?: unknown) {
    super('The operation was aborted', { cause: reason });
  }
}
