import { buildInfo } from '../addon/build-info';
import { blasnetError } from '../base/errors';
import type { Dtype, FloatArray, Matrix } from '../base/matrix';
import { fileError, quote } from '../formats/file-error';
import type { Json } from '../formats/json';
import {
  decodeModel,
  encodeModel,
  type ModelContent,
  type ModelSchema,
  type TrainingContent,
} from '../formats/model';
import {
  type Metadata,
  parseSafetensors,
  type Safetensors,
  serializeSafetensors,
} from '../formats/safetensors';
import { type Architecture, completeArchitecture } from '../layers/architecture';
import { parameterShapes, statisticShapes } from '../layers/parameters';
import { LabelEncoder, type LoadOptions, Preprocessing } from '../preprocessing';

/** The parts of a network that a file holds. */
export interface NetworkContent {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly seed: number;
  /** Parameters and running moments, by name. */
  readonly arrays: Readonly<Record<string, Matrix>>;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: LabelEncoder | undefined;
}

type StoredLayer = Architecture[number];

const schema: ModelSchema<StoredLayer> = {
  completeArchitecture,
  tensorsOf: (architecture) =>
    [...parameterShapes(architecture), ...statisticShapes(architecture)].map(
      ({ name, rows, cols, vector }) => ({ name, shape: vector ? [rows] : [rows, cols] }),
    ),
};

/** Encodes a model file, or with `training` a checkpoint. The parameters are copied. */
export function encodeNetwork(
  { architecture, dtype, seed, arrays, preprocessing, labels }: NetworkContent,
  training?: TrainingContent,
  metadata: Metadata = {},
): Uint8Array[] {
  const content: ModelContent<StoredLayer> = {
    architecture,
    dtype,
    seed,
    tensors: Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data.slice()])),
    ...((preprocessing !== undefined || labels !== undefined) && {
      preprocessing: preprocessingJson(preprocessing, labels),
    }),
    ...(training !== undefined && { training }),
    libraryVersion: buildInfo().version,
  };
  const encoded = encodeModel(content, schema);
  return serializeSafetensors(encoded.tensors, { ...encoded.metadata, ...metadata });
}

/** The content of a file, with everything checked. */
export interface StoredNetwork {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly seed: number;
  readonly tensors: Readonly<Record<string, FloatArray>>;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: LabelEncoder | undefined;
  readonly training: TrainingContent | undefined;
}

/** @throws Error ERR_BLASNET_FILE */
export function decodeNetwork(bytes: Uint8Array, file: string, options: LoadOptions): StoredNetwork {
  return decodeContent(parseSafetensors(bytes, file), file, options);
}

/** @throws Error ERR_BLASNET_FILE */
export function decodeContent(content: Safetensors, file: string, options: LoadOptions): StoredNetwork {
  const model = decodeModel(content, file, schema);
  const { preprocessing, labels } = readPreprocessing(model.preprocessing, file, options);
  return {
    architecture: model.architecture,
    dtype: model.dtype,
    seed: model.seed,
    tensors: model.tensors,
    preprocessing,
    labels,
    training: model.training,
  };
}

function preprocessingJson(preprocessing: Preprocessing | undefined, labels: LabelEncoder | undefined): Json {
  return {
    ...(preprocessing !== undefined && { inputs: preprocessing.toJSON() }),
    ...(labels !== undefined && { labels: labels.toJSON() }),
  } as unknown as Json;
}

function readPreprocessing(
  value: Json | undefined,
  file: string,
  options: LoadOptions,
): Pick<StoredNetwork, 'preprocessing' | 'labels'> {
  if (value === undefined) return { preprocessing: undefined, labels: undefined };
  const place = '"blasnet.preprocessing" of the metadata';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fileError(file, place, 'an object', quote(JSON.stringify(value)));
  }
  const { inputs, labels, ...others } = value as Readonly<Record<string, Json>>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw fileError(file, place, 'inputs and labels', `${quote(other)} as well`);
  try {
    return {
      preprocessing: inputs === undefined ? undefined : Preprocessing.fromJSON(inputs, options),
      labels: labels === undefined ? undefined : LabelEncoder.fromJSON(labels),
    };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw blasnetError('ERR_BLASNET_FILE', `In blasnet.preprocessing of ${quote(file)}: ${message}`, {
      cause,
    });
  }
}
