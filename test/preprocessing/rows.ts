// Rows of bad-input tables, with one function per code; the message continues after 'Expected'.

import type { BadCall } from '../support/bad-input';

export const type = (what: string, call: () => unknown, message: string): BadCall => ({
  what,
  call,
  error: TypeError,
  code: 'ERR_BLASNET_ARG_TYPE',
  message: `Expected ${message}`,
});
export const range = (what: string, call: () => unknown, message: string): BadCall => ({
  what,
  call,
  error: RangeError,
  code: 'ERR_BLASNET_ARG_VALUE',
  message: `Expected ${message}`,
});
export const shape = (what: string, call: () => unknown, message: string): BadCall => ({
  what,
  call,
  error: RangeError,
  code: 'ERR_BLASNET_SHAPE',
  message: `Expected ${message}`,
});
export const notFinite = (what: string, call: () => unknown, message: string): BadCall => ({
  what,
  call,
  error: RangeError,
  code: 'ERR_BLASNET_NOT_FINITE',
  message: `Expected ${message}`,
});
export const unknownOption = (what: string, call: () => unknown, message: string): BadCall => ({
  what,
  call,
  error: TypeError,
  code: 'ERR_BLASNET_UNKNOWN_OPTION',
  message: `Unknown option ${message}`,
});
