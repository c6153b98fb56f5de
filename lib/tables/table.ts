import { type AsyncOptions, asyncConstraints, pinnedWork, type Work, workHere } from '../addon/work';
import { argumentError } from '../base/errors';
import { recognise } from '../base/recognise';
import { check, checkOptions, integerFrom } from '../base/validate';
import { unknownColumn } from './build';
import { type Cell, Column, type ColumnKind } from './column';
import { describeTable, type TableDescription } from './describe';
import { type FromOptions, type TableData, tableParts } from './from';
import { checkSplit, splitRows, type TableSplitAsyncOptions, type TableSplitOptions } from './split';
import { takeColumns } from './take';

/** A row of a table, by column name. A missing value is null. */
export type TableRecord = Record<string, Cell>;

/** The two parts of a table. */
export interface TableParts {
  readonly train: Table;
  readonly test: Table;
}

/** The columns of a table by name. */
type ColumnMap = ReadonlyMap<string, Column>;

/**
 * Named columns of equal length. A table never changes; its methods return new tables, which share the columns that are
 * equal. It is what `Classifier` and `Regressor` learn from, not a data-frame library.
 *
 * @example
 * const table = Table.from([{ age: 31, city: 'Paris' }, { age: null, city: 'Rome' }]);
 * table.rows; // 2
 * table.column('age').values; // Float64Array [31, NaN]
 */
export class Table {
  static {
    recognise(Table, 'Table');
  }

  readonly rows: number;
  readonly #columns: ColumnMap;

  /** @internal Use `Table.from` or `readTable`. */
  constructor(columns: ColumnMap, rows: number) {
    this.#columns = columns;
    this.rows = rows;
  }

  /**
   * Makes a table of records, of columns, or of another library's table.
   *
   * - Records: an array of objects. The columns are all their keys, in the order in which they come. A record without a
   *   key has a missing value there.
   * - Columns: an object of arrays, typed arrays or `Column`s of equal length. A Float64Array is not copied.
   * - A table of Apache Arrow, polars or danfo.
   *
   * The values of a column are numbers (or bigints), strings, booleans or Dates. Missing are null, undefined, NaN, an
   * empty string and an invalid Date.
   *
   * @throws TypeError or RangeError that names row and column, for a value of another kind than the column's others;
   *   ERR_BLASNET_SHAPE for columns of different lengths or no columns
   */
  static from(data: TableData, options: FromOptions = {}): Table {
    return workHere(Table.#make(data, options));
  }

  static *#make(data: TableData, options: FromOptions): Work<Table> {
    const { columns, rows } = yield* tableParts(data, options);
    return new Table(columns, rows);
  }

