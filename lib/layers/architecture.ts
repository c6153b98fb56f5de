import { argumentError, blasnetError } from '../base/errors';
import {
  above,
  anything,
  atLeast,
  boolean,
  type Constraint,
  check,
  checkObject,
  checkOptions,
  didYouMean,
  halfOpen,
  integerBetween,
  integerFrom,
  optional,
  positiveInteger,
} from '../base/validate';
import {
  type ActivationName,
  needsAllUnits,
  type ResolvedActivation,
  resolveActivation,
} from './activations';
import { completeEmbeddings, type Embedding } from './embeddings';
import type { Architecture, Layer, LayerOptions } from './layer-options';
import { resolveNormalization } from './normalization';
import {
  type NumericEmbedding,
  type NumericShape,
  numericShapes,
  resolveNumericEmbeddings,
} from './numeric-embeddings';
import { completeFactors } from './parameter-factors';

export type { Architecture, Layer, LayerOptions } from './layer-options';

const layerName: Constraint = {
  rule: 'a name of 1 to 100 characters',
  accepts: (value) => typeof value === 'string',
  holds: (value: string) => value.length >= 1 && value.length <= 100,
};

const layerConstraints = {
  // Both are checked below: the name with those of earlier layers, inputDim with the embeddings.
  name: anything,
  inputDim: anything,
  outputDim: positiveInteger,
  // Other files check these.
  activation: anything,
  normalization: anything,
  dropout: optional(halfOpen(0, 1)),
  noise: optional(atLeast(0)),
  skip: anything,
  numericEmbeddings: anything,
  embeddings: anything,
  members: optional(integerBetween(1, 10_000)),
  inputScale: optional(boolean),
  activationMix: optional(boolean),
  l1: optional(atLeast(0)),
  l2: optional(atLeast(0)),
  maxNorm: optional(above(0)),
  trainable: optional(boolean),
  learningRateFactors: anything,
  weightDecayFactors: anything,
};

// Native code and CBLAS count in 32 bits.
const mostParameters = 2 ** 31 - 1;

/**
 * Checks layer dictionaries and completes them.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION
 * @throws RangeError ERR_BLASNET_ARG_VALUE (a size that is not a positive integer), ERR_BLASNET_UNKNOWN_NAME
 *   (an activation or a layer that does not exist), ERR_BLASNET_SHAPE (dimensions that do not chain, or no layer)
 */
export function completeArchitecture(layers: readonly LayerOptions[]): Architecture {
  if (!Array.isArray(layers)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'layers', 'an array of layers', layers);
  }
  if (layers.length === 0) {
    throw argumentError('ERR_BLASNET_SHAPE', 'layers', 'a non-empty array of layers', layers);
  }
  const completed: Layer[] = [];
  let parameters = 0;
  for (const [index, layer] of layers.entries()) {
    const name = `layers[${index}]`;
    checkObject(name, layer);
    checkOptions(name, layer, layerConstraints);
    const next = completeLayer(name, layer as unknown as LayerOptions, completed, layers.length);
    parameters += parametersOf(next) + (index + 1 === layers.length ? headsOf([...completed, next]) : 0);
    if (parameters > mostParameters) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        `Expected the network to have at most ${mostParameters} parameters, got ${parameters} up to ${name}`,
      );
    }
    completed.push(next);
  }
  return Object.freeze(completed);
}

