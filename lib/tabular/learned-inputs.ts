import { native } from '../addon/binding';
import { orderedParts } from '../addon/encoder-parts';
import { newOutcome, type Outcome, readOutcome, statusCodes } from '../addon/outcome';
import type { NativeTableEncoder } from '../addon/table-encoder';
import { Idle, inSlices, type Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import { allocate, type Dtype, type FloatArray, Matrix } from '../base/matrix';
import { didYouMean } from '../base/validate';
import type { InputRules } from '../network/served-model';
import type { SplitTarget } from '../preprocessing/learn';
import { cellError, placeOf } from '../tables/build';
import type { ColumnSchema, Schema } from '../tables/schema';
import type { Table } from '../tables/table';
import { asFieldError, checkFields, doorReader, oneOfLearned } from './door-reader';
import { type InputsOptions, placeOfColumn } from './inputs';
import { learnColumn } from './learn-column';
import { codesOf, isScaled, type LearnedColumn, type LearnedInputsJson, type Part, widthOf } from './part';
import { type RawColumn, rawColumn } from './raw-column';
import { readLearnedInputs } from './read-learned-inputs';
import { checkRecord, type RecordLike, type RecordReader, recordReader } from './record-reader';

export type { LearnedInputsJson, RecordLike };

/** What a network takes: its inputs, and the codes of the columns that it embeds. */
export interface EncodedRows {
  /** (rows, width) */
  readonly numbers: Matrix;
  /** (rows x embeddings) */
  readonly codes: Int32Array;
}

/** A native encoder runs one operation at a time. */
interface Encoder {
  readonly native: NativeTableEncoder;
  readonly outcome: Float64Array;
}

/**
 * How the columns of a table become the inputs of a network, as it was learned from training data: by table, by records
 * or by one record, with equal bits.
 */
export class LearnedInputs {
  readonly columns: readonly LearnedColumn[];
  readonly #unseen: 'zeros' | 'error';
  // The names of all columns.
  readonly #names: ReadonlySet<string>;
  // The same, if others are refused.
  readonly #known: ReadonlySet<string> | undefined;
  readonly #schemas: readonly ColumnSchema[];
  readonly #readers: readonly RecordReader[];
  readonly #encoders = new Idle(() => this.#newEncoder());
  readonly numbersFirst: boolean;
  /** All parts in the order of the inputs that they give, each with the place of its column. */
  readonly parts: readonly (Part & { readonly column: number })[];
  /** The number of inputs, without those of embeddings. */
  readonly width: number;
  /** The embeddings of a network's first layer. */
  readonly embeddings: readonly { readonly categories: number; readonly outputDim: number }[];

  private constructor({ columns, unseen, additional, numbersFirst }: LearnedInputsJson, schema: Schema) {
    this.columns = columns;
    this.#unseen = unseen;
    this.numbersFirst = numbersFirst;
    this.#names = new Set(schema.columns.map(({ name }) => name));
    this.#known = additional === 'error' ? this.#names : undefined;
    this.#schemas = columns.map(({ name, categories }) => ({
      ...schema.column(name),
      ...(categories === undefined ? {} : { categories }),
    }));
    this.#readers = this.#schemas.map(recordReader);
    this.embeddings = columns.flatMap((column) => {
      const categories = codesOf(column);
      return categories === undefined ? [] : [{ categories, outputDim: column.outputDim as number }];
    });
    this.parts = orderedParts(columns, numbersFirst);
    this.width = this.parts.reduce((sum, part) => sum + widthOf(part), 0);
  }

  /**
   * Learns from the columns of a table that are not the schema's target.
   *
   * @param target what the columns are to predict, row by row; bins by the target need it
   * @param numbersFirst whether scaled numbers and times are the first inputs
   * @throws RangeError ERR_BLASNET_UNKNOWN_NAME, ERR_BLASNET_ARG_VALUE for an encoding that does not suit its column;
   *   ERR_BLASNET_NOT_FINITE with row and column; ERR_BLASNET_SHAPE if no column differs from row to row
   */
  static *learn(
    table: Table,
    schema: Schema,
    options: InputsOptions,
    target?: SplitTarget,
    numbersFirst = false,
  ): Work<LearnedInputs> {
    for (const name of Object.keys(options.columns ?? {})) {
      schema.column(name);
      if (schema.target.includes(name)) {
        throw argumentError(
          'ERR_BLASNET_ARG_VALUE',
          placeOfColumn(name),
          'left out, since it is the target',
          name,
        );
      }
    }
    const columns: LearnedColumn[] = [];
    for (const column of schema.inputs) {
      const learned = yield* learnColumn(column, table.column(column.name), options, target);
      if (learned !== undefined) columns.push(learned);
    }
    if (columns.length === 0) {
      throw blasnetError(
        'ERR_BLASNET_SHAPE',
        'Expected the table to have a column that differs from row to row, besides the target',
      );
    }
    const { unseen = 'zeros', additional = 'ignore' } = options;
    return new LearnedInputs({ columns, unseen, additional, numbersFirst }, schema);
  }

  /** The number of scaled numbers and times: with `numbersFirst` these are the first inputs. */
  get scaled(): number {
    return this.parts.filter(isScaled).length;
  }

  /** Reads what `toJSON` wrote. @throws TypeError or RangeError that names the wrong part */
  static fromJSON(json: LearnedInputsJson, schema: Schema): LearnedInputs {
    return new LearnedInputs(readLearnedInputs(json, schema), schema);
  }

  toJSON(): LearnedInputsJson {
    const additional = this.#known === undefined ? 'ignore' : 'error';
    const { columns, numbersFirst } = this;
    return { columns, unseen: this.#unseen, additional, numbersFirst };
  }

  /**
   * Encodes the rows of a table. Its other columns are ignored.
   *
   * @throws RangeError or TypeError that names row and column
   */
  *encode(table: Table, dtype: Dtype): Work<EncodedRows> {
    if (this.#known !== undefined) checkNames('the table', table.names, this.#known);
    const raw: RawColumn[] = [];
    for (const schema of this.#schemas) raw.push(yield* rawColumn(schema, table));
    return yield* this.#run(raw, table.rows, dtype, (column, row) =>
      table.column((this.#schemas[column] as ColumnSchema).name).at(row),
    );
  }

  /** Encodes records. @throws like encode() */
  *encodeRecords(records: readonly RecordLike[], dtype: Dtype): Work<EncodedRows> {
    const rows = records.length;
    const raw = this.#readers.map((read) => ({ values: new Float64Array(rows), known: null, read }));
    yield* inSlices(
      rows,
      (from, to) => {
        for (let row = from; row < to; row++) {
          const record = records[row];
          this.#check(record, row);
          for (const { values, read } of raw) values[row] = read(record, row);
        }
      },
      raw.length,
    );
    return yield* this.#run(
      raw,
      rows,
      dtype,
      (column, row) => (records[row] as RecordLike)[(this.#schemas[column] as ColumnSchema).name],
    );
  }

  /**
   * Makes a function that encodes one record into these arrays.
   *
   * @param out (width) @param codes (embeddings)
   * @param given the rules for the records of callers
   */
  rowEncoder(out: FloatArray, codes: Int32Array, given?: Required<InputRules>): (record: RecordLike) => void {
    // What the model itself refuses is refused in any case.
    const rules = given && this.#known !== undefined ? { ...given, additional: 'reject' as const } : given;
    const readers =
      rules === undefined ? this.#readers : this.#schemas.map((schema) => doorReader(schema, rules));
    const raw = new Float64Array(readers.length);
    const encoder = this.#newEncoder();
    return (record) => {
      if (rules === undefined) this.#check(record, 0);
      else checkFields(record, this.#names, rules);
      for (let i = 0; i < raw.length; i++) raw[i] = (readers[i] as RecordReader)(record, 0);
      encoder.native.encodeRow(raw, out, codes);
      if (encoder.outcome[0] !== statusCodes.done) {
        const outcome = readOutcome(encoder.outcome);
        const { name } = this.#schemas[outcome.layer] as ColumnSchema;
        const error = this.#error(outcome, record[name]);
        if (rules === undefined) throw error;
        const notFinite = outcome.status === statusCodes.inputNotFinite;
        throw asFieldError(error, name, notFinite ? 'notFinite' : 'unknownCategory');
      }
    };
  }

  #check(record: unknown, row: number): asserts record is RecordLike {
    checkRecord(record, row);
    if (this.#known !== undefined) checkNames(`row ${row}`, Object.keys(record), this.#known);
  }

  *#run(
    raw: readonly RawColumn[],
    rows: number,
    dtype: Dtype,
    valueAt: (column: number, row: number) => unknown,
  ): Work<EncodedRows> {
    const out = allocate(rows * this.width, dtype);
    const codes = new Int32Array(rows * this.embeddings.length);
    const columns = raw.map(({ values }) => values);
    const given = { columns, known: raw.map(({ known }) => known), rows, out, codes };
    const encoder = this.#encoders.take();
    try {
      yield {
        object: encoder.native,
        start: (callback) => encoder.native.encode(given, callback),
        brief: rows * columns.length <= 2 ** 13,
      };
      const outcome = readOutcome(encoder.outcome);
      if (outcome.status !== statusCodes.done)
        throw this.#error(outcome, valueAt(outcome.layer, outcome.index));
    } finally {
      this.#encoders.giveBack(encoder);
    }
    return { numbers: new Matrix(out, rows, this.width), codes };
  }

  #newEncoder(): Encoder {
    const { parts } = this;
    const outcome = newOutcome();
    const encoder = new native.TableEncoder({
      outcome,
      columns: this.columns.length,
      parts: Int32Array.from(
        parts.flatMap(({ type, column, numbers }) => [native.encoderParts[type], column, numbers.length]),
      ),
      numbers: Float64Array.from(parts.flatMap(({ numbers }) => numbers)),
      refuseUnknown: this.#unseen === 'error',
    });
    return { native: encoder, outcome };
  }

  #error({ status, index, layer }: Outcome, value: unknown): BlasnetError {
    const schema = this.#schemas[layer] as ColumnSchema;
    const { name } = schema;
    if (status === statusCodes.inputNotFinite) {
      const rule = Number.isFinite(Number(value))
        ? 'a number that its encoding keeps within the range of the dtype'
        : 'a finite number, or null';
      return argumentError('ERR_BLASNET_NOT_FINITE', placeOf(index, name), rule, value);
    }
    return cellError(index, name, oneOfLearned(schema), value);
  }
}

/** Throws for a column that is not known. */
function checkNames(where: string, names: readonly string[], known: ReadonlySet<string>): void {
  const other = names.find((name) => !known.has(name));
  if (other === undefined) return;
  const guess = didYouMean(other, [...known].slice(0, 100));
  throw blasnetError(
    'ERR_BLASNET_UNKNOWN_NAME',
    `Unknown column ${JSON.stringify(other)} in ${where}${guess}`,
  );
}
