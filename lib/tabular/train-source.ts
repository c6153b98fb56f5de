// The training of a Classifier or a Regressor from a source: tables that are gone through part by part.

import { type AsyncOptions, howOf, workElsewhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { FilePath } from '../base/file-path';
import { type Constraint, optional, positiveInteger } from '../base/validate';
import { Network } from '../network/network';
import { streaming } from '../network/trainable';
import { freshSeed, RandomState } from '../random/random-state';
import type { SampleChunk, Source } from '../samples/source';
import type { Table } from '../tables/table';
import type { History } from '../training/history';
import type { ValidationData } from '../training/options';
import type { SourceFitOptions } from '../training/source-options';
import { attach } from '../training/training-error';
import { withTemperatures } from './calibrated';
import { memoryJson, rememberTables } from './continual/memory';
import { joinedTables } from './continual/table-sample';
import { settled } from './cross-fit';
import type { TargetValues } from './labels';
import type { SourceCounts, Stored } from './model-file';
import { type Part, presentRows, readPart } from './prepare';
import { presetOf } from './presets';
import { recipesFor } from './recipe';
import { RowNetwork, tableOf } from './row-network';
import {
  chosen,
  countPresent,
  type IsHeld,
  type SourceSurvey,
  sampledRows,
  surveySource,
} from './source-survey';
import { eachTable, isTableSource, sourceName, type TableChunks, tablesOf } from './table-source';
import type { Begun, Task, Trained } from './task';
import {
  type ClassifierOptions,
  checkTrainOptionsAnd,
  type RegressorOptions,
  type ResumingOptions,
  resumingConstraints,
  type TrainOptions,
} from './train-options';
import { encodedPart, fitOptionsOf, newNetwork, type Training } from './train-rows';

/** The options that a source has beside those of a table. */
export type WindowOptions = Pick<SourceFitOptions, 'windowRows'>;

/** Checks the options of `train` or of `resume`, for a table or a source. */
export function checkTrainOptionsFor(
  rows: unknown,
  options: unknown,
  kind: 'classifier' | 'regressor',
  resumes = false,
): void {
  const windows: Record<string, Constraint> = isTableSource(rows)
    ? { windowRows: optional(positiveInteger) }
    : {};
  checkTrainOptionsAnd(options, kind, { ...windows, ...(resumes && resumingConstraints) });
}

// The share of the rows that is held out, as of a table of more than 100 rows.
const usualShare = 0.15;

type SourceOptions = TrainOptions & WindowOptions;

/** Trains a network with the rows of a source: see `Classifier.train`. */
export async function trainSource<Model>(
  given: TableChunks,
  options: SourceOptions,
  task: Task,
  modelOf: (trained: Trained) => Model,
  begun?: Begun<Model>,
): Promise<Trained> {
  checkForSource(options);
  const how = howOf(options);
  const seed = options.seed ?? freshSeed();
  const tables = tablesOf(given);
  const share = shareOf(options);
  const rows = share > 0 && options.shuffle === false ? await countPresent(tables, options, how) : 0;
  const isHeld = await heldBy(share, options, seed, rows);
  const wish = { classes: task.classes, ranges: (options as RegressorOptions).clamp === true };
  const random = new RandomState(seed);
  const survey = await surveySource(tables, options, isHeld, wish, random, how);
  const source = countsOf(survey, share, options);
  const { whole, learned } = await learnedPart(survey, options, task, how);
  const preset = presetOf(options);
  const recipe = preset && recipesFor(preset, options, whole.values)[0];
  const common = { options, task, recipe, seed, how };
  const remembered = async (columns: readonly string[]) => {
    const { remember: capacity, inputs = {}, weight } = options;
    if (capacity === undefined) return undefined;
    const ofTable = async (table: Table) =>
      (await readPart(table, options, task.read(learned.values), how)).table.select(columns);
    const parts = eachTable(tables, ofTable, how);
    const like = learned.table.select(columns);
    const memory = await rememberTables({ seed, capacity, inputs, weight }, like, parts, how);
    return workElsewhere(memoryJson(memory), how);
  };
  const training: Training = { ...common, remembered, source };
  const result = await newNetwork(learned, learned.values, training);
  const fed = feedOf(tables, result, training, source, isHeld);
  begun?.(modelOf(result));
  try {
    const history = await result.rows.network.fit(fed.chunks, fed.fitOptions);
    return { ...result, history, values: await calibrated(result, fed, training) };
  } catch (error) {
    attach(error, { model: modelOf(result) });
    throw error;
  }
}

/** Continues the training of a source from a checkpoint: see `Classifier.resume`. */
export async function resumeSource(
  path: FilePath,
  given: TableChunks,
  options: SourceOptions & ResumingOptions,
  stored: Omit<Trained, 'history'> & Stored,
  task: Task,
  modelOf: (trained: Trained) => unknown,
): Promise<Trained> {
  checkForSource(options);
  const how = howOf(options);
  const { override, skipDamaged } = options;
  const { rows: restored, schema, values, recipe, source } = stored;
  if (source === undefined) {
    const rule = 'a table or records, as in the training of the checkpoint';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'table', rule, given);
  }
  const share = shareOf(options);
  if (share !== source.share) {
    const rule = `${source.share}, as in the checkpoint`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'validationSplit', rule, share);
  }
  const { seed } = restored.network;
  const isHeld = await heldBy(share, options, seed, source.rows);
  const training: Training = { options, task, recipe, seed, how };
  const trained = (network: Network, history: History | undefined): Trained => ({
    ...{ rows: new RowNetwork(network, restored.inputs, restored.ranges), schema, values, history },
  });
  const fed = feedOf(tablesOf(given), { ...stored, history: undefined }, training, source, isHeld);
  try {
    const { network, history } = await Network.resume(path, fed.chunks, {
      ...fed.fitOptions,
      ...(override !== undefined && { override }),
      ...(skipDamaged !== undefined && { skipDamaged }),
    });
    const result = trained(network, history);
    return { ...result, values: await calibrated(result, fed, training) };
  } catch (error) {
    const { network } = error as { readonly network?: Network };
    if (network !== undefined) attach(error, { model: modelOf(trained(network, undefined)) });
    throw error;
  }
}