function completeLayer(name: string, layer: LayerOptions, before: readonly Layer[], count: number): Layer {
  const { outputDim, activation } = layer;
  resolveActivation(activation, `${name}.activation`);
  checkName(name, layer, before);
  const embeddings = embeddingsOf(name, layer, before);
  const inputDim = inputDimFor(name, layer, before, embeddings);
  const numeric = numericOf(name, layer, before, inputDim);
  checkMembers(name, layer, before);
  const normalization =
    layer.normalization === undefined
      ? undefined
      : resolveNormalization(layer.normalization, `${name}.normalization`);
  if (before.length === count - 1) checkOutputLayer(name, layer);
  checkMix(name, layer);
  const completed = {
    ...(layer.name !== undefined && { name: layer.name }),
    inputDim,
    outputDim,
    activation:
      typeof activation === 'string' ? (activation as ActivationName) : Object.freeze({ ...activation }),
    ...(normalization !== undefined && { normalization }),
    ...(numeric !== undefined && { numericEmbeddings: numeric }),
    ...(embeddings !== undefined && { embeddings }),
    ...(layer.members !== undefined && { members: layer.members }),
    ...used(layer),
  };
  const factors = factorsOf(name, layer, completed);
  const skip = skipOf(name, layer, featuresOf(completed), before);
  return Object.freeze({ ...completed, ...factors, ...(skip !== undefined && { skip }) });
}

function factorsOf(name: string, layer: LayerOptions, completed: Layer): Partial<Layer> {
  const [learningRateFactors, weightDecayFactors] = (
    ['learningRateFactors', 'weightDecayFactors'] as const
  ).map((option) => completeFactors(`${name}.${option}`, layer[option], completed));
  return {
    ...(learningRateFactors !== undefined && { learningRateFactors }),
    ...(weightDecayFactors !== undefined && { weightDecayFactors }),
  };
}

function checkName(name: string, layer: LayerOptions, before: readonly Layer[]): void {
  check(`${name}.name`, layer.name, optional(layerName));
  const taken = layer.name !== undefined && before.some((other) => other.name === layer.name);
  if (!taken) return;
  const rule = 'a name that no earlier layer has';
  throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.name`, rule, layer.name);
}

function embeddingsOf(
  name: string,
  { embeddings }: LayerOptions,
  before: readonly Layer[],
): readonly Embedding[] | undefined {
  if (embeddings === undefined) return undefined;
  const where = `${name}.embeddings`;
  checkFirst(where, embeddings, before);
  return completeEmbeddings(where, embeddings);
}

function checkMembers(name: string, { members }: LayerOptions, before: readonly Layer[]): void {
  if (members === undefined || before.length === 0) return;
  const rule = 'left out in all layers except the first';
  throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.members`, rule, members);
}

function numericOf(
  name: string,
  { numericEmbeddings }: LayerOptions,
  before: readonly Layer[],
  inputDim: number,
): NumericEmbedding | undefined {
  if (numericEmbeddings === undefined) return undefined;
  const where = `${name}.numericEmbeddings`;
  checkFirst(where, numericEmbeddings, before);
  const numeric = resolveNumericEmbeddings(numericEmbeddings, where);
  const { columns = Math.max(1, inputDim) } = numeric;
  if (columns <= inputDim) return numeric;
  const rule = `at most ${inputDim}, the columns of numbers`;
  throw argumentError('ERR_BLASNET_SHAPE', `${where}.columns`, rule, columns);
}

function checkFirst(where: string, value: unknown, before: readonly Layer[]): void {
  if (before.length === 0) return;
  throw argumentError('ERR_BLASNET_ARG_VALUE', where, 'left out in all layers except the first', value);
}

function inputDimFor(
  name: string,
  layer: LayerOptions,
  before: readonly Layer[],
  embeddings: readonly Embedding[] | undefined,
): number {
  const where = `${name}.inputDim`;
  const previous = before.at(-1)?.outputDim;
  if (previous === undefined && embeddings !== undefined) {
    check(where, layer.inputDim, optional(integerFrom(0)));
    return layer.inputDim ?? 0;
  }
  if (previous === undefined || layer.inputDim !== undefined) check(where, layer.inputDim, positiveInteger);
  const inputDim = (layer.inputDim ?? previous) as number;
  if (previous !== undefined && inputDim !== previous) {
    const rule = `${previous}, the outputDim of layers[${before.length - 1}]`;
    throw argumentError('ERR_BLASNET_SHAPE', where, rule, inputDim);
  }
  return inputDim;
}

