// Options that can go to another process.

import { types } from 'node:util';
import { argumentError } from '../../base/errors';

/**
 * Refuses options that hold what another process cannot have: functions, and objects of classes.
 *
 * @param name what errors call the options; empty for those of the call itself
 */
export function checkSendable(name: string, options: object): void {
  for (const [key, value] of Object.entries(options)) {
    checkValue(name === '' ? key : `${name}.${key}`, value, []);
  }
}

function checkValue(name: string, value: unknown, within: readonly unknown[]): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    const rule = 'left out with workers, since it cannot be sent to another process';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value);
  }
  if (typeof value !== 'object' || value === null || types.isTypedArray(value) || types.isDate(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!plain || within.includes(value)) {
    const rule = 'plain data with workers, since it is sent to another process';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value);
  }
  const isList = Array.isArray(value);
  for (const [key, each] of Object.entries(value)) {
    checkValue(isList ? `${name}[${key}]` : `${name}.${key}`, each, [...within, value]);
  }
}