  /** The names of the columns, in order. */
  get names(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** Whether there is a column of this name. */
  has(name: string): boolean {
    return this.#columns.has(name);
  }

  /** @throws RangeError ERR_BLASNET_UNKNOWN_NAME, with a guess, when there is no such column */
  column(name: string): Column;
  column<K extends ColumnKind>(name: string, kind: K): Column<K>;
  column(name: string, kind?: ColumnKind): Column {
    const column = this.#columns.get(name);
    if (column === undefined) throw this.#unknown(name);
    if (kind !== undefined && column.kind !== kind) {
      throw argumentError(
        'ERR_BLASNET_ARG_TYPE',
        `column ${JSON.stringify(name)}`,
        `of the kind ${kind}`,
        column.kind,
      );
    }
    return column;
  }

  /** The table of these columns, in this order. @throws RangeError ERR_BLASNET_UNKNOWN_NAME */
  select(names: readonly string[]): Table {
    return new Table(new Map(this.#checkNames(names).map((name) => [name, this.column(name)])), this.rows);
  }

  /** The table without these columns. @throws RangeError ERR_BLASNET_UNKNOWN_NAME */
  without(names: readonly string[]): Table {
    const left = new Set(this.#checkNames(names));
    return new Table(new Map([...this.#columns].filter(([name]) => !left.has(name))), this.rows);
  }

  /**
   * The rows from `start` up to, but without, `end`. Negative numbers count from the end, as in `Array.slice`. The values
   * are views, not copies.
   */
  slice(start = 0, end = this.rows): Table {
    const columns = new Map<string, Column>();
    for (const [name, column] of this.#columns) {
      columns.set(name, new Column(column.kind, column.values.subarray(start, end), column.dictionary));
    }
    return new Table(columns, numberOfRows(start, end, this.rows));
  }

  /**
   * The rows at these indices, in this order; a row may come more than once.
   *
   * @throws RangeError ERR_BLASNET_ARG_VALUE for an index that is no row
   */
  take(index: Uint32Array | readonly number[]): Table {
    return workHere(this.#take(index));
  }

  /** Like `take`, but copies on other threads. @throws like take(); AbortError when the signal ends it */
  async takeAsync(index: Uint32Array | readonly number[], options: AsyncOptions = {}): Promise<Table> {
    checkOptions('', options, asyncConstraints);
    return pinnedWork(this.#take(index), this.#arrays(), options);
  }

  *#take(index: Uint32Array | readonly number[]): Work<Table> {
    return new Table(yield* takeColumns(this.#columns, this.rows, index), index.length);
  }

  /**
   * Splits the rows into a part to train with and a part to test with: at random, by equal shares of a column's values, by
   * groups that stay together, or by time. Rows and order are those of scikit-learn's `train_test_split` with
   * `random_state=seed`; groups are those of its `GroupShuffleSplit` if it numbers them in the order of the rows.
   *
   * @throws RangeError ERR_BLASNET_UNKNOWN_NAME, ERR_BLASNET_SHAPE, ERR_BLASNET_ARG_VALUE, also for gaps in the column
   */
  split(options: TableSplitOptions = {}): TableParts {
    checkSplit(options, false);
    return workHere(this.#split(options));
  }

  /** Like `split`, but copies rows on other threads. @throws like split(); AbortError when the signal ends it */
  async splitAsync(options: TableSplitAsyncOptions = {}): Promise<TableParts> {
    checkSplit(options, true);
    return pinnedWork(this.#split(options), this.#arrays(), options);
  }

  *#split(options: TableSplitOptions): Work<TableParts> {
    const { trainIndex, testIndex } = yield* splitRows(this.rows, (name) => this.column(name), options);
    return { train: yield* this.#take(trainIndex), test: yield* this.#take(testIndex) };
  }

  /** What each column holds: kind, missing values, categories, least, greatest and mean value. */
  describe(): TableDescription {
    return workHere(describeTable(this.#columns, this.rows));
  }

  /** Like `describe`, on other threads. @throws AbortError when the signal ends it */
  async describeAsync(options: AsyncOptions = {}): Promise<TableDescription> {
    checkOptions('', options, asyncConstraints);
    return pinnedWork(describeTable(this.#columns, this.rows), this.#arrays(), options);
  }

  #arrays(): readonly (Float64Array | Int32Array | Int8Array)[] {
    return [...this.#columns.values()].map(({ values }) => values);
  }

  /** A row as an object. @throws RangeError ERR_BLASNET_ARG_VALUE outside the table */
  record(row: number): TableRecord {
    if (!(Number.isInteger(row) && row >= 0 && row < this.rows)) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'row', `an integer from 0 to ${this.rows - 1}`, row);
    }
    const record: TableRecord = {};
    for (const [name, column] of this.#columns) {
      const value = column.at(row);
      // An assignment would set the prototype.
      if (name === '__proto__') {
        Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
      } else {
        record[name] = value;
      }
    }
    return record;
  }

  /** The rows as objects. Times are Dates, missing values null. */
  toRecords(): TableRecord[] {
    return Array.from({ length: this.rows }, (_, row) => this.record(row));
  }

  /** The records, for `JSON.stringify`: times become texts. */
  toJSON(): TableRecord[] {
    return this.toRecords();
  }

  *[Symbol.iterator](): Generator<TableRecord> {
    for (let row = 0; row < this.rows; row++) yield this.record(row);
  }

  /** One line: `Table (891 rows): age number, sex category (2), ...`. */
  toString(): string {
    const columns = [...this.#columns].map(([name, { kind, dictionary }]) =>
      dictionary === undefined ? `${name} ${kind}` : `${name} ${kind} (${dictionary.size})`,
    );
    const shown = columns.length > 20 ? [...columns.slice(0, 20), `${columns.length - 20} more`] : columns;
    return `Table (${this.rows} rows): ${shown.join(', ')}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #checkNames(names: readonly string[]): readonly string[] {
    if (!Array.isArray(names))
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'names', 'an array of column names', names);
    const seen = new Set<string>();
    for (const name of names) {
      if (!this.#columns.has(name)) throw this.#unknown(name);
      if (seen.has(name)) throw argumentError('ERR_BLASNET_ARG_VALUE', 'names', 'different names', name);
      seen.add(name);
    }
    return names;
  }

  #unknown(name: unknown): Error {
    if (typeof name !== 'string')
      return argumentError('ERR_BLASNET_ARG_TYPE', 'name', "a column's name", name);
    return unknownColumn(name, this.names);
  }
}

function numberOfRows(start: number, end: number, rows: number): number {
  check('start', start, integerFrom(Number.MIN_SAFE_INTEGER, 'an integer'));
  check('end', end, integerFrom(Number.MIN_SAFE_INTEGER, 'an integer'));
  const from = start < 0 ? Math.max(0, rows + start) : Math.min(rows, start);
  const to = end < 0 ? Math.max(0, rows + end) : Math.min(rows, end);
  return Math.max(0, to - from);
}
