// What a table may hold. A small file could ask for so much that the memory is full.

import { type BlasnetError, blasnetError } from '../base/errors';

/** native/tables/text_reader.h has this number, too. */
export const mostColumns = 2 ** 20;

// Gaps of keys that a record lacks. As many are allowed, and more if the records have many values.
const mostGaps = 2 ** 24;
const mostGapsPerValue = 100;

/** Whether a table of records that lack so many keys could fill the memory. */
export function tooManyGaps(rows: number, columns: number, values: number): boolean {
  const gaps = rows * columns - values;
  return gaps > mostGaps && gaps > mostGapsPerValue * values;
}

export function manyColumnsError(source: string): BlasnetError {
  return blasnetError('ERR_BLASNET_FILE', `Cannot read ${source}: ${manyColumns}`);
}

export const manyColumns = `a table has at most ${mostColumns} columns`;
