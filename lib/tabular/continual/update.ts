// A model goes on with new rows: its scales, categories and classes grow, the network trains on, and a gate decides.

import {
  type AsyncOptions,
  asyncConstraints,
  howOf,
  pinnedWork,
  type Work,
  workElsewhere,
} from '../../addon/work';
import { argumentError, blasnetError } from '../../base/errors';
import type { AnyName } from '../../base/names';
import {
  above,
  anything,
  atLeast,
  type Constraint,
  checkOptions,
  integerBetween,
  oneOf,
  optional,
  positiveInteger,
  seed as seedConstraint,
} from '../../base/validate';
import type { Json } from '../../formats/json';
import { outputLayerOf } from '../../layers/architecture';
import { contentOf } from '../../network/savable';
import { adam } from '../../optimizers/optimizers';
import { RandomState } from '../../random/random-state';
import { cosine } from '../../schedules/schedule';
import type { Schema } from '../../tables/schema';
import type { Table } from '../../tables/table';
import type { History } from '../../training/history';
import type { FitOptions } from '../../training/options';
import type { ClassName } from '../class-target';
import { holdOut } from '../hold-out';
import { labelsFor, outputFor, rowsIn, type TargetValues } from '../labels';
import { LearnedInputs } from '../learned-inputs';
import type { ModelParts, TargetsJson } from '../model-parts';
import { type Part, presentRows, takePart } from '../prepare';
import { outputRanges, type TargetRange } from '../ranges';
import { arraysOf, inputsOf, RowNetwork, type Rows, tableOf } from '../row-network';
import type { Task } from '../task';
import { columnName, type StoredFit } from '../train-options';
import { driftOf } from './drift';
import { type GateScore, gateScore } from './gate';
import { type GrownInputs, growInputs } from './grow-inputs';
import { growNetwork, waysToGrow } from './grow-network';
import { joinTables } from './join-tables';
import { type Memory, memoryJson, type NewMemory, rememberMore, seedOf } from './memory';
import { aboutOld, checkRows, columnsOf, memoryOfOld, storedMemory } from './model-memory';

/** The share of the new rows that the gate judges with. */
const usualShare = 0.2;

/** The options of `drift`. */
export interface DriftOptions extends AsyncOptions {
  /**
   * Rows that the model learned from, or rows like them: a table or records. @default those that it remembers (see `remember` of
   * the options of train)
   */
  readonly old?: Rows;
}

/** The options of `update`. */
export interface UpdateOptions extends DriftOptions {
  /** The passes through the rows. @default 20 */
  readonly epochs?: number;
  /** @default 32 below 2,000 rows, 128 below 20,000 and 256 from there on */
  readonly batchSize?: number;
  /**
   * The learning rate of the first step; it falls to 0 on a cosine. @default 0.003; 0.01 for a
   * Regressor with a preset's network
   */
  readonly learningRate?: number;
  /** The share of the new rows that the gate judges with, in (0, 1): the new model does not learn from them. @default 0.2, and
   *   one row at least */
  readonly validationSplit?: number;
  /** How much the loss that the gate compares may grow. @default 0 */
  readonly tolerance?: number;
  /** Draws which rows are held out, remembered and trained in which order. @default from the model's own seed */
  readonly seed?: number;
  /** The most rows that are remembered, with `old`. @default 10,000 */
  readonly remember?: number;
  /** A column with a weight for each row, with `old`; otherwise it is that of the training. @default none */
  readonly weight?: string;
  /** What happens to rows whose target is missing: an error, or they are left out. @default 'error' */
  readonly missingTarget?: 'error' | 'drop' | AnyName;
  /** Those of `Network.fit`. @default none */
  readonly callbacks?: FitOptions['callbacks'];
}

