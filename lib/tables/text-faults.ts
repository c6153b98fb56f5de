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
  const words = wordsOf(fault, names.length, name === undefined ? undefined : types.get(name));
  const error = blasnetError('ERR_BLASNET_FILE', `Cannot read line ${line}${place} of ${source}: ${words}`);
  return Object.assign(error, { line, row, ...(name === undefined ? {} : { column: name }) });
}

function wordsOf(fault: TextFault, columns: number, kind: ColumnKind = 'number'): string {
  const got = fault.text === '' ? 'nothing more' : JSON.stringify(fault.text);
  switch (fault.fault) {
    case 'quoteOpen':
      return `the quoted cell that begins with ${got} never ends`;
    case 'afterQuote':
      return `expected a delimiter or the end of the line behind a quoted cell, got ${got}`;
    case 'fewCells':
      return `expected ${columns} cells, got ${fault.cells}; to fill up short lines, write ragged: 'fill'`;
    case 'manyCells':
      return `expected ${columns} cells, got ${fault.cells}`;
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
      return `expected ${articleOf(kind)}, got ${got}`;
  }
}

function halfPair(text: string): string {
  return /^\\ud[89a-f]/i.test(text) ? ', half of a surrogate pair' : '';
}