function checkForSource({ preset, validationData, validationSplit }: TrainOptions): void {
  if (preset === 'best') {
    const rule = "'default' or 'fast', which train once, with a source";
    const hint = '; for several networks, train with several seeds, and let a Bag answer';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'preset', rule, preset, hint);
  }
  if (validationData === undefined || validationSplit === undefined) return;
  const message = 'Expected either validationData or validationSplit, got both';
  throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
}

function shareOf({ validationData, validationSplit }: TrainOptions): number {
  return validationSplit ?? (validationData === undefined ? usualShare : 0);
}

/** Which rows are held out: the last ones without shuffling, otherwise each with the probability `share`, drawn by the seed. */
async function heldBy(
  share: number,
  { shuffle }: TrainOptions,
  seed: number,
  rows: number,
): Promise<IsHeld | undefined> {
  if (share === 0) return undefined;
  const { heldAtRandom, newSplitKey } = await streaming();
  if (shuffle !== false) return heldAtRandom(share, newSplitKey(new RandomState(seed)));
  const trained = rows - Math.floor(rows * share);
  return (place) => place >= trained;
}

function countsOf(
  { rows, trained }: SourceSurvey,
  share: number,
  { validationSplit }: TrainOptions,
): SourceCounts {
  if (share > 0 && validationSplit !== undefined && trained === rows) {
    const rule = `a share that holds out at least one of the ${rows} rows`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'validationSplit', rule, share);
  }
  return { rows, trained, share };
}

