// Sources of tables: rows of any number, which are gone through part by part.

import { copyArrays } from '../addon/arrays';
import { type AsyncOptions, workAnywhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { allocateShared, Matrix } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import { predictChunks, streaming } from '../network/trainable';
import type { Source } from '../samples/source';
import { scanTable } from '../tables/scan-table';
import { Table } from '../tables/table';
import { rowsToEvaluate } from './prepare';
import type { Rows } from './row-network';
import type { EvaluateRowsOptions } from './train-options';

/** Tables that can be gone through again, such as the result of `scanTable`; or files that `scanTable` reads. */
export type TableChunks = Source<Table> | readonly (string | URL)[];

/** What errors call a source. */
export const sourceName = 'the source';

/** Whether rows come from a source. */
export function isTableSource(value: unknown): value is TableChunks {
  if (typeof value === 'function') return true;
  if (Array.isArray(value)) {
    const [first] = value;
    return first instanceof Table || typeof first === 'string' || first instanceof URL;
  }
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The source itself, or one that reads files. Each file is surveyed once. */
export function tablesOf(given: TableChunks): Source<Table> {
  if (!Array.isArray(given) || given[0] instanceof Table) return given as Source<Table>;
  const scans = (given as readonly (string | URL)[]).map((file) => scanTable(file));
  return async function* () {
    for (const scan of scans) yield* scan;
  };
}

/**
 * Goes through the tables of a source, and yields what is made of each.
 *
 * @param name what errors call the source
 * @throws AbortError; Error ERR_BLASNET_SOURCE for an error of the source; those of `make`, which then name the chunk
 */
export async function* eachTable<T>(
  source: Source<Table>,
  make: (table: Table) => Promise<T>,
  how: AsyncOptions,
  name = sourceName,
): AsyncGenerator<T, void, undefined> {
  const { checkSource, inChunk, Run } = await streaming();
  checkSource(name, source);
  const run = new Run<Table>(name, source, how.signal);
  try {
    for (let table = await run.next(); table !== undefined; table = await run.next()) {
      let made: T;
      try {
        made = await make(tableIn(table));
      } catch (error) {
        throw inChunk(run, error);
      }
      yield made;
    }
  } finally {
    await run.end();
  }
}

function tableIn(chunk: unknown): Table {
  if (!(chunk instanceof Table)) {
    const hint = ': scanTable makes such a source';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'the chunk', 'a Table', chunk, hint);
  }
  if (chunk.rows > 0) return chunk;
  throw blasnetError('ERR_BLASNET_SHAPE', 'Expected the table to have at least one row, got 0');
}

/** Predicts the tables of a source, one after another. The next one is read meanwhile. */
export function predictTables<T>(
  given: TableChunks,
  predict: (table: Table, how: AsyncOptions) => Promise<T>,
  options: AsyncOptions,
): AsyncGenerator<T, void, undefined> {
  const ofChunk = (chunk: unknown, how: AsyncOptions) => predict(tableIn(chunk), how);
  return predictChunks(ofChunk, tablesOf(given), options);
}

/** What the network says about rows, and what they are: a column for each target. */
export interface Compared<Values extends Int32Array | Float64Array> {
  readonly outputs: Matrix;
  readonly columns: readonly Values[];
}

/** Compares rows of a table, of records or of a source, which have their targets. */
export async function comparedRows<Values extends Int32Array | Float64Array>(
  given: Rows | TableChunks,
  targets: readonly string[],
  options: EvaluateRowsOptions,
  compare: (table: Table) => Promise<Compared<Values>>,
): Promise<Compared<Values>> {
  if (!isTableSource(given)) return compare(await rowsToEvaluate(given, targets, options));
  const { missingTarget: _, ...how } = options;
  const parts: Compared<Values>[] = [];
  const each = async (table: Table): Promise<void> => {
    const present = await rowsToEvaluate(table, targets, options);
    if (present.rows === 0) return;
    const { outputs, columns } = await compare(present);
    // The source may fill its arrays again.
    parts.push({ outputs, columns: columns.map((values) => values.slice() as Values) });
  };
  for await (const _ of eachTable(tablesOf(given), each, how));
  if (parts.length === 0) {
    const message = 'Expected the source to give at least one row with a target, got none';
    throw blasnetError('ERR_BLASNET_SOURCE', message);
  }
  return workAnywhere(joined(parts), how);
}

function* joined<Values extends Int32Array | Float64Array>(parts: readonly Compared<Values>[]) {
  const [first] = parts as [Compared<Values>];
  if (parts.length === 1) return first;
  const rows = parts.reduce((sum, { outputs }) => sum + outputs.rows, 0);
  const { cols, dtype } = first.outputs;
  const outputs = new Matrix(allocateShared(rows * cols, dtype), rows, cols);
  const columns = first.columns.map((values) =>
    newSharedArray(values.constructor as Float64ArrayConstructor, rows),
  );
  let from = 0;
  for (const part of parts) {
    const to = from + part.outputs.rows;
    yield* copyArrays(
      [part.outputs.data, ...part.columns],
      [outputs.data.subarray(from * cols, to * cols), ...columns.map((values) => values.subarray(from, to))],
    );
    from = to;
  }
  return { outputs, columns: columns as unknown as readonly Values[] };
}
