// What the encodings learn from a column, as parts of the native encoder: see native/tables/encoder.h.

import { type Part, placesOf } from '../addon/encoder-parts';

export { isScaled, type Part, widthOf } from '../addon/encoder-parts';

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

/** The number of codes that an embedding has; undefined for other columns. */
export function codesOf({ parts }: LearnedColumn): number | undefined {
  const code = parts.find(({ type }) => type === 'code');
  return code === undefined ? undefined : placesOf(code.numbers);
}
