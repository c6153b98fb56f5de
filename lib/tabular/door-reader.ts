// Reads the fields of a caller's record by rules.

import { abbreviate, argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { didYouMean } from '../base/validate';
import { type FieldError, type FieldRule, fieldError, ofField } from '../network/field-error';
import type { InputRules } from '../network/served-model';
import { articleOf, isMissing, placeOf } from '../tables/build';
import { type ColumnSchema, cellReader, gap, unseen } from '../tables/schema';
import type { RecordReader } from './record-reader';

type Rules = Required<InputRules>;

/** How to read a column's value of a caller's record as a number: see `cellReader`. */
export function doorReader(schema: ColumnSchema, rules: Rules): RecordReader {
  const { name, kind } = schema;
  const place = placeOfField(name);
  const read = cellReader(schema);
  const acceptsNull = rules.missing === 'accept' || schema.missing > 0;
  // Every object has these, such as `constructor`, so the record's own property alone is a value.
  const inherited = name in Object.prototype;
  return (record) => {
    const value = inherited && !Object.hasOwn(record, name) ? undefined : record[name];
    if (value === undefined) {
      if (rules.missing === 'accept') return gap;
      const hint = acceptsNull ? '; write null where a value is not known' : '';
      const message = `Expected the record to have ${place}${hint}`;
      throw ofField(blasnetError('ERR_BLASNET_ARG_VALUE', message), name, 'missing');
    }
    if (value === null || value === '') {
      if (acceptsNull) return gap;
      const words = `${articleOf(kind)}, since the model has learned from no gaps here`;
      throw fieldError('ERR_BLASNET_ARG_VALUE', [name, place], 'missing', words, value);
    }
    if (rules.notFinite === 'reject' && (isMissing(value) || isInfinite(value))) {
      const words = `${kind === 'time' ? 'a time' : 'a finite number'}${acceptsNull ? ', or null' : ''}`;
      throw fieldError('ERR_BLASNET_NOT_FINITE', [name, place], 'notFinite', words, value);
    }
    const number = cell(read, value, name, place);
    if (number === unseen && kind === 'category' && rules.unknownCategory === 'reject') {
      const words = oneOfLearned(schema);
      throw fieldError('ERR_BLASNET_ARG_VALUE', [name, place], 'unknownCategory', words, value);
    }
    return number;
  };
}

function isInfinite(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value);
}

function cell(
  read: (value: unknown, row: number) => number,
  value: unknown,
  name: string,
  place: string,
): number {
  try {
    return read(value, 0);
  } catch (error) {
    throw asFieldError(error as BlasnetError, name, 'type', place);
  }
}

/** The error of a model about a column of the only row, as one about the field of a record. */
export function asFieldError(
  { code, message }: BlasnetError,
  name: string,
  rule: FieldRule,
  place = placeOfField(name),
): FieldError {
  return ofField(
    blasnetError(
      code,
      message.replace(placeOf(0, name), () => place),
    ),
    name,
    rule,
  );
}

/** The rule for a text of a column whose categories were learned. */
export function oneOfLearned({ categories = [] }: ColumnSchema): string {
  const shown = categories.slice(0, 5).map((text) => JSON.stringify(text));
  const more = categories.length > 5 ? ', ...' : '';
  return `one of the ${categories.length} categories that were learned (${shown.join(', ')}${more})`;
}

/** @throws TypeError ERR_BLASNET_ARG_TYPE unless the value can be a record; RangeError ERR_BLASNET_UNKNOWN_NAME */
export function checkFields(record: unknown, known: ReadonlySet<string>, rules: Rules): void {
  const isRecord = typeof record === 'object' && record !== null && !Array.isArray(record);
  if (!isRecord || ArrayBuffer.isView(record)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'the record', 'an object', record);
  }
  if (rules.additional === 'ignore') return;
  for (const name of Object.keys(record)) {
    if (known.has(name)) continue;
    const guess = didYouMean(name, [...known].slice(0, 100));
    const error = blasnetError(
      'ERR_BLASNET_UNKNOWN_NAME',
      `Unknown field ${JSON.stringify(abbreviate(name))} in the record${guess}`,
    );
    throw ofField(error, abbreviate(name), 'additional');
  }
}

function placeOfField(name: string): string {
  return `the field ${JSON.stringify(name)}`;
}
