// The training of a Classifier or a Regressor from a source: tables that are gone through part by part.

import { type AsyncOptions, howOf, inSlices, pinnedWork, type Work, workElsewhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { optional, positiveInteger } from '../base/validate';
import { freshSeed, RandomState } from '../random/random-state';
import type { SampleChunk, Source } from '../samples/source';
import type { Column } from '../tables/column';
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
import { eachTable, isTableSource, sourceName, type TableChunks, tablesOf } from './table-source';
import type { Begun, Task, Trained } from './task';
import { checkTrainOptionsAnd, type TrainOptions } from './train-options';
import { encodedPart, fitOptionsOf, newNetwork, type Training } from './train-rows';

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
  const chunks = (source: Source<Table>, name?: string) =>
    encodedChunks(source, result, values, training, name);
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

async function heldChunks(
  held: Rows | TableChunks,
  chunks: (source: Source<Table>, name: string) => Source<SampleChunk>,
): Promise<Source<SampleChunk>> {
  const tables = isTableSource(held)
    ? tablesOf(held)
    : [held instanceof Table ? held : Table.from(held as never)];
  return chunks(tables, 'validationData');
}

/** The encoded rows of a source. @param name what errors call it */
function encodedChunks(
  source: Source<Table>,
  result: Trained,
  values: TargetValues,
  training: Training,
  name = sourceName,
): () => AsyncGenerator<SampleChunk> {
  const { options, task, how } = training;
  const encoded = async (table: Table): Promise<SampleChunk | undefined> => {
    const part = await readPart(table, options, task.read(values), how);
    return part.table.rows > 0 ? encodedPart(part, result.rows, training) : undefined;
  };
  return async function* () {
    for await (const chunk of eachTable(source, encoded, how, name)) if (chunk !== undefined) yield chunk;
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
  const take = async (table: Table): Promise<void> => {
    for (const name of names(table)) table.column(name);
    const all = { seen: rows, kept: sample?.rows ?? 0, capacity: sampledRows, rows: table.rows };
    const index = await workElsewhere(sampleOn(all, random), how);
    rows += table.rows;
    const joined = await join(sample, table);
    // A copy of the first table, whose arrays the source may fill again.
    const isCopy = joined !== table && index.length === joined.rows;
    sample = isCopy ? joined : await joined.takeAsync(index, how);
    const found: number[] = [];
    for (const [i, name] of targets.entries())
      found.push(...(await workElsewhere(newClasses(table.column(name), seen[i] as Set<unknown>), how)));
    if (found.length > 0) firsts = await join(firsts, table.take(found));
  };
  for await (const _ of eachTable(source, take, how));
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
