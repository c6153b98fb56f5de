// Two tables one below the other.

import { inSlices, type Work } from '../../addon/work';
import { articleOf, cellError } from '../../tables/build';
import { type Column, columnOf, givenCategories, missingValues, newValues } from '../../tables/column';
import { Table } from '../../tables/table';

/**
 * The rows of `first`, then those of `second`, with the columns `names`, which both have.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE with row and column for values of another kind than those of `first`
 */
export function* joinTables(first: Table, second: Table, names: readonly string[]): Work<Table> {
  const columns = new Map<string, Column>();
  for (const name of names) columns.set(name, yield* joined(name, first.column(name), second.column(name)));
  return new Table(columns, first.rows + second.rows);
}

function* joined(name: string, first: Column, second: Column): Work<Column> {
  const kind = first.missing === first.length ? second.kind : first.kind;
  const parts: (Column | undefined)[] = [];
  for (const part of [first, second]) {
    if (part.kind === kind) parts.push(part);
    else if (part.missing === part.length) parts.push(undefined);
    else {
      const row = part.toArray().findIndex((value) => value !== null);
      throw cellError(row, name, articleOf(kind), part.at(row));
    }
  }
  const [one, other] = parts;
  const values = newValues(kind, first.length + second.length);
  values.set(one?.values ?? missingValues(kind, first.length), 0);
  if (other === undefined) {
    values.set(missingValues(kind, second.length), first.length);
    return columnOf(kind, values, one?.dictionary);
  }
  if (kind !== 'category') {
    values.set(other.values, first.length);
    return columnOf(kind, values);
  }
  const texts = [...(one?.categories ?? [])];
  const codes = new Map<string, number>();
  const known: number[] = [];
  yield* inSlices(texts.length, (from, to) => {
    for (let code = from; code < to; code++) codes.set(texts[code] as string, code);
  });
  const { categories } = other;
  yield* inSlices(categories.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const text = categories[i] as string;
      const code = codes.get(text) ?? texts.push(text) - 1;
      codes.set(text, code);
      known.push(code);
    }
  });
  yield* inSlices(second.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const code = other.values[row] as number;
      values[first.length + row] = code < 0 ? -1 : (known[code] as number);
    }
  });
  return columnOf(kind, values, givenCategories(texts));
}
