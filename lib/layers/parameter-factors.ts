import { argumentError } from '../base/errors';
import { atLeast, check, checkOptions, optional } from '../base/validate';
import { type NumericEmbedding, numericShapes } from './numeric-embeddings';

/** The options of a completed layer that give it further parameters. */
interface Adding {
  readonly normalization?: unknown;
  readonly embeddings?: unknown;
  readonly numericEmbeddings?: NumericEmbedding;
  readonly members?: number;
  readonly inputScale?: boolean;
  readonly activationMix?: boolean;
}

/** A factor for each kind of a layer's parameters, at least 0. Those that are left out are 1. */
export interface ParameterFactors {
  /** The weights. */
  readonly W?: number;
  /** The biases. */
  readonly b?: number;
  /** The scales of a normalisation. */
  readonly gamma?: number;
  /** The shifts of a normalisation. */
  readonly beta?: number;
  /** The factors of the inputs. */
  readonly s?: number;
  /** The shares of the activation. */
  readonly a?: number;
  /** The tables of the embeddings, of the first layer. */
  readonly E?: number;
  /** The frequencies, phases, weights and biases of embedded numbers, of the first layer. */
  readonly F?: number;
  readonly P?: number;
  readonly V?: number;
  readonly c?: number;
  /** The members' factors of the inputs, of the first layer. */
  readonly R?: number;
}

export type ParameterKind = keyof ParameterFactors;

/** The kinds of parameters that a layer with these options has. */
function kindsOf({
  normalization,
  embeddings,
  numericEmbeddings,
  members,
  inputScale,
  activationMix,
}: Adding): ParameterKind[] {
  return [
    'W',
    'b',
    ...(normalization === undefined ? [] : (['gamma', 'beta'] as const)),
    ...(inputScale === true ? (['s'] as const) : []),
    ...(activationMix === true ? (['a'] as const) : []),
    ...(embeddings === undefined ? [] : (['E'] as const)),
    ...(numericEmbeddings === undefined ? [] : numericShapes(numericEmbeddings, 1).map(({ name }) => name)),
    ...(members === undefined ? [] : (['R'] as const)),
  ];
}

const rule = 'a number of at least 0, or an object of such numbers';

/**
 * Checks and completes a layer's factors: one number for all kinds, or an object with some kinds. Undefined if all are 1.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function completeFactors(where: string, value: unknown, layer: Adding): ParameterFactors | undefined {
  if (value === undefined) return undefined;
  const kinds = kindsOf(layer);
  if (typeof value === 'number') {
    check(where, value, atLeast(0));
    return value === 1 ? undefined : Object.freeze(Object.fromEntries(kinds.map((kind) => [kind, value])));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', where, rule, value);
  }
  checkOptions(where, value, Object.fromEntries(kinds.map((kind) => [kind, optional(atLeast(0))])));
  const given = value as ParameterFactors;
  const used = kinds.filter((kind) => given[kind] !== undefined && given[kind] !== 1);
  return used.length === 0
    ? undefined
    : Object.freeze(Object.fromEntries(used.map((kind) => [kind, given[kind]])));
}
