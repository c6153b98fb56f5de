// What the encodings learn from a column, as parts of the native encoder: see native/tables/encoder.h.

import type { EncoderPartType } from '../addon/table-encoder';

/** One part of an encoding. */
export interface Part {
  readonly type: EncoderPartType;
  readonly numbers: readonly number[];
}

/** What is learned about one column. */
export interface LearnedColumn {
  readonly name: string;
  /** The categories that are known: their place is the raw value. Of a category only. */
  readonly categories?: readonly string[];
  readonly parts: readonly Part[];
  /** The length of a category's vector, if it has one. */
  readonly outputDim?: number;
}

/** What `LearnedInputs` writes in JSON. */
export interface LearnedInputsJson {
  readonly columns: readonly LearnedColumn[];
  readonly unseen: 'zeros' | 'error';
  readonly additional: 'ignore' | 'error';
  /** Whether scaled numbers and times are the first inputs, since the network embeds them. */
  readonly numbersFirst: boolean;
}

/** The number of inputs that a part gives. */
export function widthOf({ type, numbers }: Part): number {
  switch (type) {
    case 'code':
      return 0;
    case 'cyclic':
      return 2;
    case 'oneHot':
      return placesOf(numbers);
    case 'piecewise':
      return numbers.length - 2;
    default:
      return 1;
  }
}

/** Whether a part is a scaled number, which a network can embed. */
export function isScaled({ type }: Part): boolean {
  return type === 'scale' || type === 'smoothClip';
}

/** The number of codes that an embedding has; undefined for other columns. */
export function codesOf({ parts }: LearnedColumn): number | undefined {
  const code = parts.find(({ type }) => type === 'code');
  return code === undefined ? undefined : placesOf(code.numbers);
}

// The places of known categories, and 1 if missing values have a place of their own.
function placesOf([known = 0, missing = 0]: readonly number[]): number {
  return known + missing;
}
