import { argumentError } from '../base/errors';
import {
  boolean,
  type Constraint,
  check,
  checkObject,
  checkOptions,
  finite,
  integerFrom,
  oneOf,
  optional,
  positiveInteger,
} from '../base/validate';
import { rising } from '../preprocessing/scalers';
import type { ColumnKind } from '../tables/column';
import type { ColumnSchema } from '../tables/schema';

/**
 * How a column becomes inputs of a network.
 *
 * - `ignore`: not at all.
 * - `standard`: (x - mean) / standard deviation.
 * - `minMax`: (x - min) / (max - min), or another `range`.
 * - `robust`: s / sqrt(1 + (s / 3)^2) with s = (x - median) / (p75 - p25), so that no input is beyond 3. If the percentiles
 *   are equal, it divides by (max - min) / 2 (Holzmüller, Grinsztajn and Steinwart, 2024).
 * - `raw`: x itself.
 * - `piecewise`: an input for each bin of the column, 0 below the bin and 1 above it; inside, the share of the bin that is
 *   below x. The first bin goes on below 0, and the last one above 1 (Gorishniy, Rubachev and Babenko, 2022).
 * - `oneHot`: an input for each category, 1 for that of the row. Two categories give one input of -1 and 1.
 * - `ordinal`: the place of the category in `order`, from -1 to 1.
 * - `embedding`: a vector for each category, which the network learns.
 * - `signs`: 1 for true, -1 for false, 0 where it is missing.
 * - `cyclic`: sine and cosine of the time within a day, a week, a year.
 *
 * What is learned comes from the values that are there.
 */
export type Encoding =
  | { readonly encode: 'ignore' }
  | StandardEncoding
  | MinMaxEncoding
  | RobustEncoding
  | ({ readonly encode: 'raw' } & FilledEncoding)
  | PiecewiseEncoding
  | OneHotEncoding
  | OrdinalEncoding
  | EmbeddingEncoding
  | ({ readonly encode: 'signs' } & MissingOption)
  | CyclicEncoding;

interface MissingOption {
  /**
   * What a missing value becomes: the encoding's own answer alone ('fill'), or with an input that is 1 where the value is
   * missing ('indicator'). @default the option `missing` of `inputs`
   */
  readonly missing?: 'indicator' | 'fill';
}

/** An encoding that replaces missing numbers, as the step `imputer` does. */
interface FilledEncoding extends MissingOption {
  /** The number in place of a missing one. @default 'median' with robust and piecewise, otherwise 'mean' */
  readonly strategy?: 'mean' | 'median' | 'mostFrequent' | 'constant';
  /** The constant of the strategy 'constant', in the column's units. @default 0 */
  readonly value?: number;
}

export interface StandardEncoding extends FilledEncoding {
  readonly encode: 'standard';
  /** Whether to subtract the mean. @default true */
  readonly center?: boolean;
  /** Whether to divide by the standard deviation. @default true */
  readonly scale?: boolean;
}

export interface MinMaxEncoding extends FilledEncoding {
  readonly encode: 'minMax';
  /** What the least and the greatest number become. @default [0, 1] */
  readonly range?: readonly [low: number, high: number];
  /** Limits the inputs to the range. @default false */
  readonly clip?: boolean;
}

export interface RobustEncoding extends FilledEncoding {
  readonly encode: 'robust';
  /** Whether to subtract the median. @default true */
  readonly center?: boolean;
  /** Whether to divide by the distance of the percentiles. @default true */
  readonly scale?: boolean;
  /** The two percentiles, from 0 to 100. @default [25, 75] */
  readonly percentiles?: readonly [low: number, high: number];
  /** Whether to keep the inputs smoothly within -3 and 3; otherwise they are s. @default true */
  readonly clip?: boolean;
}

export interface PiecewiseEncoding extends FilledEncoding {
  readonly encode: 'piecewise';
  /** The most bins. @default 16 */
  readonly bins?: number;
  /**
   * Where the edges of the bins are: at quantiles of the column, or at the split points of a decision tree of this column
   * on the target. Equal edges are taken once. @default 'quantiles'
   */
  readonly by?: 'quantiles' | 'target';
  /** The fewest rows of a bin, by the target only. @default a hundredth of the rows, at most 64 */
  readonly least?: number;
}

interface CategoryEncoding {
  /** The most categories that are told apart. Others, the rarest ones, share the last place. @default none */
  readonly most?: number;
  /** Categories that occur in fewer rows share the last place. @default 1 */
  readonly least?: number;
  /**
   * What a missing value becomes: zeros ('fill'), zeros with an input that is 1 where the value is missing ('indicator'),
   * or a category of its own, if the column has gaps ('category'). @default the option `missing` of `inputs`
   */
  readonly missing?: 'indicator' | 'fill' | 'category';
}

export interface OneHotEncoding extends CategoryEncoding {
  readonly encode: 'oneHot';
}

