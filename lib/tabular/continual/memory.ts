// What a model remembers of the rows that it learned from: a sample of them, and summaries of all columns.

import { type AsyncOptions, pause, pinnedWork, type Work } from '../../addon/work';
import type { Json } from '../../formats/json';
import { RandomState } from '../../random/random-state';
import type { Table } from '../../tables/table';
import type { InputsOptions } from '../inputs';
import { arraysOf } from '../row-network';
import { joinTables } from './join-tables';
import { sampleOn } from './reservoir';
import { readRows, type StoredColumn, storeRows } from './stored-rows';

import { type ColumnSummary, edgesOf, joinSummaries, summarize } from './summary';
import { TableSample } from './table-sample';

export interface Memory {
  /** The seed of the draws. Each update has draws of its own. */
  readonly seed: number;
  readonly updates: number;
  /** The most rows of the sample. */
  readonly capacity: number;
  /** How many rows the model has learned from. */
  readonly seen: number;
  /** A uniform sample of them, with the inputs, the targets and the weight. */
  readonly sample: Table;
  /** The summaries of all rows, by the names of the sample's columns. */
  readonly columns: ReadonlyMap<string, ColumnSummary>;
  /** How the columns were declared as inputs. */
  readonly inputs: InputsOptions;
  /** The column with the weights of rows. */
  readonly weight: string | undefined;
}

/** What a memory is about, before it has rows. */
export type NewMemory = Pick<Memory, 'seed' | 'capacity' | 'inputs' | 'weight'>;

/** The memory of the first rows. @throws RangeError ERR_BLASNET_NOT_FINITE for an infinite number */
export async function remember(about: NewMemory, table: Table, how: AsyncOptions): Promise<Memory> {
  const columns = new Map<string, ColumnSummary>();
  const summarizing = function* (): Work<Uint32Array> {
    for (const name of table.names) columns.set(name, yield* summarize(name, table.column(name)));
    // Other draws than those of the training, which hold rows out.
    const random = new RandomState(seedOf(about.seed, -1));
    const { capacity } = about;
    return yield* sampleOn({ seen: 0, kept: 0, capacity, rows: table.rows }, random);
  };
  const index = await pinnedWork(summarizing(), arraysOf(table), how);
  return { ...about, updates: 0, seen: table.rows, sample: await table.takeAsync(index, how), columns };
}

/**
 * The memory of the first rows, which come table by table, with the columns of `like`. The bins are those of `like`, and the sample is
 * that of one table with all rows. @throws like remember()
 */
export async function rememberTables(
  about: NewMemory,
  like: Table,
  tables: AsyncIterable<Table>,
  how: AsyncOptions,
): Promise<Memory> {
  const columns = new Map<string, ColumnSummary>();
  const edges = new Map<string, readonly number[] | undefined>();
  const learning = function* (): Work<void> {
    for (const name of like.names) edges.set(name, edgesOf(yield* summarize(name, like.column(name))));
  };
  await pinnedWork(learning(), arraysOf(like), how);
  const sample = new TableSample(about.capacity, new RandomState(seedOf(about.seed, -1)));
  for await (const table of tables) {
    const summarizing = function* (): Work<void> {
      for (const name of like.names) {
        const known = columns.get(name);
        const bins = (known && edgesOf(known)) ?? edges.get(name);
        const more = yield* summarize(name, table.column(name), bins);
        columns.set(name, known === undefined ? more : joinSummaries(name, known, more));
      }
    };
    await pinnedWork(summarizing(), arraysOf(table), how);
    await sample.add(table, undefined, how);
  }
  return { ...about, updates: 0, seen: sample.seen, sample: sample.table as Table, columns };
}

