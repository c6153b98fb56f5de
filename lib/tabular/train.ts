// The training of a Classifier or a Regressor: from a table to a network.

import { type AsyncOptions, inSlices, pinnedWork, type Work, workElsewhere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { Dtype } from '../base/matrix';
import type { Json } from '../formats/json';
import type { LayerOptions } from '../layers/architecture';
import { Network } from '../network/network';
import { withTable } from '../network/network-file';
import type { NetworkOptions } from '../network/network-options';
import { adam } from '../optimizers/optimizers';
import { freshSeed, RandomState } from '../random/random-state';
import type { LabelsLike } from '../samples/labels';
import { cellError } from '../tables/build';
import { Schema } from '../tables/schema';
import type { Table } from '../tables/table';
import type { History } from '../training/history';
import type { FitOptions, ValidationData } from '../training/options';
import { attach } from '../training/training-error';
import { noClass } from './class-target';
import { holdOut } from './hold-out';
import { inputs as declaration } from './inputs';
import { labelsFor, outputFor, splitTargetOf, type TargetValues, takenNumbers, takeValues } from './labels';
import { LearnedInputs } from './learned-inputs';
import { arraysOf, inputsOf, RowNetwork, tableOf } from './row-network';
import type { HiddenLayer, TrainOptions } from './train-options';

/** What a training is about: which targets, and how their columns are read. */
export interface Task {
  /** Reads the target columns. Learns from them what there is to learn, such as classes. */
  readonly learn: (table: Table) => Work<TargetValues>;
  /** Reads the target columns of further rows. */
  readonly read: (table: Table, learned: TargetValues) => Work<TargetValues>;
  /** What the model's file says about the targets. */
  readonly describe: (learned: TargetValues) => Json;
  /** Options that the network gets. */
  readonly network: (learned: TargetValues) => NetworkOptions;
  /** Options that fit gets. */
  readonly fit: (learned: TargetValues) => Partial<FitOptions>;
}

/** A trained network and what was learned beside it. */
export interface Trained {
  readonly rows: RowNetwork;
  readonly schema: Schema;
  readonly values: TargetValues;
  readonly history: History | undefined;
}

/** Rows with their targets and weights. */
interface Part {
  readonly table: Table;
  readonly values: TargetValues;
  readonly weights: Float64Array | undefined;
}

/** Below this number of rows, a default training holds none out. */
const leastToHoldOut = 100;

/**
 * Trains a network with the rows of a table.
 *
 * @param modelOf makes what an error that ends the training carries as `model`
 */
export async function train(
  given: unknown,
  options: TrainOptions,
  task: Task,
  modelOf: (trained: Trained) => unknown,
): Promise<Trained> {
  const { signal, threads } = options;
  const how: AsyncOptions = { ...(signal && { signal }), ...(threads !== undefined && { threads }) };
  const seed = options.seed ?? freshSeed();
  const table = tableOf(given);
  checkColumns(table, options);
  const whole = await presentPart(table, options, task, how);
  const { trained, held } = await parts(whole, options, task, new RandomState(seed), how);

  const names = targetsOf(options);
  const columns = trained.table.without(options.weight === undefined ? [] : [options.weight]);
  const schema = await pinnedWork(Schema.learn(columns, names), arraysOf(columns), how);
  const target = await workElsewhere(splitTargetOf(trained.values), how);
  const inputs = await pinnedWork(
    LearnedInputs.learn(columns, schema, declaration(options.inputs), target),
    arraysOf(columns),
    how,
  );
  const dtype = (options.dtype ?? 'float32') as Dtype;
  const layers = layersFor(inputs, trained.values, options);
  const about = {
    ...{ version: 1, targets: task.describe(trained.values) },
    ...{ schema: schema.toJSON(), inputs: inputs.toJSON() },
  };
  const network = await Network.create(layers, {
    ...how,
    ...{ dtype, seed },
    ...(options.initializer !== undefined && { initializer: options.initializer }),
    ...task.network(trained.values),
    ...withTable(about as unknown as Json),
  });
  const rows = new RowNetwork(network, inputs);
  const result = { rows, schema, values: trained.values };

  const loss = options.loss;
  const [X, Y] = [await encoded(rows, trained.table, how), await labels(trained.values, loss, dtype, how)];
  const validationData = held && {
    X: await encoded(rows, held.table, how),
    Y: await labels(held.values, loss, dtype, how),
    ...(held.weights && { sampleWeight: held.weights }),
  };
  const fitOptions = {
    ...fitOptionsOf(options, validationData, trained.table.rows),
    ...(trained.weights && { sampleWeight: trained.weights }),
    ...task.fit(trained.values),
  };
  try {
    return { ...result, history: await network.fit(X, Y, fitOptions) };
  } catch (error) {
    attach(error, { model: modelOf({ ...result, history: undefined }) });
    throw error;
  }
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

/** The rows of a table that have a target, and a weight above 0. */
async function presentPart(
  table: Table,
  options: TrainOptions,
  task: Task,
  how: AsyncOptions,
): Promise<Part> {
  const values = await pinnedWork(task.learn(table), arraysOf(table), how);
  return onlyPresent({ table, values, weights: weightsOf(table, options) }, options, how);
}

function weightsOf(table: Table, { weight }: TrainOptions): Float64Array | undefined {
  return weight === undefined || !table.has(weight) ? undefined : table.column(weight, 'number').values;
}

async function onlyPresent(part: Part, options: TrainOptions, how: AsyncOptions): Promise<Part> {
  const present = await pinnedWork(presentRows(part, options), arraysOf(part.table), how);
  if (present.length < 2) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected at least 2 rows with a target and a weight above 0, got ${present.length}`,
    );
  }
  return present.length === part.table.rows ? part : takePart(part, present, how);
}

function* presentRows({ table, values, weights }: Part, options: TrainOptions): Work<Uint32Array> {
  const names = targetsOf(options);
  const columns =
    values.kind === 'numbers' ? values.values : values.kind === 'labels' ? values.numbers : [values.numbers];
  const present = new Uint32Array(table.rows);
  let count = 0;
  let gaps = 0;
  let firstGap: readonly [row: number, name: string] | undefined;
  yield* inSlices(table.rows, (from, to) => {
    for (let row = from; row < to; row++) {
      if (weights !== undefined && !weighs(weights[row] as number, row, options.weight as string)) continue;
      const missing = columns.findIndex((column) =>
        values.kind === 'numbers' ? Number.isNaN(column[row]) : column[row] === noClass,
      );
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

async function takePart(
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

async function parts(
  whole: Part,
  options: TrainOptions,
  task: Task,
  random: RandomState,
  how: AsyncOptions,
): Promise<{ readonly trained: Part; readonly held: Part | undefined }> {
  const { validationData, validationSplit, shuffle } = options;
  const { rows } = whole.table;
  if (validationData !== undefined) {
    if (validationSplit !== undefined) {
      throw blasnetError(
        'ERR_BLASNET_ARG_VALUE',
        'Expected either validationData or validationSplit, got both',
      );
    }
    return { trained: whole, held: await validationPart(validationData, whole, options, task, how) };
  }
  const share = validationSplit ?? (rows < leastToHoldOut ? 0 : 0.15);
  if (share === 0) return { trained: whole, held: undefined };
  const { values } = whole;
  const classes =
    values.kind === 'classes' ? { numbers: values.numbers, count: values.target.classes.length } : undefined;
  const { trained, held } = await workElsewhere(
    holdOut(rows, share, classes, shuffle === false ? undefined : random),
    how,
  );
  if (held.length === 0) {
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      'validationSplit',
      `a share that holds out at least one of the ${rows} rows`,
      share,
    );
  }
  return { trained: await takePart(whole, trained, how), held: await takePart(whole, held, how) };
}

async function validationPart(
  given: unknown,
  { values }: Part,
  options: TrainOptions,
  task: Task,
  how: AsyncOptions,
): Promise<Part> {
  try {
    const table = tableOf(given);
    const read = await pinnedWork(task.read(table, values), arraysOf(table), how);
    return await onlyPresent({ table, values: read, weights: weightsOf(table, options) }, options, how);
  } catch (error) {
    if (error instanceof Error) error.message = `In validationData: ${error.message}`;
    throw error;
  }
}

function encoded({ inputs, network }: RowNetwork, table: Table, how: AsyncOptions) {
  return pinnedWork(inputs.encode(table, network.dtype), arraysOf(table), how).then((rows) =>
    inputsOf(rows, inputs),
  );
}

function labels(values: TargetValues, loss: unknown, dtype: Dtype, how: AsyncOptions): Promise<LabelsLike> {
  return workElsewhere(labelsFor(values, loss, dtype), how);
}

function layersFor(
  { width, embeddings }: LearnedInputs,
  values: TargetValues,
  { hidden = [128, 64], activation = 'relu' }: TrainOptions,
): readonly LayerOptions[] {
  const layers: LayerOptions[] = hidden.map((layer) => hiddenLayer(layer, activation));
  layers.push(outputFor(values));
  const [first, ...others] = layers as [LayerOptions, ...LayerOptions[]];
  return [{ ...first, inputDim: width, ...(embeddings.length > 0 && { embeddings }) }, ...others];
}

function hiddenLayer(layer: HiddenLayer, activation: LayerOptions['activation']): LayerOptions {
  return typeof layer === 'number' ? { outputDim: layer, activation } : layer;
}

/** The options that fit does not take, or gets in another form. */
const ownNames = [
  ...['target', 'inputs', 'hidden', 'activation', 'dtype', 'initializer', 'seed', 'weight', 'missingTarget'],
  ...['validationSplit', 'validationData', 'classWeight', 'positive'],
];

/** The options of fit: the user's, and defaults for a table of this size. */
function fitOptionsOf(
  options: TrainOptions,
  validationData: ValidationData | undefined,
  rows: number,
): FitOptions {
  const { earlyStopping, ...given } = options;
  const own = new Set(ownNames);
  const others = Object.fromEntries(Object.entries(given).filter(([name]) => !own.has(name)));
  const stopping = earlyStopping ?? (validationData === undefined ? false : { patience: 20 });
  return {
    ...{ epochs: 200, batchSize: rows < 2_000 ? 32 : rows < 20_000 ? 128 : 256, optimizer: adam() },
    ...others,
    ...(validationData && { validationData }),
    ...(stopping !== false && { earlyStopping: stopping }),
  } as FitOptions;
}
