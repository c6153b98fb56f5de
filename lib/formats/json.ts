import { argumentError } from '../base/errors';
import { fileError, quote } from './file-error';

/** A value that JSON.stringify and JSON.parse keep unchanged. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

// Far deeper than any options, and far less than the call stack allows.
const deepest = 100;

/**
 * Throws unless JSON can hold the whole value: JSON.stringify writes null for NaN and {} for a Map, and leaves
 * functions out. It also leaves out fields that are undefined; these are allowed.
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
    // A loop by index sees holes, too.
    for (let i = 0; i < value.length; i++) checkJson(`${name}[${i}]`, value[i], depth + 1);
    return;
  }
  if (!isPlainObject(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a value that JSON can hold', value);
  }
  for (const [key, field] of Object.entries(value)) {
    if (key === '__proto__') throw protoError(name, value);
    if (field !== undefined) checkJson(`${name}.${key}`, field, depth + 1);
  }
}

/**
 * Parses JSON from a file. It refuses the key __proto__, since a copy of such an object could get another prototype. It
 * also refuses JSON that is deeper than checkJson allows.
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
