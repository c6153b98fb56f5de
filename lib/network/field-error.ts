import { type BlasnetError, blasnetError, describe, type ErrorCode } from '../base/errors';

/** What is wrong with a field: a rule of `InputRules`, its type, its range, or the number of values. */
export type FieldRule =
  | 'missing'
  | 'additional'
  | 'notFinite'
  | 'unknownCategory'
  | 'type'
  | 'range'
  | 'width';

/** The error for a row that does not fit a model: one field of it breaks a rule. */
export interface FieldError extends BlasnetError {
  /** The name of the field; of a network's row, its place, such as `row[3]`. */
  readonly field: string;
  readonly rule: FieldRule;
}

/** The error `Expected <place> to be <words>, got <value>`, for a field of a row. */
export function fieldError(
  code: ErrorCode,
  [field, place]: readonly [field: string, place: string],
  rule: FieldRule,
  words: string,
  value: unknown,
): FieldError {
  return ofField(blasnetError(code, `Expected ${place} to be ${words}, got ${describe(value)}`), field, rule);
}

/** Says which field an error is about. */
export function ofField(error: BlasnetError, field: string, rule: FieldRule): FieldError {
  return Object.assign(error, { field, rule });
}
