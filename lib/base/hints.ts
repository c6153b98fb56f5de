// What to write instead of a value that is no number: the ends of messages.

import { isTypedNumbers, kindOf } from './number-kinds';

/** What the values of a matrix are for: samples, their labels, codes of categories, or something else. */
export type Role = 'inputs' | 'labels' | 'codes' | 'numbers';

/** What to write instead of an element that is no number. */
export function elementHint(value: unknown, role: Role): string {
  if (value === null || value === undefined) return missingHints[role];
  switch (typeof value) {
    case 'boolean':
      return '; write 1 for true and 0 for false';
    case 'bigint':
      return '; Number(value) converts it';
    case 'string':
      return value.trim() !== '' && Number.isFinite(Number(value))
        ? '; Number(text) converts it'
        : nameHints[role];
    case 'object':
      if (value instanceof Date || Object.prototype.toString.call(value) === '[object Date]')
        return '; date.getTime() is a number';
      if (Array.isArray(value) || isTypedNumbers(value))
        return '; a row has numbers alone, so remove one level of arrays: row.flat()';
      return '';
    default:
      return '';
  }
}

const missingHints: Readonly<Record<Role, string>> = {
  inputs: '; write NaN for a missing number, and preprocess with imputer()',
  labels: '; leave out samples without a label',
  codes: '; write -1 for an unknown category',
  numbers: '',
};

const nameHints: Readonly<Record<Role, string>> = {
  inputs:
    '; number the names of a column with labelEncoder().fit(names).indices(names), and preprocess with oneHotEncoder()',
  labels: "; names need the network's option labels: labelEncoder()",
  codes: '; labelEncoder().fit(names).indices(names) numbers the names',
  numbers: '; labelEncoder().fit(names).indices(names) numbers the names',
};

/** What to write instead of rows whose first one is no array of numbers. */
export function rowHint(rows: readonly unknown[], row: unknown, role: Role): string {
  if (typeof row === 'number') {
    if (role === 'labels') return '; write a row of numbers for each sample';
    const all = rows.length <= 8 && rows.every((value) => typeof value === 'number');
    return `; write one row as ${all ? `[[${rows.join(', ')}]]` : '[row]'}`;
  }
  if (typeof row !== 'object' || row === null) return elementHint(row, role);
  return recordHint(row);
}

// An object with named values, such as a record of a table or a row of a CSV file.
function recordHint(row: object): string {
  const names = Object.keys(row);
  const isRecord =
    !ArrayBuffer.isView(row) && names.length > 0 && names.every((name) => /^[a-z_$]\w*$/i.test(name));
  if (!isRecord) return bigHint(row);
  const some = names.slice(0, 3).join(', ');
  const [all, values] = names.length > 3 ? [`${some}, ...`, `${some}, ...`] : [some, some];
  return `; write the values of each record as an array: rows.map(({ ${all} }) => [${values}])`;
}

/** What to write instead of a value that is no matrix. */
export function tableHint(value: unknown, role: Role = 'numbers'): string {
  if (typeof value !== 'object' || value === null) return '';
  if (role !== 'numbers' && value instanceof Promise) return '; await the promise';
  if (value instanceof ArrayBuffer) return '; new Float64Array(buffer) shows its numbers';
  return bigHint(value);
}

function bigHint(value: object): string {
  return kindOf(value)?.startsWith('Big') ? '; Float64Array.from(values, Number) converts it' : '';
}
