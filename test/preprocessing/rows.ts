// Rows of bad-input tables, one function a code; the message goes on after 'Expected'.

import type { BadCall } from '../support/bad-input';

export const type = (what: string, call: () => unknown, message: string): BadCall => [
  what,
  call,
  TypeError,
  'ERR_BLASNET_ARG_TYPE',
  `Expected ${message}`,
];
export const range = (what: string, call: () => unknown, message: string): BadCall => [
  what,
  call,
  RangeError,
  'ERR_BLASNET_ARG_VALUE',
  `Expected ${message}`,
];
export const shape = (what: string, call: () => unknown, message: string): BadCall => [
  what,
  call,
  RangeError,
  'ERR_BLASNET_SHAPE',
  `Expected ${message}`,
];
export const notFinite = (what: string, call: () => unknown, message: string): BadCall => [
  what,
  call,
  RangeError,
  'ERR_BLASNET_NOT_FINITE',
  `Expected ${message}`,
];
export const unknownOption = (what: string, call: () => unknown, message: string): BadCall => [
  what,
  call,
  TypeError,
  'ERR_BLASNET_UNKNOWN_OPTION',
  `Unknown option ${message}`,
];
