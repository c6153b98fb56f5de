// The parts of a scan, next to the whole table.

import { expect } from 'vitest';
import type { Table, TableScan } from '../../lib/tables';

/** All parts. */
export async function partsOf(scan: TableScan): Promise<Table[]> {
  const parts: Table[] = [];
  for await (const part of scan) parts.push(part);
  return parts;
}

/** The columns of all parts, one behind the other: kinds, categories of all, values with texts instead of codes. */
export function joined(parts: readonly Table[]) {
  return (parts[0] as Table).names.map((name) => ({
    name,
    kinds: [...new Set(parts.map((part) => part.column(name).kind))],
    cells: parts.flatMap((part) => part.column(name).toArray()),
  }));
}

/** Checks that the parts are the table, with its categories, and have as many rows as they should. */
export async function checkParts(scan: TableScan, table: Table, rows: number): Promise<void> {
  const parts = await partsOf(scan);
  expect(joined(parts)).toEqual(joined([table]));
  expect(parts.map((part) => part.rows)).toEqual(
    Array.from({ length: Math.ceil(table.rows / rows) }, (_, i) => Math.min(rows, table.rows - i * rows)),
  );
  for (const name of table.names) {
    for (const part of parts) {
      expect(part.column(name).categories).toEqual(table.column(name).categories);
    }
  }
}

/** The bytes in blocks of this size. */
export function blocksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}
