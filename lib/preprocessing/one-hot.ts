import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { anything, checkOptions, oneOf, optional } from '../base/validate';
import { learnCategories } from './learn';
import {
  checkAscending,
  checkColumns,
  columnCount,
  columnsConstraint,
  type FittedStep,
  type LearnedMatrix,
  type LibraryStep,
  mostColumns,
  PreprocessingStep,
  selectColumns,
} from './step';
import { type ColumnSummary, checkPresent } from './summary';

export interface OneHotEncoderOptions {
  /** The columns of categories, from 0. The others stay as they are. @default all */
  readonly columns?: readonly number[];
  /** How to treat a category that was not learned: refuse it, or write zeros. @default 'error' */
  readonly unknown?: 'error' | 'zeros';
}

const unknownConstraint = oneOf(['error', 'zeros']);

/**
 * Replaces a column by columns of 0 and 1: one for each of its categories, in ascending order. Categories are numbers;
 * `labelEncoder` turns names into numbers. Like scikit-learn's `OneHotEncoder`, except that the columns keep their
 * order. The inverse is the category of the largest number (of equal ones, the first), or NaN if none is above 0.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE,
 *   ERR_BLASNET_UNKNOWN_NAME
 */
export function oneHotEncoder(options: OneHotEncoderOptions = {}): PreprocessingStep {
  checkOptions('', options, { columns: columnsConstraint, unknown: optional(unknownConstraint) });
  const { unknown = 'error' } = options;
  const kept = options.columns?.slice();
  function* fit(from: LearnedMatrix): Work<OneHotEncoder> {
    const { name, X } = from;
    const columns = selectColumns(kept, X.cols);
    const most = mostColumns - (X.cols - columns.length);
    const { count, categories } = yield* learnCategories({ ...from, columns, skipMissing: false }, most);
    if (categories === undefined) throw tooWide(name, X.cols - columns.length + count);
    return new OneHotEncoder(X.cols, columns, categories, unknown);
  }
  return new PreprocessingStep('oneHotEncoder', options, fit, {
    columns: kept,
    asks: 'categories',
    skipsMissing: false,
    learn(name, given) {
      const columns = selectColumns(kept, given.length);
      const categories = columns.map((column) => categoriesOf(name, column, given[column] as ColumnSummary));
      checkWidth(name, given.length, categories);
      // It is the last step.
      return { step: new OneHotEncoder(given.length, columns, categories, unknown), output: [] };
    },
  });
}

function categoriesOf(name: string, column: number, summary: ColumnSummary): readonly number[] {
  checkPresent(name, column, summary);
  const { categories } = summary;
  if (categories === 'tooMany') throw tooWide(name, `more than ${mostColumns}`);
  if (categories === 'scaled') {
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected oneHotEncoder to learn from columns that no scaler has changed in partialFit, got column ${column}`,
    );
  }
  return categories;
}

class OneHotEncoder implements LibraryStep {
  readonly name = 'oneHotEncoder';
  readonly outputColumns: number;

  constructor(
    readonly inputColumns: number,
    readonly columns: readonly number[],
    readonly categories: readonly (readonly number[])[],
    readonly unknown: 'error' | 'zeros',
  ) {
    this.outputColumns = widthOf(inputColumns, categories);
  }

  get native() {
    const { columns, categories, unknown } = this;
    return {
      columns: Uint32Array.from(columns),
      categories: categories.map((known) => Float64Array.from(known)),
      refuseUnknown: unknown === 'error',
    };
  }

  unknownCategory(name: string, value: number, row: number, column: number): Error {
    const known = this.categories[this.columns.indexOf(column)] as readonly number[];
    const list = known.length > 10 ? `${known.slice(0, 10).join(', ')}, ...` : known.join(', ');
    return blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected ${name} to hold a category that was learned from column ${column} (${list}), ` +
        `got ${value} at row ${row}`,
    );
  }

  toJSON() {
    const { name, inputColumns, columns, categories, unknown } = this;
    return {
      name,
      inputColumns,
      columns: [...columns],
      categories: categories.map((one) => [...one]),
      unknown,
    };
  }
}

/** Makes an encoder from JSON. Everything is checked. */
export function oneHotEncoderFromJSON(where: string, value: Record<string, unknown>): FittedStep {
  checkOptions(where, value, {
    name: anything,
    inputColumns: columnCount,
    columns: anything,
    categories: anything,
    unknown: unknownConstraint,
  });
  const inputColumns = value.inputColumns as number;
  const columns = checkColumns(`${where}.columns`, value.columns, inputColumns);
  const given = value.categories;
  if (!Array.isArray(given)) {
    const rule = 'an array of arrays of numbers';
    throw argumentError('ERR_BLASNET_ARG_TYPE', `${where}.categories`, rule, given);
  }
  if (given.length !== columns.length) {
    const rule = `of length ${columns.length}, one for each column`;
    throw argumentError('ERR_BLASNET_SHAPE', `${where}.categories`, rule, given);
  }
  const categories = Array.from(given, (one, i) => checkAscending(`${where}.categories[${i}]`, one));
  checkWidth(where, inputColumns, categories);
  return new OneHotEncoder(inputColumns, columns, categories, value.unknown as 'error' | 'zeros');
}

function widthOf(inputColumns: number, categories: readonly (readonly number[])[]): number {
  return categories.reduce((width, { length }) => width + length - 1, inputColumns);
}

function checkWidth(name: string, inputColumns: number, categories: readonly (readonly number[])[]): void {
  const width = widthOf(inputColumns, categories);
  if (width > mostColumns) throw tooWide(name, width);
}

function tooWide(name: string, width: number | string): Error {
  return blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected the categories of ${name} to make at most ${mostColumns} columns, got ${width}`,
  );
}
