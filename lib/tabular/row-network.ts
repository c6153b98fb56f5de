import {
  type AsyncOptions,
  asyncConstraints,
  pinnedWork,
  type Work,
  workAnywhere,
  workHere,
} from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { type FloatArray, Matrix } from '../base/matrix';
import { checkOptions } from '../base/validate';
import type { Network } from '../network/network';
import type { Predictor } from '../network/predictor';
import type { InputsLike } from '../samples/inputs';
import { Table } from '../tables/table';
import type { EncodedRows, LearnedInputs, RecordLike } from './learned-inputs';
import { clamped, clampRow, type TargetRange } from './ranges';

/** Rows to predict: a table, or records. */
export type Rows = Table | readonly object[];

/** The X of a network. */
export function inputsOf({ numbers, codes }: EncodedRows, { embeddings, width }: LearnedInputs): InputsLike {
  if (embeddings.length === 0) return numbers;
  return width === 0 ? { categories: codes } : { numbers, categories: codes };
}

interface OneRecord {
  readonly predictor: Predictor;
  readonly encode: (record: RecordLike) => void;
  readonly outputs: FloatArray;
}

/** A network that takes rows of a table: tables, records, or one record. Equal rows give equal bits in each form. */
export class RowNetwork {
  readonly network: Network;
  readonly inputs: LearnedInputs;
  /** For each output, the range that it is kept in; undefined if it may be any number. */
  readonly ranges: readonly TargetRange[] | undefined;
  #one: OneRecord | undefined;

  constructor(network: Network, inputs: LearnedInputs, ranges?: readonly TargetRange[]) {
    this.network = network;
    this.inputs = inputs;
    this.ranges = ranges;
  }

  /** The networks whose outputs are averaged: this one alone, if there are no others. */
  get members(): readonly RowNetwork[] {
    return [this];
  }

  /** The outputs of rows, computed on other threads (rows x outputDim). */
  async outputs(rows: Rows, options: AsyncOptions): Promise<Matrix> {
    checkOptions('', options, asyncConstraints);
    const several = notAlone(rows);
    const encoded = await pinnedWork(this.#encoded(several), arraysOf(several), options);
    const all = await this.network.predict(inputsOf(encoded, this.inputs), options);
    const outputs = several === rows ? all : firstRow(all);
    return this.ranges === undefined ? outputs : workAnywhere(clamped(outputs, this.ranges), options);
  }

  /** Like `outputs`, but blocks the calling thread. */
  outputsHere(rows: Rows): Matrix {
    const several = notAlone(rows);
    const all = this.network.predictSync(inputsOf(workHere(this.#encoded(several)), this.inputs));
    const outputs = several === rows ? all : firstRow(all);
    return this.ranges === undefined ? outputs : workHere(clamped(outputs, this.ranges));
  }

  /** The outputs of one record. The next call overwrites them. */
  outputOf(record: RecordLike): FloatArray {
    this.#one ??= this.#oneRecord();
    const { encode, predictor, outputs } = this.#one;
    encode(record);
    predictor.run(2);
    if (this.ranges !== undefined) clampRow(outputs, 0, this.ranges);
    return outputs;
  }

  #oneRecord(): OneRecord {
    // As in `notAlone`: the record has a neighbour of zeros.
    const predictor = this.network.predictor({ maxBatch: 2 });
    const { input, categories, output } = predictor;
    const { width, embeddings } = this.inputs;
    return {
      predictor,
      encode: this.inputs.rowEncoder(
        input.data.subarray(0, width),
        categories.subarray(0, embeddings.length),
      ),
      outputs: output.data.subarray(0, output.cols),
    };
  }

  *#encoded(rows: Rows): Work<EncodedRows> {
    const { dtype } = this.network;
    if ((rows instanceof Table ? rows.rows : rows.length) === 0) {
      throw blasnetError('ERR_BLASNET_SHAPE', 'Expected rows to have at least one row, got 0');
    }
    if (rows instanceof Table) return yield* this.inputs.encode(rows, dtype);
    return yield* this.inputs.encodeRecords(rows as readonly RecordLike[], dtype);
  }
}

// The kernel for one row sums in another order than that for several. So a single row has a copy of itself beside it.
function notAlone(rows: Rows): Rows {
  if (rows instanceof Table) return rows.rows === 1 ? rows.take([0, 0]) : rows;
  return rows.length === 1 ? [rows[0] as object, rows[0] as object] : rows;
}

function firstRow({ data, cols }: Matrix): Matrix {
  return new Matrix(data.subarray(0, cols), 1, cols);
}

/** Whether an argument holds many rows; otherwise it is one record. @throws TypeError ERR_BLASNET_ARG_TYPE */
export function areRows(rows: unknown): rows is Rows {
  if (rows instanceof Table || Array.isArray(rows)) return true;
  if (typeof rows === 'object' && rows !== null && !ArrayBuffer.isView(rows)) return false;
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'rows', 'a Table, an array of records, or one record', rows);
}

/** The table of these rows, with the kinds of columns that are known. */
export function tableOf(rows: unknown): Table {
  if (rows instanceof Table) return rows;
  if (Array.isArray(rows)) return Table.from(rows);
  const hint = typeof rows === 'string' || rows instanceof URL ? '; readTable reads a file' : '';
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'table', 'a Table or an array of records', rows, hint);
}

/** The arrays of a table, which stay in place while native code reads them. */
export function arraysOf(rows: Rows) {
  return rows instanceof Table ? rows.names.map((name) => rows.column(name).values) : [];
}
