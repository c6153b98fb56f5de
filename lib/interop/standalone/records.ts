// Records: how a module with a table reads the values of a record, by the rules of lib/tables/schema.ts.

import type { ColumnKind } from '../../tables/column';
import type { Functions } from './functions';

/** The function that reads a value of each kind of column as a number. */
export const readerOf: Readonly<Record<ColumnKind, string>> = {
  number: 'readNumber',
  category: 'readCategory',
  boolean: 'readBoolean',
  time: 'readTime',
};

export const recordFunctions: Functions = {
  ofRecords: `// Calls f with one record, or with each record of an array
function ofRecords(records, f) {
  if (!Array.isArray(records)) {
    if (typeof records === 'object' && records !== null && !ArrayBuffer.isView(records)) return f(records, 0);
    throw refusal('ERR_BLASNET_ARG_TYPE', 'rows', 'an array of records, or one record', records);
  }
  if (records.length > 0) return Array.from(records, f);
  throw failure(RangeError, 'ERR_BLASNET_SHAPE', 'Expected rows to have at least one row, got 0');
}`,
  checkRecord: `// Throws unless a value can be a record
function checkRecord(record, row) {
  if (typeof record === 'object' && record !== null) return;
  throw refusal('ERR_BLASNET_ARG_TYPE', 'row ' + row, 'an object', record);
}`,
  checkNames: `// Throws for a column that is not known
function checkNames(record, known, row) {
  const other = Object.keys(record).find((name) => !known.includes(name));
  if (other === undefined) return;
  const message = 'Unknown column ' + JSON.stringify(other) + ' in row ' + row;
  throw failure(RangeError, 'ERR_BLASNET_UNKNOWN_NAME', message);
}`,
  valueOf: `// The value of a column
function valueOf(record, name, row) {
  // Every object has names such as "constructor", so there the record's own value counts alone.
  const isThere = name in Object.prototype ? Object.prototype.hasOwnProperty.call(record, name) : name in record;
  if (isThere) return record[name];
  const hint = '; write null where a value is missing';
  const message = 'Expected row ' + row + ' to have the column ' + JSON.stringify(name) + hint;
  throw failure(RangeError, 'ERR_BLASNET_ARG_VALUE', message);
}`,
  refuseCell: `// The error for a value that does not fit its column
function refuseCell(row, name, rule, value) {
  const isText = typeof value === 'string' || typeof value === 'number';
  const code = isText ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE';
  const place = 'row ' + row + ', column ' + JSON.stringify(name);
  throw Object.assign(refusal(code, place, rule, value), { row, column: name });
}`,
  isGap: `// Whether a value is missing: null, undefined, NaN, an empty text, an invalid Date
function isGap(value) {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'number' ? Number.isNaN(value) : isDate(value) && Number.isNaN(value.getTime());
}`,
  isDate: `// Whether a value is a Date, of any realm
function isDate(value) {
  return typeof value === 'object' && Object.prototype.toString.call(value) === '[object Date]';
}`,
  readNumber: `// A number; NaN where it is missing
function readNumber(value, name, row) {
  if (typeof value === 'number') return value;
  if (isGap(value)) return NaN;
  if (typeof value !== 'bigint') return refuseCell(row, name, 'a number', value);
  const number = Number(value);
  if (Number.isFinite(number) && BigInt(number) === value) return number;
  return refuseCell(row, name, 'an integer that a number holds exactly', value);
}`,
  readCategory: `// The place of a text among the known categories; -1 for another text, NaN where it is missing
function readCategory(value, name, row, places) {
  if (typeof value === 'string' && value !== '') return places.has(value) ? places.get(value) : -1;
  return isGap(value) ? NaN : refuseCell(row, name, 'a text', value);
}`,
  readBoolean: `// 1 for true, 0 for false, NaN where it is missing
function readBoolean(value, name, row) {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return isGap(value) ? NaN : refuseCell(row, name, 'a boolean', value);
}`,
  readTime: `// Milliseconds since 1970 of a Date, of a text of ISO 8601, or the number itself; NaN where it is missing
function readTime(value, name, row) {
  if (typeof value === 'number') return value;
  if (isGap(value)) return NaN;
  if (isDate(value)) return value.getTime();
  const time = typeof value === 'string' ? timeIn(value) : undefined;
  return time === undefined ? refuseCell(row, name, 'a time', value) : time;
}`,
  timeIn: `// The time in a text such as 2024-02-29 or 2024-02-29T12:30:00.5+01:00; undefined if there is none
function timeIn(text) {
  const date = /^(\\d{4})-(\\d\\d)-(\\d\\d)/;
  const clock = /(?:[Tt ](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:[.,](\\d+))?)?(Z|z|[+-]\\d\\d(?::?\\d\\d)?)?)?$/;
  const found = new RegExp(date.source + clock.source).exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((digits) => Number(digits || 0));
  const fraction = found[7] === undefined ? 0 : Number('0.' + found[7].slice(0, 6)) * 1000;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1])) return undefined;
  if (minute > 59 || second > 59) return undefined;
  if (hour > 23 && !(hour === 24 && minute + second + fraction === 0)) return undefined;
  const offset = minutesOfOffset(found[8]);
  if (offset === undefined) return undefined;
  // The calendar repeats after 400 years. Date.UTC takes years below 100 as those of the 20th century.
  const midnight = Date.UTC(year + 400, month - 1, day) - 146097 * 86400000;
  return midnight + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
}`,
  minutesOfOffset: `// The minutes of an offset such as +01:00; undefined if it is none
function minutesOfOffset(text) {
  if (text === undefined || text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (hours * 60 + minutes) * (text.startsWith('-') ? -1 : 1);
}`,
  namedValues: `// An object with these keys
function namedValues(names, valueAt) {
  // An assignment to "__proto__" would set the prototype.
  const own = (value) => ({ value, enumerable: true, configurable: true, writable: true });
  return names.reduce((record, name, i) => Object.defineProperty(record, name, own(valueAt(i))), {});
}`,
};
