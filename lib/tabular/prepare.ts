// The rows that a model learns from: with a target, with their weights, in a part to train with and one held out.

import { type AsyncOptions, inSlices, pinnedWork, type Work, workElsewhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { RandomState } from '../random/random-state';
import { cellError } from '../tables/build';
import type { Column } from '../tables/column';
import type { Table } from '../tables/table';
import { holdOut } from './hold-out';
import { type TargetValues, takenNumbers, takeValues } from './labels';
import { isIgnored } from './learn-column';
import { checkFinite } from './learn-numbers';
import { arraysOf, tableOf } from './row-network';
import type { EvaluateRowsOptions, TrainOptions } from './train-options';

/** Reads the target columns of a table. */
export type ReadTargets = (table: Table) => Work<TargetValues>;

/** Rows with their targets and weights. */
export interface Part {
  readonly table: Table;
  readonly values: TargetValues;
  readonly weights: Float64Array | undefined;
}

/** Below this number of rows, a default training holds none out. */
const leastToHoldOut = 100;

/** The rows of a training. */
export interface Rows {
  readonly trained: Part;
  readonly held: Part | undefined;
}

/**
 * The rows that have a target, and a weight above 0.
 *
 * @param learn reads the targets, and learns from them
 */
export async function presentRows(
  given: unknown,
  options: TrainOptions,
  learn: ReadTargets,
  how: AsyncOptions,
): Promise<Part> {
  const table = tableOf(given);
  await checkTable(table, options, how);
  return presentPart(table, options, learn, how);
}

async function checkTable(table: Table, options: TrainOptions, how: AsyncOptions): Promise<void> {
  checkColumns(table, options);
  await pinnedWork(checkNumbers(table, options), arraysOf(table), how);
}

/** The rows that a training with this table would take, and what it would learn about the targets. */
export async function trainableRows(
  table: Table,
  options: TrainOptions,
  learn: ReadTargets,
  how: AsyncOptions,
): Promise<{ readonly index: Uint32Array; readonly values: TargetValues }> {
  await checkTable(table, options, how);
  const values = await pinnedWork(learn(table), arraysOf(table), how);
  return {
    index: await presentIn(table, options, how),
    values,
  };
}

/** The names of the target columns. */
export function targetsOf({ target }: Pick<TrainOptions, 'target'>): readonly string[] {
  return typeof target === 'string' ? [target] : target;
}

function checkColumns(table: Table, options: TrainOptions): void {
  const names = targetsOf(options);
  for (const name of names) table.column(name);
  const { weight } = options;
  if (weight === undefined) return;
  if (names.includes(weight)) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'weight', 'another column than the target', weight);
  }
  table.column(weight, 'number');
}

// Before rows are taken from the table, so that errors have the user's row.
function* checkNumbers(table: Table, options: TrainOptions): Work<void> {
  for (const name of table.names) {
    const { kind, values } = table.column(name);
    if ((kind !== 'number' && kind !== 'time') || options.weight === name) continue;
    if (targetsOf(options).includes(name) || isIgnored({ name, kind }, options.inputs ?? {})) continue;
    yield* checkFinite(name, values as Float64Array);
  }
}

/** The rows of a table that have a target, and a weight above 0. */
async function presentPart(
  table: Table,
  options: TrainOptions,
  read: ReadTargets,
  how: AsyncOptions,
): Promise<Part> {
  const values = await pinnedWork(read(table), arraysOf(table), how);
  return onlyPresent({ table, values, weights: weightsOf(table, options) }, options, how);
}

function weightsOf(table: Table, { weight }: TrainOptions): Float64Array | undefined {
  return weight === undefined || !table.has(weight) ? undefined : table.column(weight, 'number').values;
}

/** Those rows of one of several tables that `choose` takes from the present ones. There may be none. */
export async function readPart(
  table: Table,
  options: TrainOptions,
  read: ReadTargets,
  how: AsyncOptions,
  choose?: (present: Uint32Array) => Work<Uint32Array>,
): Promise<Part> {
  await checkTable(table, options, how);
  const part = {
    table,
    values: await pinnedWork(read(table), arraysOf(table), how),
    weights: weightsOf(table, options),
  };
  const present = await pinnedWork(presentIndex(table, options), arraysOf(table), how);
  const rows = choose === undefined ? present : await workElsewhere(choose(present), how);
  return rows.length === table.rows ? part : takePart(part, rows, how);
}

/** The rows of one of several tables that have a target, and a weight above 0. There may be none. */
export async function presentRowsOf(
  table: Table,
  options: TrainOptions,
  how: AsyncOptions,
): Promise<Uint32Array> {
  await checkTable(table, options, how);
  return pinnedWork(presentIndex(table, options), arraysOf(table), how);
}

async function onlyPresent(part: Part, options: TrainOptions, how: AsyncOptions): Promise<Part> {
  const present = await presentIn(part.table, options, how);
  return present.length === part.table.rows ? part : takePart(part, present, how);
}

