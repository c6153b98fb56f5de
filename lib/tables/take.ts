import { takeRowsOf } from '../addon/rows';
import type { Work } from '../addon/work';
import { argumentError } from '../base/errors';
import { type Column, columnOf, newValues } from './column';

/** Copies the rows at these indices. */
export function* takeColumns(
  columns: ReadonlyMap<string, Column>,
  rows: number,
  index: Uint32Array | readonly number[],
): Work<ReadonlyMap<string, Column>> {
  const order = indexOf(index, rows);
  const taken = new Map<string, Column>();
  for (const [name, { kind, values, dictionary }] of columns) {
    const out = newValues(kind, order.length);
    yield* takeRowsOf(values, rows, 1, order, out);
    taken.set(name, columnOf(kind, out, dictionary));
  }
  return taken;
}

function indexOf(index: Uint32Array | readonly number[], rows: number): Uint32Array {
  if (!Array.isArray(index) && !(index instanceof Uint32Array)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'index', 'a Uint32Array or an array of row numbers', index);
  }
  for (let i = 0; i < index.length; i++) {
    const row = index[i];
    if (Number.isInteger(row) && (row as number) >= 0 && (row as number) < rows) continue;
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      `index[${i}]`,
      `a row of the table, from 0 to ${rows - 1}`,
      row,
    );
  }
  return Uint32Array.from(index);
}
