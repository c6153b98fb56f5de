import { native } from '../addon/binding';
import { newOutcome, type Outcome, readOutcome, statusCodes } from '../addon/outcome';
import type { NativeTableEncoder } from '../addon/table-encoder';
import type { Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { allocate, type Dtype, type FloatArray, Matrix } from '../base/matrix';
import { articleOf, cellError, isMissing, placeOf } from '../tables/build';
import type { Column } from '../tables/column';
import { type ColumnSchema, cellReader, type Schema } from '../tables/schema';
import type { Table } from '../tables/table';
import { checkKind, type Encoding, encodingOf } from './encodings';
import type { InputsOptions } from './inputs';
import { type LearnedColumn, learnCategories, learnNumbers, type Part } from './learn-part';

/** A record: values by column name. */
export type RecordLike = Readonly<Record<string, unknown>>;

/** What a network takes: its inputs, and the codes of the columns that it embeds. */
export interface EncodedRows {
  /** (rows, width) */
  readonly numbers: Matrix;
  /** (rows x embeddings) */
  readonly codes: Int32Array;
}

/** What `LearnedInputs` writes in JSON. */
export interface LearnedInputsJson {
  readonly columns: readonly LearnedColumn[];
  readonly unseen: 'zeros' | 'error';
}

/**
 * How the columns of a table become the inputs of a network, as it was learned from training data: by table, by records
 * or by one record, with equal bits.
 */
export class LearnedInputs {
  readonly columns: readonly LearnedColumn[];
  readonly #unseen: 'zeros' | 'error';
  readonly #schemas: readonly ColumnSchema[];
  readonly #readers: readonly ((value: unknown, row: number) => number)[];
  readonly #encoder: NativeTableEncoder;
  readonly #outcome = newOutcome();
  /** The number of inputs, without those of embeddings. */
  readonly width: number;
  /** The embeddings of a network's first layer. */
  readonly embeddings: readonly { readonly categories: number; readonly outputDim: number }[];

  private constructor(columns: readonly LearnedColumn[], unseen: 'zeros' | 'error', schema: Schema) {
    this.columns = columns;
    this.#unseen = unseen;
    this.#schemas = columns.map(({ name, categories }) => ({
      ...schema.column(name),
      ...(categories === undefined ? {} : { categories }),
    }));
    this.#readers = this.#schemas.map(cellReader);
    this.embeddings = columns.flatMap(({ categories, outputDim }) =>
      outputDim === undefined ? [] : [{ categories: (categories as readonly string[]).length, outputDim }],
    );
    this.width = columns.reduce(
      (sum, { parts }) => sum + parts.reduce((own, part) => own + widthOf(part), 0),
      0,
    );
    const parts = columns.flatMap((column, i) => column.parts.map((part) => ({ ...part, column: i })));
    this.#encoder = new native.TableEncoder({
      outcome: this.#outcome,
      columns: columns.length,
      parts: Int32Array.from(
        parts.flatMap(({ type, column, numbers }) => [native.encoderParts[type], column, numbers.length]),
      ),
      numbers: Float64Array.from(parts.flatMap(({ numbers }) => numbers)),
      refuseUnknown: unseen === 'error',
    });
  }

  /** Learns from the columns of a table that are not the schema's target. */
  static *learn(table: Table, schema: Schema, options: InputsOptions): Work<LearnedInputs> {
    for (const name of Object.keys(options.columns ?? {})) schema.column(name);
    const columns: LearnedColumn[] = [];
    for (const column of schema.inputs) {
      const { parts, ...learned } = yield* learnColumn(column, table.column(column.name), options);
      const indicator: Part[] =
        (options.missing ?? 'indicator') === 'indicator' &&
        column.missing > 0 &&
        column.missing < 1 &&
        parts.length > 0
          ? [{ type: 'missing', numbers: [] }]
          : [];
      if (parts.length > 0) columns.push({ name: column.name, ...learned, parts: [...parts, ...indicator] });
    }
    if (columns.length === 0) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        'Expected the table to have a column that differs from row to row, besides the target',
      );
    }
    return new LearnedInputs(columns, options.unseen ?? 'zeros', schema);
  }

  static fromJSON({ columns, unseen }: LearnedInputsJson, schema: Schema): LearnedInputs {
    return new LearnedInputs(columns, unseen, schema);
  }

  toJSON(): LearnedInputsJson {
    return { columns: this.columns, unseen: this.#unseen };
  }

  /** Encodes the rows of a table. Its other columns are ignored. */
  *encode(table: Table, dtype: Dtype): Work<EncodedRows> {
    const given = this.#schemas.map((schema) => rawColumn(schema, table));
    return yield* this.#run(
      given.map(({ values }) => values),
      given.map(({ known }) => known),
      table.rows,
      dtype,
      (column, row) => table.column((this.#schemas[column] as ColumnSchema).name).at(row),
    );
  }

  /** Encodes records. */
  *encodeRecords(records: readonly RecordLike[], dtype: Dtype): Work<EncodedRows> {
    const rows = records.length;
    const raw = this.#schemas.map(() => new Float64Array(rows));
    for (let row = 0; row < rows; row++) {
      const record = records[row] as RecordLike;
      for (let i = 0; i < raw.length; i++) (raw[i] as Float64Array)[row] = this.#read(record, i, row);
    }
    const none = raw.map(() => null);
    return yield* this.#run(
      raw,
      none,
      rows,
      dtype,
      (column, row) => (records[row] as RecordLike)[(this.#schemas[column] as ColumnSchema).name],
    );
  }

  /** Makes a function that encodes one record into arrays that it returns each time. */
  rowEncoder(out: FloatArray, codes: Int32Array): (record: RecordLike) => void {
    const raw = new Float64Array(this.#schemas.length);
    const encoder = this.#encoder;
    return (record) => {
      for (let i = 0; i < raw.length; i++) raw[i] = this.#read(record, i, 0);
      encoder.encodeRow(raw, out, codes);
      if (this.#outcome[0] !== statusCodes.done) {
        const outcome = readOutcome(this.#outcome);
        throw this.#error(outcome, record[(this.#schemas[outcome.layer] as ColumnSchema).name]);
      }
    };
  }

  #read(record: RecordLike, i: number, row: number): number {
    const { name } = this.#schemas[i] as ColumnSchema;
    const value = record[name];
    if (value === undefined && !(name in record)) {
      throw blasnetError(
        'ERR_BLASNET_ARG_VALUE',
        `Expected row ${row} to have the column ${JSON.stringify(name)}; write null where a value is missing`,
      );
    }
    return (this.#readers[i] as (value: unknown, row: number) => number)(value, row);
  }

  *#run(
    columns: readonly (Float64Array | Int32Array | Int8Array)[],
    known: readonly (Int32Array | null)[],
    rows: number,
    dtype: Dtype,
    valueAt: (column: number, row: number) => unknown,
  ): Work<EncodedRows> {
    const out = allocate(rows * this.width, dtype);
    const codes = new Int32Array(rows * this.embeddings.length);
    const object = this.#encoder;
    const given = { columns, known, rows, out, codes };
    yield {
      object,
      start: (callback) => object.encode(given, callback),
      brief: rows * columns.length <= 2 ** 13,
    };
    const outcome = readOutcome(this.#outcome);
    if (outcome.status !== statusCodes.done)
      throw this.#error(outcome, valueAt(outcome.layer, outcome.index));
    return { numbers: new Matrix(out, rows, this.width), codes };
  }

  #error({ status, index, layer }: Outcome, value: unknown): BlasnetError {
    const { name, categories = [] } = this.#schemas[layer] as ColumnSchema;
    if (status === statusCodes.inputNotFinite) {
      return argumentError('ERR_BLASNET_NOT_FINITE', placeOf(index, name), 'a finite number, or null', value);
    }
    const shown = categories.slice(0, 5).map((text) => JSON.stringify(text));
    const rule = `one of the ${categories.length} categories that were learned (${shown.join(', ')}${categories.length > 5 ? ', ...' : ''})`;
    return cellError(index, name, rule, value);
  }
}

function widthOf({ type, numbers }: Part): number {
  if (type === 'code') return 0;
  if (type === 'cyclic') return 2;
  if (type === 'oneHot') return numbers[0] as number;
  return type === 'piecewise' ? numbers.length - 2 : 1;
}

// More categories are embedded.
const mostOneHot = 9;

function encodingFor(
  { name, kind, categories = [] }: ColumnSchema,
  options: InputsOptions,
): readonly Encoding[] {
  const own =
    options.columns !== undefined && Object.hasOwn(options.columns, name) ? options.columns[name] : undefined;
  const byKind = {
    number: options.numbers,
    category: options.categories,
    time: options.times,
    boolean: undefined,
  }[kind];
  const option = own ?? byKind;
  if (option !== undefined) {
    const place =
      own === undefined
        ? `inputs.${kind === 'number' ? 'numbers' : kind === 'time' ? 'times' : 'categories'}`
        : `inputs.columns[${JSON.stringify(name)}]`;
    const encoding = encodingOf(place, option);
    checkKind(place, encoding, kind);
    return [encoding];
  }
  if (kind === 'number') return [{ encode: 'robust' }];
  if (kind === 'time') return [{ encode: 'robust' }, { encode: 'cyclic' }];
  return [categories.length > mostOneHot ? { encode: 'embedding' } : { encode: 'oneHot' }];
}

function* learnColumn(
  schema: ColumnSchema,
  column: Column,
  options: InputsOptions,
): Work<Omit<LearnedColumn, 'name'>> {
  const encodings = encodingFor(schema, options);
  if (encodings.some(({ encode }) => encode === 'ignore')) return { parts: [] };
  if (schema.kind === 'boolean') return { parts: schema.missing < 1 ? [{ type: 'signs', numbers: [] }] : [] };
  if (schema.kind === 'category') return learnCategories(schema, column, encodings[0] as Encoding);
  const parts: Part[] = [];
  for (const encoding of encodings) parts.push(...(yield* learnNumbers(schema, column, encoding)));
  return { parts };
}

function rawColumn(
  { name, kind, categories = [] }: ColumnSchema,
  table: Table,
): { readonly values: Float64Array | Int32Array | Int8Array; readonly known: Int32Array | null } {
  if (!table.has(name)) {
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected the table to have the column ${JSON.stringify(name)}`,
    );
  }
  const column = table.column(name);
  if (column.kind !== kind) {
    // A part of a table may have gaps alone.
    if (column.missing === column.length)
      return { values: new Float64Array(table.rows).fill(Number.NaN), known: null };
    const row = column.toArray().findIndex((value) => !isMissing(value));
    throw cellError(row, name, articleOf(kind), column.at(row));
  }
  if (kind !== 'category') return { values: column.values, known: null };
  const index = new Map(categories.map((text, i) => [text, i]));
  return {
    values: column.values,
    known: Int32Array.from(column.categories, (text) => index.get(text) ?? -1),
  };
}
