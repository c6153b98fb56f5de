// From JavaScript's values to columns.

import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { didYouMean } from '../base/validate';
import { dateTime, exactInteger, integerOf } from './cells';
import { type Column, type ColumnKind, columnOf, givenCategories, missingValues, mostTime } from './column';
import { parseBoolean, parseNumber, parseTime } from './parse';

const articles: Readonly<Record<ColumnKind, string>> = {
  number: 'a number',
  category: 'a text',
  boolean: 'a boolean',
  time: 'a time',
};

/** The kind of value that a column of the kind holds: "a number". */
export function articleOf(kind: ColumnKind): string {
  return articles[kind];
}

/** A place in an error: `row 17, column "age"`. */
export function placeOf(row: number, name: string): string {
  return `row ${row}, column ${JSON.stringify(name)}`;
}

/** The error for a value that does not fit its column. */
export function cellError(row: number, name: string, rule: string, value: unknown, hint = ''): BlasnetError {
  const code =
    typeof value === 'string' || typeof value === 'number' ? 'ERR_BLASNET_ARG_VALUE' : 'ERR_BLASNET_ARG_TYPE';
  return Object.assign(argumentError(code, placeOf(row, name), rule, value, hint), { row, column: name });
}

/**
 * Builds a column of values of any kind. Its kind is that of its first value that is not missing, unless it is stated.
 * Missing are null, undefined, NaN, an empty text and an invalid Date.
 */
export class ColumnBuilder {
  readonly name: string;
  readonly #rows: number;
  readonly #stated: boolean;
  #kind: ColumnKind | undefined;
  #values: Float64Array | Int32Array | Int8Array | undefined;
  // The row that decided on the kind.
  #first = 0;
  readonly #codes = new Map<string, number>();
  readonly #before: number;

  /**
   * @param rows of the column; rows that are not set are missing
   * @param before the rows of the table before those of this part, for errors
   */
  constructor(name: string, rows: number, stated?: ColumnKind, before = 0) {
    this.name = name;
    this.#rows = rows;
    this.#before = before;
    this.#stated = stated !== undefined;
    if (stated !== undefined) this.#decide(stated);
  }

  /** @throws TypeError or RangeError that names row and column */
  set(row: number, value: unknown): void {
    if (isMissing(value)) return;
    const kind = this.#kind ?? this.#decideBy(row, value);
    const number = this.#stated ? this.#convert(row, value, kind) : this.#take(row, value, kind);
    (this.#values as Float64Array)[row] = number;
  }

  /** The column. A column without any value is one of missing numbers. */
  done(): Column {
    if (this.#kind === undefined) this.#decide('number');
    const kind = this.#kind as ColumnKind;
    const categories = kind === 'category' ? givenCategories([...this.#codes.keys()]) : undefined;
    return columnOf(kind, this.#values as Float64Array, categories);
  }

  #decide(kind: ColumnKind): void {
    this.#kind = kind;
    this.#values = missingValues(kind, this.#rows);
  }

  #decideBy(row: number, value: unknown): ColumnKind {
    const kind = kindOf(value);
    if (kind === undefined) {
      const hint =
        typeof value === 'object' ? '; a cell holds one value: give nested values columns of their own' : '';
      throw cellError(
        this.#before + row,
        this.name,
        'a number, a string, a boolean, a Date or null',
        value,
        hint,
      );
    }
    this.#first = row;
    this.#decide(kind);
    return kind;
  }

  #take(row: number, value: unknown, kind: ColumnKind): number {
    if (kindOf(value) !== kind) {
      const name = JSON.stringify(this.name);
      throw cellError(
        this.#before + row,
        this.name,
        `${articles[kind]}, like row ${this.#before + this.#first}`,
        value,
        `; to read the whole column as texts, write types: { ${name}: 'category' }`,
      );
    }
    if (kind === 'category') return this.#codeOf(value as string);
    return this.#number(row, value as number | bigint | boolean | Date);
  }

  // A kind that is stated also takes what can be read as such.
  #convert(row: number, value: unknown, kind: ColumnKind): number {
    const { name } = this;
    if (kind === 'category') {
      if (kindOf(value) === undefined) throw cellError(this.#before + row, name, articles.category, value);
      return this.#codeOf(value instanceof Date ? value.toISOString() : String(value));
    }
    let number: number | undefined;
    if (typeof value === 'string') {
      const read = { number: parseNumber, boolean: parseBoolean, time: parseTime }[kind];
      number = read(value.trim());
    } else if (kind === 'boolean') {
      if (value === true || value === 1) number = 1;
      if (value === false || value === 0) number = 0;
    } else if (
      kindOf(value) === kind ||
      kindOf(value) === 'number' ||
      (kind === 'number' && kindOf(value) === 'boolean')
    ) {
      number = this.#number(row, value as number | bigint | boolean | Date);
    }
    if (number === undefined) throw cellError(this.#before + row, name, articles[kind], value);
    return number;
  }

  #number(row: number, value: number | bigint | boolean | Date): number {
    const number = Number(value);
    if (typeof value === 'bigint' && integerOf(value) === undefined) {
      throw cellError(this.#before + row, this.name, exactInteger, value);
    }
    if (this.#kind === 'time' && !(Math.abs(number) <= mostTime)) {
      throw cellError(this.#before + row, this.name, dateTime, value);
    }
    return number;
  }

  #codeOf(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#codes.size;
      this.#codes.set(text, code);
    }
    return code;
  }
}

/** Whether a value is a gap: null, undefined, NaN, an empty text, an invalid Date. */
export function isMissing(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (typeof value === 'number') return Number.isNaN(value);
  return isDate(value) && Number.isNaN(value.getTime());
}

function kindOf(value: unknown): ColumnKind | undefined {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return 'number';
    case 'string':
      return 'category';
    case 'boolean':
      return 'boolean';
    default:
      return isDate(value) ? 'time' : undefined;
  }
}

/** Whether a value is a Date. One of another realm is one, too. */
export function isDate(value: unknown): value is Date {
  if (typeof value !== 'object') return false;
  return value instanceof Date || Object.prototype.toString.call(value) === '[object Date]';
}

/** The error for a name that none of these columns has. `where` is the option that has the name. */
export function unknownColumn(name: string, names: readonly string[], where = ''): BlasnetError {
  const guess = didYouMean(name, names.slice(0, 100));
  return blasnetError('ERR_BLASNET_UNKNOWN_NAME', `Unknown column ${JSON.stringify(name)}${where}${guess}`);
}

/** The error for a column whose length differs from the table's. */
export function lengthError(name: string, length: number, rows: number, first: string): BlasnetError {
  return blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected column ${JSON.stringify(name)} to have ${rows} values, like column ${JSON.stringify(first)}, got ${length}`,
  );
}
