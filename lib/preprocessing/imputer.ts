import type { Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import { anything, boolean, checkOptions, finite, oneOf, optional } from '../base/validate';
import { type LearnedColumns, learnMoments, learnOrders } from './learn';
import {
  checkColumns,
  checkLearned,
  checkNumbers,
  columnCount,
  columnsConstraint,
  type FittedStep,
  type LearnedMatrix,
  type LibraryStep,
  PreprocessingStep,
  selectColumns,
} from './step';
import { type ColumnSummary, merged, repeated } from './summary';

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

type Learned = Exclude<ImputerOptions['strategy'], 'constant' | undefined>;

/** What each strategy learns from the columns: how many numbers are there, and the number that replaces NaN. */
const strategies: Readonly<
  Record<Learned, (from: LearnedColumns) => Work<{ present: number; fill: number }[]>>
> = {
  *mean(from) {
    const { means, present } = yield* learnMoments(from);
    return Array.from(means, (fill, i) => ({ fill, present: present[i] as number }));
  },
  *median(from) {
    return (yield* learnOrders(from)).map(({ median: fill, present }) => ({ fill, present }));
  },
  *mostFrequent(from) {
    return (yield* learnOrders(from)).map(({ mode: fill, present }) => ({ fill, present }));
  },
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
  type Told = readonly { readonly present: number; readonly fill: number }[];
  const make = (name: string, rows: number, cols: number, selected: readonly number[], learned: Told) => {
    const indicated: number[] = [];
    const fill = learned.map(({ present, fill: number }, i) => {
      const column = selected[i] as number;
      if (indicators && present < rows) indicated.push(column);
      if (strategy === 'constant') return (value ?? 0) + 0;
      if (present === 0) {
        throw blasnetError(
          'ERR_BLASNET_NOT_FINITE',
          `Expected column ${column} of ${name} to hold a number to learn from, got NaN in every row`,
        );
      }
      checkLearned(name, column, number);
      return number + 0;
    });
    return new Imputer(cols, selected, fill, indicated);
  };
  function* fit(from: LearnedMatrix): Work<Imputer> {
    const { name, X } = from;
    const selected = selectColumns(kept, X.cols);
    const learn = strategies[strategy === 'constant' ? 'mean' : strategy];
    const learned = yield* learn({ ...from, columns: selected, skipMissing: true });
    return make(name, X.rows, X.cols, selected, learned);
  }
  if (strategy === 'median' || strategy === 'mostFrequent') {
    const why = `imputer with the strategy '${strategy}', which needs all rows at once: use fit, 'mean' or 'constant'`;
    return new PreprocessingStep('imputer', options, fit, why);
  }
  return new PreprocessingStep('imputer', options, fit, {
    columns: kept,
    asks: 'moments',
    skipsMissing: true,
    learn(name, given) {
      const selected = selectColumns(kept, given.length);
      const learned = selected.map((column) => given[column] as ColumnSummary);
      const told = learned.map(({ present, mean }) => ({ present, fill: mean }));
      const step = make(name, learned[0]?.rows ?? 0, given.length, selected, told);
      const output = [...given];
      for (const [i, column] of selected.entries()) {
        const summary = learned[i] as ColumnSummary;
        const missing = summary.rows - summary.present;
        const filled = merged(summary, repeated(step.fill[i] as number, missing));
        output[column] = { ...filled, rows: summary.rows };
      }
      // An indicator is 1 where the number is missing.
      for (const column of step.indicators) {
        const { rows, present } = given[column] as ColumnSummary;
        output.push(merged(repeated(0, present), repeated(1, rows - present)));
      }
      return { step, output };
    },
  });
}

class Imputer implements LibraryStep {
  readonly name = 'imputer';
  readonly outputColumns: number;

  constructor(
    readonly inputColumns: number,
    readonly columns: readonly number[],
    readonly fill: readonly number[],
    readonly indicators: readonly number[],
  ) {
    this.outputColumns = inputColumns + indicators.length;
  }

  get native() {
    const { columns, fill, indicators } = this;
    return {
      columns: Uint32Array.from(columns),
      fill: Float64Array.from(fill),
      indicators: Uint32Array.from(indicators),
    };
  }

  toJSON() {
    const { name, inputColumns, columns, fill, indicators } = this;
    return {
      name,
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
