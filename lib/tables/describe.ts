import { alignedTable } from './aligned-table';
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
      column.missing === 0 ? '' : `${((100 * column.missing) / this.rows).toFixed(1)} %`,
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

export function describeTable(columns: ReadonlyMap<string, Column>, rows: number): TableDescription {
  return new TableDescription(
    rows,
    [...columns].map(([name, column]) => ({ name, kind: column.kind, ...describeColumn(column) })),
  );
}

function describeColumn(column: Column): Omit<ColumnDescription, 'name' | 'kind'> {
  if (column.kind === 'category') return describeCategory(column);
  const isBoolean = column.kind === 'boolean';
  let missing = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let mean = 0;
  let present = 0;
  for (const value of column.values) {
    if (isBoolean ? value < 0 : Number.isNaN(value)) {
      missing++;
      continue;
    }
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    // Welford's recurrence: a sum could overflow.
    present++;
    mean += (value - mean) / present;
  }
  if (present === 0) return { missing };
  if (isBoolean) return { missing, mean };
  if (column.kind === 'time') return { missing, least: new Date(least), greatest: new Date(greatest) };
  return { missing, least, greatest, mean };
}

function describeCategory(column: Column): Omit<ColumnDescription, 'name' | 'kind'> {
  const categories = column.dictionary?.size ?? 0;
  const counts = new Uint32Array(categories);
  let missing = 0;
  for (const code of column.values) {
    if (code < 0) missing++;
    else (counts[code] as number)++;
  }
  let most = 0;
  for (let code = 1; code < categories; code++)
    if ((counts[code] as number) > (counts[most] as number)) most = code;
  const used = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return used === 0
    ? { missing, categories: 0 }
    : { missing, categories: used, mostFrequent: column.categories[most] as string };
}
