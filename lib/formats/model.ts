import { firstNotFinite } from '../addon/arrays';
import { pause, type Work } from '../addon/work';
import { argumentError, blasnetError, isBlasnetError } from '../base/errors';
import { type Dtype, dtypeName, type FloatArray } from '../base/matrix';
import { check, seed as seedConstraint } from '../base/validate';
import { fileError, quote } from './file-error';
import { checkJson, type Json } from './json';
import { parseJson } from './json-reader';
import type { Metadata, Safetensors, Tensor } from './safetensors';

// A model file is a safetensors file. Its tensors are the parameters under the article's keys, W1, b1, ... Its metadata
// are strings:
//
//   format                 'blasnet' (encodeSafetensors sets it)
//   blasnet.format         the version of this format
//   blasnet.version        the version of the library that wrote the file
//   blasnet.architecture   JSON: the completed layers
//   blasnet.dtype          'float64' or 'float32'
//   blasnet.seed           an integer from 0 to 2^32 - 1
//   blasnet.preprocessing  JSON, or absent
//   blasnet.table          JSON, or absent: what a Classifier or a Regressor has learned about the columns of a table
//   blasnet.bag            JSON: the file has several models instead, see lib/tabular/bag-file.ts
//   blasnet.training       JSON, only in a checkpoint: with the tensors named training.*, all that a training needs to
//                          continue
//
// Other programs may use other keys.

/** The version of the format that this library writes. It is also the newest that it reads. */
export const formatVersion = 1;

/** The key of the metadata that only the file of a bag has. */
export const bagKey = 'blasnet.bag';

const trainingPrefix = 'training.';

/** The name and shape of a tensor that an architecture has. */
export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The rules for an architecture's layers and for their tensors. */
export interface ModelSchema<L> {
  /** Checks layers and completes them, or throws a BlasnetError. */
  completeArchitecture(layers: readonly never[]): readonly L[];
  tensorsOf(architecture: readonly NoInfer<L>[]): readonly TensorShape[];
}

/** The part of a checkpoint that a training needs to continue; the caller chooses it. */
export interface TrainingContent {
  readonly state: Json;
  /** Their names are free; the file puts training. before them. */
  readonly tensors: readonly Tensor[];
}

export interface ModelContent<L> {
  readonly architecture: readonly L[];
  readonly dtype: Dtype;
  /** The seed of the network's random numbers. */
  readonly seed: number;
  /** The elements of every tensor of the schema, row-major. */
  readonly tensors: Readonly<Record<string, FloatArray>>;
  readonly preprocessing?: Json;
  readonly table?: Json;
  readonly training?: TrainingContent;
  /** The version of the library that wrote the file. */
  readonly libraryVersion: string;
}

/** Turns the content of a file into the content of the next version, or throws a BlasnetError. */
export type Migration = (content: Safetensors, file: string) => Safetensors;

/** By version: the migration to the next one. */
export const migrations: Readonly<Record<number, Migration>> = {};

/**
 * Makes the content of a model file, for writeSafetensors. Tensors are not copied.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE for values that JSON cannot hold; ERR_BLASNET_DTYPE
 * @throws RangeError ERR_BLASNET_SHAPE for tensors that are not the architecture's; ERR_BLASNET_NOT_FINITE
 */
export function* encodeModel<L>(content: ModelContent<L>, schema: ModelSchema<L>): Work<Safetensors> {
  const { architecture, dtype, seed, preprocessing, table, training, libraryVersion } = content;
  checkJson('architecture', architecture);
  const metadata: Record<string, string> = {
    'blasnet.format': String(formatVersion),
    'blasnet.version': libraryVersion,
    'blasnet.architecture': JSON.stringify(architecture),
    'blasnet.dtype': dtype,
    'blasnet.seed': String(seed),
  };
  const tensors = yield* parametersOf(content, schema.tensorsOf(architecture));
  if (preprocessing !== undefined) {
    checkJson('preprocessing', preprocessing);
    metadata['blasnet.preprocessing'] = JSON.stringify(preprocessing);
  }
  if (table !== undefined) {
    checkJson('table', table);
    yield pause;
    metadata['blasnet.table'] = JSON.stringify(table);
  }
  // The table of a model that remembers rows may have millions of letters.
  yield pause;
  if (training !== undefined) {
    checkJson('training', training.state);
    metadata['blasnet.training'] = JSON.stringify(training.state);
    tensors.push(...training.tensors.map((tensor) => ({ ...tensor, name: trainingPrefix + tensor.name })));
  }
  return { tensors, metadata };
}

