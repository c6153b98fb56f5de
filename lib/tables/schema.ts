import { countCodes, describeColumn } from '../addon/table-columns';
import {
  type AsyncOptions,
  asyncConstraints,
  inSlices,
  pinnedWork,
  type Work,
  workHere,
} from '../addon/work';
import { argumentError, type BlasnetError } from '../base/errors';
import { isIdentifier, recordType } from '../base/typescript';
import { checkNames, checkObject, checkOptions } from '../base/validate';
import { alignedTable, shareOf } from './aligned-table';
import { articleOf, cellError, isDate, isMissing, unknownColumn } from './build';
import { dateTime, exactInteger, integerOf } from './cells';
import { type Column, type ColumnKind, columnKindNames, mostTime } from './column';
import { parseTime } from './parse';
import type { Survey } from './request';
import type { Table } from './table';

/** What was learned about a column. */
export interface ColumnSchema {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The share of missing values, from 0 to 1. */
  readonly missing: number;
  /**
   * The texts of a category that occur, in the order in which they first came. Left out by a scan if there are more than
   * its `mostCategories`.
   */
  readonly categories?: readonly string[];
  /** The least finite number, or time in milliseconds since 1970. Left out if there is none. */
  readonly least?: number;
  /** The greatest finite number, or time. */
  readonly greatest?: number;
}

/** A schema as plain JSON. */
export interface SchemaJson {
  readonly columns: readonly ColumnSchema[];
  /** The names of the columns that are to be predicted. */
  readonly target: readonly string[];
}

/**
 * What a table's columns hold: names, order, kinds, categories, ranges, shares of missing values, and which columns are
 * the target. It is learned from a table, travels with a model, and says what a record must look like.
 */
export class Schema {
  readonly columns: readonly ColumnSchema[];
  readonly target: readonly string[];
  readonly #byName: ReadonlyMap<string, ColumnSchema>;

  private constructor(columns: readonly ColumnSchema[], target: readonly string[]) {
    this.columns = columns;
    this.target = target;
    this.#byName = new Map(columns.map((column) => [column.name, column]));
  }

  /**
   * Learns the schema of a table.
   *
   * @param target the names of the columns that are to be predicted
   * @throws RangeError ERR_BLASNET_UNKNOWN_NAME when a target is no column
   */
  static of(table: Table, target: string | readonly string[] = []): Schema {
    return workHere(Schema.learn(table, target));
  }

  /** Like `of`, on other threads. @throws like of(); AbortError when the signal ends it */
  static async ofAsync(
    table: Table,
    target: string | readonly string[] = [],
    options: AsyncOptions = {},
  ): Promise<Schema> {
    checkOptions('', options, asyncConstraints);
    const arrays = table.names.map((name) => table.column(name).values);
    return pinnedWork(Schema.learn(table, target), arrays, options);
  }

  /** @internal The work of `of`. @throws like of() */
  static *learn(table: Table, target: string | readonly string[] = []): Work<Schema> {
    const targets = targetsOf(target, (name) => table.column(name));
    const columns: ColumnSchema[] = [];
    for (const name of table.names) columns.push(yield* learn(name, table.column(name), table.rows));
    return new Schema(columns, targets);
  }

  /** @internal The schema of a scan: what its first pass has found. */
  static ofSurvey({ rows, columns }: Survey, target: string | readonly string[]): Schema {
    const learned = [...columns].map(([name, { kind, present, least, greatest, categories }]) => ({
      ...{ name, kind, missing: shareMissing(present, rows) },
      ...(categories === undefined ? {} : { categories: categories.texts }),
      ...rangeOf(least, greatest),
    }));
    const known = new Schema(learned, []);
    return new Schema(
      learned,
      targetsOf(target, (name) => known.column(name)),
    );
  }

