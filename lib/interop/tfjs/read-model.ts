// Reads layers models of TensorFlow.js, written by it, by its converter from Keras 2 and 3, or by this library.

import { normalize } from 'node:path';
import { type WorkOptions, workAnywhere } from '../../addon/work';
import { fileError, quote } from '../../formats/file-error';
import { lengthOf } from '../../formats/hashed-bytes';
import { littleEndian } from '../../formats/safetensors';
import type { Chain } from '../chain';
import { joined } from '../files';
import type { ImportSource } from '../format';
import { classesIn, jsonOf } from '../json-of';
import { Fields, isObject } from '../keras/fields';
import type { WeightArray } from '../keras/layers';
import { chainOfModel } from '../keras/model-chain';
import { type NamedWeight, namedWeights } from '../keras/weights';

/** Reads the model whose main file is model.json. */
export async function readTfjs(source: ImportSource, options: WorkOptions): Promise<Chain> {
  const { bytes, file } = source;
  const json = new Fields(await workAnywhere(jsonOf(bytes, 'the model', file), options), 'the model', file);
  const format = json.get('format') ?? 'layers-model';
  if (format !== 'layers-model') {
    const hint = "'layers-model'; the converter of TensorFlow.js makes one of a model of Keras";
    throw json.error('format', hint, format);
  }
  const topology = json.fields('modelTopology');
  const model = topology.get('model_config') ?? json.get('modelTopology');
  const weights = namedWeights(await weightsIn(json, source, options), file);
  const chain = chainOfModel(model, majorOf(topology.get('keras_version')), weights, file);
  const metadata = json.get('userDefinedMetadata');
  const classes = classesIn(isObject(metadata) ? metadata.classes : undefined);
  return { ...chain, ...(classes !== undefined && { classes }) };
}

// The number of a version of Keras, or tfjs-layers and its own version, which follows Keras 2.
function majorOf(version: unknown): number {
  const [, first] = (typeof version === 'string' && /^(\d{1,3})\./.exec(version)) || [];
  return first === undefined ? 2 : Number(first);
}

const mostShards = 10_000;

async function weightsIn(json: Fields, source: ImportSource, options: WorkOptions): Promise<NamedWeight[]> {
  const { file } = source;
  const found: NamedWeight[] = [];
  // A file that is named again and again would fill the memory.
  const known = new Set<string>();
  for (const [g, group] of (json.list('weightsManifest') ?? []).entries()) {
    const fields = new Fields(group, `weightsManifest[${g}]`, file);
    const specs = (fields.list('weights') ?? []).map((spec, i) =>
      specOf(spec, `weightsManifest[${g}].weights[${i}]`, file),
    );
    const paths = fields.list('paths') ?? [];
    if (paths.length > mostShards || !paths.every((path) => typeof path === 'string')) {
      throw fields.error('paths', `at most ${mostShards} names of files`, paths.length);
    }
    const shards: Uint8Array[] = [];
    for (const path of paths) {
      const plain = normalize(path);
      if (known.has(plain)) throw fields.error('paths', 'names of different files', path);
      known.add(plain);
      shards.push(await source.neighbour(path));
    }
    const expected = specs.reduce((sum, { length }) => sum + length, 0);
    const place = `the weights of ${fields.place}`;
    if (lengthOf(shards) !== expected) {
      throw fileError(
        file,
        place,
        `${expected} bytes, as it says`,
        `${lengthOf(shards)} in ${shards.length} files`,
      );
    }
    const bytes = shards.length === 1 ? (shards[0] as Uint8Array) : await joined(shards, options);
    let at = 0;
    for (const { name, shape, dtype, length } of specs) {
      const part = bytes.subarray(at, at + length);
      found.push({ name, read: () => floatsIn(part, shape, dtype, name, file) });
      at += length;
    }
  }
  return found;
}

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** In bytes. */
  readonly length: number;
}

const sizes: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
  float16: 2,
};

function specOf(value: unknown, place: string, file: string): Spec {
  const fields = new Fields(value, place, file);
  const name = fields.text('name');
  const shape = fields.list('shape') ?? [];
  if (!shape.every((size) => Number.isSafeInteger(size) && Number(size) >= 0)) {
    throw fields.error('shape', 'a list of sizes', shape);
  }
  const quantization = fields.get('quantization');
  if (quantization !== undefined) {
    const rule = `left out for ${quote(name)}: convert the model without quantization`;
    throw fields.error('quantization', rule, quantization);
  }
  const dtype = fields.text('dtype');
  const size = sizes[dtype];
  if (size === undefined) throw fields.error('dtype', 'float32', dtype);
  const length = shape.reduce<number>((product, each) => product * Number(each), size);
  if (!Number.isSafeInteger(length)) throw fields.error('shape', 'one of at most 2^53 - 1 bytes', shape);
  return { name, shape: shape as readonly number[], dtype, length };
}

function floatsIn(
  part: Uint8Array,
  shape: readonly number[],
  dtype: string,
  name: string,
  file: string,
): WeightArray {
  if (dtype !== 'float32') throw fileError(file, `the dtype of the weight ${quote(name)}`, 'float32', dtype);
  // A weight of bytes before it may have moved it.
  const aligned = part.byteOffset % 4 === 0 ? part : part.slice();
  const { buffer, byteOffset, byteLength } = littleEndian(aligned, 4);
  return { shape, data: new Float32Array(buffer, byteOffset, byteLength / 4) };
}
