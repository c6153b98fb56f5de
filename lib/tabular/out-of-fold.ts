// Predictions for the rows of a table by models that did not train with them.

import { inSlices, type Work } from '../addon/work';
import type { Column } from '../tables/column';
import { Table } from '../tables/table';
import { classColumn, numbersTable } from './answers';
import { Classifier } from './classifier';
import type { TargetValues } from './labels';
import type { AnyModel } from './model-kind';
import type { TaskHow } from './parallel';

/** What a fold's model says about the fold's test rows: columns by name. */
export interface FoldOutputs {
  readonly testIndex: Uint32Array;
  readonly columns: Table;
}

/** Predictions for the rows of a table. What no model has predicted is missing. */
export interface OutOfFold {
  readonly predictions: Table;
  readonly probabilities: Table | undefined;
}

/** The numbers that are averaged: probabilities, or predicted numbers. */
export async function outputsOf(model: AnyModel, test: Table, options: TaskHow): Promise<Table> {
  if (model instanceof Classifier) return model.probabilities(test, options);
  const answers = await model.predict(test, options);
  return answers instanceof Table ? answers : numbersTable(model.targets, [answers as Float64Array]);
}

/**
 * Puts the outputs of folds together, in the order of the folds. A row that several repeats have predicted gets the mean.
 *
 * @param rows of the table
 * @param index the row of the table for each row that the folds know
 */
export function* outOfFold(
  values: TargetValues,
  targets: readonly string[],
  rows: number,
  index: Uint32Array,
  folds: readonly FoldOutputs[],
): Work<OutOfFold> {
  const names = values.kind === 'classes' ? values.target.classes.map(String) : targets;
  const means = names.map(() => new Float64Array(rows));
  const counts = new Uint32Array(rows);
  for (const { testIndex, columns } of folds) {
    // A fold whose rows lack a class gives it no column.
    const own = names.map((name) =>
      columns.has(name) ? (columns.column(name).values as Float64Array) : undefined,
    );
    yield* inSlices(testIndex.length, (from, to) => {
      for (let i = from; i < to; i++) {
        const row = index[testIndex[i] as number] as number;
        counts[row] = (counts[row] as number) + 1;
        for (const [c, column] of own.entries()) {
          const mean = means[c] as Float64Array;
          mean[row] = (mean[row] as number) + ((column?.[i] as number | undefined) ?? 0);
        }
      }
    });
  }
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const count = counts[row] as number;
      for (const mean of means) mean[row] = count === 0 ? Number.NaN : (mean[row] as number) / count;
    }
  });
  const table = numbersTable(names, means);
  if (values.kind === 'numbers') return { predictions: table, probabilities: undefined };
  const known = values.kind === 'classes' ? [values.target] : values.targets;
  const predicted: [string, Column][] = [];
  for (const [i, target] of known.entries()) {
    const shares = values.kind === 'classes' ? means : [means[i] as Float64Array];
    const column = yield* classColumn(target.classes, rows, (row) => decided(shares, row));
    predicted.push([target.name, column]);
  }
  return { predictions: new Table(new Map(predicted), rows), probabilities: table };
}

/** The most probable class of a row; of a single column of probabilities, the side of 1/2. */
function decided(shares: readonly Float64Array[], row: number): number | undefined {
  const first = (shares[0] as Float64Array)[row] as number;
  if (Number.isNaN(first)) return undefined;
  if (shares.length === 1) return first > 0.5 ? 1 : 0;
  let best = 0;
  for (let i = 1; i < shares.length; i++) {
    if (((shares[i] as Float64Array)[row] as number) > ((shares[best] as Float64Array)[row] as number))
      best = i;
  }
  return best;
}
