// The rows that the trials of a search train and test with.

import { type AsyncOptions, pinnedWork } from '../addon/work';
import { RandomState } from '../random/random-state';
import { splitRows } from '../tables/split';
import type { RunRows } from './fold-run';
import { type FoldedTable, type FoldsOf, foldsOf, wayOf } from './folds';
import type { ModelKind } from './model-kind';
import { rowsToEvaluate, targetsOf } from './prepare';
import { arraysOf, type Rows, tableOf } from './row-network';

/** One part to test with, or the folds. */
export async function searchRows(
  kind: ModelKind,
  data: FoldedTable,
  ways: FoldsOf,
  { seed, validation }: { readonly seed: number; readonly validation?: number | Rows },
  how: AsyncOptions,
): Promise<readonly RunRows[]> {
  if (validation === undefined) return foldsOf(kind, data, ways, new RandomState(seed), how);
  if (typeof validation !== 'number') {
    const test = tableOf(validation);
    const { group } = ways;
    const inputs = group !== undefined && test.has(group) ? test.without([group]) : test;
    // A table that cannot be evaluated is found before the first training.
    return [{ test: await rowsToEvaluate(inputs, targetsOf(ways), how).catch(inValidation) }];
  }
  const { columns, table } = data;
  const order = ways.shuffle === false ? { shuffle: false } : {};
  const split = { testSize: validation, seed, ...order, ...wayOf(kind, ways) };
  const work = splitRows(table.rows, (name) => columns.column(name), split);
  return [await pinnedWork(work, arraysOf(columns), how)];
}

function inValidation(error: unknown): never {
  if (error instanceof Error) error.message = `In validation: ${error.message}`;
  throw error;
}
