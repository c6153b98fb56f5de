// The errors of a standalone module as JavaScript. Their codes and words are those of lib/base/errors.ts.

import type { Functions } from './functions';

export const errorFunctions: Functions = {
  failure: `// An error with a stable code
function failure(Kind, code, message) {
  return Object.assign(new Kind(message), { code });
}`,
  refusal: `// The error for a value that breaks a rule
function refusal(code, what, rule, value) {
  const Kind = code === 'ERR_BLASNET_ARG_TYPE' ? TypeError : RangeError;
  return failure(Kind, code, 'Expected ' + what + ' to be ' + rule + ', got ' + described(value));
}`,
  described: `// A value in few words
function described(value) {
  if (Array.isArray(value)) return 'an array of length ' + value.length;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  if (value === null || value === undefined || typeof value === 'symbol') return String(value);
  const text = typeof value === 'string' ? JSON.stringify(shortened(value)) : String(value);
  return text + ' (' + typeof value + ')';
}`,
  shortened: `// The beginning of a long text
function shortened(text) {
  return text.length > 60 ? text.slice(0, 57) + '...' : text;
}`,
  refuseNumber: `// Throws for a number that is not finite, or that breaks another rule
function refuseNumber(name, rule, value, row, column) {
  const code = Number.isFinite(value) ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_NOT_FINITE';
  const place = 'row ' + row + ', column ' + column;
  throw failure(RangeError, code, 'Expected ' + name + ' to hold ' + rule + ', got ' + value + ' at ' + place);
}`,
};
