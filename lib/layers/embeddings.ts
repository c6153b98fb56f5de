import { argumentError } from '../base/errors';
import { checkObject, checkOptions, integerBetween, integerFrom, optional } from '../base/validate';

/**
 * A column of categories. A trained table turns it into numbers: category c becomes row c of the table. The last row,
 * with the index `categories`, is for unknown categories, whose code is -1.
 */
export interface EmbeddingOptions {
  /** The number of categories. Their codes are 0 to categories - 1. At least 1. */
  readonly categories: number;
  /** How many numbers a category becomes. At least 1. @default min(600, round(1.6 * categories^0.56)), as in fastai */
  readonly outputDim?: number;
}

/** A completed embedding. */
export type Embedding = Readonly<Required<EmbeddingOptions>>;

/** The code of an unknown category. Native code uses it, too. */
export const unknownCode = -1;

// Native code counts in 32 bits, and the table has one more row.
const constraints = {
  categories: integerBetween(1, 2 ** 31 - 2),
  outputDim: optional(integerFrom(1, 'a positive integer')),
};

const most = 10_000;

/**
 * Checks and completes the `embeddings` of a layer.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_SHAPE
 */
export function completeEmbeddings(where: string, value: unknown): readonly Embedding[] {
  if (!Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', where, 'an array of embeddings', value);
  }
  if (value.length === 0 || value.length > most) {
    throw argumentError('ERR_BLASNET_SHAPE', where, `an array of 1 to ${most} embeddings`, value);
  }
  return Object.freeze(
    Array.from(value as unknown[], (item, i) => {
      const name = `${where}[${i}]`;
      checkObject(name, item);
      checkOptions(name, item, constraints);
      const { categories, outputDim = defaultDim(categories) } = item as unknown as EmbeddingOptions;
      return Object.freeze({ categories, outputDim });
    }),
  );
}

function defaultDim(categories: number): number {
  return Math.min(600, Math.round(1.6 * categories ** 0.56));
}
