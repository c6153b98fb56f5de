// Sources of tables: rows of any number, which are gone through part by part.

import type { AsyncOptions } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { predictChunks, streaming } from '../network/trainable';
import type { Source } from '../samples/source';
import { scanTable } from '../tables/scan-table';
import { Table } from '../tables/table';

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
