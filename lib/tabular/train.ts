// The training of a Classifier or a Regressor: from a table to a network.

import { type AsyncOptions, pinnedWork, type Work, workElsewhere } from '../addon/work';
import type { FilePath } from '../base/file-path';
import type { Dtype } from '../base/matrix';
import type { Json } from '../formats/json';
import type { LayerOptions } from '../layers/architecture';
import { resolveNumericEmbeddings } from '../layers/numeric-embeddings';
import { Network } from '../network/network';
import { withTable } from '../network/network-file';
import type { NetworkOptions } from '../network/network-options';
import { adam } from '../optimizers/optimizers';
import { freshSeed, RandomState } from '../random/random-state';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { Schema } from '../tables/schema';
import type { Table } from '../tables/table';
import type { History } from '../training/history';
import type { FitOptions, ValidationData } from '../training/options';
import { attach } from '../training/training-error';
import { inputs as declaration } from './inputs';
import { labelsFor, outputFor, splitTargetOf, type TargetValues } from './labels';
import { LearnedInputs } from './learned-inputs';
import { describeTargets } from './model-file';
import { prepareRows, type Rows, targetsOf } from './prepare';
import { arraysOf, inputsOf, RowNetwork } from './row-network';
import { fitNames, type HiddenLayer, type ResumingOptions, type TrainOptions } from './train-options';

/** What a training is about: which targets, and how their columns are read. */
export interface Task {
  /** Reads the target columns. Learns from them what there is to learn, such as classes. */
  readonly learn: (table: Table) => Work<TargetValues>;
  /** Learns more from the targets of the rows that train. @default nothing */
  readonly settle?: (values: TargetValues) => Work<TargetValues>;
  /** Reads the target columns of further rows. */
  readonly read: (learned: TargetValues) => (table: Table) => Work<TargetValues>;
  /** What the model's file says about the targets. */
  readonly describe: (learned: TargetValues) => Json;
  /** Options that the network gets. */
  readonly network: (learned: TargetValues) => NetworkOptions;
  /** Options that fit gets. */
  readonly fit: (learned: TargetValues) => Partial<FitOptions>;
  /** What happens to the trained network. @param held the rows that it did not learn from, and what it learned of the target */
  readonly finish?: (network: Network, held: HeldSamples, how: AsyncOptions) => Promise<TargetValues>;
}

/** Rows that a training held out. */
export interface HeldSamples {
  readonly X: InputsLike;
  readonly values: TargetValues;
  readonly weights: Float64Array | undefined;
}

/** A trained network and what was learned beside it. */
export interface Trained {
  readonly rows: RowNetwork;
  readonly schema: Schema;
  readonly values: TargetValues;
  readonly history: History | undefined;
}

/** Gets the model before the first epoch of its training. */
export type Begun<Model> = (model: Model) => void;

/**
 * Trains a network with the rows of a table.
 *
 * @param modelOf makes what an error that ends the training carries as `model`
 */
export async function train<Model>(
  given: unknown,
  options: TrainOptions,
  task: Task,
  modelOf: (trained: Trained) => Model,
  begun?: Begun<Model>,
): Promise<Trained> {
  const how = howOf(options);
  const seed = options.seed ?? freshSeed();
  const rows = await prepareRows(given, options, task, new RandomState(seed), how);
  const { table } = rows.trained;
  const values = await settled(rows.trained.values, task, how);
  const columns = table.without(options.weight === undefined ? [] : [options.weight]);
  const schema = await pinnedWork(Schema.learn(columns, targetsOf(options)), arraysOf(columns), how);
  const target = await workElsewhere(splitTargetOf(values), how);
  const learning = LearnedInputs.learn(
    ...([columns, schema, declaration(options.inputs), target] as const),
    options.numericEmbeddings !== undefined,
  );
  const inputs = await pinnedWork(learning, arraysOf(columns), how);
  const about = {
    ...{ version: 1, targets: task.describe(values) },
    ...{ schema: schema.toJSON(), inputs: inputs.toJSON() },
  };
  const network = await Network.create(layersFor(inputs, values, options), {
    ...how,
    ...{ dtype: (options.dtype ?? 'float32') as Dtype, seed },
    ...(options.initializer !== undefined && { initializer: options.initializer }),
    ...task.network(values),
    ...withTable(about as unknown as Json),
  });
  const result = {
    ...{ rows: new RowNetwork(network, inputs, rangesIn(values)), schema, values, history: undefined },
  };
  const { X, Y, fitOptions } = await samplesOf(rows, result.rows, options, task, how);
  begun?.(modelOf(result));
  try {
    const history = await network.fit(X, Y, fitOptions);
    return { ...result, history, values: await finished(network, rows, values, fitOptions, task, how) };
  } catch (error) {
    attach(error, { model: modelOf(result) });
    throw error;
  }
}

