// Rows to evaluate with: of a table, of records or of a source.

import { copyArrays } from '../addon/arrays';
import { workAnywhere } from '../addon/work';
import { blasnetError } from '../base/errors';
import { allocateShared, Matrix } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import type { Table } from '../tables/table';
import { rowsToEvaluate } from './prepare';
import type { Rows } from './row-network';
import { eachTable, isTableSource, type TableChunks, tablesOf } from './table-source';
import type { EvaluateRowsOptions } from './train-options';

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