/** What an update has made. */
export interface ModelUpdate<Model> {
  /** The new model; the one that was to be updated, if the gate refused. */
  readonly model: Model;
  /** Whether the gate accepted the new model. */
  readonly accepted: boolean;
  /** How good the old model is. */
  readonly before: GateScore;
  /** How good the new model is with the same rows. */
  readonly after: GateScore;
  /** How the rows differ from earlier ones: see `drift`. */
  readonly drift: Table;
  /** The categories that were new, by column. */
  readonly newCategories: Readonly<Record<string, readonly string[]>>;
  /** The classes that were new. */
  readonly newClasses: readonly ClassName[];
  /** The history of the training. */
  readonly history: History;
}

/** What an update asks the model. */
export interface Continuing<Model> {
  readonly names: readonly string[];
  /** Reads the targets, and learns of new classes. */
  readonly learn: (table: Table) => Work<TargetValues>;
  /** What the update's training is about. */
  readonly task: (fit: StoredFit) => Task;
  /** The targets as the file has them. */
  readonly targets: (values: TargetValues, ranges: readonly TargetRange[] | undefined) => TargetsJson;
  readonly newClasses: (values: TargetValues) => readonly ClassName[];
  readonly made: (parts: ModelParts) => Model;
}

const driftConstraints = { ...asyncConstraints, old: anything };

const shareConstraint: Constraint = {
  rule: 'a number in (0, 1)',
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => value > 0 && value < 1,
};

const updateConstraints = {
  ...driftConstraints,
  epochs: optional(positiveInteger),
  batchSize: optional(positiveInteger),
  learningRate: optional(above(0)),
  validationSplit: optional(shareConstraint),
  tolerance: optional(atLeast(0)),
  seed: optional(seedConstraint),
  remember: optional(integerBetween(1, 1_000_000)),
  weight: optional(columnName),
  missingTarget: optional(oneOf(['error', 'drop'])),
  callbacks: anything,
};

/** See `TableModel.drift`. */
export async function driftOfModel(
  parts: ModelParts,
  names: readonly string[],
  given: unknown,
  options: DriftOptions,
): Promise<Table> {
  checkOptions('', options, driftConstraints);
  const how = howOf(options);
  // A target may be left out.
  const columns = (rows: Table) =>
    columnsOf(parts, names, undefined).filter((name) => rows.has(name) || !names.includes(name));
  const { old } = options;
  const memory =
    old === undefined
      ? await storedMemory(parts, 'drift', how)
      : await memoryOfOld(aboutOld(parts, {}), parts, old, columns, undefined, how);
  const table = tableOf(given);
  checkRows(table, parts, columns(table), undefined);
  return driftOf(memory, table, names, how);
}

/** See `TableModel.update`. */
export async function updateModel<Model>(
  model: Model,
  parts: ModelParts,
  continuing: Continuing<Model>,
  given: unknown,
  options: UpdateOptions,
): Promise<ModelUpdate<Model>> {
  checkOptions('', options, updateConstraints);
  const how = howOf(options);
  const { names } = continuing;
  checkOneNetwork(parts);
  const stored = options.old === undefined ? await storedMemory(parts, 'update', how) : undefined;
  if (stored !== undefined) checkWithoutOld(options);
  const about = stored ?? aboutOld(parts, options);
  const columns = columnsOf(parts, names, about.weight);
  const table = tableOf(given);
  checkRows(table, parts, columns, about.weight);
  const rowOptions = rowOptionsOf(names, about, options);
  const fresh = await presentRows(table.select(columns), rowOptions, continuing.learn, how);
  const task = continuing.task(fitFor(parts, fresh.values));
  const readOld = (rows: Table) => presentRows(rows, rowOptions, task.read(fresh.values), how);
  const memory =
    stored ?? (await memoryOfOld(about, parts, options.old as Rows, () => columns, readOld, how));
  const seed = options.seed ?? seedOf(memory.seed, memory.updates + 1);
  const random = new RandomState(seed);
  const drift = await driftOf(memory, fresh.table, names, how);
  const next = await rememberMore(memory, fresh.table, how, random);
  const old = await partOf(memory.sample, fresh.values, task, memory.weight, how);

  const { rows: oldRows, targets } = parts;
  const growing = growInputs(oldRows.inputs, parts.schema, next, waysToGrow(oldRows.network));
  const grown = await workElsewhere(growing, how);
  const made = await makeModel(parts, grown, next, fresh.values, { ...continuing, task }, how);
  // Before rows are divided, so that errors have the user's row.
  await pinnedWork(grown.inputs.encode(fresh.table, made.rows.network.dtype), arraysOf(fresh.table), how);

  const { trained, held } = await divide(fresh, options.validationSplit, random, how);
  const before = await gateScore(lenient(parts), held, old, task, how);
  const mixed = await mix(trained, old, task, fresh.values, how);
  const history = await train(made.rows, mixed, task, { ...options, seed }, how);
  const after = await gateScore(made.rows, held, old, task, how);
  const accepted = after.loss <= before.loss + (options.tolerance ?? 0);
  return {
    model: accepted ? continuing.made({ ...made, history }) : model,
    ...{ accepted, before, after, drift, history },
    newCategories: Object.fromEntries(grown.categories),
    newClasses: targets.kind === 'classifier' ? continuing.newClasses(fresh.values) : [],
  };
}

