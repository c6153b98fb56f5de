// A small model as JSON: the content of its file, with the parameters as rows of numbers.

import { argumentError, blasnetError } from '../base/errors';
import { checkObject } from '../base/validate';
import { runCallsSync } from '../formats/file-calls';
import { BytesSource } from '../formats/hashed-bytes';
import type { Json } from '../formats/json';
import { safetensorsBytes, type Tensor } from '../formats/safetensors';
import { parseSafetensors } from '../formats/safetensors-reader';
import { networkFromSync } from '../network/load';
import type { StoredNetwork } from '../network/network-file';

/** A model as plain JSON: see `TableModel.toJSON`. */
export interface ModelJson {
  /** The version of the format of model files. */
  readonly format: number;
  /** The version of the library that wrote it. */
  readonly version: string;
  readonly architecture: Json;
  readonly dtype: string;
  readonly seed: number;
  /** The labels or the scaler of the target, if there are any. */
  readonly preprocessing?: Json;
  /** What was learned about the columns. */
  readonly table: Json;
  /** By name: a vector is an array, a matrix an array of rows. */
  readonly parameters: Readonly<Record<string, readonly number[] | readonly (readonly number[])[]>>;
}

/** The most numbers that JSON holds of a model: some 20 MB of text. */
const mostNumbers = 1_000_000;

const texts = ['version', 'dtype'] as const;
const values = ['format', 'seed', 'architecture', 'preprocessing', 'table'] as const;

/** Makes the JSON of a model from the bytes of its file. @throws RangeError ERR_BLASNET_SHAPE for a large model */
export function toModelJson(bytes: Uint8Array): ModelJson {
  const { tensors, metadata } = runCallsSync(parseSafetensors(new BytesSource(bytes), 'bytes'));
  const numbers = tensors.reduce((sum, { data }) => sum + data.length, 0);
  if (numbers > mostNumbers) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected a model of at most ${mostNumbers} parameters for toJSON, got ${numbers}; save and toBytes take any model`,
    );
  }
  const json: Record<string, unknown> = {};
  for (const key of texts) json[key] = metadata[`blasnet.${key}`];
  for (const key of values) {
    const text = metadata[`blasnet.${key}`];
    if (text !== undefined) json[key] = JSON.parse(text);
  }
  json.parameters = Object.fromEntries(
    [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1)).map((tensor) => [tensor.name, rowsOf(tensor)]),
  );
  return json as unknown as ModelJson;
}

function rowsOf({ shape, data }: Tensor): number[] | number[][] {
  const flat = Array.from(data as Float64Array);
  const [rows = 0, cols] = shape;
  if (cols === undefined) return flat;
  return Array.from({ length: rows }, (_, row) => flat.slice(row * cols, (row + 1) * cols));
}

/** Reads what `toModelJson` wrote, as its file is read. @throws TypeError or RangeError; Error ERR_BLASNET_FILE */
export function fromModelJson(json: unknown): StoredNetwork {
  checkObject('json', json);
  const { parameters, dtype } = json;
  checkObject('json.parameters', parameters);
  const metadata: Record<string, string> = {};
  for (const key of texts) if (json[key] !== undefined) metadata[`blasnet.${key}`] = String(json[key]);
  for (const key of values) {
    if (json[key] !== undefined) metadata[`blasnet.${key}`] = JSON.stringify(json[key]);
  }
  const tensors = Object.entries(parameters).map(([name, rows]) => tensorOf(name, rows, dtype === 'float32'));
  return networkFromSync(runCallsSync(safetensorsBytes({ tensors, metadata })), {});
}

function tensorOf(name: string, rows: unknown, single: boolean): Tensor {
  const place = `json.parameters.${name}`;
  const wrong = () =>
    argumentError('ERR_BLASNET_ARG_TYPE', place, 'an array of numbers, or of equal rows', rows);
  if (!Array.isArray(rows)) throw wrong();
  const isMatrix = Array.isArray(rows[0]);
  const cols = isMatrix ? (rows[0] as unknown[]).length : undefined;
  if (isMatrix && rows.some((row) => !Array.isArray(row) || row.length !== cols)) throw wrong();
  const flat = isMatrix ? rows.flat() : rows;
  if (!flat.every((value) => typeof value === 'number')) throw wrong();
  const shape = cols === undefined ? [rows.length] : [rows.length, cols];
  return single
    ? { name, dtype: 'F32', shape, data: Float32Array.from(flat) }
    : { name, dtype: 'F64', shape, data: Float64Array.from(flat) };
}
