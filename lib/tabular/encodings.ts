import { argumentError } from '../base/errors';
import {
  type Constraint,
  check,
  checkObject,
  checkOptions,
  integerFrom,
  oneOf,
  optional,
  positiveInteger,
} from '../base/validate';

/**
 * How a column becomes inputs of a network.
 *
 * - `ignore`: not at all.
 * - `standard`: (x - mean) / standard deviation.
 * - `minMax`: (x - min) / (max - min).
 * - `robust`: s / sqrt(1 + (s / 3)^2) with s = (x - median) / (p75 - p25), so that no input is beyond 3. If the percentiles
 *   are equal, it divides by (max - min) / 2 (Holzmüller, Grinsztajn and Steinwart, 2024).
 * - `raw`: x itself.
 * - `piecewise`: an input for each bin of the column, 0 below the bin and 1 above it; inside, the share of the bin that is
 *   below x. The first bin goes on below 0, and the last one above 1 (Gorishniy, Rubachev and Babenko, 2022).
 * - `oneHot`: an input for each category, 1 for that of the row. Two categories give one input of -1 and 1.
 * - `ordinal`: the place of the category in `order`, from -1 to 1.
 * - `embedding`: a vector for each category, which the network learns.
 * - `cyclic`: sine and cosine of the time within a day, a week, a year.
 */
export type Encoding =
  | { readonly encode: 'ignore' | 'standard' | 'minMax' | 'robust' | 'raw' }
  | PiecewiseEncoding
  | OneHotEncoding
  | OrdinalEncoding
  | EmbeddingEncoding
  | CyclicEncoding;

export interface PiecewiseEncoding {
  readonly encode: 'piecewise';
  /** The most bins. Their edges are quantiles of the column; equal ones are taken once. @default 16 */
  readonly bins?: number;
}

export interface OneHotEncoding {
  readonly encode: 'oneHot';
  /** The most inputs. Categories beyond it, the rarest ones, share the last one. @default none */
  readonly most?: number;
  /** Categories that occur in fewer rows share the last input. @default 1 */
  readonly least?: number;
}

export interface OrdinalEncoding {
  readonly encode: 'ordinal';
  /** All categories, from the lowest to the highest. */
  readonly order: readonly string[];
}

export interface EmbeddingEncoding {
  readonly encode: 'embedding';
  /** The length of a category's vector. @default 8 */
  readonly outputDim?: number;
}

export interface CyclicEncoding {
  readonly encode: 'cyclic';
  /** The periods. @default those within which the column's times differ */
  readonly periods?: readonly Period[];
}

export type Period = 'day' | 'week' | 'year';

/** The kinds of columns that an encoding is for, and the options that it takes. */
const rows = {
  ignore: { kinds: ['number', 'category', 'boolean', 'time'], options: {} },
  standard: { kinds: ['number', 'time'], options: {} },
  minMax: { kinds: ['number', 'time'], options: {} },
  robust: { kinds: ['number', 'time'], options: {} },
  raw: { kinds: ['number', 'time'], options: {} },
  piecewise: { kinds: ['number', 'time'], options: { bins: optional(positiveInteger) } },
  oneHot: {
    kinds: ['category'],
    options: { most: optional(integerFrom(2)), least: optional(positiveInteger) },
  },
  ordinal: {
    kinds: ['category'],
    options: {
      order: {
        rule: 'an array of at least 2 different strings',
        accepts: (value) => Array.isArray(value) && value.every((text) => typeof text === 'string'),
        holds: (value: readonly string[]) => value.length >= 2 && new Set(value).size === value.length,
      } satisfies Constraint,
    },
  },
  embedding: { kinds: ['category'], options: { outputDim: optional(positiveInteger) } },
  cyclic: {
    kinds: ['time'],
    options: {
      periods: optional({
        rule: "an array of 'day', 'week' and 'year'",
        accepts: Array.isArray,
        holds: (value: readonly unknown[]) =>
          value.length > 0 && value.every((each) => ['day', 'week', 'year'].includes(each as string)),
      }),
    },
  },
} as const satisfies Record<string, { kinds: readonly string[]; options: Record<string, Constraint> }>;

export type EncodingName = keyof typeof rows;
const names = Object.keys(rows) as EncodingName[];

/** An encoding, or the name of one without options. */
export type EncodingOption = Encoding | Exclude<EncodingName, 'ordinal'>;

/** Checks an encoding, and gives a name its object. `name` is the argument's name, for the errors. */
export function encodingOf(name: string, option: unknown): Encoding {
  const encoding = typeof option === 'string' ? { encode: option } : option;
  checkObject(name, encoding);
  check(`${name}.encode`, encoding.encode, oneOf(names), 'ERR_BLASNET_UNKNOWN_NAME');
  const { encode, ...options } = encoding;
  checkOptions(name, options, rows[encode as EncodingName].options);
  return encoding as unknown as Encoding;
}

/** Throws for an encoding of another kind of column. */
export function checkKind(name: string, { encode }: Encoding, kind: string): void {
  const { kinds } = rows[encode];
  if ((kinds as readonly string[]).includes(kind)) return;
  throw argumentError('ERR_BLASNET_ARG_VALUE', name, `an encoding for a column of the kind ${kind}`, encode);
}
