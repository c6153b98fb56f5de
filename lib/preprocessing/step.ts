import type { NativeStep } from '../addon/binding';
import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { type Matrix, valueError } from '../base/matrix';
import { type Constraint, check, finite, integerBetween, optional } from '../base/validate';
import type { ColumnSummary } from './summary';

/** What a step learns from. */
export interface LearnedMatrix {
  /** How errors call X. */
  readonly name: string;
  /** X (m, inputColumns) */
  readonly X: Matrix;
  /** The numbers that errors give to the rows of X, if X has only some rows of a larger matrix. */
  readonly rows?: Uint32Array | undefined;
}

type Fit = (from: LearnedMatrix) => Work<LibraryStep>;

/** How a step learns from summaries, for `partialFit`. */
export interface PartialLearner {
  /** The option `columns`. */
  readonly columns: readonly number[] | undefined;
  /** What it learns from, besides the moments. */
  readonly asks: 'moments' | 'extremes' | 'categories';
  /** Whether it takes NaN. */
  readonly skipsMissing: boolean;
  /** Learns from the summaries of its input, and tells those of its output. Errors call the input `name`. */
  learn(
    name: string,
    columns: readonly ColumnSummary[],
  ): { readonly step: LibraryStep; readonly output: readonly ColumnSummary[] };
}

/** A step of the library with its options, for `preprocessing`: the result of `standardScaler()` and the others. */
export class PreprocessingStep {
  readonly name: string;
  /** The options that it was given. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly #fit: Fit;
  readonly #partial: PartialLearner | string;

  /**
   * @internal Use `standardScaler` and the others.
   * @param partial how it learns from parts of the data; or that it cannot, and what to do: "robustScaler, which ..."
   */
  constructor(name: string, options: object, fit: Fit, partial: PartialLearner | string) {
    this.name = name;
    this.options = Object.freeze(structuredClone({ ...options }));
    this.#fit = fit;
    this.#partial = partial;
    Object.freeze(this);
  }

  /** @internal How a step learns; undefined if the value is none of the library's steps. */
  static fitOf(step: unknown): Fit | undefined {
    return typeof step === 'object' && step !== null && #fit in step ? step.#fit : undefined;
  }

  /** @internal How a step learns from parts of the data, or why it cannot. */
  static partialOf(step: PreprocessingStep): PartialLearner | string {
    return step.#partial;
  }
}

/** Whether steps surely give as many columns as they take. A step of the user's may give any number. */
export function keepColumns(steps: readonly unknown[]): boolean {
  const keeps = (step: unknown) =>
    step instanceof PreprocessingStep && step.name !== 'oneHotEncoder' && step.options.indicators !== true;
  return steps.length > 0 && steps.every(keeps);
}

/** A step that has learned. X (m, inputColumns)  ->  out (m, outputColumns). */
export type FittedStep = LibraryStep | UserStep;

interface AnyFittedStep {
  readonly name: string;
  readonly inputColumns: number;
  readonly outputColumns: number;
  /** Everything learned, safe in JSON: no NaN, no infinity, no negative zero. */
  toJSON(): { readonly name: string; readonly inputColumns: number };
}

/** A step of the library, which native code applies: see native/engine/pipeline.h. */
export interface LibraryStep extends AnyFittedStep {
  readonly native: NativeStep;
  /** The error for a category that is not known. */
  unknownCategory?(name: string, value: number, row: number, column: number): Error;
}

/** A step of the user's. `out` has X's dtype. */
export interface UserStep extends AnyFittedStep {
  readonly native?: undefined;
  /** Whether it has a way back. */
  readonly reversible: boolean;
  /** Writes every element of `out`. */
  transform(X: Matrix, out: Matrix): void;
  /** The way back: X (m, outputColumns)  ->  out (m, inputColumns). */
  inverse(X: Matrix, out: Matrix): void;
}

/** Makes a fitted step from its JSON. Everything is checked. Errors call the step `where`. */
export type StepReader = (where: string, value: Record<string, unknown>) => FittedStep;

// The limit for files: far beyond any table, and low enough to refuse a file before it fills the memory.
export const mostColumns = 2 ** 20;

export const columnCount: Constraint = integerBetween(1, mostColumns);

/** The `columns` option. */
export const columnsConstraint: Constraint = optional({
  rule: 'a non-empty array of distinct column numbers from 0',
  accepts: Array.isArray,
  holds: (value: unknown[]) =>
    value.length > 0 &&
    new Set(value).size === value.length &&
    Array.from(value).every((column) => Number.isSafeInteger(column) && (column as number) >= 0),
});

/** The `columns` option for a matrix of `cols` columns, in ascending order; by default all columns. */
export function selectColumns(columns: readonly number[] | undefined, cols: number): number[] {
  if (columns === undefined) return Array.from({ length: cols }, (_, c) => c);
  for (const [i, column] of columns.entries()) check(`columns[${i}]`, column, integerBetween(0, cols - 1));
  return [...columns].sort((a, b) => a - b);
}

export function notFinite(name: string, value: number, row: number, column: number): Error {
  return valueError(name, value, row, column, 'finite numbers (an imputer replaces NaN)');
}

/** Throws if a learned number is beyond the range of doubles. */
export function checkLearned(name: string, column: number, ...values: readonly number[]): void {
  if (values.every(Number.isFinite)) return;
  throw blasnetError(
    'ERR_BLASNET_NOT_FINITE',
    `Expected column ${column} of ${name} to have a finite mean, spread and range, got ${values.join(', ')}`,
  );
}

/** Checks an array of numbers from outside. If `length` is undefined, the array may have 1 to `mostColumns` numbers. */
export function checkNumbers(
  name: string,
  value: unknown,
  length: number | undefined,
  constraint: Constraint = finite,
): number[] {
  if (!Array.isArray(value)) throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'an array of numbers', value);
  if (length === undefined ? value.length < 1 || value.length > mostColumns : value.length !== length) {
    const rule = length === undefined ? `of a length from 1 to ${mostColumns}` : `of length ${length}`;
    throw argumentError('ERR_BLASNET_SHAPE', name, rule, value);
  }
  for (let i = 0; i < value.length; i++) check(`${name}[${i}]`, value[i], constraint);
  return value.slice();
}

/** Like checkNumbers, but each number must be greater than the one before it. */
export function checkAscending(name: string, value: unknown, constraint?: Constraint): number[] {
  const numbers = checkNumbers(name, value, undefined, constraint);
  for (let i = 1; i < numbers.length; i++) {
    const previous = numbers[i - 1] as number;
    if ((numbers[i] as number) <= previous) {
      throw argumentError(
        'ERR_BLASNET_ARG_VALUE',
        `${name}[${i}]`,
        `above ${previous}, the number before it`,
        numbers[i],
      );
    }
  }
  return numbers;
}

/** Checks a list of columns from outside: ascending, below `inputColumns`. */
export function checkColumns(name: string, value: unknown, inputColumns: number): number[] {
  return checkAscending(name, value, integerBetween(0, inputColumns - 1));
}
