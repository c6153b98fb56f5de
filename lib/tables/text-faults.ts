// What is wrong with a text, in words.

import type { TextFault } from '../addon/text-reader';
import { type BlasnetError, blasnetError } from '../base/errors';
import { articleOf } from './build';
import type { ColumnKind } from './column';
import { manyColumns } from './limits';

/** The error for what a native reader has found, with line, row and column. */
export function faultError(
  fault: TextFault,
  source: string,
  names: readonly string[],
  types: ReadonlyMap<string, ColumnKind>,
): BlasnetError {
  const { line, row } = fault;
  const name = names[fault.column];
  const place = name === undefined ? '' : `, column ${JSON.stringify(name)}`;
  const words = wordsOf(fault, names, name === undefined ? undefined : types.get(name));
  const error = blasnetError('ERR_BLASNET_FILE', `Cannot read line ${line}${place} of ${source}: ${words}`);
  return Object.assign(error, { line, row, ...(name === undefined ? {} : { column: name }) });
}

function wordsOf(fault: TextFault, names: readonly string[], kind: ColumnKind = 'number'): string {
  const cells = names.length === 1 ? '1 cell' : `${names.length} cells`;
  const got = fault.text === '' ? 'nothing more' : JSON.stringify(fault.text);
  switch (fault.fault) {
    case 'quoteOpen':
      return `the quoted cell that begins with ${got} never ends`;
    case 'afterQuote':
      return `expected a delimiter or the end of the line behind a quoted cell, got ${got}`;
    case 'fewCells':
      return `expected ${cells}, got ${fault.cells}; to fill up short lines, write ragged: 'fill'`;
    case 'manyCells':
      return `expected ${cells}, got ${fault.cells}${hintOfNames(names)}`;
    case 'notJson':
      return `expected JSON, got ${got}`;
    case 'notEscape':
      return `expected an escape of JSON, got ${got}${halfPair(fault.text)}`;
    case 'notRecord':
      return `expected an object of numbers, strings, true, false and null, got ${got}`;
    case 'nested':
      return `expected a number, a string, true, false or null, got ${got}; give nested values columns of their own`;
    case 'twice':
      return 'the object has this name twice';
    case 'notUtf8':
      return 'expected UTF-8, got other bytes';
    case 'infinite':
      return `expected a number that a double can hold, got ${got}; to read the column as texts, state its type 'category'`;
    case 'recordTooLong':
      return 'it is longer than 64 MB';
    case 'manyRows':
      return 'a table has at most 2^32 - 1 rows';
    case 'manyColumns':
      return manyColumns;
    case 'manyGaps':
      return 'nearly all cells would be gaps; to read the columns that matter, write columns: [...]';
    default:
      return `expected ${articleOf(kind)}, got ${got}${hintOfCell(kind, fault.text)}`;
  }
}

// What the names tell about a file whose lines have more cells than they.
function hintOfNames(names: readonly string[]): string {
  if (names[0]?.startsWith('#')) return "; to leave out lines that begin with #, write comment: '#'";
  return names.length === 1 ? "; if the file has one column, write delimiter: '\\t'" : '';
}

function hintOfCell(kind: ColumnKind, text: string): string {
  if (kind === 'time') return '; write times as 2024-02-29 or 2024-02-29T10:00:00';
  const [, separator] = (kind === 'number' && /^[+-]?\d{1,3}([.,' ])\d{3}(?!\d)/.exec(text)) || [];
  return separator === undefined
    ? ''
    : `; to read thousands so, write thousands: ${JSON.stringify(separator)}`;
}

function halfPair(text: string): string {
  return /^\\ud[89a-f]/i.test(text) ? ', half of a surrogate pair' : '';
}
