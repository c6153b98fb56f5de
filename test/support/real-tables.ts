// The real tables of test/fixtures/tabular.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ColumnKind, Table } from '../../lib/tables';
import { readTable } from '../../lib/tables';

export const realTableNames = ['credit', 'churn', 'soybean', 'satellite', 'ames', 'diamonds'] as const;
export type RealTableName = (typeof realTableNames)[number];

export interface RealTable {
  readonly table: Table;
  readonly target: string;
  readonly task: 'binary' | 'multiclass' | 'regression';
  readonly positive?: string;
  readonly types: Readonly<Record<string, ColumnKind>>;
  /** The test rows of each fold. */
  readonly folds: readonly (readonly number[])[];
}

const folder = join(__dirname, '..', 'fixtures', 'tabular');

export async function realTable(name: RealTableName): Promise<RealTable> {
  const info = JSON.parse(gunzipSync(readFileSync(join(folder, `${name}.json.gz`))).toString()) as Omit<
    RealTable,
    'table' | 'types'
  > & { columns: { name: string; kind: ColumnKind }[] };
  const types = Object.fromEntries(info.columns.map((column) => [column.name, column.kind]));
  return { ...info, types, table: await readTable(join(folder, `${name}.csv.gz`), { types }) };
}

/** The training and the test rows of a fold. */
export function foldOf(
  { table, folds }: RealTable,
  fold = 0,
): { readonly train: Table; readonly test: Table } {
  const rows = folds[fold] as readonly number[];
  const isTest = new Set(rows);
  const others = Array.from({ length: table.rows }, (_, row) => row).filter((row) => !isTest.has(row));
  return { train: table.take(others), test: table.take(rows) };
}
