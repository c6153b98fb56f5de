import { checkObject, checkOptions, oneOf, optional } from '../base/validate';
import { type EncodingOption, encodingOf } from './encodings';

/** How the columns of a table become inputs of a network: by their kind, or by their name. */
export interface InputsOptions {
  /** @default 'robust' */
  readonly numbers?: EncodingOption;
  /** @default 'oneHot' up to 9 categories, beyond that 'embedding' */
  readonly categories?: EncodingOption;
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
}

/** Checks a declaration. */
export function inputs(options: InputsOptions = {}): InputsOptions {
  const encoding = optional({ rule: 'an encoding', accepts: () => true });
  checkOptions('inputs', options, {
    numbers: encoding,
    categories: encoding,
    times: encoding,
    columns: encoding,
    missing: optional(oneOf(['indicator', 'fill'])),
    unseen: optional(oneOf(['zeros', 'error'])),
  });
  for (const name of ['numbers', 'categories', 'times'] as const) {
    if (options[name] !== undefined) encodingOf(`inputs.${name}`, options[name]);
  }
  if (options.columns !== undefined) {
    checkObject('inputs.columns', options.columns);
    for (const [name, option] of Object.entries(options.columns)) {
      encodingOf(`inputs.columns[${JSON.stringify(name)}]`, option);
    }
  }
  return options;
}
