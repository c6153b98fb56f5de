import { argumentError, blasnetError } from '../base/errors';
import type { Matrix } from '../base/matrix';
import { anything, checkOptions, oneOf, optional } from '../base/validate';
import {
  checkAscending,
  checkColumns,
  columnCount,
  columnsConstraint,
  type FittedStep,
  finiteColumn,
  mostColumns,
  notFinite,
  PreprocessingStep,
  selectColumns,
} from './step';

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
  return new PreprocessingStep('oneHotEncoder', (name, X) => {
    const columns = selectColumns(kept, X.cols);
    const categories = columns.map((column) =>
      [...new Set(finiteColumn(name, X, column).map((value) => value + 0))].sort((a, b) => a - b),
    );
    checkWidth(name, X.cols, categories);
    return new OneHotEncoder(X.cols, columns, categories, unknown);
  });
}

class OneHotEncoder implements FittedStep {
  readonly outputColumns: number;
  /** By column, the place of each category; undefined for a column that stays. */
  readonly #places: readonly (ReadonlyMap<number, number> | undefined)[];

  constructor(
    readonly inputColumns: number,
    readonly columns: readonly number[],
    readonly categories: readonly (readonly number[])[],
    readonly unknown: 'error' | 'zeros',
  ) {
    this.outputColumns = widthOf(inputColumns, categories);
    // A sparse array: a file of a few bytes may name a million columns.
    const places: (ReadonlyMap<number, number> | undefined)[] = [];
    for (const [i, column] of columns.entries()) {
      places[column] = new Map(categories[i]?.map((category, place) => [category, place]));
    }
    this.#places = places;
  }

  transform(name: string, X: Matrix, out: Matrix): void {
    out.data.fill(0);
    let at = 0;
    for (let index = 0; index < X.data.length; index++) {
      const value = X.data[index] as number;
      const places = this.#places[index % X.cols];
      if (places === undefined) {
        out.data[at++] = value;
        continue;
      }
      if (!Number.isFinite(value)) throw notFinite(name, X, index);
      const place = places.get(value);
      if (place !== undefined) out.data[at + place] = 1;
      else if (this.unknown === 'error') throw unknownCategory(name, X, index, [...places.keys()]);
      at += places.size;
    }
  }

  inverse(X: Matrix, out: Matrix): void {
    let at = 0;
    for (let index = 0; index < out.data.length; index++) {
      const places = this.#places[index % out.cols];
      if (places === undefined) {
        out.data[index] = X.data[at++] as number;
        continue;
      }
      let category = Number.NaN;
      let largest = 0;
      for (const [known, place] of places) {
        const value = X.data[at + place] as number;
        if (value > largest) {
          largest = value;
          category = known;
        }
      }
      out.data[index] = category;
      at += places.size;
    }
  }

  toJSON() {
    const { inputColumns, columns, categories, unknown } = this;
    return {
      name: 'oneHotEncoder' as const,
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
  if (width <= mostColumns) return;
  throw blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected the categories of ${name} to make at most ${mostColumns} columns, got ${width}`,
  );
}

function unknownCategory(name: string, { data, cols }: Matrix, index: number, known: number[]): Error {
  const column = index % cols;
  const list = known.length > 10 ? `${known.slice(0, 10).join(', ')}, ...` : known.join(', ');
  return blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    `Expected ${name} to hold a category that was learned from column ${column} (${list}), ` +
      `got ${data[index]} at row ${Math.floor(index / cols)}`,
  );
}
