// The file of a model: that of its network, whose metadata also say what was learned about the columns.

import { type AsyncOptions, asyncConstraints, howOf } from '../addon/work';
import { argumentError } from '../base/errors';
import type { FilePath } from '../base/file-path';
import { checkOptions } from '../base/validate';
import { type Calls, runCalls, runCallsSync } from '../formats/file-calls';
import { fileError, quote } from '../formats/file-error';
import type { Json } from '../formats/json';
import { type Architecture, embeddingsIn, inputDimOf, outputLayerOf } from '../layers/architecture';
import { findCheckpoint } from '../network/find-checkpoint';
import type { FileBytes } from '../network/load';
import { Network } from '../network/network';
import { type StoredNetwork, tableOf } from '../network/network-file';
import { loadConstraints, type NetworkLoadOptions } from '../network/network-options';
import { carryTable, contentOf } from '../network/savable';
import { attachedNetwork, handleElsewhere, keepHandle, type SharedNetwork } from '../network/shared';
import type { LoadOptions } from '../preprocessing';
import { Schema, type SchemaJson } from '../tables/schema';
import { inBagFile, modelsInBytes, modelsInFile } from './bag-file';
import type { ClassTarget } from './class-target';
import { areIntervals } from './intervals';
import { LearnedInputs, type LearnedInputsJson } from './learned-inputs';
import { meanParts } from './mean-parts';
import { fromModelJson, type ModelJson } from './model-json';
import type { ModelParts, TargetsJson } from './model-parts';
import { areLevels } from './quantiles';
import { areRanges, outputRanges } from './ranges';
import { isRecipe, type Recipe } from './recipe';
import { RowNetwork } from './row-network';
import type { SharedModel } from './table-model';
import type { StoredFit } from './train-options';

/** The targets of one kind of model. */
export type TargetsOf<K extends TargetsJson['kind']> = Extract<TargetsJson, { kind: K }>;

/** The static methods that read a model. `Any` is every model of the class, `Usual` one of a single target. */
export interface ModelReaders<Any, Usual extends Any> {
  /**
   * Reads a model that `save` wrote, in any process. For several targets, state the type: `load<LabelsClassifier>(...)`.
   * @throws Error ERR_BLASNET_FILE for a file that cannot be read, is damaged, or holds no such model; like Network.load()
   */
  load<Model extends Any = Usual>(
    path: FilePath,
    options?: NetworkLoadOptions & AsyncOptions,
  ): Promise<Model>;
  /** Like `load`, but blocks the calling thread. @throws like load() */
  loadSync<Model extends Any = Usual>(path: FilePath, options?: NetworkLoadOptions): Model;
  /** Like `load`, but reads the bytes of a file. @throws like load() */
  fromBytes<Model extends Any = Usual>(
    bytes: FileBytes,
    options?: NetworkLoadOptions & AsyncOptions,
  ): Promise<Model>;
  /** Like `fromBytes`, but blocks the calling thread. @throws like load() */
  fromBytesSync<Model extends Any = Usual>(bytes: FileBytes, options?: NetworkLoadOptions): Model;
  /** Reads what `toJSON` wrote, also as JSON's parser gives it. @throws like load() */
  fromJSON<Model extends Any = Usual>(json: ModelJson): Model;
  /**
   * Makes a model that reads the parameters of a handle from `share`, in any thread of the process: see `Network.attach`.
   * It has the schema and the classes, and answers as the model that was shared.
   *
   * @throws TypeError ERR_BLASNET_ARG_TYPE; Error ERR_BLASNET_FILE for a model of another kind; like Network.attach()
   */
  attach<Model extends Any = Usual>(handle: SharedModel, options?: LoadOptions): Model;
}

function handlesIn(handle: unknown): readonly SharedNetwork[] {
  const { format, networks } = (handle ?? {}) as Partial<SharedModel>;
  if (format === 'blasnet.shared-model' && Array.isArray(networks) && networks.length > 0) return networks;
  if (format === ('blasnet.shared' as string))
    throw handleElsewhere('handle', 'a model', 'a network', 'Network');
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'handle', 'a handle of a model, from share()', handle);
}

