// Sources of samples: chunks of rows that can be gone through again, for data that do not fit in memory. The room
// `streaming` reads them; it is loaded on first use.

import { isRecognised } from '../base/recognise';
import type { InputsLike } from './inputs';
import type { LabelsLike } from './labels';
import type { SampleWeight } from './weights';

/** Some rows of a source: X, Y and their weights, each like that of `fit`. At least one row. */
export interface SampleChunk {
  readonly X: InputsLike;
  readonly Y: LabelsLike;
  /** A weight for each row of the chunk. Either all chunks have weights, or none has. */
  readonly sampleWeight?: SampleWeight;
}

/** Chunks, one after another. A chunk's arrays are not read any more when the next chunk is asked for. */
export type Chunks<Chunk> = AsyncIterable<Chunk> | Iterable<Chunk>;

/**
 * Chunks that can be gone through again: a function that makes them anew each time, such as a generator function; an
 * array of chunks; or an object whose `[Symbol.asyncIterator]` begins anew each time, such as the result of `scanTable`.
 */
export type Source<Chunk = SampleChunk> =
  | (() => Chunks<Chunk> | Promise<Chunks<Chunk>>)
  | AsyncIterable<Chunk>
  | readonly Chunk[];

/** Some rows to predict: X alone, or an object that has it. */
export type InputChunk = InputsLike | { readonly X: InputsLike };

/** A source of rows to predict. */
export type InputSource =
  | (() => Chunks<InputChunk> | Promise<Chunks<InputChunk>>)
  | AsyncIterable<InputChunk>
  | readonly { readonly X: InputsLike }[];

/** Whether a value is a source, and not the X of samples in memory. */
export function isSource(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return isChunk(value[0]);
  return Symbol.asyncIterator in value || isIterator(value);
}

/** Whether an argument after X holds labels, so that X is no source: options are a plain object. */
export function areLabels(value: unknown): boolean {
  return (
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    (typeof value === 'object' && value !== null && 'data' in value)
  );
}

/** Whether a value is a file or a `Table` of `blasnet/tables`, which is not loaded for this. */
export function isFileOrTable(value: unknown): boolean {
  return typeof value === 'string' || value instanceof URL || isRecognised(value, 'Table');
}

/** Whether a value can be gone through once only. */
export function isIterator(value: object): boolean {
  return typeof (value as { next?: unknown }).next === 'function';
}

// A network takes no files and no tables: the error says what makes chunks of them. A text without an extension is no file,
// but a name among the values of X.
function isChunk(value: unknown): boolean {
  if (typeof value === 'string') return /\.[a-z]\w*$/i.test(value);
  if (isFileOrTable(value)) return true;
  return typeof value === 'object' && value !== null && 'X' in value;
}