/**
 * Reads the model in a safetensors file and checks it completely: the result is a value that `encodeModel` accepts.
 *
 * @param content the result of parseSafetensors
 * @param file the file's name, for the errors
 * @param steps the migrations from older versions; tests pass their own
 * @throws Error ERR_BLASNET_FILE
 */
export function* decodeModel<L>(
  content: Safetensors,
  file: string,
  schema: ModelSchema<L>,
  steps: Readonly<Record<number, Migration>> = migrations,
): Work<ModelContent<L>> {
  const current = migrate(content, file, steps);
  const { metadata } = current;
  if (metadata[bagKey] !== undefined) {
    const got = 'a bag of several models; Bag.load of blasnet/tables reads it';
    throw fileError(file, 'the content', 'one model', got);
  }
  const header = yield* decodeHeader(metadata, file, schema);
  const { architecture, dtype } = header;
  const state = yield* optionalJson(metadata, 'blasnet.training', file);
  const [ofTraining, ofModel] = divide(current.tensors);
  if (state === undefined && ofTraining[0] !== undefined) {
    throw fileError(file, placeOf('blasnet.training'), `present, like ${quote(ofTraining[0].name)}`, 'none');
  }
  return {
    ...header,
    tensors: yield* checkedTensors(ofModel, schema.tensorsOf(architecture), dtype, file),
    ...(state !== undefined && { training: { state, tensors: ofTraining.map(withoutPrefix) } }),
  };
}

/** What a model file says about a model, except its tensors and its training. */
export type ModelHeader<L> = Omit<ModelContent<L>, 'tensors' | 'training'>;

/** Reads the metadata of a model file of this version. @throws Error ERR_BLASNET_FILE */
export function* decodeHeader<L>(
  metadata: Metadata,
  file: string,
  schema: ModelSchema<L>,
): Work<ModelHeader<L>> {
  const text = (key: string) => textOf(metadata, key, file);
  const dtype = text('blasnet.dtype') as Dtype;
  inFile(file, 'blasnet.dtype', () => check('dtype', dtype, dtypeName));
  const seed = text('blasnet.seed');
  inFile(file, 'blasnet.seed', () => check('seed', /^\d+$/.test(seed) ? Number(seed) : seed, seedConstraint));
  const layers = yield* parseJson(text('blasnet.architecture'), placeOf('blasnet.architecture'), file);
  const architecture = inFile(file, 'blasnet.architecture', () =>
    schema.completeArchitecture(layers as unknown as never[]),
  );
  const preprocessing = yield* optionalJson(metadata, 'blasnet.preprocessing', file);
  const table = yield* optionalJson(metadata, 'blasnet.table', file);
  return {
    architecture,
    dtype,
    seed: Number(seed),
    ...(preprocessing !== undefined && { preprocessing }),
    ...(table !== undefined && { table }),
    libraryVersion: text('blasnet.version'),
  };
}

function* optionalJson(metadata: Metadata, key: string, file: string): Work<Json | undefined> {
  const json = metadata[key];
  return json === undefined ? undefined : yield* parseJson(json, placeOf(key), file);
}

function migrate(
  content: Safetensors,
  file: string,
  steps: Readonly<Record<number, Migration>>,
): Safetensors {
  const { format } = content.metadata;
  if (format !== 'blasnet') {
    const got = format === undefined ? 'none' : quote(format);
    const hint = 'it looks like a safetensors file of another program; Network.import reads one of PyTorch';
    throw fileError(
      file,
      placeOf('format'),
      '"blasnet", as in a model file of this library',
      `${got}: ${hint}`,
    );
  }
  const text = textOf(content.metadata, 'blasnet.format', file);
  if (!/^(0|[1-9]\d{0,8})$/.test(text)) {
    throw fileError(file, placeOf('blasnet.format'), 'the version number of a format', quote(text));
  }
  const version = Number(text);
  if (version > formatVersion) {
    const { 'blasnet.version': writer = 'newer' } = content.metadata;
    const rule = `at most ${formatVersion}, the newest that this version of blasnet reads`;
    throw fileError(file, placeOf('blasnet.format'), rule, `${version}, written by blasnet ${quote(writer)}`);
  }
  let current = content;
  for (let from = version; from < formatVersion; from++) {
    const step = Object.hasOwn(steps, from) ? steps[from] : undefined;
    if (step === undefined) {
      throw fileError(
        file,
        placeOf('blasnet.format'),
        'a version that this version of blasnet reads',
        version,
      );
    }
    current = step(current, file);
  }
  return current;
}