  /** Reads what `toJSON` wrote. @throws TypeError or RangeError that names the wrong part */
  static fromJSON(json: SchemaJson): Schema {
    checkObject('schema', json);
    checkNames('schema', json, ['columns', 'target']);
    const { columns, target } = json;
    if (!Array.isArray(columns)) throw wrong('schema.columns', 'an array', columns);
    const read = columns.map((column, i) => readColumn(`schema.columns[${i}]`, column));
    const names = new Set(read.map(({ name }) => name));
    if (names.size < read.length) throw wrong('schema.columns', 'columns of different names', columns);
    if (
      !Array.isArray(target) ||
      !target.every((name) => names.has(name)) ||
      new Set(target).size < target.length
    ) {
      throw wrong('schema.target', 'an array of different names of columns', target);
    }
    return new Schema(read, [...target]);
  }

  /** The columns that are not the target. */
  get inputs(): readonly ColumnSchema[] {
    return this.columns.filter(({ name }) => !this.target.includes(name));
  }

  /**
   * The kinds of the input columns, by name, so that a further file is read as the first one was:
   * `readTable(path, { types: model.schema.types })`.
   */
  get types(): Readonly<Record<string, ColumnKind>> {
    return Object.fromEntries(this.inputs.map(({ name, kind }) => [name, kind]));
  }