/** Makes the static methods that read a model of one kind. */
export function modelReaders<K extends TargetsJson['kind'], Any, Usual extends Any>(
  kind: K,
  make: (parts: ModelParts<TargetsOf<K>>) => unknown,
): ModelReaders<Any, Usual> {
  const made = <Model>(stored: readonly StoredNetwork[], file: FilePath) => {
    const name = String(file);
    const parts = stored.map((each) => modelParts(each, name, kind));
    return make(inBagFile(name, () => meanParts(parts))) as Model;
  };
  return {
    async load(path, options = {}) {
      return made(await modelsElsewhere((others) => modelsInFile(path, others), options), path);
    },
    loadSync(path, options = {}) {
      checkOptions('', options, loadConstraints);
      return made(runCallsSync(modelsInFile(path, options)), path);
    },
    async fromBytes(bytes, options = {}) {
      return made(await modelsElsewhere((others) => modelsInBytes(bytes, others), options), 'bytes');
    },
    fromBytesSync(bytes, options = {}) {
      checkOptions('', options, loadConstraints);
      return made(runCallsSync(modelsInBytes(bytes, options)), 'bytes');
    },
    fromJSON(json) {
      return made([fromModelJson(json)], 'the JSON');
    },
    attach(handle, options = {}) {
      const networks = handlesIn(handle);
      const stored = networks.map((each, i) => attachedNetwork(each, options, `handle.networks[${i}]`));
      const model = made<{ readonly networks: readonly Network[] }>(stored, 'the handle');
      for (const [i, network] of model.networks.entries()) keepHandle(network, networks[i] as SharedNetwork);
      return model as never;
    },
  };
}

async function modelsElsewhere(
  calls: (options: NetworkLoadOptions) => Calls<readonly StoredNetwork[]>,
  options: NetworkLoadOptions & AsyncOptions,
): Promise<readonly StoredNetwork[]> {
  checkOptions('', options, { ...loadConstraints, ...asyncConstraints });
  const { signal, threads, priority, ...others } = options;
  return runCalls(calls(others), { signal, threads, priority });
}

/** What a file says about a model beside its network. */
interface StoredModel {
  readonly version: 1;
  readonly targets: TargetsJson;
  readonly schema: SchemaJson;
  readonly inputs: LearnedInputsJson;
  /** What a preset trained, for who resumes the training. */
  readonly recipe?: Recipe;
  /** Of a training from a source, for who resumes it. */
  readonly source?: SourceCounts;
  /** For an update, which learns as the training did. */
  readonly fit?: StoredFit;
}

/** What a training from a source has counted. */
export interface SourceCounts {
  /** The rows that have a target and a weight above 0. */
  readonly rows: number;
  /** Those among them that train. */
  readonly trained: number;
  /** The share of the rows that is held out. */
  readonly share: number;
}

/** What a checkpoint says about its training. */
export interface Stored {
  readonly recipe: Recipe | undefined;
  /** Undefined for a training with rows in memory. */
  readonly source: SourceCounts | undefined;
}

function isSourceCounts(value: unknown): value is SourceCounts {
  const { rows, trained, share } = (value ?? {}) as Partial<SourceCounts>;
  const isCount = (count: unknown) => Number.isSafeInteger(count) && (count as number) > 0;
  return isCount(rows) && isCount(trained) && typeof share === 'number' && share >= 0 && share < 1;
}

/** Changes what the file of a model will say about its targets. */
export function describeTargets(network: Network, targets: Json): void {
  const { table } = contentOf(network);
  carryTable(network, { ...(table as Readonly<Record<string, Json>>), targets });
}

/** Makes the parts of a model from its file. @throws Error ERR_BLASNET_FILE for a file of something else */
export function modelParts<K extends TargetsJson['kind']>(
  stored: StoredNetwork,
  file: string,
  kind: K,
): ModelParts<TargetsOf<K>> {
  const json = tableOf(stored.options);
  const other = kind === 'classifier' ? 'Regressor' : 'Classifier';
  const wanted = kind === 'classifier' ? 'a Classifier' : 'a Regressor';
  if (json === undefined) {
    throw fileError(file, 'the content', wanted, 'a network without a schema; Network.load reads it');
  }
  try {
    const { version, targets, schema: columns, inputs } = readModel(json);
    if (version !== 1) throw new Error(`version ${version} is newer than this library`);
    if (targets.kind !== kind) {
      throw fileError(file, 'the content', wanted, `a ${other}; ${other}.load reads it`);
    }
    const schema = Schema.fromJSON(columns);
    const learned = LearnedInputs.fromJSON(inputs, schema);
    checkLayers(stored.architecture, learned, targets);
    const ranges = targets.kind === 'regressor' ? outputRanges(targets) : undefined;
    const rows = new RowNetwork(new Network(stored.architecture, stored.options), learned, ranges);
    return { rows, schema, targets: targets as TargetsOf<K>, history: undefined };
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_BLASNET_FILE') throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw fileError(file, '"blasnet.table" of the metadata', `that of ${wanted}`, quote(message));
  }
}