/** Continues a training from a checkpoint. `stored` is the model in it. */
export async function resume(
  path: FilePath,
  given: unknown,
  options: TrainOptions & ResumingOptions,
  { rows: restored, schema, values }: Omit<Trained, 'history'>,
  task: Task,
  modelOf: (trained: Trained) => unknown,
): Promise<Trained> {
  const how = howOf(options);
  const { override, skipDamaged } = options;
  const random = new RandomState(restored.network.seed);
  const rows = await prepareRows(given, options, { ...task, learn: task.read(values) }, random, how);
  const { X, Y, fitOptions } = await samplesOf(rows, restored, options, task, how);
  const trained = (network: Network, history: History | undefined) => ({
    ...{ rows: new RowNetwork(network, restored.inputs, restored.ranges), schema, values, history },
  });
  try {
    const { network, history } = await Network.resume(path, X, Y, {
      ...fitOptions,
      ...(override !== undefined && { override }),
      ...(skipDamaged !== undefined && { skipDamaged }),
    });
    return {
      ...trained(network, history),
      values: await finished(network, rows, values, fitOptions, task, how),
    };
  } catch (error) {
    const { network } = error as { readonly network?: Network };
    if (network !== undefined) attach(error, { model: modelOf(trained(network, undefined)) });
    throw error;
  }
}

async function settled(values: TargetValues, { settle }: Task, how: AsyncOptions): Promise<TargetValues> {
  return settle === undefined ? values : workElsewhere(settle(values), how);
}

function rangesIn(values: TargetValues) {
  return values.kind === 'numbers' ? values.ranges : undefined;
}

/** Finishes a trained network, and lets it carry what was learned of the target then. */
async function finished(
  network: Network,
  { held }: Rows,
  values: TargetValues,
  { validationData }: FitOptions,
  task: Task,
  how: AsyncOptions,
): Promise<TargetValues> {
  if (task.finish === undefined || held === undefined || validationData === undefined) return values;
  const { X } = validationData;
  const learned = await task.finish(network, { X, values: held.values, weights: held.weights }, how);
  describeTargets(network, task.describe(learned));
  return learned;
}

function howOf({ signal, threads }: TrainOptions): AsyncOptions {
  return { ...(signal && { signal }), ...(threads !== undefined && { threads }) };
}

/** What the network's fit takes. */
async function samplesOf(
  { trained, held }: Rows,
  rows: RowNetwork,
  options: TrainOptions,
  task: Task,
  how: AsyncOptions,
) {
  const { loss } = options;
  const { dtype } = rows.network;
  const X = await encoded(rows, trained.table, options, how);
  const Y = await labels(trained.values, loss, dtype, how);
  const validationData = held && {
    X: await encoded(rows, held.table, options, how),
    Y: await labels(held.values, loss, dtype, how),
    ...(held.weights && { sampleWeight: held.weights }),
  };
  const fitOptions = {
    ...fitOptionsOf(options, validationData, trained.table.rows),
    ...(trained.weights && { sampleWeight: trained.weights }),
    ...task.fit(trained.values),
  };
  return { X, Y, fitOptions };
}

async function encoded(
  { inputs, network }: RowNetwork,
  table: Table,
  { weight }: TrainOptions,
  how: AsyncOptions,
): Promise<InputsLike> {
  // The weights are no additional column.
  const columns = weight !== undefined && table.has(weight) ? table.without([weight]) : table;
  const rows = await pinnedWork(inputs.encode(columns, network.dtype), arraysOf(columns), how);
  return inputsOf(rows, inputs);
}

function labels(values: TargetValues, loss: unknown, dtype: Dtype, how: AsyncOptions): Promise<LabelsLike> {
  return workElsewhere(labelsFor(values, loss, dtype), how);
}

function layersFor(
  { width, embeddings, scaled }: LearnedInputs,
  values: TargetValues,
  { hidden = [128, 64], activation = 'relu', numericEmbeddings, members }: TrainOptions,
): readonly LayerOptions[] {
  const layers: LayerOptions[] = hidden.map((layer) => hiddenLayer(layer, activation));
  layers.push(outputFor(values));
  const [first, ...others] = layers as [LayerOptions, ...LayerOptions[]];
  const waves = numericEmbeddings && resolveNumericEmbeddings(numericEmbeddings, 'numericEmbeddings');
  const inputs = {
    inputDim: width,
    ...(embeddings.length > 0 && { embeddings }),
    ...(waves && scaled > 0 && { numericEmbeddings: { columns: scaled, ...waves } }),
    ...(members !== undefined && { members }),
  };
  return [{ ...first, ...inputs }, ...others];
}

function hiddenLayer(layer: HiddenLayer, activation: LayerOptions['activation']): LayerOptions {
  return typeof layer === 'number' ? { outputDim: layer, activation } : layer;
}

/** The options of fit: the user's, and defaults for a table of this size. */
function fitOptionsOf(
  options: TrainOptions,
  validationData: ValidationData | undefined,
  rows: number,
): FitOptions {
  const { earlyStopping } = options;
  const given = Object.fromEntries(Object.entries(options).filter(([name]) => fitNames.has(name)));
  const stopping = earlyStopping ?? (validationData === undefined ? false : { patience: 20 });
  return {
    ...{ epochs: 200, batchSize: rows < 2_000 ? 32 : rows < 20_000 ? 128 : 256, optimizer: adam() },
    ...given,
    ...(validationData && { validationData }),
    ...(stopping !== false && { earlyStopping: stopping }),
  } as FitOptions;
}