export interface OrdinalEncoding extends MissingOption {
  readonly encode: 'ordinal';
  /** All categories, from the lowest to the highest. */
  readonly order: readonly string[];
}

export interface EmbeddingEncoding extends CategoryEncoding {
  readonly encode: 'embedding';
  /** The length of a category's vector. @default 8 */
  readonly outputDim?: number;
}

export interface CyclicEncoding extends MissingOption {
  readonly encode: 'cyclic';
  /** The periods. @default those within which the column's times differ */
  readonly periods?: readonly Period[];
}

export type Period = 'day' | 'week' | 'year';

export const periodNames = ['day', 'week', 'year'] as const satisfies Period[];

interface EncodingRow {
  /** The kinds of columns that the encoding suits. */
  readonly kinds: readonly ColumnKind[];
  readonly options: Readonly<Record<string, Constraint>>;
}

const missing = { missing: optional(oneOf(['indicator', 'fill'])) };
const filled = {
  ...missing,
  strategy: optional(oneOf(['mean', 'median', 'mostFrequent', 'constant'])),
  value: optional(finite),
};
const gathered = {
  most: optional(integerFrom(2)),
  least: optional(positiveInteger),
  missing: optional(oneOf(['indicator', 'fill', 'category'])),
};
const flags = { center: optional(boolean), scale: optional(boolean) };

const order: Constraint = {
  rule: 'an array of at least 2 different strings',
  accepts: (value) => Array.isArray(value) && value.every((text) => typeof text === 'string'),
  holds: (value: readonly string[]) => value.length >= 2 && new Set(value).size === value.length,
};

const periods: Constraint = {
  rule: "an array of 'day', 'week' and 'year', each at most once",
  accepts: Array.isArray,
  holds: (value: readonly Period[]) =>
    value.length > 0 &&
    new Set(value).size === value.length &&
    value.every((each) => periodNames.includes(each)),
};

const rows = {
  ignore: { kinds: ['number', 'category', 'boolean', 'time'], options: {} },
  standard: { kinds: ['number', 'time'], options: { ...flags, ...filled } },
  minMax: {
    kinds: ['number', 'time'],
    options: {
      range: optional(rising(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)),
      clip: optional(boolean),
      ...filled,
    },
  },
  robust: {
    kinds: ['number', 'time'],
    options: { ...flags, percentiles: optional(rising(0, 100)), clip: optional(boolean), ...filled },
  },
  raw: { kinds: ['number', 'time'], options: filled },
  piecewise: {
    kinds: ['number', 'time'],
    options: {
      bins: optional(positiveInteger),
      by: optional(oneOf(['quantiles', 'target'])),
      least: optional(positiveInteger),
      ...filled,
    },
  },
  oneHot: { kinds: ['category'], options: gathered },
  ordinal: { kinds: ['category'], options: { order, ...missing } },
  embedding: { kinds: ['category'], options: { outputDim: optional(positiveInteger), ...gathered } },
  signs: { kinds: ['boolean'], options: missing },
  cyclic: { kinds: ['time'], options: { periods: optional(periods), ...missing } },
} as const satisfies Record<Encoding['encode'], EncodingRow>;

export type EncodingName = keyof typeof rows;

/** What suits what, and the options that each takes. */
export const encodingRows: Readonly<Record<EncodingName, EncodingRow>> = rows;

/** An encoding, or the name of one without options. */
export type EncodingOption = Encoding | Exclude<EncodingName, 'ordinal'>;

/** Checks an encoding, and gives a name its object. `name` is the argument's name, for the errors. */
export function encodingOf(name: string, option: unknown): Encoding {
  const encoding = typeof option === 'string' ? { encode: option } : option;
  checkObject(name, encoding);
  check(`${name}.encode`, encoding.encode, oneOf(Object.keys(rows)), 'ERR_BLASNET_UNKNOWN_NAME');
  const { encode, ...options } = encoding;
  checkOptions(name, options, encodingRows[encode as EncodingName].options);
  needs(name, options, 'value', 'strategy', 'constant');
  if (encode === 'piecewise') needs(name, options, 'least', 'by', 'target');
  return encoding as unknown as Encoding;
}

// An option that another one makes meaningless is a mistake.
function needs(
  name: string,
  options: Record<string, unknown>,
  option: string,
  other: string,
  value: string,
): void {
  if (options[option] === undefined || options[other] === value) return;
  const rule = `left out without ${other}: '${value}'`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.${option}`, rule, options[option]);
}

/** Throws for an encoding of another kind of column. */
export function checkKind(
  place: string,
  { encode }: Encoding,
  { name, kind }: Pick<ColumnSchema, 'name' | 'kind'>,
): void {
  const { kinds } = encodingRows[encode];
  if (kinds.includes(kind)) return;
  const hint = kinds.includes('category')
    ? `; to read the column as texts, write types: { ${JSON.stringify(name)}: 'category' }`
    : '';
  const rule = `an encoding for a column of the kind ${kind}`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', place, rule, encode, hint);
}