function checkOneNetwork({ rows }: ModelParts): void {
  const { length } = rows.members;
  if (length === 1) return;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    `Expected a model with one network for update, got ${length} networks; train with another preset than 'best'`,
  );
}

function checkWithoutOld(options: UpdateOptions): void {
  for (const name of ['remember', 'weight'] as const) {
    if (options[name] === undefined) continue;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'left out without old', options[name]);
  }
}

function rowOptionsOf(
  names: readonly string[],
  { weight, inputs }: NewMemory,
  { missingTarget }: UpdateOptions,
) {
  return {
    ...{ target: names, inputs },
    ...(weight !== undefined && { weight }),
    ...(missingTarget !== undefined && { missingTarget }),
  };
}

/** Rows with the targets that are known by now. */
async function partOf(
  table: Table,
  learned: TargetValues,
  task: Task,
  weight: string | undefined,
  how: AsyncOptions,
): Promise<Part> {
  const values = await pinnedWork(task.read(learned)(table), arraysOf(table), how);
  return { table, values, weights: weight === undefined ? undefined : table.column(weight, 'number').values };
}

/** The old model for the gate: a category that it does not know is no error. */
function lenient({ rows: { network, inputs, ranges }, schema }: ModelParts): RowNetwork {
  return new RowNetwork(
    network,
    LearnedInputs.fromJSON({ ...inputs.toJSON(), unseen: 'zeros' }, schema),
    ranges,
  );
}

/**
 * Trains with some rows and holds out others. Each class gives the same share; if that is no row, the rows are drawn from
 * all classes.
 */
async function divide(part: Part, given: number | undefined, random: RandomState, how: AsyncOptions) {
  const { values } = part;
  const rows = rowsIn(values);
  // One row at least, of a few.
  const share = given ?? Math.max(usualShare, 1 / rows);
  const classes =
    values.kind === 'classes' ? { numbers: values.numbers, count: values.target.classes.length } : undefined;
  let { trainIndex, testIndex } = await workElsewhere(holdOut(rows, share, classes, random), how);
  if (testIndex.length === 0 && classes !== undefined) {
    ({ trainIndex, testIndex } = await workElsewhere(holdOut(rows, share, undefined, random), how));
  }
  if (testIndex.length === 0) {
    const rule = `a share that holds out at least one of the ${rows} new rows`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'validationSplit', rule, share);
  }
  return {
    trained: await takePart(part, trainIndex, how),
    held: await takePart(part, testIndex, how),
  };
}

async function mix(
  fresh: Part,
  old: Part,
  task: Task,
  learned: TargetValues,
  how: AsyncOptions,
): Promise<Part> {
  const arrays = [...arraysOf(fresh.table), ...arraysOf(old.table)];
  const work = joinTables(old.table, fresh.table, old.table.names);
  const table = await pinnedWork(work, arrays, how);
  const { weights } = old;
  const values = await pinnedWork(task.read(learned)(table), arraysOf(table), how);
  if (weights === undefined) return { table, values, weights: undefined };
  const all = new Float64Array(table.rows);
  all.set(weights, 0);
  all.set(fresh.weights as Float64Array, weights.length);
  return { table, values, weights: all };
}

