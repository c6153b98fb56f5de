import { countCodes, describeColumn } from '../addon/table-columns';
import { inSlices, type Work } from '../addon/work';
import { alignedTable, shareOf } from './aligned-table';
import type { Column, ColumnKind } from './column';

/** What a column holds. */
export interface ColumnDescription {
  readonly name: string;
  readonly kind: ColumnKind;
  /** How many values are missing. */
  readonly missing: number;
  /** The number of different texts; of a category only. */
  readonly categories?: number;
  /** The text that comes most often, the first of equals; of a category only. */
  readonly mostFrequent?: string;
  /** The least value, without missing ones; a time as a Date. */
  readonly least?: number | Date;
  /** The greatest value. */
  readonly greatest?: number | Date;
  /** The mean of numbers; the share of true values of a boolean. */
  readonly mean?: number;
}

/** The descriptions of all columns. `String(description)` is a table for people. */
export class TableDescription {
  readonly rows: number;
  readonly columns: readonly ColumnDescription[];

  constructor(rows: number, columns: readonly ColumnDescription[]) {
    this.rows = rows;
    this.columns = columns;
  }

  toString(): string {
    const head = ['column', 'kind', 'missing', 'values'];
    const lines = this.columns.map((column) => [
      column.name,
      column.kind,
      shareOf(column.missing / this.rows),
      valuesOf(column),
    ]);
    return `${this.rows} rows\n${alignedTable([head, ...lines])}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function valuesOf({ least, greatest, mean, categories, mostFrequent }: ColumnDescription): string {
  if (categories !== undefined) {
    return categories === 0 ? '' : `${categories} categories, most often ${JSON.stringify(mostFrequent)}`;
  }
  if (least === undefined) return mean === undefined ? '' : `${(100 * mean).toFixed(1)} % true`;
  const texts = [least, greatest].map((value) =>
    value instanceof Date ? value.toISOString() : String(value),
  );
  const middle = mean === undefined ? '' : `, mean ${Number(mean.toPrecision(4))}`;
  return `${texts.join(' to ')}${middle}`;
}

export function* describeTable(columns: ReadonlyMap<string, Column>, rows: number): Work<TableDescription> {
  const described: ColumnDescription[] = [];
  for (const [name, column] of columns) {
    described.push({ name, kind: column.kind, ...(yield* describeValues(column)) });
  }
  return new TableDescription(rows, described);
}

function* describeValues(column: Column): Work<Omit<ColumnDescription, 'name' | 'kind'>> {
  const { kind, values } = column;
  if (kind === 'category') return yield* describeCategory(column as Column<'category'>);
  const { present, least, greatest, mean } = yield* describeColumn(values);
  const missing = values.length - present;
  if (present === 0) return { missing };
  if (kind === 'boolean') return { missing, mean };
  if (kind === 'time') return { missing, least: new Date(least), greatest: new Date(greatest) };
  return { missing, least, greatest, mean };
}

function* describeCategory(column: Column<'category'>): Work<Omit<ColumnDescription, 'name' | 'kind'>> {
  const { counts, order } = yield* countCodes(column.values, column.dictionary?.size ?? 0);
  let present = 0;
  let most = 0;
  yield* inSlices(counts.length, (from, to) => {
    for (let code = from; code < to; code++) {
      present += counts[code] as number;
      if ((counts[code] as number) > (counts[most] as number)) most = code;
    }
  });
  const missing = column.length - present;
  return present === 0
    ? { missing, categories: 0 }
    : { missing, categories: order.length, mostFrequent: column.categories[most] as string };
}
