import { inSlices, type Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import { articleOf, cellError, isMissing } from '../tables/build';
import type { ColumnSchema } from '../tables/schema';
import type { Table } from '../tables/table';

/** A column as the native encoder takes it. */
export interface RawColumn {
  readonly values: Float64Array | Int32Array | Int8Array;
  /** For codes: the index of the known category for each code of the table, or -1. */
  readonly known: Int32Array | null;
}

/** @throws TypeError or RangeError if the table lacks the column, or has another kind of values there */
export function* rawColumn({ name, kind, categories = [] }: ColumnSchema, table: Table): Work<RawColumn> {
  if (!table.has(name)) {
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected the table to have the column ${JSON.stringify(name)}`,
    );
  }
  const column = table.column(name);
  if (column.kind !== kind) {
    // A part of a table may have gaps alone.
    if (column.missing === column.length)
      return { values: new Float64Array(table.rows).fill(Number.NaN), known: null };
    const row = column.toArray().findIndex((value) => !isMissing(value));
    throw cellError(row, name, articleOf(kind), column.at(row));
  }
  if (kind !== 'category') return { values: column.values, known: null };
  const index = new Map<string, number>();
  yield* inSlices(categories.length, (from, to) => {
    for (let i = from; i < to; i++) index.set(categories[i] as string, i);
  });
  const texts = column.categories;
  const known = new Int32Array(texts.length);
  yield* inSlices(texts.length, (from, to) => {
    for (let i = from; i < to; i++) known[i] = index.get(texts[i] as string) ?? -1;
  });
  return { values: column.values, known };
}