/** The rows that schema and inputs are learned from, and with them those that classes are learned from. */
async function learnedPart(
  { sample, firsts, ranges, trained }: SourceSurvey,
  options: TrainOptions,
  task: Task,
  how: AsyncOptions,
): Promise<{ readonly whole: Part; readonly learned: Part }> {
  const all = firsts === undefined ? sample : await joinedTables(sample, firsts, how);
  const whole = await presentRows(all, options, task.learn, how);
  // All rows are in the sample if they are few.
  const isAll = trained <= sampledRows && firsts !== undefined;
  const part = isAll ? await readPart(sample, options, task.read(whole.values), how) : whole;
  const values = await settled(part.values, task, how);
  return { whole, learned: { ...part, values: withRanges(values, ranges) } };
}

/** The values with the ranges of all rows instead of those of a sample. */
function withRanges(values: TargetValues, ranges: SourceSurvey['ranges']): TargetValues {
  if (values.kind !== 'numbers' || values.ranges === undefined || ranges === undefined) return values;
  // Each quantile is an output with the range of its target.
  const copies = values.ranges.length / ranges.length;
  return { ...values, ranges: values.ranges.map((own, i) => ranges[Math.floor(i / copies)] ?? own) };
}

/** What a network is trained with. */
interface Fed {
  readonly chunks: Source<SampleChunk>;
  readonly fitOptions: SourceFitOptions;
  /** The rows that are held out, part by part; undefined without such rows. */
  readonly held: (() => AsyncGenerator<Part>) | undefined;
}

function feedOf(
  tables: Source<Table>,
  result: Trained,
  training: Training,
  { trained, rows }: SourceCounts,
  isHeld: IsHeld | undefined,
): Fed {
  const { options, task, recipe, how } = training;
  const { windowRows } = options as SourceOptions;
  const { values } = result;
  const parts = (from: Source<Table>, name: string, split: IsHeld | undefined, wantsHeld: boolean) =>
    async function* () {
      let before = 0;
      const choose = function* (present: Uint32Array) {
        const taken = yield* chosen(present, before, split, wantsHeld);
        before += present.length;
        return taken;
      };
      const read = (table: Table) => readPart(table, options, task.read(values), how, choose);
      for await (const part of eachTable(from, read, how, name)) if (part.table.rows > 0) yield part;
    };
  const encoded = (of: () => AsyncGenerator<Part>) =>
    async function* () {
      for await (const part of of()) yield await encodedPart(part, result.rows, training);
    };
  const own = options.validationData;
  const held =
    own !== undefined
      ? parts(heldTables(own), 'validationData', undefined, false)
      : trained < rows
        ? parts(tables, sourceName, isHeld, true)
        : undefined;
  const validationData = held && (encoded(held) as unknown as ValidationData);
  const sizes = { table: { rows: trained }, values };
  return {
    held,
    chunks: encoded(parts(tables, sourceName, isHeld, false)),
    fitOptions: {
      ...(fitOptionsOf(options, validationData, sizes, recipe) as SourceFitOptions),
      ...(task.fit(values) as SourceFitOptions),
      ...(windowRows !== undefined && { windowRows }),
    },
  };
}

function heldTables(held: NonNullable<TrainOptions['validationData']>): Source<Table> {
  return isTableSource(held) ? tablesOf(held) : [tableOf(held)];
}

/** Calibrates a trained network on the rows that were held out. */
async function calibrated(
  { rows: { network, inputs, ranges }, values }: Trained,
  { held }: Fed,
  training: Training,
): Promise<TargetValues> {
  const { task, options, how } = training;
  const { calibrate = true } = options as ClassifierOptions;
  if (held === undefined || !task.classes || !calibrate) return values;
  const rows = new RowNetwork(network, inputs, ranges);
  const observed: unknown[] = [];
  for await (const part of held()) {
    const { X } = await encodedPart(part, rows, training);
    // The source may fill its arrays again.
    const given = { X, values: part.values, weights: part.weights?.slice() };
    observed.push(await task.observe(network, given, how));
  }
  const { temperatures } = await task.judge(observed, how);
  return withTemperatures(network, values, temperatures, task);
}
