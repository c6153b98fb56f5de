// One training: from rows with targets to a network.

import { type AsyncOptions, pinnedWork, workElsewhere } from '../addon/work';
import type { Dtype } from '../base/matrix';
import type { Json } from '../formats/json';
import type { LayerOptions } from '../layers/architecture';
import { resolveNumericEmbeddings } from '../layers/numeric-embeddings';
import { Network } from '../network/network';
import { withTable } from '../network/network-file';
import { adam } from '../optimizers/optimizers';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import type { SampleChunk } from '../samples/source';
import { Schema } from '../tables/schema';
import type { Table } from '../tables/table';
import type { FitOptions, ValidationData } from '../training/options';
import { columnsOf } from './continual/model-memory';
import { inputs as declaration } from './inputs';
import { labelsFor, outputFor, splitTargetOf, type TargetValues } from './labels';
import { LearnedInputs } from './learned-inputs';
import type { SourceCounts } from './model-file';
import { type Part, type Rows, targetsOf } from './prepare';
import { fitOptions, hiddenLayers, networkOptions, type Recipe } from './recipe';
import { arraysOf, inputsOf, RowNetwork } from './row-network';
import type { Task, Trained } from './task';
import {
  type ClassifierOptions,
  fitNames,
  type HiddenLayer,
  type StoredFit,
  type TrainOptions,
} from './train-options';

/** What a training does, and how it computes. */
export interface Training {
  readonly options: TrainOptions;
  readonly task: Task;
  /** The network of a preset; undefined if the options describe it. */
  readonly recipe: Recipe | undefined;
  readonly seed: number;
  /** What the model's file says about the rows that it remembers, with these columns; undefined for none. */
  readonly remembered?: (columns: readonly string[]) => Promise<Json | undefined>;
  /** What the model's file says about a source. */
  readonly source?: SourceCounts;
  readonly how: AsyncOptions;
}

/** A network before its training, and what was learned about the rows. @param values what the targets hold, settled */
export async function newNetwork(
  { table: given }: Part,
  values: TargetValues,
  training: Training,
): Promise<Trained> {
  const { options, task, recipe, seed, remembered, source, how } = training;
  const table = given.without(options.weight === undefined ? [] : [options.weight]);
  const schema = await pinnedWork(Schema.learn(table, targetsOf(options)), arraysOf(table), how);
  const target = await workElsewhere(splitTargetOf(values), how);
  const embeds = recipe === undefined ? options.numericEmbeddings !== undefined : !recipe.linear;
  const learning = LearnedInputs.learn(table, schema, declaration(options.inputs), target, embeds);
  const inputs = await pinnedWork(learning, arraysOf(table), how);
  const columns = columnsOf({ rows: { inputs } }, targetsOf(options), options.weight);
  const memory = await remembered?.(columns);
  const about = {
    ...{ version: 1, targets: task.describe(values) },
    ...{ schema: schema.toJSON(), inputs: inputs.toJSON() },
    ...(recipe && { recipe }),
    ...(source && { source }),
    ...storedFit(options),
    ...(memory !== undefined && { memory }),
  };
  const network = await Network.create(layersFor(inputs, values, options, recipe), {
    ...how,
    ...{ dtype: (options.dtype ?? 'float32') as Dtype, seed },
    ...(options.initializer !== undefined && { initializer: options.initializer }),
    ...(recipe && networkOptions(recipe)),
    ...task.network(values),
    ...withTable(about as unknown as Json),
  });
  const ranges = values.kind === 'numbers' ? values.ranges : undefined;
  return { rows: new RowNetwork(network, inputs, ranges), schema, values, history: undefined };
}

/** What the model's file says for an update. A loss is a name or a plain description. */
function storedFit({ loss, classWeight }: ClassifierOptions): { readonly fit?: StoredFit } {
  if (loss === undefined && classWeight === undefined) return {};
  return { fit: { ...(loss !== undefined && { loss }), ...(classWeight !== undefined && { classWeight }) } };
}

