// Where the earlier rows of a model come from: its file, or the caller. And whether rows fit the model.

import { type AsyncOptions, workElsewhere } from '../../addon/work';
import { blasnetError } from '../../base/errors';
import type { Json } from '../../formats/json';
import { contentOf } from '../../network/savable';
import { articleOf, cellError } from '../../tables/build';
import type { Column, ColumnKind } from '../../tables/column';
import type { Table } from '../../tables/table';
import type { ModelParts, TargetsJson } from '../model-parts';
import type { Part } from '../prepare';
import { type RowNetwork, type Rows, tableOf } from '../row-network';
import { type Memory, type NewMemory, readMemory, remember } from './memory';

/** How many rows a memory has, if nothing says so. */
const usualCapacity = 10_000;

/** The columns that a model remembers: inputs, targets, and the weight. */
export function columnsOf(
  { rows }: { readonly rows: Pick<RowNetwork, 'inputs'> },
  names: readonly string[],
  weight: string | undefined,
): string[] {
  const columns = [...rows.inputs.columns.map(({ name }) => name), ...names];
  return weight === undefined ? columns : [...columns, weight];
}

/** The memory in the model's file. @throws RangeError ERR_BLASNET_ARG_VALUE if it has none; ERR_BLASNET_FILE */
export async function storedMemory(
  parts: ModelParts,
  method: 'update' | 'drift',
  how: AsyncOptions,
): Promise<Memory> {
  const { table } = contentOf(parts.rows.network);
  const stored = (table as { readonly memory?: Json } | undefined)?.memory;
  if (stored === undefined) {
    const hint =
      method === 'update'
        ? 'train with { remember: 10000 }, or pass earlier rows as old'
        : 'pass earlier rows as old, or train with { remember: 10000 }';
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected a model that remembers rows for ${method}, got one without; ${hint}`,
    );
  }
  try {
    return await workElsewhere(readMemory(stored), how);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if ((cause as { name?: unknown }).name === 'AbortError') throw cause;
    throw blasnetError('ERR_BLASNET_FILE', `In the file of the model: ${message}`, { cause });
  }
}

/** What a memory of the caller's rows is about. */
export function aboutOld(
  parts: ModelParts,
  options: { readonly remember?: number; readonly weight?: string; readonly seed?: number },
): NewMemory {
  const { remember: capacity = usualCapacity, weight } = options;
  const seed = options.seed ?? contentOf(parts.rows.network).seed;
  return { seed, capacity, inputs: {}, weight };
}

/**
 * The memory of the caller's earlier rows.
 *
 * @param columns those to remember
 * @param read leaves out rows without a target or of weight 0; without it, all rows count
 * @throws errors that begin with "In old:"
 */
export async function memoryOfOld(
  about: NewMemory,
  parts: ModelParts,
  old: Rows,
  columns: (table: Table) => readonly string[],
  read: ((table: Table) => Promise<Part>) | undefined,
  how: AsyncOptions,
): Promise<Memory> {
  try {
    const table = tableOf(old);
    const names = columns(table);
    checkRows(table, parts, names, about.weight);
    const selected = table.select(names);
    return await remember(about, read === undefined ? selected : (await read(selected)).table, how);
  } catch (error) {
    if (error instanceof Error && error.name !== 'AbortError') error.message = `In old: ${error.message}`;
    throw error;
  }
}

/** Checks that rows have these columns, of the kinds that the model knows. */
export function checkRows(
  table: Table,
  { schema, targets }: Pick<ModelParts, 'schema' | 'targets'>,
  names: readonly string[],
  weight: string | undefined,
): void {
  for (const name of names) {
    const column = table.column(name);
    if (name === weight) continue;
    const kind = targetKind(targets, name);
    // A column that only has gaps may have any kind.
    if (column.missing === column.length) continue;
    if (kind === undefined) table.column(name, schema.column(name).kind);
    else if (kind !== column.kind) throw otherKind(name, column, kind);
  }
}

/** The kind of a target's column; undefined for an input. */
function targetKind(targets: TargetsJson, name: string): ColumnKind | undefined {
  if (targets.kind === 'regressor') return targets.columns.includes(name) ? 'number' : undefined;
  const classes = targets.columns.find((target) => target.name === name)?.classes;
  if (classes === undefined) return undefined;
  const kinds = { string: 'category', number: 'number', boolean: 'boolean' } as const;
  return kinds[typeof classes[0] as keyof typeof kinds];
}

function otherKind(name: string, column: Column, kind: ColumnKind) {
  const row = column.toArray().findIndex((value) => value !== null);
  const hint =
    kind === 'category'
      ? `; to read the column as texts, write types: { ${JSON.stringify(name)}: 'category' }`
      : '';
  return cellError(row, name, articleOf(kind), column.at(row), hint);
}
