// How a model is served: what `blasnet/serving` needs to know about networks and models of tables. It loads neither.

import type { WorkOptions } from '../addon/work';
import type { FloatArray } from '../base/matrix';
import { check, checkOptions, oneOf, optional } from '../base/validate';

/** The key of how a model of tables is served. Another copy of the library has the same one. */
export const served: unique symbol = Symbol.for('blasnet.served') as never;

/** The rules for the rows of callers. */
export interface InputRules {
  /**
   * A field of a record that is not there, or null where the model has learned from no gaps. 'accept' takes both as not
   * known. @default 'reject'
   */
  readonly missing?: 'reject' | 'accept';
  /** A field of a record that is no column of the model's table. @default 'reject' */
  readonly additional?: 'reject' | 'ignore';
  /**
   * NaN, infinities and invalid dates. With 'accept' the model decides: to a model of tables NaN means not known, and a network
   * without an imputer refuses it. @default 'reject'
   */
  readonly notFinite?: 'reject' | 'accept';
  /** A category that the model has never seen; to a network, the code -1. @default 'accept' */
  readonly unknownCategory?: 'accept' | 'reject';
}

const rejectOr = (other: string) => optional(oneOf(['reject', other]));

const ruleConstraints = {
  missing: rejectOr('accept'),
  additional: rejectOr('ignore'),
  notFinite: rejectOr('accept'),
  unknownCategory: rejectOr('accept'),
};

/** Checks rules, and adds the defaults. @throws TypeError or RangeError with a code */
export function completeRules(name: string, rules: InputRules = {}): Required<InputRules> {
  check(name, rules, { rule: 'an object', accepts: (value) => typeof value === 'object' && value !== null });
  checkOptions(name, rules, ruleConstraints);
  const { missing, additional, notFinite, unknownCategory } = rules;
  return {
    missing: missing ?? 'reject',
    additional: additional ?? 'reject',
    notFinite: notFinite ?? 'reject',
    unknownCategory: unknownCategory ?? 'accept',
  };
}

/** What a model takes and says, in words, each of its own. A slot compares them. */
export interface Signature {
  readonly kind: 'Network' | 'Classifier' | 'Regressor';
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A model that can be served. */
export interface Served {
  readonly signature: Signature;
  /** The parameters that a row is multiplied with: those of all its networks, without the tables of embeddings. */
  readonly weights: number;
  /** Whether it has probabilities of classes. */
  readonly classifies: boolean;
  /** Makes what checks rows by these rules, and batches of them. */
  door(rules: Required<InputRules>): Door;
}

/** Checks the rows of callers, one after another. */
export interface Door {
  /**
   * Checks a row and encodes it. It waits here until the next call.
   * @throws TypeError or RangeError that names the field, the rule and the value
   */
  take(row: unknown): void;
  /** Makes buffers for this many rows. */
  batch(rows: number): ServedBatch;
}

/** Rows that are predicted together, in buffers that are used again. Equal rows give equal bits in any number of rows. */
export interface ServedBatch {
  /** (at least rows x cols) what the networks say. */
  readonly outputs: FloatArray;
  readonly cols: number;
  /** Copies the row that the door took last to this place. */
  put(place: number): void;
  /** Copies the row of one place to another. */
  move(from: number, to: number): void;
  /** Predicts the first rows on the calling thread. @throws Error ERR_BLASNET_BUSY while a step is being taken */
  runHere(rows: number): void;
  /** Predicts the first rows on other threads. */
  run(rows: number, options: WorkOptions): Promise<void>;
  /** The answer to the row at this place. It stays as it is. */
  answer(place: number): unknown;
  /** The probabilities of the row at this place, if the model has them. */
  probabilities(place: number): unknown;
}