  /** @throws RangeError ERR_BLASNET_UNKNOWN_NAME, with a guess, when there is no such column */
  column(name: string): ColumnSchema {
    const column = this.#byName.get(name);
    if (column !== undefined) return column;
    throw unknownColumn(String(name), [...this.#byName.keys()]);
  }

  toJSON(): SchemaJson {
    return { columns: this.columns, target: this.target };
  }

  /**
   * The type of a record without the target, as TypeScript's source.
   *
   * @example
   * console.log(schema.toTypeScript('Customer'));
   * // export interface Customer {
   * //   age: number | null;
   * //   city: 'Paris' | 'Rome';
   * // }
   */
  toTypeScript(name = 'Row'): string {
    if (typeof name !== 'string' || !isIdentifier(name)) throw wrong('name', 'a name of TypeScript', name);
    return recordType(name, this.inputs);
  }

  /** A table of the columns for people. */
  toString(): string {
    const head = ['column', 'kind', 'missing', 'values'];
    const lines = this.columns.map((column) => [
      this.target.includes(column.name) ? `${column.name} (target)` : column.name,
      column.kind,
      shareOf(column.missing),
      valuesOf(column),
    ]);
    return alignedTable([head, ...lines]);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const shownCategories = 5;

function valuesOf({ kind, categories, least, greatest }: ColumnSchema): string {
  if (kind === 'category') {
    if (categories === undefined) return 'many texts';
    const shown = categories.slice(0, shownCategories).map((text) => JSON.stringify(text));
    const more = categories.length - shown.length;
    return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
  }
  if (least === undefined || greatest === undefined) return '';
  const write = (value: number) => (kind === 'time' ? new Date(value).toISOString() : String(value));
  return `${write(least)} to ${write(greatest)}`;
}

function* learn(name: string, column: Column, rows: number): Work<ColumnSchema> {
  const { kind, values } = column;
  const { present, leastFinite, greatestFinite } = yield* describeColumn(values);
  const schema = { name, kind, missing: shareMissing(present, rows) };
  return kind === 'category'
    ? { ...schema, categories: yield* usedCategories(column as Column<'category'>) }
    : { ...schema, ...rangeOf(leastFinite, greatestFinite) };
}

function shareMissing(present: number, rows: number): number {
  return rows === 0 ? 0 : (rows - present) / rows;
}

// Codes, flags and gaps have no range: the least is infinity then.
function rangeOf(least: number, greatest: number): Pick<ColumnSchema, 'least' | 'greatest'> {
  // JSON has no -0, which a sum with 0 leaves out.
  return least > greatest ? {} : { least: least + 0, greatest: greatest + 0 };
}

/** The names of the target. `columnOf` throws for an unknown one. */
function targetsOf(target: string | readonly string[], columnOf: (name: string) => unknown): string[] {
  const names = typeof target === 'string' ? [target] : [...target];
  for (const name of names) columnOf(name);
  if (new Set(names).size < names.length) throw wrong('target', 'different names', names);
  return names;
}

// A part of a table has the categories of the whole.
function* usedCategories({ values, categories }: Column<'category'>): Work<readonly string[]> {
  const { order } = yield* countCodes(values, categories.length);
  const texts = new Array<string>(order.length);
  yield* inSlices(order.length, (from, to) => {
    for (let i = from; i < to; i++) texts[i] = categories[order[i] as number] as string;
  });
  return texts;
}

function readColumn(place: string, json: unknown): ColumnSchema {
  checkObject(place, json);
  checkNames(place, json, ['name', 'kind', 'missing', 'categories', 'least', 'greatest']);
  const { name, kind, missing, categories, least, greatest } = json;
  if (typeof name !== 'string') throw wrong(`${place}.name`, 'a string', name);
  if (!columnKindNames.includes(kind as ColumnKind)) {
    throw wrong(`${place}.kind`, `one of ${columnKindNames.join(', ')}`, kind);
  }
  if (!(typeof missing === 'number' && missing >= 0 && missing <= 1)) {
    throw wrong(`${place}.missing`, 'a share from 0 to 1', missing);
  }
  const isTexts = Array.isArray(categories) && categories.every((text) => typeof text === 'string');
  const fits = categories === undefined || (kind === 'category' && isTexts);
  if (!fits || (isTexts && new Set(categories).size < categories.length)) {
    throw wrong(`${place}.categories`, 'an array of different strings, of a category alone', categories);
  }
  const isTime = kind === 'time';
  const rule = isTime ? dateTime : 'a finite number';
  for (const [key, value] of Object.entries({ least, greatest })) {
    if (value === undefined) continue;
    if (kind !== 'number' && !isTime) throw wrong(`${place}.${key}`, 'left out for this kind', value);
    const holds = typeof value === 'number' && Math.abs(value) <= (isTime ? mostTime : Number.MAX_VALUE);
    if (!holds) throw wrong(`${place}.${key}`, rule, value);
  }
  if ((least === undefined) !== (greatest === undefined) || Number(least) > Number(greatest)) {
    throw wrong(`${place}.least`, `no greater than ${place}.greatest, or both left out`, least);
  }
  return { ...(json as unknown as ColumnSchema), ...(isTexts ? { categories: [...categories] } : {}) };
}

function wrong(name: string, rule: string, value: unknown): BlasnetError {
  const isType = value === undefined || value === null || typeof value === 'object';
  return argumentError(isType ? 'ERR_BLASNET_ARG_TYPE' : 'ERR_BLASNET_ARG_VALUE', name, rule, value);
}

/** The raw number of a cell that is missing, and of a text that is no known category. */
export const gap = Number.NaN;
export const unseen = -1;

/**
 * How to read a cell of a record as a number: a number itself, a time in milliseconds, 0 or 1 of a boolean, the index of
 * a category. It takes only values of the column's kind: a string is no number. A time may be a Date, a text of ISO 8601
 * or its milliseconds.
 */
export function cellReader({
  name,
  kind,
  categories = [],
}: ColumnSchema): (value: unknown, row: number) => number {
  const wrongCell = (value: unknown, row: number) => cellError(row, name, articleOf(kind), value);
  switch (kind) {
    case 'number':
      return (value, row) => {
        if (typeof value === 'number') return value;
        if (isMissing(value)) return gap;
        if (typeof value === 'bigint') {
          const number = integerOf(value);
          if (number !== undefined) return number;
          throw cellError(row, name, exactInteger, value);
        }
        throw wrongCell(value, row);
      };
    case 'category': {
      const index = new Map(categories.map((text, i) => [text, i]));
      return (value, row) => {
        if (typeof value === 'string' && value !== '') return index.get(value) ?? unseen;
        if (isMissing(value)) return gap;
        throw wrongCell(value, row);
      };
    }
    case 'boolean':
      return (value, row) => {
        if (typeof value === 'boolean') return value ? 1 : 0;
        if (isMissing(value)) return gap;
        throw wrongCell(value, row);
      };
    default:
      return (value, row) => {
        if (typeof value === 'number') return value;
        if (isMissing(value)) return gap;
        if (isDate(value)) return value.getTime();
        const time = typeof value === 'string' ? parseTime(value) : undefined;
        if (time !== undefined) return time;
        throw wrongCell(value, row);
      };
  }
}
