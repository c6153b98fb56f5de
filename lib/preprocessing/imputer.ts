import { blasnetError } from '../base/errors';
import type { Matrix } from '../base/matrix';
import { anything, boolean, checkOptions, finite, oneOf, optional } from '../base/validate';
import { meanAndVariance, median, mostFrequent } from './statistics';
import {
  checkColumns,
  checkLearned,
  checkNumbers,
  columnCount,
  columnsConstraint,
  columnValues,
  type FittedStep,
  notFinite,
  PreprocessingStep,
  selectColumns,
} from './step';

export interface ImputerOptions {
  /** How to replace a column's missing numbers. @default 'mean' */
  readonly strategy?: 'mean' | 'median' | 'mostFrequent' | 'constant';
  /** The constant of the strategy 'constant'; refused with the others. @default 0 */
  readonly value?: number;
  /**
   * Appends a column of 0 and 1 for each column with missing numbers in `fit`: 1 where the number is missing.
   * @default false
   */
  readonly indicators?: boolean;
  /** The columns to fill, from 0. The others stay as they are. @default all */
  readonly columns?: readonly number[];
}

const strategies = {
  mean: (sorted: Float64Array) => meanAndVariance(sorted).mean,
  median,
  // If several are equally frequent, the smallest.
  mostFrequent,
};

/**
 * Replaces missing numbers, which are NaN. A column without any number is an error, except with 'constant'. Like
 * scikit-learn's `SimpleImputer`. The inverse restores NaN where an indicator is 1. Without indicators, the new numbers
 * stay.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function imputer(options: ImputerOptions = {}): PreprocessingStep {
  checkOptions('', options, {
    strategy: optional(oneOf([...Object.keys(strategies), 'constant'])),
    value: optional(finite),
    indicators: optional(boolean),
    columns: columnsConstraint,
  });
  const { strategy = 'mean', value, indicators = false, columns } = options;
  if (value !== undefined && strategy !== 'constant') {
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected value to be left out with the strategy '${strategy}', got ${value} (number)`,
    );
  }
  const kept = columns?.slice();
  return new PreprocessingStep('imputer', (name, X) => {
    const selected = selectColumns(kept, X.cols);
    const indicated: number[] = [];
    const fill = selected.map((column) => {
      const values = columnValues(X, column);
      const infinite = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
      if (infinite >= 0) throw notFinite(name, X, infinite * X.cols + column);
      const present = values.filter((value) => !Number.isNaN(value)).sort();
      if (indicators && present.length < values.length) indicated.push(column);
      if (strategy === 'constant') return (value ?? 0) + 0;
      if (present.length === 0) {
        throw blasnetError(
          'ERR_BLASNET_NOT_FINITE',
          `Expected column ${column} of ${name} to hold a number to learn from, got NaN in every row`,
        );
      }
      const learned = strategies[strategy](present);
      checkLearned(name, column, learned);
      return learned + 0;
    });
    return new Imputer(X.cols, selected, fill, indicated);
  });
}

class Imputer implements FittedStep {
  readonly outputColumns: number;

  constructor(
    readonly inputColumns: number,
    readonly columns: readonly number[],
    readonly fill: readonly number[],
    readonly indicators: readonly number[],
  ) {
    this.outputColumns = inputColumns + indicators.length;
  }

  transform(name: string, X: Matrix, out: Matrix): void {
    const { inputColumns, columns, fill, indicators } = this;
    for (let r = 0; r < X.rows; r++) {
      const from = r * inputColumns;
      const to = r * out.cols;
      for (let c = 0; c < inputColumns; c++) out.data[to + c] = X.data[from + c] as number;
      for (const [i, column] of columns.entries()) {
        const value = X.data[from + column] as number;
        if (Math.abs(value) === Number.POSITIVE_INFINITY) throw notFinite(name, X, from + column);
        if (Number.isNaN(value)) out.data[to + column] = fill[i] as number;
      }
      for (const [i, column] of indicators.entries()) {
        out.data[to + inputColumns + i] = Number.isNaN(X.data[from + column]) ? 1 : 0;
      }
    }
  }

  inverse(X: Matrix, out: Matrix): void {
    const { inputColumns, indicators } = this;
    for (let r = 0; r < X.rows; r++) {
      for (let c = 0; c < inputColumns; c++) {
        out.data[r * inputColumns + c] = X.data[r * X.cols + c] as number;
      }
      for (const [i, column] of indicators.entries()) {
        const missing = (X.data[r * X.cols + inputColumns + i] as number) > 0.5;
        if (missing) out.data[r * inputColumns + column] = Number.NaN;
      }
    }
  }

  toJSON() {
    const { inputColumns, columns, fill, indicators } = this;
    return {
      name: 'imputer' as const,
      inputColumns,
      columns: [...columns],
      fill: [...fill],
      indicators: [...indicators],
    };
  }
}

/** Makes an imputer from JSON. Everything is checked. */
export function imputerFromJSON(where: string, value: Record<string, unknown>): FittedStep {
  checkOptions(where, value, {
    name: anything,
    inputColumns: columnCount,
    columns: anything,
    fill: anything,
    indicators: anything,
  });
  const inputColumns = value.inputColumns as number;
  const columns = checkColumns(`${where}.columns`, value.columns, inputColumns);
  const fill = checkNumbers(`${where}.fill`, value.fill, columns.length);
  const none = Array.isArray(value.indicators) && value.indicators.length === 0;
  const indicators = none ? [] : checkColumns(`${where}.indicators`, value.indicators, inputColumns);
  return new Imputer(inputColumns, columns, fill, indicators);
}
