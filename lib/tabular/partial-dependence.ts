// Partial dependence: what a model says on average, if a column had one value in every row.

import { type AsyncOptions, asyncConstraints, inSlices, pinnedWork, type Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { Matrix } from '../base/matrix';
import { type Constraint, checkOptions, optional } from '../base/validate';
import { learnQuantiles } from '../preprocessing/learn';
import type { Column, ColumnKind } from '../tables/column';
import { Table } from '../tables/table';
import { withColumn } from './importance';

/** The options of `partialDependence`. */
export interface PartialDependenceOptions extends AsyncOptions {
  /**
   * The values of the column, or their number: of numbers and times that many at equal distances from the 5th to the 95th
   * percentile of the rows. Of other columns all values that occur are taken. @default 20
   */
  readonly grid?: number | readonly unknown[];
}

const grid: Constraint = {
  rule: 'an integer of at least 2, or an array of values',
  accepts: (value) => typeof value === 'number' || Array.isArray(value),
  holds: (value: number | readonly unknown[]) =>
    typeof value === 'number' ? Number.isInteger(value) && value >= 2 : value.length > 0,
};

const constraints = { ...asyncConstraints, grid: optional(grid) };

/** A model that says something about rows. */
export interface SayingModel {
  /** The columns that the model looks at. */
  readonly columns: readonly string[];
  /** What it says, by the name of each output. */
  readonly outputs: (table: Table, options: AsyncOptions) => Promise<Table>;
}

/** The mean outputs for each value of a column, the other columns as they are (Friedman 2001). */
export async function partialDependenceOf(
  model: SayingModel,
  table: Table,
  name: string,
  options: PartialDependenceOptions,
): Promise<Table> {
  checkOptions('', options, constraints);
  const column = table.column(name);
  if (!model.columns.includes(name)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'column', 'one that the model looks at', name);
  }
  if (table.rows === 0) throw blasnetError('ERR_BLASNET_SHAPE', 'Expected at least one row, got 0');
  const { grid: asked = 20, ...how } = options;
  const values = typeof asked === 'number' ? await gridOf(column, asked, how) : asked;
  const kind = column.kind as ColumnKind;
  const points = Table.from(
    values.map((value) => ({ [name]: value })),
    { types: { [name]: kind } },
  );
  const found: Record<string, number>[] = [];
  for (let i = 0; i < points.rows; i++) {
    const same = await points.takeAsync(new Uint32Array(table.rows).fill(i), how);
    const outputs = await model.outputs(withColumn(table, name, same), how);
    const means: Record<string, number> = {};
    for (const output of outputs.names) {
      const numbers = outputs.column(output).values as Float64Array;
      means[output] = await pinnedWork(meanOf(numbers), [numbers], how);
    }
    found.push(means);
  }
  // A target may have the column's own name, such as a class.
  const means = Table.from(found);
  const columns = means.names.map(
    (each) => [each === name ? `mean ${each}` : each, means.column(each)] as const,
  );
  return new Table(new Map([[name, points.column(name)], ...columns]), points.rows);
}

function* meanOf(numbers: Float64Array): Work<number> {
  let sum = 0;
  yield* inSlices(numbers.length, (from, to) => {
    for (let row = from; row < to; row++) sum += numbers[row] as number;
  });
  return sum / numbers.length;
}

async function gridOf(column: Column, count: number, how: AsyncOptions): Promise<readonly unknown[]> {
  const { kind, values, categories } = column;
  if (kind === 'boolean') return [false, true];
  if (kind === 'category') return categories;
  const X = new Matrix(values as Float64Array, values.length, 1);
  const learning = learnQuantiles({ name: 'table', X, columns: [0], skipMissing: true }, [5, 95]);
  const [low, high] = (await pinnedWork(learning, [values as Float64Array], how)) as unknown as [
    number,
    number,
  ];
  if (Number.isNaN(low))
    throw blasnetError('ERR_BLASNET_ARG_VALUE', 'Expected the column to have a value, got none');
  const step = (high - low) / (count - 1);
  const points = Array.from({ length: count }, (_, i) => (i === count - 1 ? high : low + i * step));
  const distinct = low === high ? [low] : points;
  return kind === 'time' ? distinct.map((point) => new Date(point)) : distinct;
}
