import { argumentError } from '../base/errors';
import { fileError, quote } from './file-error';

/** What JSON.stringify writes and JSON.parse gives back as it was. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

// Far more than any options, and far less than a stack.
const deepest = 100;

/**
 * Throws unless JSON holds all of a value: it would write null for NaN, {} for a Map, and leave functions out.
 * Fields that are undefined are left out, too, and may be there.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_ARG_VALUE
 */
export function checkJson(name: string, value: unknown, depth = 0): asserts value is Json {
  if (depth > deepest) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'a value', `at most ${deepest} objects deep`, value);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'a finite number', value);
  }
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return;
  if (Array.isArray(value)) {
    // By index, so that a hole is seen.
    for (let i = 0; i < value.length; i++) checkJson(`${name}[${i}]`, value[i], depth + 1);
    return;
  }
  if (!isPlainObject(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'something that JSON holds', value);
  }
  for (const [key, field] of Object.entries(value)) {
    if (key === '__proto__') throw protoError(name, value);
    if (field !== undefined) checkJson(`${name}.${key}`, field, depth + 1);
  }
}

/**
 * JSON out of a file. The key __proto__ is refused, since whoever copies such an object would give it
 * another prototype, and so is JSON deeper than checkJson lets through.
 *
 * @throws Error ERR_BLASNET_FILE
 */
export function parseJson(text: string, place: string, file: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    checkJson('it', value);
    return value;
  } catch (cause) {
    throw fileError(file, place, 'JSON as this library writes it', quote(text), { cause });
  }
}

function protoError(name: string, value: unknown): Error {
  return argumentError('ERR_BLASNET_ARG_VALUE', name, 'an object without the key __proto__', value);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