/** What the model's file says about the options of its training. */
function fitIn({ rows: { network } }: ModelParts): StoredFit | undefined {
  return (contentOf(network).table as { readonly fit?: StoredFit } | undefined)?.fit;
}

/** The training's own loss and class weights. A loss of two classes may suit no three: then the usual one is taken. */
function fitFor(parts: ModelParts, values: TargetValues): StoredFit {
  const { loss, ...others } = fitIn(parts) ?? {};
  if (loss === undefined) return others;
  const before = outputLayerOf(parts.rows.network.architecture).activation;
  const { activation } = outputFor(values);
  return activation === before ? { ...others, loss } : others;
}

interface MadeModel {
  readonly rows: RowNetwork;
  readonly schema: Schema;
  readonly targets: TargetsJson;
}

async function makeModel<Model>(
  parts: ModelParts,
  grown: GrownInputs,
  memory: Memory,
  values: TargetValues,
  { task, targets: targetsFor }: Omit<Continuing<Model>, 'task'> & { readonly task: Task },
  how: AsyncOptions,
): Promise<MadeModel> {
  const targets = targetsFor(values, grownRanges(parts.targets, memory));
  const table = {
    ...{ version: 1, targets, schema: grown.schema.toJSON(), inputs: grown.inputs.toJSON() },
    memory: await workElsewhere(memoryJson(memory), how),
    ...(fitIn(parts) && { fit: fitIn(parts) }),
  };
  const classes = values.kind === 'classes' ? values.target.classes.length : undefined;
  const { targetScaler: _, ...options } = task.network(values);
  const network = growNetwork(parts.rows.network, grown, classes, options, table as unknown as Json);
  const ranges = targets.kind === 'regressor' ? outputRanges(targets) : undefined;
  return { rows: new RowNetwork(network, grown.inputs, ranges), schema: grown.schema, targets };
}

function grownRanges(targets: TargetsJson, { columns }: Memory): readonly TargetRange[] | undefined {
  if (targets.kind !== 'regressor' || targets.ranges === undefined) return undefined;
  const { ranges } = targets;
  return targets.columns.map((name, i): TargetRange => {
    const [least, greatest] = ranges[i] as TargetRange;
    const summary = columns.get(name);
    if (summary === undefined || !('least' in summary)) return [least, greatest];
    return [Math.min(least, summary.least), Math.max(greatest, summary.greatest)];
  });
}

async function train(
  { network, inputs }: RowNetwork,
  { table, values, weights }: Part,
  task: Task,
  options: UpdateOptions,
  how: AsyncOptions,
): Promise<History> {
  const rows = rowsIn(values);
  const encoded = await pinnedWork(inputs.encode(table, network.dtype), arraysOf(table), how);
  const X = inputsOf(encoded, inputs);
  const fit = task.fit(values);
  const Y = await workElsewhere(labelsFor(values, fit.loss, network.dtype), how);
  const { epochs = 20, callbacks, seed } = options;
  const batchSize = Math.min(options.batchSize ?? (rows < 2_000 ? 32 : rows < 20_000 ? 128 : 256), rows);
  // The layers of a preset have factors below 1.
  const [first] = contentOf(network).architecture;
  const factors = first?.learningRateFactors !== undefined;
  const usual = factors ? (values.kind === 'numbers' ? 0.01 : 0.003) : 0.003;
  return network.fit(X, Y, {
    ...{ ...how, ...fit, epochs, batchSize },
    optimizer: adam({ learningRate: options.learningRate ?? usual }),
    schedule: cosine(),
    ...(seed !== undefined && { seed }),
    ...(weights && { sampleWeight: weights }),
    ...(callbacks !== undefined && { callbacks }),
  });
}
