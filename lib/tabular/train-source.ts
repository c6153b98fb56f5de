// The training of a Classifier or a Regressor from a source: tables that are gone through part by part.

import { type AsyncOptions, howOf, inSlices, pinnedWork, type Work, workElsewhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { optional, positiveInteger } from '../base/validate';
import { freshSeed, RandomState } from '../random/random-state';
import type { Chunks, SampleChunk, Source } from '../samples/source';
import type { Column } from '../tables/column';
import { scanTable } from '../tables/scan-table';
import { Table } from '../tables/table';
import type { ValidationData } from '../training/options';
import type { SourceFitOptions } from '../training/source-options';
import { attach } from '../training/training-error';
import { joinTables } from './continual/join-tables';
import { sampleOn } from './continual/reservoir';
import type { TargetValues } from './labels';
import { presentRows, readPart, targetsOf } from './prepare';
import { presetOf } from './presets';
import { recipesFor } from './recipe';
import { arraysOf, type Rows } from './row-network';
import type { Begun, Task, Trained } from './task';
import { checkTrainOptionsAnd, type TrainOptions } from './train-options';
import { encodedPart, fitOptionsOf, newNetwork, type Training } from './train-rows';

/** Tables that can be gone through again, such as the result of `scanTable`; or files that `scanTable` reads. */
export type TableChunks = Source<Table> | readonly (string | URL)[];

/** The options that a source has beside those of a table. */
export type WindowOptions = Pick<SourceFitOptions, 'windowRows'>;

/** Checks the options of `train`, for a table or a source. */
export function checkTrainOptionsFor(
  rows: unknown,
  options: unknown,
  kind: 'classifier' | 'regressor',
): void {
  const more = isTableSource(rows) ? { windowRows: optional(positiveInteger) } : {};
  checkTrainOptionsAnd(options, kind, more);
}

/** Whether rows come from a source. */
export function isTableSource(value: unknown): value is TableChunks {
  if (typeof value === 'function') return true;
  if (Array.isArray(value)) {
    const [first] = value;
    return first instanceof Table || typeof first === 'string' || first instanceof URL;
  }
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The most rows from which schema, inputs and classes are learned. */
export const sampledRows = 2 ** 17;

// The share of the rows that is held out, as of a table of more than 100 rows.
const usualShare = 0.15;

/** Trains a network with the rows of a source: see `Classifier.train`. */
export async function trainSource<Model>(
  given: TableChunks,
  options: TrainOptions & WindowOptions,
  task: Task,
  modelOf: (trained: Trained) => Model,
  begun?: Begun<Model>,
): Promise<Trained> {
  refuse(options);
  const how = howOf(options);
  const seed = options.seed ?? freshSeed();
  const tables = tablesOf(given);
  const { sample, rows } = await sampleOf(tables, options, new RandomState(seed), how);
  const whole = await presentRows(sample, { ...options, missingTarget: 'drop' }, task.learn, how);
  const preset = presetOf(options);
  const recipe = preset && recipesFor(preset, options, whole.values)[0];
  const training: Training = { options, task, recipe, seed, how };
  const { values } = whole;
  const result = await newNetwork(whole, values, training);
  const chunks = (source: Source<Table>) => encodedChunks(source, result, values, training);
  const { validationData: held, validationSplit = held === undefined ? usualShare : 0 } = options;
  const validationData = held && (await heldChunks(held, chunks));
  const trained = Math.max(1, Math.round(rows * (1 - validationSplit)));
  const isHeld = held !== undefined || validationSplit > 0;
  const { validationData: _, ...fitOptions } = fitOptionsOf(
    options,
    isHeld ? ({} as ValidationData) : undefined,
    { table: { rows: trained }, values },
    recipe,
  );
  begun?.(modelOf(result));
  try {
    const history = await result.rows.network.fit(chunks(tables), {
      ...(fitOptions as object),
      ...task.fit(values),
      ...(validationData !== undefined && { validationData }),
      ...(validationSplit > 0 && { validationSplit }),
      ...(options.windowRows !== undefined && { windowRows: options.windowRows }),
    } as never);
    return { ...result, history };
  } catch (error) {
    attach(error, { model: modelOf(result) });
    throw error;
  }
}

function refuse(options: TrainOptions): void {
  const wrong = (name: string, rule: string, value: unknown) => {
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, `${rule} with a source`, value);
  };
  const { preset, remember, clamp } = options as TrainOptions & { readonly clamp?: boolean };
  if (preset === 'best') wrong('preset', "'default' or 'fast', which train once,", preset);
  if (remember !== undefined) wrong('remember', 'left out', remember);
  if (clamp === true) wrong('clamp', 'left out, since it needs the range of all rows,', clamp);
}

function tablesOf(given: TableChunks): Source<Table> {
  if (!Array.isArray(given) || given[0] instanceof Table) return given as Source<Table>;
  return async function* () {
    for (const file of given as readonly (string | URL)[]) yield* scanTable(file);
  };
}

async function heldChunks(
  held: Rows | TableChunks,
  chunks: (source: Source<Table>) => Source<SampleChunk>,
): Promise<Source<SampleChunk>> {
  if (isTableSource(held)) return chunks(tablesOf(held));
  return chunks([held instanceof Table ? held : Table.from(held as never)]);
}

/** The tables of a source, one after another. */
async function* partsOf(source: Source<Table>): AsyncGenerator<Table, void, void> {
  const chunks: Chunks<Table> = typeof source === 'function' ? await source() : source;
  for await (const table of chunks) {
    if (!(table instanceof Table)) {
      const hint = ': scanTable makes such a source';
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'each part of the source', 'a Table', table, hint);
    }
    if (table.rows > 0) yield table;
  }
}