// Checks the `skip` option: it must add outputDim units.
function skipOf(
  name: string,
  { skip, outputDim }: LayerOptions,
  features: number,
  before: readonly Layer[],
): true | string | undefined {
  if (skip === undefined || skip === false) return undefined;
  const where = `${name}.skip`;
  if (skip !== true && typeof skip !== 'string') {
    throw argumentError('ERR_BLASNET_ARG_TYPE', where, 'true, false or the name of an earlier layer', skip);
  }
  const named = typeof skip === 'string' ? before.find((layer) => layer.name === skip) : undefined;
  if (typeof skip === 'string' && named === undefined) {
    const names = before.flatMap((layer) => layer.name ?? []);
    const known = names.length === 0 ? '; no earlier layer has a name' : didYouMean(skip, names);
    throw blasnetError(
      'ERR_BLASNET_UNKNOWN_NAME',
      `Unknown layer ${JSON.stringify(skip)} in ${where}${known}`,
    );
  }
  const units = named?.outputDim ?? features;
  if (units !== outputDim) {
    const from = named === undefined ? 'its inputs' : `layer ${JSON.stringify(skip)}`;
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected ${where} to add ${outputDim} units, the outputDim of ${name}, got ${units} from ${from}`,
    );
  }
  return skip;
}

function parametersOf(layer: Layer): number {
  const { outputDim, normalization, embeddings = [] } = layer;
  const tables = embeddings.reduce((sum, table) => sum + (table.categories + 1) * table.outputDim, 0);
  const numbers = numericParameters(layer).reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  const columns = (normalization === undefined ? 1 : 3) + Number(layer.activationMix ?? 0);
  const factors = (Number(layer.inputScale ?? 0) + (layer.members ?? 0)) * featuresOf(layer);
  return tables + numbers + (featuresOf(layer) + columns) * outputDim + factors;
}

// The parameters of the members' last layers, except the first member's.
function headsOf(architecture: readonly Layer[]): number {
  const last = architecture.at(-1) as Layer;
  return (membersOf(architecture) - 1) * (featuresOf(last) + 1) * last.outputDim;
}

/** The number of members; 1 if the network is one of its own. */
export function membersOf(architecture: readonly Layer[]): number {
  return architecture[0]?.members ?? 1;
}

type FirstLayer = Pick<Layer, 'inputDim' | 'embeddings' | 'numericEmbeddings'>;

/** How many columns of X the layer embeds as numbers. */
export function numericColumns({ inputDim, numericEmbeddings }: FirstLayer): number {
  return numericEmbeddings === undefined ? 0 : (numericEmbeddings.columns ?? inputDim);
}

/** The shapes of the parameters of embedded numbers. */
export function numericParameters(layer: FirstLayer): NumericShape[] {
  const { numericEmbeddings } = layer;
  return numericEmbeddings === undefined ? [] : numericShapes(numericEmbeddings, numericColumns(layer));
}

/** The number of columns of W: inputDim, where embedded columns count with their outputs, plus the outputs of the tables. */
export function featuresOf(layer: FirstLayer): number {
  const { inputDim, embeddings = [], numericEmbeddings } = layer;
  const numbers = inputDim + numericColumns(layer) * ((numericEmbeddings?.outputDim ?? 1) - 1);
  return embeddings.reduce((sum, { outputDim }) => sum + outputDim, numbers);
}

const none: readonly Embedding[] = [];

/** The embeddings of a network's first layer. */
export function embeddingsIn(architecture: Architecture): readonly Embedding[] {
  return architecture[0]?.embeddings ?? none;
}

/** The number (from 1) of the layer whose inputs layer `index` (from 0) adds to its outputs; 0: it adds none. */
export function skipNumber(architecture: Architecture, index: number): number {
  const skip = architecture[index]?.skip;
  if (skip === undefined) return 0;
  // The outputs of a layer are the inputs of the next one.
  return skip === true ? index + 1 : architecture.findIndex(({ name }) => name === skip) + 2;
}

// The options that the layer uses, of those that 0 or false turns off; and `trainable` if it is false.
function used(layer: LayerOptions): Partial<Layer> {
  const options: Record<string, number | boolean> = {};
  for (const name of ['dropout', 'noise', 'l1', 'l2', 'maxNorm'] as const) {
    const value = layer[name];
    if (value !== undefined && value !== 0) options[name] = value;
  }
  if (layer.trainable === false) options.trainable = false;
  for (const name of ['inputScale', 'activationMix'] as const) if (layer[name] === true) options[name] = true;
  return options;
}

function checkMix(name: string, { activation, activationMix }: LayerOptions): void {
  if (activationMix !== true) return;
  const { name: activationName } = resolveActivation(activation, `${name}.activation`);
  if (!needsAllUnits(activationName)) return;
  const rule = `false or left out with ${activationName}, which depends on all units`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.activationMix`, rule, activationMix);
}