/** The memory of these rows, too. They have the columns of the sample. `random` draws those of the new sample. */
export async function rememberMore(
  memory: Memory,
  table: Table,
  how: AsyncOptions,
  random = new RandomState(seedOf(memory.seed, memory.updates + 1)),
): Promise<Memory> {
  const { updates, capacity, seen, sample } = memory;
  const columns = new Map<string, ColumnSummary>();
  const joining = function* (): Work<{ readonly all: Table; readonly index: Uint32Array }> {
    for (const [name, known] of memory.columns) {
      const edges = edgesOf(known);
      const more = yield* summarize(name, table.column(name), edges);
      yield pause;
      columns.set(name, joinSummaries(name, known, more));
      yield pause;
    }
    const all = yield* joinTables(sample, table, sample.names);
    const sizes = { seen, kept: sample.rows, capacity, rows: table.rows };
    return { all, index: yield* sampleOn(sizes, random) };
  };
  const { all, index } = await pinnedWork(joining(), [...arraysOf(sample), ...arraysOf(table)], how);
  return {
    ...memory,
    ...{ updates: updates + 1, seen: seen + table.rows, sample: await all.takeAsync(index, how), columns },
  };
}

/** The seed of an update's draws. */
export function seedOf(seed: number, updates: number): number {
  return (seed + Math.imul(updates, 0x9e3779b1)) >>> 0;
}

interface StoredMemory extends Omit<Memory, 'sample' | 'columns' | 'weight'> {
  readonly version: 1;
  readonly weight?: string;
  readonly sample: readonly StoredColumn[];
  readonly columns: readonly (readonly [name: string, summary: ColumnSummary])[];
}

/** A memory as the file of a model has it. */
export function* memoryJson({ sample, columns, weight, ...others }: Memory): Work<Json> {
  const json: StoredMemory = {
    ...{ version: 1, ...others, ...(weight !== undefined && { weight }) },
    ...{ sample: yield* storeRows(sample), columns: [...columns] },
  };
  return json as unknown as Json;
}

/** Reads what `memoryJson` wrote. @throws Error that says what is wrong */
export function* readMemory(json: Json): Work<Memory> {
  const { version, sample, columns, ...others } = json as unknown as StoredMemory;
  if (version !== 1) throw new Error(`its memory has version ${String(version)}, newer than this library`);
  const { seed, updates, capacity, seen, inputs, weight } = others;
  const isCount = (value: unknown, least = 0) => Number.isSafeInteger(value) && (value as number) >= least;
  const counts =
    isCount(seed) && seed < 2 ** 32 && isCount(updates) && isCount(capacity, 1) && isCount(seen, 1);
  const isName = weight === undefined || typeof weight === 'string';
  if (!counts || !isName || typeof inputs !== 'object' || inputs === null) throw damaged();
  if (!Array.isArray(sample) || !Array.isArray(columns)) throw damaged();
  const table = yield* readRows(sample);
  if (table === undefined || table.rows > Math.min(capacity, seen) || columns.length !== table.names.length)
    throw damaged();
  const summaries = new Map<string, ColumnSummary>();
  for (const [i, entry] of columns.entries()) {
    const [name, summary] = (Array.isArray(entry) ? entry : []) as Partial<[string, ColumnSummary]>;
    if (name !== table.names[i] || !isSummary(summary)) throw damaged();
    summaries.set(name as string, summary);
  }
  return { seed, updates, capacity, seen, inputs, weight, sample: table, columns: summaries };
}

function isSummary(value: unknown): value is ColumnSummary {
  const summary = (value ?? {}) as Record<string, unknown>;
  const areNumbers = (list: unknown) => Array.isArray(list) && list.every(Number.isFinite);
  const sized = (list: unknown, size: number) => areNumbers(list) && (list as unknown[]).length === size;
  const { kind, present, missing, texts, counts, edges, truths } = summary;
  if (!Number.isFinite(present) || !Number.isFinite(missing)) return false;
  if (kind === 'boolean') return Number.isFinite(truths);
  if (kind === 'category') {
    return (
      Array.isArray(texts) && texts.every((text) => typeof text === 'string') && sized(counts, texts.length)
    );
  }
  if (kind !== 'number' && kind !== 'time') return false;
  const { mean, squares, least, greatest } = summary;
  const finite = [mean, squares, least, greatest].every(Number.isFinite);
  return finite && areNumbers(edges) && sized(counts, (edges as unknown[]).length + 1);
}

function damaged(): Error {
  return new Error('its memory of rows is damaged');
}
