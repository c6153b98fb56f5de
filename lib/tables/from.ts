// The forms in which a table may be given, and how each becomes columns.

import { inSlices, type Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { type Constraint, check, checkOptions, oneOf } from '../base/validate';
import { ColumnBuilder, lengthError, unknownColumn } from './build';
import { Column, type ColumnKind, columnKindNames, columnOf } from './column';
import { tooManyGaps } from './limits';

/** The values of a column. */
export type ColumnData = Column | ArrayLike<unknown>;

/** Apache Arrow's Table, as far as it is read. */
export interface ArrowLike {
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type?: unknown }[] };
  readonly numRows: number;
  getChild(name: string): ArrowVectorLike | null;
}

/** Apache Arrow's Vector, as far as it is read. */
export interface ArrowVectorLike {
  readonly length: number;
  readonly nullCount: number;
  get(index: number): unknown;
  toArray(): unknown;
}

/** A DataFrame of polars or danfo, as far as it is read. */
export interface FrameLike {
  readonly columns: readonly string[];
  /** polars */
  getColumn?(name: string): { toArray(): ArrayLike<unknown> };
  /** danfo */
  column?(name: string): { readonly values: ArrayLike<unknown> };
}

export type TableData =
  | readonly object[]
  | Readonly<Record<string, ColumnData>>
  | ReadonlyMap<string, ColumnData>
  | ArrowLike
  | FrameLike;

export interface FromOptions {
  /**
   * The kind of a column, by name. Then values are converted: '12.5' to a number, '2024-05-01' to a time, 7 to the text
   * '7'. A value that cannot be converted is an error. @default the kind of the column's first value
   */
  readonly types?: Readonly<Record<string, ColumnKind>>;
}

export interface TableParts {
  readonly columns: ReadonlyMap<string, Column>;
  readonly rows: number;
}

/** The rule of the option `types`. */
export const kindsByName: Constraint = {
  rule: 'an object of kinds by column name',
  accepts: (value) => isObject(value) && !Array.isArray(value) && !(value instanceof Map),
  optional: true,
};

const constraints = {
  types: kindsByName,
};

/** The columns of a table. Large ones are read in slices. */
export function* tableParts(data: TableData, options: FromOptions): Work<TableParts> {
  checkOptions('', options, constraints);
  const types = checkTypes(options.types);
  const parts = yield* partsOf(data, types);
  const { columns } = parts;
  if (columns.size === 0)
    throw blasnetError('ERR_BLASNET_SHAPE', 'Expected a table to have at least one column, got 0');
  checkKnown({ types }, [...columns.keys()]);
  return parts;
}

/** Checks the kinds that a user states. */
export function checkTypes(types: FromOptions['types'] = {}): ReadonlyMap<string, ColumnKind> {
  for (const [name, kind] of Object.entries(types)) {
    check(`types[${JSON.stringify(name)}]`, kind, oneOf(columnKindNames), 'ERR_BLASNET_UNKNOWN_NAME');
  }
  return new Map(Object.entries(types));
}

/** Throws for columns that do not exist: some whose kind is stated, or that are asked for. */
export function checkKnown(
  { types, columns = [] }: { readonly types: Types; readonly columns?: readonly string[] | undefined },
  names: readonly string[],
): void {
  const known = new Set(names);
  for (const [option, given] of Object.entries({ types: types.keys(), columns })) {
    for (const name of given) {
      if (!known.has(name)) throw unknownColumn(name, names, ` in ${option}`);
    }
  }
}

type Types = ReadonlyMap<string, ColumnKind>;

function partsOf(data: unknown, types: Types): Work<TableParts> {
  if (Array.isArray(data)) return fromRecords(data, types);
  if (data instanceof Map) return fromColumns([...data], types);
  if (isArrow(data)) return fromArrow(data, types);
  if (isFrame(data)) return fromFrame(data, types);
  if (isObject(data) && !ArrayBuffer.isView(data)) return fromColumns(Object.entries(data as object), types);
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'data', 'an array of records or an object of columns', data);
}

function* fromRecords(records: readonly unknown[], types: Types): Work<TableParts> {
  const rows = records.length;
  if (rows === 0) throw blasnetError('ERR_BLASNET_SHAPE', 'Expected data to have at least one record, got 0');
  const builders = new Map<string, ColumnBuilder>();
  const read = (from: number, to: number): number => {
    let count = 0;
    for (let row = from; row < to; row++) {
      const record = records[row];
      if (!isObject(record) || Array.isArray(record)) {
        throw argumentError(
          'ERR_BLASNET_ARG_TYPE',
          `data[${row}]`,
          'a record: an object of values by column name',
          record,
        );
      }
      const values = record as Readonly<Record<string, unknown>>;
      const names = Object.keys(values);
      count += names.length;
      for (const name of names) {
        let builder = builders.get(name);
        if (builder === undefined) {
          builder = new ColumnBuilder(name, rows, types.get(name));
          builders.set(name, builder);
        }
        builder.set(row, values[name]);
      }
    }
    return count;
  };
  let values = 0;
  yield* inSlices(
    rows,
    (from, to) => {
      values += read(from, to);
      if (tooManyGaps(to, builders.size, values)) throw gapsError(to, builders.size, values);
    },
    8,
  );
  return { rows, columns: new Map([...builders].map(([name, builder]) => [name, builder.done()])) };
}

