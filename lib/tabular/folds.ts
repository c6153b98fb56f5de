// The folds of a table.

import { type AsyncOptions, pinnedWork, type Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import { type Constraint, integerFrom, optional, positiveInteger } from '../base/validate';
import { groupFolds, plainFolds, stratifiedFolds, timeFolds } from '../datasets/folds';
import { classesOf, type Indices } from '../datasets/stratify';
import type { RandomState } from '../random/random-state';
import { labelsIn, timeOrder } from '../tables/split';
import type { Table } from '../tables/table';
import type { ModelKind } from './model-kind';
import { arraysOf, tableOf } from './row-network';
import { columnName, type TrainOptions } from './train-options';

/** How the rows of a table are divided into folds. */
export interface FoldOptions {
  /** The number of folds, at least 2. @default 5 */
  readonly folds?: number;
  /**
   * A column whose values get equal shares of all folds, as far as whole rows allow, or `false` for none.
   * @default the target of a Classifier, if it is one column and neither group nor time is given; otherwise none
   */
  readonly stratify?: string | false;
  /** A column whose equal values stay together in one fold, such as the customer of an order. It is no input. @default none */
  readonly group?: string;
  /**
   * A column of numbers or times. Each fold tests with a stretch of time, and trains with all rows before it. The first
   * stretch is only trained with. @default none
   */
  readonly time?: string;
}

const columnOrFalse: Constraint = {
  rule: "a column's name, or false",
  accepts: (value) => typeof value === 'string' || value === false,
};

export const foldConstraints = {
  folds: optional(integerFrom(2)),
  stratify: optional(columnOrFalse),
  group: optional(columnName),
  time: optional(columnName),
};

/** The options that tell how folds are made, or one part to test with. */
export type FoldsOf = FoldOptions &
  Pick<TrainOptions, 'target' | 'shuffle' | 'weight' | 'missingTarget'> & { readonly repeats?: number };

export const repeatsConstraint = optional(positiveInteger);

/** Checks that the options do not contradict each other. */
export function checkFolds({ stratify, group, time, shuffle, repeats = 1 }: FoldsOf): void {
  const ways = Object.entries({ stratify: stratify || undefined, group, time }).filter(
    ([, way]) => way !== undefined,
  );
  if (ways.length > 1) {
    const names = ways.slice(0, 2).map(([name]) => name);
    throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected either ${names.join(' or ')}, got both`);
  }
  const fixed =
    group !== undefined ? 'group' : time !== undefined ? 'time' : shuffle === false ? 'shuffle: false' : '';
  if (repeats === 1 || fixed === '') return;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    `Expected repeats to be left out with ${fixed}, since each repeat would have the same folds, got ${repeats}`,
  );
}

/** The rows of a table that models may train with. */
export interface FoldedTable {
  /** All rows that were given. */
  readonly given: number;
  /** The rows that a training takes. Row i is row index[i] of those given. The column of groups is left out. */
  readonly table: Table;
  readonly index: Uint32Array;
  /** The columns that divide the rows. */
  readonly columns: Table;
}

/** Takes the rows that a training takes. */
export async function foldedTable(
  kind: ModelKind,
  rows: unknown,
  options: TrainOptions & FoldsOf,
  how: AsyncOptions,
): Promise<FoldedTable & { readonly values: Awaited<ReturnType<ModelKind['rows']>>['values'] }> {
  const whole = tableOf(rows);
  const { group } = options;
  const inputs = group === undefined ? whole : whole.without([group]);
  const { index, values } = await kind.rows(inputs, options, how);
  const take = async (table: Table) => (index.length === whole.rows ? table : table.takeAsync(index, how));
  const names = [wayOf(kind, options).stratify, group, options.time].filter((name) => name !== undefined);
  return {
    ...{ given: whole.rows, index, values },
    ...{ table: await take(inputs), columns: await take(whole.select(names)) },
  };
}

/** How rows are divided, with the default for the kind of model. */
export function wayOf(
  { name }: ModelKind,
  { stratify, group, time, target, shuffle }: FoldsOf,
): { readonly stratify?: string; readonly group?: string; readonly time?: string } {
  if (group !== undefined) return { group };
  if (time !== undefined) return { time };
  if (typeof stratify === 'string') return { stratify };
  const byClass =
    stratify !== false && name === 'classifier' && typeof target === 'string' && shuffle !== false;
  return byClass ? { stratify: target } : {};
}

/** Divides the rows into folds. Each repeat goes on with the same generator. */
export async function foldsOf(
  kind: ModelKind,
  { columns, table }: FoldedTable,
  options: FoldsOf,
  random: RandomState,
  how: AsyncOptions,
): Promise<Indices[]> {
  const work = folds(columns, table.rows, wayOf(kind, options), options, random);
  return pinnedWork(work, arraysOf(columns), how);
}

function* folds(
  columns: Table,
  rows: number,
  { stratify, group, time }: ReturnType<typeof wayOf>,
  { folds: count = 5, shuffle = true }: FoldsOf,
  random: RandomState,
): Work<Indices[]> {
  if (group !== undefined) {
    const [name, labels] = yield* labelsIn(columns.column(group), group, 'to group by');
    return yield* groupFolds(name, yield* classesOf(name, labels, rows), count);
  }
  if (time !== undefined) return timeFolds(yield* timeOrder(columns.column(time), time), count);
  if (stratify === undefined) return yield* plainFolds(rows, count, shuffle, random);
  const [name, labels] = yield* labelsIn(columns.column(stratify), stratify, 'to stratify by');
  return yield* stratifiedFolds(name, yield* classesOf(name, labels, rows), count, shuffle, random);
}
