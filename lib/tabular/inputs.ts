import { checkObject, checkOptions, oneOf, optional } from '../base/validate';
import { type EncodingOption, encodingOf } from './encodings';

/** How the columns of a table become inputs of a network: by their kind, or by their name. */
export interface InputsOptions {
  /** @default 'robust' */
  readonly numbers?: EncodingOption;
  /** @default 'oneHot' up to 9 categories, beyond that 'embedding' */
  readonly categories?: EncodingOption;
  /** @default 'signs' */
  readonly booleans?: EncodingOption;
  /** @default 'cyclic', and the time itself as 'robust' */
  readonly times?: EncodingOption;
  /** Columns that are encoded in another way than their kind, by name. @default none */
  readonly columns?: Readonly<Record<string, EncodingOption>>;
  /**
   * What a missing value becomes. A number is replaced by the middle of its column, and a category by zeros. With
   * 'indicator', a column with gaps also gets an input that is 1 where its value is missing. @default 'indicator'
   */
  readonly missing?: 'indicator' | 'fill';
  /** What a category becomes that the training data does not have: zeros, or an error. @default 'zeros' */
  readonly unseen?: 'zeros' | 'error';
  /** What happens at prediction to a column that the training data does not have. @default 'ignore' */
  readonly additional?: 'ignore' | 'error';
}

const encoding = optional({ rule: 'an encoding', accepts: () => true });

/** The options of `inputs`. */
export const inputsConstraints = {
  numbers: encoding,
  categories: encoding,
  booleans: encoding,
  times: encoding,
  columns: encoding,
  missing: optional(oneOf(['indicator', 'fill'])),
  unseen: optional(oneOf(['zeros', 'error'])),
  additional: optional(oneOf(['ignore', 'error'])),
};

/**
 * Declares how the columns of a table become inputs of a network: by their kind (`numbers`, `categories`, `booleans`,
 * `times`) or by their name (`columns`). An encoding is a name, or an object with `encode` and options. What is left out
 * has a default. What an encoding needs, such as a mean, is learned from the training data.
 *
 * @example
 * inputs({
 *   numbers: { encode: 'piecewise', bins: 32 },
 *   columns: { size: { encode: 'ordinal', order: ['small', 'middle', 'large'] }, id: 'ignore' },
 *   unseen: 'error',
 * });
 *
 * @returns a copy of the options
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME. Whether the columns exist, and suit their encodings, is checked with the table.
 */
export function inputs(options: InputsOptions = {}): InputsOptions {
  checkOptions('inputs', options, inputsConstraints);
  for (const name of ['numbers', 'categories', 'booleans', 'times'] as const) {
    if (options[name] !== undefined) encodingOf(`inputs.${name}`, options[name]);
  }
  if (options.columns !== undefined) {
    checkObject('inputs.columns', options.columns);
    for (const [name, option] of Object.entries(options.columns)) encodingOf(placeOfColumn(name), option);
  }
  return structuredClone(options);
}

/** The name of a column's encoding in errors. */
export function placeOfColumn(name: string): string {
  return `inputs.columns[${JSON.stringify(name)}]`;
}
