// How far probabilities can be relied on, bin by bin, as a table.

import type { AsyncOptions } from '../addon/work';
import type { Matrix } from '../base/matrix';
import { optional } from '../base/validate';
import { metrics } from '../metrics';
import { binCount } from '../metrics/calibration';
import { Table } from '../tables/table';
import { type EvaluateRowsOptions, evaluateConstraints } from './train-options';

/** The options of `reliability`. */
export interface ReliabilityOptions extends EvaluateRowsOptions {
  /** The number of bins of equal width, from 1 to 65,536. @default 10 */
  readonly bins?: number;
}

export const reliabilityConstraints = { ...evaluateConstraints, bins: optional(binCount) };

/** A table of the bins of each target. A single target has no name. */
export async function reliabilityTable(
  names: readonly (string | undefined)[],
  numbers: readonly Int32Array[],
  outputs: readonly (Matrix | Float64Array)[],
  options: AsyncOptions & Pick<ReliabilityOptions, 'bins'>,
): Promise<Table> {
  const records: object[] = [];
  for (const [i, name] of names.entries()) {
    const { bins } = await metrics.async.calibration(
      numbers[i] as Int32Array,
      outputs[i] as Matrix | Float64Array,
      options,
    );
    for (const { from, to, weight: rows, predicted, observed } of bins) {
      const shares = { predicted: rows === 0 ? null : predicted, observed: rows === 0 ? null : observed };
      records.push({ ...(name !== undefined && { target: name }), from, to, rows, ...shares });
    }
  }
  return Table.from(records);
}