function* parametersOf<L>(
  { tensors, dtype }: ModelContent<L>,
  shapes: readonly TensorShape[],
): Work<Tensor[]> {
  const names = shapes.map(({ name }) => name);
  const extra = Object.keys(tensors).find((name) => !names.includes(name));
  if (extra !== undefined) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected tensors to be those of the architecture, got ${quote(extra)}`,
    );
  }
  const checked: Tensor[] = [];
  for (const { name, shape } of shapes) {
    const data = tensors[name];
    const kind = dtype === 'float64' ? Float64Array : Float32Array;
    if (!(data instanceof kind)) {
      throw argumentError('ERR_BLASNET_DTYPE', name, `a ${kind.name}, since dtype is '${dtype}'`, data);
    }
    if (data.length !== lengthOf(shape)) {
      throw argumentError('ERR_BLASNET_SHAPE', name, `of shape [${shape.join(', ')}]`, data);
    }
    const index = yield* firstNotFinite(data);
    if (index !== -1) {
      throw argumentError(
        'ERR_BLASNET_NOT_FINITE',
        elementName(name, shape, index),
        'a finite number',
        data[index],
      );
    }
    checked.push({ name, dtype: kind === Float64Array ? 'F64' : 'F32', shape, data });
  }
  return checked;
}

function* checkedTensors(
  tensors: readonly Tensor[],
  shapes: readonly TensorShape[],
  dtype: Dtype,
  file: string,
): Work<Record<string, FloatArray>> {
  const found = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const expected = dtype === 'float64' ? 'F64' : 'F32';
  const checked: Record<string, FloatArray> = Object.create(null);
  for (const { name, shape } of shapes) {
    const tensor = found.get(name);
    const text = `[${shape.join(', ')}]`;
    const place = `tensor ${quote(name)}`;
    if (tensor === undefined) throw fileError(file, place, `present, with shape ${text}`, 'none');
    if (tensor.dtype !== expected) {
      throw fileError(file, `dtype of ${place}`, `${expected}, as blasnet.dtype says`, tensor.dtype);
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])) {
      const rule = `${text}, as the architecture says`;
      throw fileError(file, `shape of ${place}`, rule, `[${tensor.shape.slice(0, 8).join(', ')}]`);
    }
    const data = tensor.data as FloatArray;
    const index = yield* firstNotFinite(data);
    if (index !== -1) {
      throw fileError(file, elementName(name, shape, index), 'a finite number', data[index] as number);
    }
    checked[name] = data;
    found.delete(name);
  }
  const [extra] = found.keys();
  if (extra !== undefined) {
    throw fileError(file, 'the tensors', 'those of the architecture only', `also ${quote(extra)}`);
  }
  return checked;
}

function divide(tensors: readonly Tensor[]): [training: Tensor[], model: Tensor[]] {
  const [training, model]: [Tensor[], Tensor[]] = [[], []];
  for (const tensor of tensors) (tensor.name.startsWith(trainingPrefix) ? training : model).push(tensor);
  return [training, model];
}

function withoutPrefix(tensor: Tensor): Tensor {
  return { ...tensor, name: tensor.name.slice(trainingPrefix.length) };
}

/** Turns an error from a check of a part of the file into an error about the file. */
function inFile<Result>(file: string, key: string, checked: () => Result): Result {
  try {
    return checked();
  } catch (cause) {
    if (!isBlasnetError(cause)) throw cause;
    throw blasnetError('ERR_BLASNET_FILE', `In ${key} of ${quote(file)}: ${cause.message}`, { cause });
  }
}

function textOf(metadata: Metadata, key: string, file: string): string {
  const text = metadata[key];
  if (text === undefined) throw fileError(file, placeOf(key), 'present, as in every model file', 'none');
  return text;
}

function placeOf(key: string): string {
  return `"${key}" of the metadata`;
}

function lengthOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The name of an element, such as W1[2][0], from its index in the tensor's row-major data. */
function elementName(name: string, shape: readonly number[], index: number): string {
  const indices: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `${name}${indices.map((i) => `[${i}]`).join('')}`;
}
