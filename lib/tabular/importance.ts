// Permutation importance: how much worse the scores get when a column tells nothing.

import { type AsyncOptions, asyncConstraints, howOf } from '../addon/work';
import type { AnyName } from '../base/names';
import {
  boolean,
  check,
  checkOptions,
  oneOf,
  optional,
  positiveInteger,
  seed as seedConstraint,
} from '../base/validate';
import { freshSeed, RandomState } from '../random/random-state';
import { Table } from '../tables/table';
import { isLargerBetter, metricOption, scoresOf, summaryOf } from './scores';

/** The options of `importance`. */
export interface ImportanceOptions extends AsyncOptions {
  /**
   * The score that is compared: a number of the evaluation by its name, or a function of it.
   * @default 'logLoss' of a Classifier, 'rootMeanSquaredError' of a Regressor; of several targets their mean, or R2
   */
  readonly metric?: AnyName | ((evaluation: never) => number);
  /** Whether a larger value of the metric is better. @default what the name says; false for a function */
  readonly maximise?: boolean;
  /** How often each column is permuted. @default 5 */
  readonly repeats?: number;
  /** The seed of the permutations. @default a random one */
  readonly seed?: number;
}

const constraints = {
  ...asyncConstraints,
  metric: optional(metricOption),
  maximise: optional(boolean),
  repeats: optional(positiveInteger),
  seed: optional(seedConstraint),
};

/** A model whose columns are compared. */
export interface ScoredModel {
  /** The columns that the model looks at. */
  readonly columns: readonly string[];
  readonly defaultMetric: string;
  readonly evaluate: (table: Table, options: AsyncOptions) => Promise<object>;
}

/**
 * Permutes one column after another, so that it tells nothing about its row, and compares the score with that of the rows as
 * they are (Breiman 2001; Fisher et al. 2019). The columns share their permutations.
 */
export async function importanceOf(
  model: ScoredModel,
  table: Table,
  options: ImportanceOptions,
): Promise<Table> {
  checkOptions('', options, constraints);
  const { metric = model.defaultMetric, repeats = 5, seed = freshSeed() } = options;
  const how = howOf(options);
  const evaluation = await model.evaluate(table, how);
  const scoreOf = (of: object) =>
    typeof metric === 'function' ? metric(of as never) : (scoresOf(of)[metric] as number);
  const names = Object.keys(scoresOf(evaluation));
  if (typeof metric === 'string') check('metric', metric, oneOf(names), 'ERR_BLASNET_UNKNOWN_NAME');
  const better = options.maximise ?? (typeof metric === 'string' && isLargerBetter(metric));
  const before = scoreOf(evaluation);
  const random = new RandomState(seed);
  const orders = Array.from({ length: repeats }, () => random.permutation(table.rows));
  const found: { column: string; mean: number; std: number }[] = [];
  for (const column of model.columns) {
    const losses = new Float64Array(repeats);
    for (const [i, order] of orders.entries()) {
      const after = scoreOf(await model.evaluate(await permuted(table, column, order, how), how));
      losses[i] = better ? before - after : after - before;
    }
    const { mean, std } = summaryOf(losses);
    found.push({ column, mean, std });
  }
  return Table.from(found.sort((a, b) => b.mean - a.mean));
}

/** The table with one column in another order. */
async function permuted(table: Table, name: string, order: Uint32Array, how: AsyncOptions): Promise<Table> {
  const taken = await table.select([name]).takeAsync(order, how);
  return withColumn(table, name, taken);
}

/** The table with a column of another one of as many rows. */
export function withColumn(table: Table, name: string, from: Table): Table {
  const columns = table.names.map((each) => [each, (each === name ? from : table).column(each)] as const);
  return new Table(new Map(columns), table.rows);
}