function checkOutputLayer(
  name: string,
  { activation, outputDim, dropout, normalization, skip, activationMix }: LayerOptions,
): void {
  if (outputDim === 1 && needsAllUnits(resolveActivation(activation, `${name}.activation`).name)) {
    const rule =
      "at least 2 with this activation, whose single output is constant; 'sigmoid' decides between two classes";
    throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.outputDim`, rule, outputDim);
  }
  if (dropout !== undefined && dropout !== 0) {
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      `${name}.dropout`,
      '0 or left out in the last layer',
      dropout,
    );
  }
  if (normalization !== undefined) {
    const rule = 'left out in the last layer';
    throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.normalization`, rule, normalization);
  }
  for (const [option, value] of [
    ['skip', skip],
    ['activationMix', activationMix],
  ] as const) {
    if (value === undefined || value === false) continue;
    const rule = 'false or left out in the last layer';
    throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.${option}`, rule, value);
  }
}

export function activationOf({ activation }: Layer): ResolvedActivation {
  return resolveActivation(activation, 'activation');
}

export function outputActivationOf(architecture: Architecture): ActivationName {
  return activationOf(outputLayerOf(architecture)).name;
}

/** Whether training draws random numbers for the layers, in addition to the shuffles. */
/** Whether a layer normalises by the moments of a batch. */
export function normalizesBatches({ normalization }: Layer): boolean {
  return normalization?.name === 'batch';
}

export function isRandom(architecture: Architecture): boolean {
  return architecture.some(({ dropout = 0, noise = 0 }) => dropout > 0 || noise > 0);
}

/** Freezes or unfreezes layers, numbered from 1. It checks the arguments, which come from the user. */
export function withTrainable(
  architecture: Architecture,
  layers: number | readonly number[],
  trainable: boolean,
): Architecture {
  const numbers: readonly unknown[] = typeof layers === 'number' ? [layers] : layers;
  const rule = `numbers of layers, from 1 to ${architecture.length}`;
  if (!Array.isArray(numbers)) throw argumentError('ERR_BLASNET_ARG_TYPE', 'layers', rule, layers);
  for (const number of numbers) check('layers', number, { ...integerBetween(1, architecture.length), rule });
  check('trainable', trainable, boolean);
  return Object.freeze(
    architecture.map((layer, index) => {
      if (!numbers.includes(index + 1)) return layer;
      const { trainable: _, ...rest } = layer;
      return Object.freeze(trainable ? rest : { ...rest, trainable: false });
    }),
  );
}

export function inputDimOf(architecture: Architecture): number {
  return (architecture[0] as Layer).inputDim;
}

export function outputLayerOf(architecture: Architecture): Layer {
  return architecture[architecture.length - 1] as Layer;
}
