// The native encoder of tables: see native/tables/encoder.h.

import type { FloatArray } from '../base/matrix';
import type { Callback, NativeOperations } from './operations';

/** What a part of an encoding writes. */
export type EncoderPartType =
  | 'scale'
  | 'smoothClip'
  | 'place'
  | 'missing'
  | 'piecewise'
  | 'oneHot'
  | 'signs'
  | 'cyclic'
  | 'code';

export interface NativeTableEncoder extends NativeOperations {
  /**
   * Encodes columns: numbers and times in a Float64Array, codes in an Int32Array, truth values in an Int8Array. `known`
   * has the index of the known category for each code of a column, -1 if it has none; null for other columns.
   */
  encode(
    given: {
      readonly columns: readonly (Float64Array | Int32Array | Int8Array)[];
      readonly known: readonly (Int32Array | null)[];
      readonly rows: number;
      readonly out: FloatArray;
      readonly codes: Int32Array;
    },
    callback?: Callback,
  ): void;
  /** Encodes one row of raw values: see native/tables/encoder.h. */
  encodeRow(raw: Float64Array, out: FloatArray, codes: Int32Array): void;
}

export interface NativeTableEncoderOptions {
  readonly outcome: Float64Array;
  /** The number of columns. */
  readonly columns: number;
  /** (parts x 3) type, column, how many numbers it has */
  readonly parts: Int32Array;
  /** The numbers of all parts, one after another. */
  readonly numbers: Float64Array;
  /** Whether unknown categories are refused; otherwise they are encoded as zeros. */
  readonly refuseUnknown: boolean;
}
