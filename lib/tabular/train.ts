// The training of a Classifier or a Regressor: from a table to a network.

import { type AsyncOptions, howOf, workElsewhere } from '../addon/work';
import { argumentError } from '../base/errors';
import type { FilePath } from '../base/file-path';
import type { Json } from '../formats/json';
import type { ActivationName } from '../layers/activations';
import { Network } from '../network/network';
import { freshSeed, RandomState } from '../random/random-state';
import type { Table } from '../tables/table';
import { forAllRanks, sharedBy } from '../training/distribution';
import type { History } from '../training/history';
import { checkWatching } from '../training/options';
import { attach } from '../training/training-error';
import { withTemperatures } from './calibrated';
import { memoryJson, remember } from './continual/memory';
import { type CrossFit, crossFit, settled } from './cross-fit';
import { outputFor, type TargetValues } from './labels';
import { MeanRows } from './mean-rows';
import type { Stored } from './model-file';
import { divided, presentRows, type Rows } from './prepare';
import { presetOf } from './presets';
import { foldsOf, type Recipe, recipesFor } from './recipe';
import { RowNetwork } from './row-network';
import { isTableSource } from './table-source';
import type { Begun, Task, Trained } from './task';
import type { ClassifierOptions, ResumingOptions, TrainOptions } from './train-options';
import { type FitSamples, newNetwork, samplesOf, type Training } from './train-rows';
import { resumeSource, trainSource } from './train-source';

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
  return forAllRanks(options, async () => {
    return trainAlike(given, await optionsOfRanks(options), task, modelOf, begun);
  });
}

// Ranks that share a training draw from the same seed.
async function optionsOfRanks(options: TrainOptions): Promise<TrainOptions> {
  const shared = sharedBy(options.distributed);
  if (shared === undefined) return options;
  if (shared.ownRows) {
    const rule = "'all' for tables, since each rank would learn other columns and classes from its own rows";
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'distributed.rows', rule, 'own');
  }
  const seed = await shared.group.firstOf(options.seed ?? freshSeed());
  return { ...options, seed: seed as number };
}

async function trainAlike<Model>(
  given: unknown,
  options: TrainOptions,
  task: Task,
  modelOf: (trained: Trained) => Model,
  begun?: Begun<Model>,
): Promise<Trained> {
  if (isTableSource(given)) return trainSource(given, options, task, modelOf, begun);
  const how = howOf(options);
  const seed = options.seed ?? freshSeed();
  const whole = await presentRows(given, options, task.learn, how);
  const preset = presetOf(options);
  const recipes = preset && recipesFor(preset, options, whole.values);
  const folds = preset && foldsOf(preset, options, whole.values);
  if (folds && options.distributed !== undefined) {
    const rule =
      "left out with the presets 'default' and 'best', which train several networks: choose preset 'fast', or hidden";
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'distributed', rule, options.distributed);
  }
  // A wrong option is found before the first training, though only the last one follows it.
  const { outputDim, activation } = outputFor(whole.values);
  if (folds) checkWatching(options, outputDim, activation as ActivationName);
  const common = { options, task, seed, how };
  const crossed = recipes && folds ? await crossFit(whole, recipes, folds, common) : undefined;
  if (preset === 'best' && crossed !== undefined) return together(crossed, task);
  const recipe = crossed?.recipe ?? recipes?.[0];
  const rows: Rows = folds
    ? { trained: whole, held: undefined }
    : await divided(whole, options, task.read, new RandomState(seed), how);
  const remembered = (columns: readonly string[]) =>
    rememberedRows(whole.table.select(columns), options, seed, how);
  const training: Training = { ...common, recipe, remembered };
  const values = await settled(rows.trained.values, task, how);
  const result = await newNetwork(rows.trained, values, training);
  const samples = await samplesOf(rows, result.rows, training);
  begun?.(modelOf(result));
  try {
    const { network } = result.rows;
    const history = await network.fit(samples.X, samples.Y, samples.fitOptions);
    return { ...result, history, values: await finished(network, rows, values, samples, training) };
  } catch (error) {
    attach(error, { model: modelOf(result) });
    throw error;
  }
}

