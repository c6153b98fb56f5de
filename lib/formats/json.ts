import { argumentError } from '../base/errors';

/** A value that JSON.stringify and JSON.parse keep unchanged. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** Far deeper than any options, and far less than the call stack allows. */
export const deepest = 100;
/** The most lists, objects and fields of one JSON: more than any learned state has, and each needs some 100 bytes. */
export const mostParts = 2 ** 20;

/**
 * Throws unless JSON can hold the whole value: JSON.stringify writes null for NaN and {} for a Map, and leaves
 * functions out. It also leaves out fields that are undefined; these are allowed.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_ARG_VALUE
 */
export function checkJson(name: string, value: unknown): asserts value is Json {
  checkPart(name, value, 0, { parts: 0 });
}

function checkPart(name: string, value: unknown, depth: number, counted: { parts: number }): void {
  if (depth > deepest) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'a value', `at most ${deepest} objects deep`, value);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'a finite number', value);
  }
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return;
  if (Array.isArray(value)) {
    count(name, value, 1, counted);
    // A loop by index sees holes, too.
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      // The name of an element is made only where it may be needed.
      if (typeof element !== 'string') checkPart(`${name}[${i}]`, element, depth + 1, counted);
    }
    return;
  }
  if (!isPlainObject(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a value that JSON can hold', value);
  }
  const fields = Object.entries(value);
  count(name, value, 1 + fields.length, counted);
  for (const [key, field] of fields) {
    if (key === '__proto__') throw protoError(name, value);
    if (field !== undefined) checkPart(`${name}.${key}`, field, depth + 1, counted);
  }
}

function count(name: string, value: object, parts: number, counted: { parts: number }): void {
  counted.parts += parts;
  if (counted.parts <= mostParts) return;
  const rule = `part of at most ${mostParts} lists, objects and fields`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, value);
}

function protoError(name: string, value: unknown): Error {
  return argumentError('ERR_BLASNET_ARG_VALUE', name, 'an object without the key __proto__', value);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
