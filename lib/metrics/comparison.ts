import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { tableHint } from '../base/hints';
import { allocateShared, matrixOf, numberError, numbersReading, typedReading } from '../base/matrix';
import { type MatrixLike, rowsInput } from '../base/matrix-input';
import {
  countOf,
  type FloatArray,
  isFloatArray,
  isNumberArray,
  isTypedNumbers,
  lengthOf,
  type NumberArray,
  type NumbersLike,
} from '../base/number-kinds';
import { checkBuffer } from '../base/pinning';
import { type Reading, unlessShort } from '../base/reading';
import { type Constraint, optional } from '../base/validate';
import { type Comparison, firstBad } from './native';

export type { Comparison };

/** A flat array of numbers, one per sample. */
export type Column = NumbersLike;

/** The outputs of a model: (m, outputs). A flat array is one column. */
export type Predictions = MatrixLike | Column;

/**
 * The true values, in the shape of the predictions. If these have several columns, metrics of classes also take class
 * indices from 0, in a flat array or one column.
 */
export type Labels = MatrixLike | Column;

export interface WeightOptions {
  /** The weight of each sample, in the order of the rows: finite and not negative. @default 1 each */
  readonly sampleWeight?: NumbersLike;
}

const weightRule = 'an array of finite numbers, none of them negative';

export const weightConstraints: Readonly<Record<'sampleWeight', Constraint>> = {
  sampleWeight: optional({
    rule: weightRule,
    // The numbers are checked when they are read, and by checkNumbers.
    accepts: (value) => Array.isArray(value) || isTypedNumbers(value),
  }),
};

/** A comparison, and the many plain values that are still to be read into it. */
export interface ComparisonInput {
  readonly comparison: Comparison;
  readonly unread: readonly (Reading | undefined)[];
}

/**
 * Checks the shapes of labels and predictions. A Matrix or a typed array is not copied. An array of numbers or of rows
 * is.
 */
export function compare(
  yTrue: Labels,
  yPredicted: Predictions,
  options: WeightOptions,
  columns: 'classes' | 'numbers' = 'classes',
): ComparisonInput {
  const weighed = options.sampleWeight && asWeights(options.sampleWeight);
  const predicted = asTable('yPredicted', yPredicted);
  const { rows, cols } = predicted;
  if (rows === 0) {
    throw blasnetError('ERR_BLASNET_SHAPE', 'Expected yPredicted to have at least one row, got 0');
  }
  const given = asTable('yTrue', yTrue);
  if (given.rows !== rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected yTrue to have as many rows as yPredicted (${rows}), got ${given.rows}`,
    );
  }
  const indices = columns === 'classes' && given.cols === 1 && cols > 1;
  if (given.cols !== cols && !indices) {
    const or = columns === 'classes' && cols > 1 ? ', or one of class indices' : '';
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected yTrue to have as many columns as yPredicted (${cols})${or}, got ${given.cols}`,
    );
  }
  const { weights = null, unread: unreadWeights } = weighed ?? {};
  if (weights !== null && lengthOf(weights) !== rows) {
    throw argumentError(
      'ERR_BLASNET_SHAPE',
      'sampleWeight',
      `of length ${rows}, one weight per row`,
      options.sampleWeight,
    );
  }
  return {
    comparison: { rows, cols, labels: given.data, indices, predictions: predicted.data, weights },
    unread: [unreadWeights, predicted.unread, given.unread],
  };
}

/** The arrays that native code reads. */
export function arraysOf({ labels, predictions, weights }: Comparison): NumberArray[] {
  return [labels, predictions, ...(weights === null ? [] : [weights])];
}

/** Checks all weights and class indices. Returns whether all labels and predictions are finite. */
export function* checkNumbers({ cols, labels, indices, predictions, weights }: Comparison): Work<boolean> {
  if (weights !== null && (yield* firstBad(weights, 'notNegative')) !== undefined) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'sampleWeight', weightRule, weights);
  }
  const bad = yield* indices ? firstBad(labels, 'classes', cols) : firstBad(labels, 'finite');
  if (bad !== undefined && indices) {
    const index = labels[bad] as number;
    throw blasnetError(
      Number.isFinite(index) ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_NOT_FINITE',
      `Expected yTrue to hold class indices from 0 to ${cols - 1}, got ${index} at row ${bad}`,
    );
  }
  return bad === undefined && (yield* firstBad(predictions, 'finite')) === undefined;
}

interface Table {
  readonly data: NumberArray;
  readonly rows: number;
  readonly cols: number;
  readonly unread?: Reading | undefined;
}

function asTable(name: string, value: unknown): Table {
  const matrix = matrixOf(name, value);
  if (matrix !== undefined) {
    const { data, rows, cols } = matrix;
    checkBuffer(name, data);
    return { data, rows, cols };
  }
  if (isTypedNumbers(value)) {
    checkBuffer(name, value);
    const rows = lengthOf(value);
    if (isNumberArray(value)) return { data: value, rows, cols: 1 };
    const data = allocateShared(rows, 'float64');
    return { data, rows, cols: 1, unread: unlessShort(typedReading(name, value, data)) };
  }
  if (!Array.isArray(value)) {
    const rule = 'a Matrix, a typed array, an array of rows or an array of numbers';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value, tableHint(value));
  }
  if (Array.isArray(value[0]) || isTypedNumbers(value[0])) {
    const { matrix: rows, unread } = rowsInput(name, value, 'float64');
    return { data: rows.data, rows: rows.rows, cols: rows.cols, unread };
  }
  const data = allocateShared(value.length, 'float64');
  const wrong = (i: number, number: unknown) =>
    Array.isArray(number)
      ? argumentError('ERR_BLASNET_ARG_TYPE', `${name}[0]`, 'an array of numbers', value[0])
      : numberError(`${name}[${i}]`, number, 'numbers');
  const unread = unlessShort(numbersReading(name, value, data, wrong));
  return { data, rows: data.length, cols: 1, unread };
}

function asWeights(given: NumbersLike): {
  readonly weights: FloatArray;
  readonly unread?: Reading | undefined;
} {
  if (isTypedNumbers(given)) checkBuffer('sampleWeight', given);
  if (isFloatArray(given)) return { weights: given };
  const weights = allocateShared(countOf(given), 'float64');
  const read = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const weight: unknown = given[i];
      if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) {
        throw argumentError('ERR_BLASNET_ARG_VALUE', 'sampleWeight', weightRule, given);
      }
      weights[i] = weight;
    }
  };
  return { weights, unread: unlessShort({ length: weights.length, width: 1, read }) };
}