/** What the network's fit takes. */
export interface FitSamples {
  readonly X: InputsLike;
  readonly Y: LabelsLike;
  readonly fitOptions: FitOptions;
}

/** Encodes the rows for a network's fit. */
export async function samplesOf(
  { trained, held }: Rows,
  rows: RowNetwork,
  { options, task, recipe, how }: Training,
): Promise<FitSamples> {
  const { loss } = options;
  const { dtype } = rows.network;
  const validationData = held && {
    X: await encoded(rows, held.table, options, how),
    Y: await labels(held.values, loss, dtype, how),
    ...(held.weights && { sampleWeight: held.weights }),
  };
  return {
    X: await encoded(rows, trained.table, options, how),
    Y: await labels(trained.values, loss, dtype, how),
    fitOptions: {
      ...fitOptionsOf(options, validationData, trained, recipe),
      ...(trained.weights && { sampleWeight: trained.weights }),
      ...task.fit(trained.values),
    },
  };
}

/** Encodes one of several parts of the rows. */
export async function encodedPart(
  { table, values, weights }: Part,
  rows: RowNetwork,
  { options, how }: Training,
): Promise<SampleChunk> {
  return {
    X: await encoded(rows, table, options, how),
    Y: await labels(values, options.loss, rows.network.dtype, how),
    ...(weights && { sampleWeight: weights }),
  };
}

/** The X of a network for the rows of a table. */
export async function encoded(
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
  recipe: Recipe | undefined,
): readonly LayerOptions[] {
  const named = recipe === undefined ? numericEmbeddings : recipe.linear ? undefined : 'pbld';
  const waves =
    named !== undefined && scaled > 0
      ? { columns: scaled, ...resolveNumericEmbeddings(named, 'numericEmbeddings') }
      : undefined;
  const codes = embeddings.reduce((sum, { outputDim }) => sum + outputDim, 0);
  const first = codes + width + (waves === undefined ? 0 : scaled * (waves.outputDim - 1));
  const layers: LayerOptions[] =
    recipe === undefined
      ? hidden.map((layer) => hiddenLayer(layer, activation))
      : hiddenLayers(recipe, first, values);
  layers.push(outputFor(values));
  const inputs = {
    inputDim: width,
    ...(embeddings.length > 0 && { embeddings }),
    ...(waves && { numericEmbeddings: waves }),
    ...(members !== undefined && { members }),
  };
  return layers.map((layer, i) => (i === 0 ? { ...layer, ...inputs } : layer));
}

function hiddenLayer(layer: HiddenLayer, activation: LayerOptions['activation']): LayerOptions {
  return typeof layer === 'number' ? { outputDim: layer, activation } : layer;
}

/** The options of fit: the user's, and defaults for a table of this size. */
export function fitOptionsOf(
  options: TrainOptions,
  validationData: ValidationData | undefined,
  { table: { rows }, values }: { readonly table: { readonly rows: number }; readonly values: TargetValues },
  recipe: Recipe | undefined,
): FitOptions {
  const { earlyStopping } = options;
  const given = Object.fromEntries(Object.entries(options).filter(([name]) => fitNames.has(name)));
  // The waves of a recipe's schedule end at different heights: what gets worse now may get better later.
  const patience = recipe === undefined ? 20 : recipe.end;
  const stopping = earlyStopping ?? (validationData === undefined ? false : { patience });
  const usual =
    recipe === undefined
      ? { epochs: 200, batchSize: rows < 2_000 ? 32 : rows < 20_000 ? 128 : 256, optimizer: adam() }
      : fitOptions(recipe, rows, values, options);
  return {
    ...usual,
    ...given,
    ...(recipe && { epochs: recipe.end, batchSize: usual.batchSize }),
    ...(validationData && { validationData }),
    ...(stopping !== false && { earlyStopping: stopping }),
  } as FitOptions;
}
