import { copyArrays } from '../addon/arrays';
import { buildInfo } from '../addon/build-info';
import { type AsyncOptions, asyncConstraints, type Work, workHere } from '../addon/work';
import { blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import type { Dtype, FloatArray, Matrix } from '../base/matrix';
import { newArray } from '../base/memory';
import { checkOptions } from '../base/validate';
import type { PlanQueue, Turn } from '../engine/plan-queue';
import type { Versions } from '../engine/versions';
import { type Calls, runCalls, runCallsSync, working } from '../formats/file-calls';
import { fileError, quote } from '../formats/file-error';
import { lengthOf, type PlaceRest } from '../formats/hashed-bytes';
import type { Json } from '../formats/json';
import { parseJson } from '../formats/json-reader';
import {
  decodeModel,
  decodeHeader as decodeModelHeader,
  encodeModel,
  type ModelContent,
  type ModelHeader,
  type ModelSchema,
  type TrainingContent,
} from '../formats/model';
import { type Metadata, type Safetensors, safetensorsBytes, writeSafetensors } from '../formats/safetensors';
import type { ChooseMemory, FileHeader } from '../formats/safetensors-reader';
import { type Architecture, completeArchitecture, outputLayerOf } from '../layers/architecture';
import {
  allocateParameters,
  allocateStatistics,
  type Flat,
  type Parameters,
  parameterShapes,
  type Statistics,
  statisticShapes,
} from '../layers/parameters';
import { LabelEncoder, type LoadOptions, Preprocessing } from '../preprocessing';
import { checkTargetColumns } from '../samples/targets';
import type { NetworkOptions } from './network-options';

/** The parts of a network that a file holds. */
export interface NetworkContent {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly seed: number;
  /** Parameters and running moments, by name. */
  readonly arrays: Readonly<Record<string, Matrix>>;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: LabelEncoder | undefined;
  readonly targetScaler: Preprocessing | undefined;
  readonly table?: Json | undefined;
}

type StoredLayer = Architecture[number];

const schema: ModelSchema<StoredLayer> = {
  completeArchitecture,
  tensorsOf: (architecture) =>
    [...parameterShapes(architecture), ...statisticShapes(architecture)].map(
      ({ name, rows, cols, vector }) => ({ name, shape: vector ? [rows] : [rows, cols] }),
    ),
};

/** Writes a network to a file. */
export async function saveNetwork(
  path: FilePath,
  content: NetworkContent,
  queue: PlanQueue,
  options: AsyncOptions,
): Promise<void> {
  checkOptions('', options, asyncConstraints);
  const file = pathOf('path', path);
  await readInTurn(content, queue, options, (model, place) => writeCalls(file, model, place));
}

/** Makes the bytes of a network's file. */
export async function networkBytes(
  content: NetworkContent,
  queue: PlanQueue,
  options: AsyncOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  checkOptions('', options, asyncConstraints);
  return readInTurn(content, queue, options, bytesCalls);
}

/**
 * Reads the parameters in a turn in the queue. If another operation waits for its turn, what is not yet read is copied,
 * and the turn ends.
 */
async function readInTurn<T>(
  content: NetworkContent,
  queue: PlanQueue,
  options: AsyncOptions,
  read: (model: ModelContent<StoredLayer>, place?: PlaceRest) => Calls<T>,
): Promise<T> {
  const model = modelOf(content);
  if (queue.training === 'here') {
    // The training does not wait for a turn.
    const { tensors, copying } = copyOf(model.tensors);
    workHere(copying, options.threads);
    return runCalls(read({ ...model, tensors }), options);
  }
  const turn = await queue.turnToRead(options.signal);
  try {
    return await runCalls(
      read(model, (rest) => copyIfAwaited(rest, turn)),
      options,
    );
  } finally {
    turn.end();
  }
}

function* copyIfAwaited(rest: readonly Uint8Array[], turn: Turn): Calls<readonly Uint8Array[]> {
  if (rest.length > 0) {
    if (!turn.awaited) return rest;
    const copy = newArray(Uint8Array, lengthOf(rest));
    yield* working(copyArrays(rest, [copy]));
    turn.end();
    return [copy];
  }
  turn.end();
  return rest;
}

/** Like `saveNetwork`, but blocks the calling thread. */
export function saveNetworkSync(path: FilePath, content: NetworkContent): void {
  runCallsSync(writeCalls(pathOf('path', path), modelOf(content)));
}

/** Like `networkBytes`, but blocks the calling thread. */
export function networkBytesSync(content: NetworkContent): Uint8Array<ArrayBuffer> {
  return runCallsSync(bytesCalls(modelOf(content)));
}

function* bytesCalls(model: ModelContent<StoredLayer>, place?: PlaceRest): Calls<Uint8Array<ArrayBuffer>> {
  return yield* safetensorsBytes(yield* working(encodeModel(model, schema)), place);
}

function* writeCalls(path: string, model: ModelContent<StoredLayer>, place?: PlaceRest): Calls<void> {
  const content = yield* working(encodeModel(model, schema));
  yield* writeSafetensors(path, content, place);
}

/** Arrays that become a copy of these by the work `copying`. */
function copyOf(arrays: Readonly<Record<string, FloatArray>>) {
  const copies = Object.entries(arrays).map(([name, data]) => {
    const Float = data instanceof Float64Array ? Float64Array : Float32Array;
    return [name, new Float(data.length)] as const;
  });
  const copying = copyArrays(
    Object.values(arrays),
    copies.map(([, copy]) => copy),
  );
  return { tensors: Object.fromEntries(copies), copying };
}

/** Encodes a model file, or with `training` a checkpoint. Its tensors are the network's own memory. */
export function* encodeNetwork(
  content: NetworkContent,
  training?: TrainingContent,
  metadata: Metadata = {},
): Work<Safetensors> {
  const encoded = yield* encodeModel(
    { ...modelOf(content), ...(training !== undefined && { training }) },
    schema,
  );
  return { tensors: encoded.tensors, metadata: { ...encoded.metadata, ...metadata } };
}

function modelOf(content: NetworkContent): ModelContent<StoredLayer> {
  const { architecture, dtype, seed, arrays, table } = content;
  const preprocessing = preprocessingJson(content);
  return {
    architecture,
    dtype,
    seed,
    tensors: Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data])),
    ...(preprocessing !== undefined && { preprocessing }),
    ...(table !== undefined && { table }),
    libraryVersion: buildInfo().version,
  };
}

