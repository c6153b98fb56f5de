import { argumentError } from '../base/errors';
import type { AnyName } from '../base/names';
import { above, checkOptions, integerBetween, optional, positiveInteger } from '../base/validate';

export interface NumericEmbeddingOptions {
  /** How many columns of X are embedded, from the first on. The others stay numbers. @default all */
  readonly columns?: number;
  /** The number of waves for each column, from 1 to 10,000. @default 16 with pbld, 48 with plr */
  readonly frequencies?: number;
  /**
   * How many numbers a column becomes, from 1 to 10,000. With pbld one of them is the number itself, so at least 2.
   * @default 4 with pbld, 24 with plr
   */
  readonly outputDim?: number;
  /** The standard deviation of the first frequencies. Above 0. @default 0.1 with pbld, 0.01 with plr */
  readonly standardDeviation?: number;
}

/** Embeddings of numbers with their options, made by `pbld()` or `plr()` of `numericEmbeddings`. */
export interface NumericEmbedding extends Readonly<Required<Omit<NumericEmbeddingOptions, 'columns'>>> {
  readonly name: 'pbld' | 'plr';
  readonly columns?: number;
}

/** A first layer's `numericEmbeddings`: a name (with the defaults), or what a function of that name made. */
export type NumericEmbeddingOption = 'pbld' | 'plr' | NumericEmbedding | AnyName;

/** By name: the code in native code, and the defaults. */
const kinds = {
  pbld: { code: 0, least: 2, defaults: { frequencies: 16, outputDim: 4, standardDeviation: 0.1 } },
  plr: { code: 1, least: 1, defaults: { frequencies: 48, outputDim: 24, standardDeviation: 0.01 } },
} as const;

function make(
  name: NumericEmbedding['name'],
  where: string,
  options: NumericEmbeddingOptions,
): NumericEmbedding {
  const { least, defaults } = kinds[name];
  checkOptions(where, options, {
    columns: optional(positiveInteger),
    frequencies: optional(integerBetween(1, 10_000)),
    outputDim: optional(integerBetween(least, 10_000)),
    standardDeviation: optional(above(0)),
  });
  const { columns } = options;
  return Object.freeze({
    name,
    ...(columns !== undefined && { columns }),
    frequencies: options.frequencies ?? defaults.frequencies,
    outputDim: options.outputDim ?? defaults.outputDim,
    standardDeviation: options.standardDeviation ?? defaults.standardDeviation,
  });
}

/**
 * Makes the embeddings of RealMLP (Holzmueller et al., 2024): a number x becomes x itself, and a linear map of
 * cos(2 pi w x + beta). Each column has its own frequencies w, phases beta and linear map, which training learns.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
function pbld(options: NumericEmbeddingOptions = {}): NumericEmbedding {
  return make('pbld', '', options);
}

/**
 * Makes periodic embeddings (Gorishniy et al., 2022): a number x becomes relu of a linear map of cos(2 pi w x) and
 * sin(2 pi w x). Each column has its own frequencies w and linear map, which training learns.
 *
 * @throws like pbld()
 */
function plr(options: NumericEmbeddingOptions = {}): NumericEmbedding {
  return make('plr', '', options);
}

/** The embeddings of numbers. */
export const numericEmbeddings = Object.freeze({ pbld, plr });

/** Checks and completes a layer's `numericEmbeddings`. It also accepts plain objects, which come from JSON. */
export function resolveNumericEmbeddings(value: unknown, where: string): NumericEmbedding {
  if (typeof value === 'object' && value !== null && 'name' in value) {
    const { name, ...options } = value;
    if (name === 'pbld' || name === 'plr') return make(name, where, options);
  }
  if (value === 'pbld' || value === 'plr') return make(value, where, {});
  const rule = "'pbld', 'plr', numericEmbeddings.pbld() or numericEmbeddings.plr()";
  const code = typeof value === 'string' ? 'ERR_BLASNET_UNKNOWN_NAME' : 'ERR_BLASNET_ARG_TYPE';
  throw argumentError(code, where, rule, value);
}

/** The numbers of embeddings for native code: see NumericSpec in native/engine/layers.h. */
export function numericRecord({ name, frequencies, outputDim }: NumericEmbedding, columns: number) {
  return { kind: kinds[name].code, columns, frequencies, outputs: outputDim };
}

/** The shape of a parameter of embedded numbers. */
export interface NumericShape {
  readonly name: 'F' | 'P' | 'V' | 'c';
  readonly rows: number;
  readonly cols: number;
}

/** The shapes of the parameters, for this many columns. */
export function numericShapes(
  { name, frequencies, outputDim }: NumericEmbedding,
  columns: number,
): NumericShape[] {
  const linear = name === 'pbld' ? outputDim - 1 : outputDim;
  const waves = name === 'pbld' ? frequencies : 2 * frequencies;
  return [
    { name: 'F', rows: columns, cols: frequencies },
    ...(name === 'pbld' ? [{ name: 'P' as const, rows: columns, cols: frequencies }] : []),
    { name: 'V', rows: columns * linear, cols: waves },
    { name: 'c', rows: columns * linear, cols: 1 },
  ];
}
