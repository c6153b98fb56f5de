// Tables in a form that goes to another process: typed arrays, and what describes them.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { type Column, type ColumnKind, columnOf, encodedCategories } from '../../tables/column';
import { Table } from '../../tables/table';
import type { FileArray } from './arrays-file';

/** A table. Its columns are numbers of arrays: the values, and for texts their bytes and ends. */
export interface PackedTable {
  readonly rows: number;
  readonly columns: readonly {
    readonly name: string;
    readonly kind: ColumnKind;
    readonly arrays: readonly number[];
  }[];
}

/** Adds the arrays of a table to others. */
export function packTable(table: Table, arrays: FileArray[]): PackedTable {
  const add = (array: FileArray) => arrays.push(array) - 1;
  const columns = table.names.map((name) => {
    const { kind, values, categories } = table.column(name);
    if (kind !== 'category') return { name, kind, arrays: [add(values)] };
    const parts = categories.map((text) => Buffer.from(text));
    let end = 0;
    const ends = Float64Array.from(parts, ({ length }) => {
      end += length;
      return end;
    });
    return { name, kind, arrays: [add(values), add(new Uint8Array(Buffer.concat(parts))), add(ends)] };
  });
  return { rows: table.rows, columns };
}

export function unpackTable({ rows, columns }: PackedTable, arrays: readonly FileArray[]): Table {
  const made = columns.map(({ name, kind, arrays: [values, bytes, ends] }): [string, Column] => {
    const of = (i: number | undefined) => arrays[i as number];
    const texts =
      kind === 'category' ? encodedCategories(of(bytes) as Uint8Array, of(ends) as Float64Array) : undefined;
    return [name, columnOf(kind, of(values) as Float64Array, texts)];
  });
  return new Table(new Map(made), rows);
}