async function presentIn(table: Table, options: TrainOptions, how: AsyncOptions): Promise<Uint32Array> {
  const present = await pinnedWork(presentIndex(table, options), arraysOf(table), how);
  if (present.length < 2) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected at least 2 rows with a target and a weight above 0, got ${present.length}`,
    );
  }
  return present;
}

function* presentIndex(table: Table, options: TrainOptions): Work<Uint32Array> {
  const names = targetsOf(options);
  const weights = weightsOf(table, options);
  const columns = names.map((name) => table.column(name));
  const present = new Uint32Array(table.rows);
  let count = 0;
  let gaps = 0;
  let firstGap: readonly [row: number, name: string] | undefined;
  yield* inSlices(table.rows, (from, to) => {
    for (let row = from; row < to; row++) {
      if (weights !== undefined && !weighs(weights[row] as number, row, options.weight as string)) continue;
      const missing = columns.findIndex((column) => isGap(column.values[row] as number, column));
      if (missing === -1) present[count++] = row;
      else {
        gaps++;
        firstGap ??= [row, names[missing] as string];
      }
    }
  });
  if (firstGap !== undefined && options.missingTarget !== 'drop') {
    const [row, name] = firstGap;
    const hint =
      `; the target is missing in ${gaps} of ${table.rows} rows: ` +
      "{ missingTarget: 'drop' } leaves these rows out";
    throw cellError(row, name, 'a value of the target', null, hint);
  }
  return present.subarray(0, count);
}

function weighs(weight: number, row: number, name: string): boolean {
  if (weight >= 0 && weight < Number.POSITIVE_INFINITY) return weight > 0;
  throw cellError(row, name, 'a weight, a finite number of at least 0', Number.isNaN(weight) ? null : weight);
}

/** These rows of a part. */
export async function takePart(
  { table, values, weights }: Part,
  index: Uint32Array,
  how: AsyncOptions,
): Promise<Part> {
  return {
    table: await table.takeAsync(index, how),
    values: await workElsewhere(takeValues(values, table.rows, index), how),
    weights: weights && (await pinnedWork(takenNumbers(weights, table.rows, index), [weights], how)),
  };
}

/**
 * Divides rows into those to train with and those to hold out.
 *
 * @param read reads the targets of further rows
 */
export async function divided(
  whole: Part,
  options: TrainOptions,
  read: (learned: TargetValues) => ReadTargets,
  random: RandomState,
  how: AsyncOptions,
): Promise<Rows> {
  const { validationData, validationSplit, shuffle } = options;
  const { rows } = whole.table;
  if (validationData !== undefined) {
    if (validationSplit !== undefined) {
      throw blasnetError(
        'ERR_BLASNET_ARG_VALUE',
        'Expected either validationData or validationSplit, got both',
      );
    }
    return { trained: whole, held: await validationPart(validationData, options, read(whole.values), how) };
  }
  const share = validationSplit ?? (rows < leastToHoldOut ? 0 : 0.15);
  if (share === 0) return { trained: whole, held: undefined };
  const { values } = whole;
  const classes =
    values.kind === 'classes' ? { numbers: values.numbers, count: values.target.classes.length } : undefined;
  const { trainIndex, testIndex } = await workElsewhere(
    holdOut(rows, share, classes, shuffle === false ? undefined : random),
    how,
  );
  if (testIndex.length === 0) {
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      'validationSplit',
      `a share that holds out at least one of the ${rows} rows`,
      share,
    );
  }
  return {
    trained: await takePart(whole, trainIndex, how),
    held: await takePart(whole, testIndex, how),
  };
}

async function validationPart(
  given: unknown,
  options: TrainOptions,
  read: ReadTargets,
  how: AsyncOptions,
): Promise<Part> {
  try {
    const table = tableOf(given);
    return await presentPart(table, options, read, how);
  } catch (error) {
    if (error instanceof Error) error.message = `In validationData: ${error.message}`;
    throw error;
  }
}

/** The rows to evaluate with: those that have a target. @throws TypeError that names row and column */
export async function rowsToEvaluate(
  given: unknown,
  targets: readonly string[],
  { missingTarget, ...how }: EvaluateRowsOptions,
): Promise<Table> {
  const table = tableOf(given);
  const columns = targets.map((name) => ({ name, column: table.column(name) }));
  const gap = columns.find(({ column }) => column.missing > 0);
  if (gap === undefined) return table;
  const isThere = (row: number) =>
    columns.every(({ column }) => !isGap(column.values[row] as number, column));
  if (missingTarget !== 'drop') {
    const row = gap.column.values.findIndex((value) => isGap(value, gap.column));
    const hint = "; { missingTarget: 'drop' } leaves out rows without a target";
    throw cellError(row, gap.name, 'a value of the target', null, hint);
  }
  const present = new Uint32Array(table.rows);
  let count = 0;
  const listing = inSlices(table.rows, (from, to) => {
    for (let row = from; row < to; row++) if (isThere(row)) present[count++] = row;
  });
  await workElsewhere(listing, how);
  return table.takeAsync(present.subarray(0, count), how);
}

function isGap(value: number, { kind }: Column): boolean {
  return kind === 'category' || kind === 'boolean' ? value < 0 : Number.isNaN(value);
}