function gapsError(rows: number, columns: number, values: number): BlasnetError {
  const found = `${rows} records with ${columns} keys, of which ${values} cells have a value`;
  return blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected records to have keys in common, got ${found}: nearly all cells would be gaps`,
  );
}

function* fromColumns(entries: readonly (readonly [unknown, unknown])[], types: Types): Work<TableParts> {
  const columns = new Map<string, Column>();
  let rows = 0;
  let first = '';
  for (const [name, data] of entries) {
    if (typeof name !== 'string')
      throw argumentError('ERR_BLASNET_ARG_TYPE', "a column's name", 'a string', name);
    const column = yield* columnFrom(name, data, types.get(name));
    if (columns.size === 0) {
      rows = column.length;
      first = name;
    }
    if (column.length !== rows) throw lengthError(name, column.length, rows, first);
    if (columns.has(name)) {
      throw argumentError(
        'ERR_BLASNET_ARG_VALUE',
        'data',
        'a table whose columns have different names',
        name,
      );
    }
    columns.set(name, column);
  }
  return { columns, rows };
}

/** A column of values of any form. A Float64Array is taken as it is. `before` are the rows before these, for errors. */
export function* columnFrom(
  name: string,
  data: unknown,
  kind: ColumnKind | undefined,
  before = 0,
): Work<Column> {
  if (data instanceof Column && (kind === undefined || kind === data.kind)) return data;
  if (data instanceof Float64Array && (kind === undefined || kind === 'number')) {
    return columnOf('number', data);
  }
  if (data instanceof Column) return yield* built(name, data.length, kind, (row) => data.at(row), before);
  const list = Array.isArray(data) || (ArrayBuffer.isView(data) && !(data instanceof DataView));
  if (!list) {
    const rule = 'an array, a typed array or a Column';
    throw argumentError('ERR_BLASNET_ARG_TYPE', `column ${JSON.stringify(name)}`, rule, data);
  }
  return yield* built(
    name,
    (data as ArrayLike<unknown>).length,
    kind,
    (row) => (data as ArrayLike<unknown>)[row],
    before,
  );
}

function* built(
  name: string,
  rows: number,
  kind: ColumnKind | undefined,
  cellOf: (row: number) => unknown,
  before = 0,
): Work<Column> {
  const builder = new ColumnBuilder(name, rows, kind, before);
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) builder.set(row, cellOf(row));
  });
  return builder.done();
}

function* fromArrow(table: ArrowLike, types: Types): Work<TableParts> {
  const columns = new Map<string, Column>();
  for (const { name, type } of table.schema.fields) {
    const vector = table.getChild(name);
    if (vector === null || columns.has(name)) {
      const rule = 'an Arrow table whose columns have different names';
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'data', rule, name);
    }
    const column = yield* fromVector(name, vector, isArrowTime(type), types.get(name));
    if (column.length !== table.numRows) {
      const rule = `an Arrow table of ${table.numRows} rows in each column`;
      throw argumentError('ERR_BLASNET_SHAPE', 'data', rule, column.length, ` in ${JSON.stringify(name)}`);
    }
    columns.set(name, column);
  }
  return { columns, rows: table.numRows };
}

function* fromVector(
  name: string,
  vector: ArrowVectorLike,
  isTime: boolean,
  stated: ColumnKind | undefined,
): Work<Column> {
  const kind = stated ?? (isTime ? 'time' : undefined);
  if (vector.nullCount === 0 && kind === undefined) {
    const values = vector.toArray();
    if (values instanceof Float64Array) return columnOf('number', values);
  }
  return yield* built(name, vector.length, kind, (row) => vector.get(row));
}

// Arrow's Timestamp and Date: their vectors have the milliseconds of a value.
function isArrowTime(type: unknown): boolean {
  return /^(Timestamp|Date)/.test(String(type));
}

function* fromFrame(frame: FrameLike, types: Types): Work<TableParts> {
  const entries = frame.columns.map((name) => {
    const values =
      frame.getColumn === undefined ? frame.column?.(name).values : frame.getColumn(name).toArray();
    return [name, values] as const;
  });
  return yield* fromColumns(entries, types);
}

function isArrow(value: unknown): value is ArrowLike {
  if (!isObject(value)) return false;
  const { schema, getChild } = value as Partial<ArrowLike>;
  return typeof getChild === 'function' && Array.isArray(schema?.fields);
}

function isFrame(value: unknown): value is FrameLike {
  if (!isObject(value)) return false;
  const { columns, getColumn, column } = value as Partial<FrameLike>;
  return Array.isArray(columns) && (typeof getColumn === 'function' || typeof column === 'function');
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