/** The encoded rows of a source. */
function encodedChunks(
  source: Source<Table>,
  result: Trained,
  values: TargetValues,
  training: Training,
): () => AsyncGenerator<SampleChunk> {
  const { options, task, how } = training;
  return async function* () {
    for await (const table of partsOf(source)) {
      const part = await readPart(table, options, task.read(values), how);
      if (part.table.rows > 0) yield encodedPart(part, result.rows, training);
    }
  };
}

/** A uniform sample of the rows, with the first row of each class, and the number of all rows. */
async function sampleOf(
  source: Source<Table>,
  options: TrainOptions,
  random: RandomState,
  how: AsyncOptions,
): Promise<{ readonly sample: Table; readonly rows: number }> {
  let sample: Table | undefined;
  let firsts: Table | undefined;
  let rows = 0;
  const targets = targetsOf(options);
  const seen = targets.map(() => new Set<unknown>());
  const names = (table: Table) => (sample ?? table).names;
  const join = async (one: Table | undefined, other: Table): Promise<Table> => {
    if (one === undefined) return other;
    checkColumns(other, one.names);
    return pinnedWork(joinTables(one, other, one.names), [...arraysOf(one), ...arraysOf(other)], how);
  };
  for await (const table of partsOf(source)) {
    for (const name of names(table)) table.column(name);
    const all = { seen: rows, kept: sample?.rows ?? 0, capacity: sampledRows, rows: table.rows };
    const index = await workElsewhere(sampleOn(all, random), how);
    rows += table.rows;
    const joined = await join(sample, table);
    sample = index.length === joined.rows ? joined : await joined.takeAsync(index, how);
    const found: number[] = [];
    for (const [i, name] of targets.entries())
      found.push(...(await workElsewhere(newClasses(table.column(name), seen[i] as Set<unknown>), how)));
    if (found.length > 0) firsts = await join(firsts, table.take(found));
  }
  if (sample === undefined)
    throw blasnetError('ERR_BLASNET_SOURCE', 'Expected the source to give at least one row, got none');
  // All rows are in the sample if they are few.
  const whole = rows <= sampledRows || firsts === undefined;
  return { sample: whole ? sample : await join(sample, firsts as Table), rows };
}

function checkColumns(table: Table, names: readonly string[]): void {
  for (const name of names) table.column(name);
}

// More different values are those of no classes.
const mostClasses = 1000;

/** The first rows of values of a column that were not seen before. */
function* newClasses(column: Column, seen: Set<unknown>): Work<number[]> {
  const found: number[] = [];
  const { kind, values } = column;
  const texts = kind === 'category' ? column.categories : undefined;
  const known = new Set<number>();
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to && seen.size < mostClasses; row++) {
      const value = values[row] as number;
      if (known.has(value) || Number.isNaN(value)) continue;
      known.add(value);
      const name = texts === undefined ? value : texts[value];
      if (name === undefined || seen.has(name)) continue;
      seen.add(name);
      found.push(row);
    }
  });
  return found;
}
