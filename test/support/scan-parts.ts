// The parts of a scan, next to the whole table.

import { expect } from 'vitest';
import { readTable, scanTable, type Table, type TableScan } from '../../lib/tables';
import { expectEqual } from './equal';

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
  expectEqual(joined(parts), joined([table]));
  expect(parts.map((part) => part.rows)).toEqual(
    Array.from({ length: Math.ceil(table.rows / rows) }, (_, i) => Math.min(rows, table.rows - i * rows)),
  );
  for (const name of table.names) {
    for (const part of parts) {
      expectEqual(part.column(name).categories, table.column(name).categories);
    }
  }
}

/** The bytes in blocks of this size. */
export function blocksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/** Checks the parts of a table of three rows and so many columns. */
export async function checkWide(columns: number): Promise<void> {
  const names = Array.from({ length: columns }, (_, i) => `c${i}`);
  const lines = [0, 1, 2].map((row) => names.map((_, i) => (i % 3 === 2 ? `t${row}` : i + row)).join(','));
  const bytes = Buffer.from([names.join(','), ...lines].join('\n'));
  const table = await readTable(bytes);
  const parts = await partsOf(scanTable(bytes, { rows: 2 }));
  expect(parts.map(({ rows }) => rows)).toEqual([2, 1]);
  for (const part of parts) expectEqual(part.names, names);
  for (const i of [0, columns / 2, columns - 2, columns - 1]) {
    const cells = parts.flatMap((part) => part.column(`c${i}`).toArray());
    expect(cells).toEqual(table.column(`c${i}`).toArray());
    expect(cells).toEqual([0, 1, 2].map((row) => (i % 3 === 2 ? `t${row}` : i + row)));
  }
}