/** The memory of a network. */
export interface NetworkMemory {
  readonly parameters: Flat<Parameters>;
  readonly statistics: Flat<Statistics>;
}

/** The content of a file, with everything checked. */
export interface StoredNetwork {
  readonly architecture: Architecture;
  /** Network's constructor finds the file's parameters by these options: see `memoryOf`. */
  readonly options: NetworkOptions & { readonly dtype: Dtype };
  readonly training: TrainingContent | undefined;
}

/** The memory that a network gets while its file is being read, so that its parameters need not be copied. */
export class MemoryOfNetwork {
  #memory: NetworkMemory | undefined;

  /** Makes memory for the network in a file, unless its header is wrong. Decoding then finds what is wrong. */
  readonly choose: ChooseMemory = (header) => this.#choose(header);

  *#choose({ tensors, metadata }: FileHeader): ReturnType<ChooseMemory> {
    this.#memory = undefined;
    let architecture: Architecture;
    try {
      const layers = yield* parseJson(metadata['blasnet.architecture'] as string, 'the layers', 'the file');
      architecture = completeArchitecture(layers as unknown as never[]);
    } catch {
      return new Map();
    }
    const dtype = metadata['blasnet.dtype'] === 'float32' ? 'float32' : 'float64';
    const sizes = new Map(tensors.map(({ name, offsets: [from = 0, to = 0] }) => [name, to - from]));
    const types = new Map(tensors.map((tensor) => [tensor.name, tensor.dtype]));
    const [type, bytes] = dtype === 'float32' ? ['F32', 4] : ['F64', 8];
    const shapes = schema.tensorsOf(architecture);
    const fits = shapes.every(
      ({ name, shape }) =>
        types.get(name) === type &&
        sizes.get(name) === shape.reduce((product, size) => product * size, bytes),
    );
    if (!fits) return new Map();
    this.#memory = newMemory(architecture, dtype);
    return new Map(Object.entries(arraysOf(this.#memory)).map(([name, { data }]) => [name, data]));
  }

  /** The memory with the tensors in it. */
  *with(
    tensors: Readonly<Record<string, FloatArray>>,
    architecture: Architecture,
    dtype: Dtype,
  ): Work<NetworkMemory> {
    const isIn = (memory: NetworkMemory) =>
      Object.entries(arraysOf(memory)).every(([name, { data }]) => data === tensors[name]);
    if (this.#memory !== undefined && isIn(this.#memory)) return this.#memory;
    // A file of an older format.
    const memory = newMemory(architecture, dtype);
    const to = Object.entries(arraysOf(memory));
    yield* copyArrays(
      to.map(([name]) => tensors[name] as FloatArray),
      to.map(([, { data }]) => data),
    );
    return memory;
  }
}

/** Zeros for every parameter and running moment. */
export function newMemory(architecture: Architecture, dtype: Dtype): NetworkMemory {
  return {
    parameters: allocateParameters(architecture, dtype),
    statistics: allocateStatistics(architecture, dtype),
  };
}

/** Parameters and running moments, by name. */
export function arraysOf({ parameters, statistics }: NetworkMemory): Record<string, Matrix> {
  return { ...parameters.named, ...statistics.named } as Record<string, Matrix>;
}

/** @throws Error ERR_BLASNET_FILE */
export function* decodeContent(
  content: Safetensors,
  file: string,
  loadOptions: LoadOptions,
  memory: MemoryOfNetwork,
): Work<StoredNetwork> {
  const model = yield* decodeModel(content, file, schema);
  const { architecture, dtype, training } = model;
  const ofNetwork = yield* optionsIn(model, file, loadOptions);
  const options = withMemory(ofNetwork, yield* memory.with(model.tensors, architecture, dtype));
  return { architecture, options, training };
}

/** Reads what metadata say about a network, without its parameters. @throws Error ERR_BLASNET_FILE */
export function* decodeHeader(
  metadata: Metadata,
  file: string,
  loadOptions: LoadOptions,
): Work<Pick<StoredNetwork, 'architecture' | 'options'>> {
  const header = yield* decodeModelHeader(metadata, file, schema);
  return { architecture: header.architecture, options: yield* optionsIn(header, file, loadOptions) };
}

function* optionsIn(
  { architecture, dtype, seed, preprocessing, table }: ModelHeader<StoredLayer>,
  file: string,
  loadOptions: LoadOptions,
): Work<StoredNetwork['options']> {
  const parts = yield* readPreprocessing(preprocessing, file, loadOptions, architecture);
  return { dtype, seed, ...parts, ...withTable(table) };
}

/** What was learned about the columns of a table: the network carries it into its files and copies. */
const tableKey = Symbol('table');

/** Options that let a network carry this. They may be spread. */
export function withTable(table: Json | undefined): { readonly [tableKey]?: Json } {
  return table === undefined ? {} : { [tableKey]: table };
}

/** What the network that is made with these options carries. */
export function tableOf(options: NetworkOptions): Json | undefined {
  return (options as { readonly [tableKey]?: Json })[tableKey];
}

/** The memory of a network's own, or versions in shared memory, which it only reads. */
export type GivenMemory = NetworkMemory | Versions;

const memories = new WeakMap<NetworkOptions, GivenMemory>();

/** Lets the network that is made with these options have this memory. */
export function withMemory<Options extends NetworkOptions>(options: Options, memory: GivenMemory): Options {
  memories.set(options, memory);
  return options;
}

/** The memory for the network that is made with these options; undefined for options that a user made. */
export function memoryOf(options: NetworkOptions): GivenMemory | undefined {
  return memories.get(options);
}

// Each has a name that an older version of the library refuses, if it does not know it.
function preprocessingJson({ preprocessing, labels, targetScaler }: NetworkContent): Json | undefined {
  const parts = {
    ...(preprocessing !== undefined && { inputs: preprocessing.toJSON() }),
    ...(labels !== undefined && { labels: labels.toJSON() }),
    ...(targetScaler !== undefined && { targets: targetScaler.toJSON() }),
  };
  return Object.keys(parts).length === 0 ? undefined : (parts as unknown as Json);
}

function readTargetScaler(value: Json, options: LoadOptions, architecture: Architecture): Preprocessing {
  const scaler = Preprocessing.fromJSON(value, options);
  checkTargetColumns(scaler, outputLayerOf(architecture).outputDim);
  return scaler;
}

function* readPreprocessing(
  value: Json | undefined,
  file: string,
  options: LoadOptions,
  architecture: Architecture,
): Work<Pick<NetworkOptions, 'preprocessing' | 'labels' | 'targetScaler'>> {
  if (value === undefined) return {};
  const place = '"blasnet.preprocessing" of the metadata';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fileError(file, place, 'an object', quote(JSON.stringify(value)));
  }
  const { inputs, labels, targets, ...others } = value as Readonly<Record<string, Json>>;
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw fileError(file, place, 'inputs, labels and targets', `${quote(other)} as well`);
  try {
    return {
      ...(inputs !== undefined && { preprocessing: Preprocessing.fromJSON(inputs, options) }),
      ...(labels !== undefined && { labels: yield* LabelEncoder.fromJSONWork(labels) }),
      ...(targets !== undefined && { targetScaler: readTargetScaler(targets, options, architecture) }),
    };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw blasnetError('ERR_BLASNET_FILE', `In blasnet.preprocessing of ${quote(file)}: ${message}`, {
      cause,
    });
  }
}
