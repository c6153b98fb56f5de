// Rows of numbers: how a module without a table reads and preprocesses them.

import type { Step } from '../chain';
import type { Functions } from './functions';
import { list, literal, object } from './literals';

export const numberFunctions: Functions = {
  ofRows: `// Calls f with one row, or with each row of an array of rows
function ofRows(rows, f) {
  const isRow = !Array.isArray(rows) || typeof rows[0] !== 'object' || rows[0] === null;
  return isRow ? f(rows, 0) : Array.from(rows, f);
}`,
  placeOfGreatest: `// The place of the greatest number, the first of equals
function placeOfGreatest(numbers) {
  return numbers.reduce((best, number, i) => (number > numbers[best] ? i : best), 0);
}`,
  numbersIn: `// The numbers of a row, as doubles
function numbersIn(values, count, row) {
  if (values === null || typeof values !== 'object' || !(values.length >= 0)) {
    throw refusal('ERR_BLASNET_ARG_TYPE', 'row ' + row, 'an array of numbers', values);
  }
  if (values.length !== count) {
    throw refusal('ERR_BLASNET_SHAPE', 'row ' + row, 'of length ' + count, values);
  }
  const numbers = new Float64Array(count);
  for (let column = 0; column < count; column++) {
    if (typeof values[column] !== 'number') refuseElement(values[column], row, column);
    numbers[column] = values[column];
  }
  return numbers;
}`,
  refuseElement: `// Throws for an element of a row that is no number
function refuseElement(value, row, column) {
  const isMissing = value === null || value === undefined;
  const rule = isMissing ? 'a number (NaN stands for a missing one)' : 'a number';
  throw refusal('ERR_BLASNET_ARG_TYPE', 'row ' + row + ', column ' + column, rule, value);
}`,
  codesIn: `// The codes of a row, one for each table; -1 stands for an unknown category
function codesIn(values, categories, row) {
  if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
    throw refusal('ERR_BLASNET_ARG_TYPE', 'categories of row ' + row, 'an array of codes', values);
  }
  if (values.length !== categories.length) {
    throw refusal('ERR_BLASNET_SHAPE', 'categories of row ' + row, 'of length ' + categories.length, values);
  }
  return categories.map((count, column) => {
    const code = values[column];
    if (Number.isInteger(code) && code >= -1 && code < count) return code;
    const rule = 'a code from 0 to ' + (count - 1) + ', or -1 for unknown categories';
    const kind = typeof code === 'number' ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE';
    throw refusal(kind, 'categories of row ' + row + ', column ' + column, rule, code);
  });
}`,
  checkMixed: `// Throws unless a row has numbers and categories
function checkMixed(values, row) {
  if (typeof values === 'object' && values !== null && 'categories' in values) return;
  throw refusal('ERR_BLASNET_ARG_TYPE', 'row ' + row, '{ numbers, categories }', values);
}`,
  checkFinite: `// Throws unless all numbers are finite
function checkFinite(x, name, row) {
  const column = x.findIndex((value) => !Number.isFinite(value));
  if (column !== -1) refuseNumber(name, 'finite numbers', x[column], row, column);
  return x;
}`,
  scaled: `// (x - center) / scale + offset in these columns, within the limits
function scaled(x, row, { columns, center, scale, offset, limits }) {
  const out = x.slice();
  columns.forEach((column, i) => {
    checkPresent(x[column], row, column);
    const value = (x[column] - center[i]) / scale[i] + offset;
    out[column] = limits === null ? value : Math.min(Math.max(value, limits[0]), limits[1]);
  });
  return out;
}`,
  filled: `// NaN becomes another number in these columns; each indicator adds a column that is 1 where the number was missing
function filled(x, row, { columns, fill, indicators }) {
  const out = x.slice();
  columns.forEach((column, i) => {
    if (Number.isNaN(out[column])) out[column] = fill[i];
    checkPresent(out[column], row, column);
  });
  return joined([out, indicators.map((column) => (Number.isNaN(x[column]) ? 1 : 0))]);
}`,
  encoded: `// These columns become a column of 0 and 1 for each of their categories
function encoded(x, row, { columns, categories, refusesUnknown }) {
  const parts = Array.from(x, (value, column) => {
    const i = columns.indexOf(column);
    if (i === -1) return [value];
    const place = categories[i].indexOf(value);
    if (place === -1) checkPresent(value, row, column);
    if (place === -1 && refusesUnknown) {
      refuseNumber('X', 'a category that was learned from column ' + column, value, row, column);
    }
    return categories[i].map((_, j) => (j === place ? 1 : 0));
  });
  return joined(parts);
}`,
  checkPresent: `// Throws unless a number is finite
function checkPresent(value, row, column) {
  if (!Number.isFinite(value)) refuseNumber('X', 'finite numbers (an imputer replaces NaN)', value, row, column);
}`,
  keptWithin: `// y, each output kept between the two numbers of its range
function keptWithin(y, ranges) {
  return y.map((value, i) => Math.min(ranges[i][1], Math.max(ranges[i][0], value)));
}`,
  scaledBack: `// (y - offset) * scale + center, for each output
function scaledBack(y, offset, scale, center) {
  return y.map((value, i) => (value - offset[i]) * scale[i] + center[i]);
}`,
};

/** The function of a step, and what it learned. */
export function stepCode(step: Step): { readonly call: string; readonly learned: string } {
  const columns = list(step.columns);
  switch (step.name) {
    case 'imputer':
      return {
        call: 'filled',
        learned: object({ columns, fill: list(step.fill), indicators: list(step.indicators) }),
      };
    case 'oneHotEncoder': {
      const categories = `[${step.categories.map(list).join(', ')}]`;
      return {
        call: 'encoded',
        learned: object({ columns, categories, refusesUnknown: literal(step.unknown === 'error') }),
      };
    }
    default: {
      const { center, scale, offset, clip } = step;
      const limits = clip === null ? 'null' : list(clip);
      return {
        call: 'scaled',
        learned: object({
          columns,
          center: list(center),
          scale: list(scale),
          offset: literal(offset),
          limits,
        }),
      };
    }
  }
}