/** What the model's file says about the rows that it remembers. */
async function rememberedRows(
  table: Table,
  { remember: capacity, inputs = {}, weight }: TrainOptions,
  seed: number,
  how: AsyncOptions,
): Promise<Json | undefined> {
  if (capacity === undefined) return undefined;
  const memory = await remember({ seed, capacity, inputs, weight }, table, how);
  return workElsewhere(memoryJson(memory), how);
}

/** The networks of all folds, which answer together. Schema and classes are those of the first. */
function together({ recipe: { temperatures }, members }: CrossFit, task: Task): Trained {
  const calibrated = members.map((trained) => ({
    ...trained,
    values: withTemperatures(trained.rows.network, trained.values, temperatures, task),
  }));
  const [first] = calibrated as [Trained];
  return { ...first, rows: new MeanRows(calibrated.map(({ rows }) => rows)) };
}

/** Continues a training from a checkpoint. `stored` is the model in it, and the recipe of its training. */
export async function resume(
  path: FilePath,
  given: unknown,
  options: TrainOptions & ResumingOptions,
  stored: Omit<Trained, 'history'> & Stored,
  task: Task,
  modelOf: (trained: Trained) => unknown,
): Promise<Trained> {
  const how = howOf(options);
  const { override, skipDamaged } = options;
  const { rows: restored, schema, values, recipe } = stored;
  const { seed } = restored.network;
  checkSameRecipe(options, recipe);
  if (isTableSource(given)) return resumeSource(path, given, options, stored, task, modelOf);
  if (stored.source !== undefined) {
    const rule = 'a source, as in the training of the checkpoint';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'table', rule, given);
  }
  const whole = await presentRows(given, options, task.read(values), how);
  const rows: Rows =
    recipe?.folds === undefined
      ? await divided(whole, options, task.read, new RandomState(seed), how)
      : { trained: whole, held: undefined };
  const training: Training = { options, task, recipe, seed, how };
  const samples = await samplesOf(rows, restored, training);
  const trained = (network: Network, history: History | undefined) => ({
    ...{ rows: new RowNetwork(network, restored.inputs, restored.ranges), schema, values, history },
  });
  try {
    const { network, history } = await Network.resume(path, samples.X, samples.Y, {
      ...samples.fitOptions,
      ...(override !== undefined && { override }),
      ...(skipDamaged !== undefined && { skipDamaged }),
    });
    return {
      ...trained(network, history),
      values: await finished(network, rows, values, samples, training),
    };
  } catch (error) {
    const { network } = error as { readonly network?: Network };
    if (network !== undefined) attach(error, { model: modelOf(trained(network, undefined)) });
    throw error;
  }
}

/** Finishes a trained network. */
async function finished(
  network: Network,
  { held }: Rows,
  values: TargetValues,
  { fitOptions: { validationData } }: FitSamples,
  { options, recipe, task, how }: Training,
): Promise<TargetValues> {
  const { calibrate = true } = options as ClassifierOptions;
  let temperatures = calibrate ? recipe?.temperatures : undefined;
  if (held !== undefined && validationData !== undefined) {
    const samples = { X: validationData.X, values: held.values, weights: held.weights };
    ({ temperatures } = await task.judge([await task.observe(network, samples, how)], how));
  }
  return withTemperatures(network, values, temperatures, task);
}

/** Checks that a resumed training with a preset states no other length and no other rows. */
function checkSameRecipe(options: TrainOptions, recipe: Recipe | undefined): void {
  if (recipe === undefined) return;
  const refuse = (name: keyof TrainOptions, rule: string) => {
    if (options[name] === undefined) return;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, options[name]);
  };
  const { epochs, folds } = recipe;
  if (options.epochs !== epochs) {
    refuse('epochs', `${epochs}, as in the checkpoint, since the schedules of a preset end there`);
  }
  if (options.preset === 'best') refuse('preset', 'left out, since trainings of it have no checkpoints');
  if (folds === undefined) return;
  for (const name of ['validationData', 'validationSplit'] as const) {
    refuse(name, 'left out, as in the checkpoint, whose training learns from all rows');
  }
}