// A file may lie about what fits together.
function checkLayers(architecture: Architecture, inputs: LearnedInputs, targets: TargetsJson): void {
  const embedded = (all: LearnedInputs['embeddings']) =>
    all.map((each) => [each.categories, each.outputDim].join());
  const outputs =
    targets.kind === 'classifier' && targets.single
      ? (targets.columns[0]?.classes.length ?? 0)
      : ((targets.kind === 'regressor' ? targets.quantiles : undefined)?.length ?? targets.columns.length);
  const oneForTwo = targets.kind === 'classifier' && targets.single && outputs === 2;
  const fits =
    inputDimOf(architecture) === inputs.width &&
    embedded(embeddingsIn(architecture)).join(';') === embedded(inputs.embeddings).join(';') &&
    outputLayerOf(architecture).outputDim === (oneForTwo ? 1 : outputs);
  if (!fits) throw new Error('its columns do not fit the layers of the network');
}

function readModel(json: Json): StoredModel {
  const model = json as unknown as StoredModel;
  const { targets, recipe } = model;
  const isText = (value: unknown) => typeof value === 'string';
  const isTarget = (column: unknown) => {
    if (targets.kind === 'regressor') return isText(column);
    const { name, classes, temperature = 1 } = (column ?? {}) as Partial<ClassTarget>;
    const isTemperature = typeof temperature === 'number' && temperature > 0;
    return (
      isText(name) &&
      Array.isArray(classes) &&
      classes.length >= 2 &&
      classes.every(isClassName) &&
      isTemperature
    );
  };
  const ok =
    (targets?.kind === 'classifier' || targets?.kind === 'regressor') &&
    typeof targets.single === 'boolean' &&
    Array.isArray(targets.columns) &&
    targets.columns.length > 0 &&
    (!targets.single || targets.columns.length === 1) &&
    targets.columns.every(isTarget) &&
    (targets.kind === 'classifier' ||
      (fitQuantiles(targets) &&
        (targets.intervals === undefined || areIntervals(targets.intervals)) &&
        (targets.ranges === undefined || areRanges(targets.ranges, targets.columns.length))));
  if (!ok) throw new Error('its targets are damaged');
  const fits = isRecipe(recipe) && (recipe.temperatures ?? targets.columns).length === targets.columns.length;
  if (recipe !== undefined && !fits) throw new Error('its recipe is damaged');
  if (model.source !== undefined && !isSourceCounts(model.source)) throw new Error('its source is damaged');
  if (model.fit !== undefined && (typeof model.fit !== 'object' || model.fit === null))
    throw new Error('its loss is damaged');
  return model;
}

// Quantiles are those of one target.
function fitQuantiles({ quantiles, single }: TargetsOf<'regressor'>): boolean {
  return (
    quantiles === undefined ||
    (single && Array.isArray(quantiles) && areLevels(quantiles) && quantiles.includes(0.5))
  );
}

function isClassName(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** The model in a checkpoint, from which its training continues. */
export async function modelInCheckpoint<K extends TargetsJson['kind']>(
  path: FilePath,
  kind: K,
  { skipDamaged = false, ...options }: AsyncOptions & { readonly skipDamaged?: boolean },
): Promise<ModelParts<TargetsOf<K>> & Stored> {
  const { stored, path: file } = await findCheckpoint(path, skipDamaged, {}, howOf(options));
  const parts = modelParts(stored, file, kind);
  const { recipe, source } = tableOf(stored.options) as unknown as StoredModel;
  return { ...parts, recipe, source };
}

/** Checks that a resumed training states the targets that it had, if it states any. */
export function checkSameTarget(
  given: string | readonly string[] | undefined,
  own: string | readonly string[],
): void {
  if (given === undefined || JSON.stringify(given) === JSON.stringify(own)) return;
  throw argumentError(
    'ERR_BLASNET_ARG_VALUE',
    'target',
    `${JSON.stringify(own)}, as in the checkpoint`,
    given,
  );
}
