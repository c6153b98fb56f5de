import { type AsyncOptions, inSlices, type Work, workAnywhere, workHere } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { FilePath } from '../base/file-path';
import type { FloatArray, Matrix } from '../base/matrix';
import type { Json } from '../formats/json';
import { type FileBytes, loadNetwork, loadNetworkSync, networkFrom, networkFromSync } from '../network/load';
import type { NetworkLoadOptions } from '../network/network-options';
import { standardScaler } from '../preprocessing';
import { cellError } from '../tables/build';
import type { Table } from '../tables/table';
import { columnsOf, numbersTable, recordMaker } from './answers';
import { evaluateNumbers, type RegressorEvaluation, type TargetsEvaluation } from './evaluation';
import type { TargetValues } from './labels';
import type { RecordLike } from './learned-inputs';
import { fromModelJson, type ModelJson } from './model-json';
import { rowsToEvaluate, targetsOf } from './prepare';
import { areRows, type RowNetwork, type Rows } from './row-network';
import {
  checkSameTarget,
  type ModelParts,
  modelInCheckpoint,
  modelParts,
  TableModel,
  type TargetsJson,
} from './table-model';
import { type Begun, resume, type Task, type Trained, train } from './train';
import {
  checkEvaluateOptions,
  checkTrainOptions,
  type EvaluateRowsOptions,
  type ResumingOptions,
  type TrainOptions,
} from './train-options';

type NumberTargets = Extract<TargetsJson, { kind: 'regressor' }>;
type AnyRegressor = Regressor<unknown, unknown, unknown>;

/** A Regressor of several targets. */
export type TargetsRegressor = Regressor<Record<string, number>, Table, TargetsEvaluation>;

/**
 * A network that predicts a number, or several, from the columns of a table: texts, gaps, times and truth values
 * included. Predictions, evaluations and metrics are in the target's own units.
 *
 *     const model = await Regressor.train(table, { target: 'price' });
 *     model.predict({ carat: 0.7, cut: 'Ideal', colour: null }); // 2757.3
 */
export class Regressor<
  Answer = number,
  Answers = Float64Array,
  Result = RegressorEvaluation,
> extends TableModel {
  /** The names of the target columns. */
  readonly targets: readonly string[];
  readonly #rows: RowNetwork;
  readonly #single: boolean;
  readonly #answer: (outputs: FloatArray) => unknown;

  /** @internal */
  constructor(parts: ModelParts<NumberTargets>) {
    super(parts);
    this.targets = parts.targets.columns;
    this.#rows = parts.rows;
    this.#single = parts.targets.single;
    const record = recordMaker<number>(this.targets);
    this.#answer = this.#single ? (outputs) => outputs[0] : (outputs) => record((i) => outputs[i] as number);
  }

  /**
   * Trains a network on the rows of a table. The target is a column of numbers. Columns become inputs by their kinds: see
   * `inputs`. The target is standardised for the training.
   *
   * @param table a Table, or an array of records
   * @throws TypeError or RangeError with a code that names row and column for data that cannot be learned from; the
   *   errors of Network.fit. An error that ends the training has the model as it then is as `model`
   */
  static train(table: Rows, options: TrainOptions & { readonly target: string }): Promise<Regressor>;
  /** The same, with several targets. */
  static train(
    table: Rows,
    options: TrainOptions & { readonly target: readonly string[] },
  ): Promise<TargetsRegressor>;
  static async train(
    table: Rows,
    options: TrainOptions,
    begun?: Begun<Regressor>,
  ): Promise<Regressor | TargetsRegressor> {
    checkTrainOptions(options, 'regressor');
    const targets = numberTargets(options);
    const modelOf = ({ rows, schema, history }: Trained) => new Regressor({ rows, schema, history, targets });
    return modelOf(await train(table, options, taskOf(targets), modelOf, begun));
  }

  /**
   * Reads a model that `save` wrote, in any process. For several targets, state `load<TargetsRegressor>(...)`.
   * @throws Error ERR_BLASNET_FILE for a file that cannot be read, is damaged, or holds no Regressor; like Network.load()
   */
  static async load<Model extends AnyRegressor = Regressor>(
    path: FilePath,
    options: NetworkLoadOptions & AsyncOptions = {},
  ): Promise<Model> {
    return made(modelParts(await loadNetwork(path, options), String(path), 'regressor'));
  }

  /** Like `load`, but blocks the calling thread. @throws like load() */
  static loadSync<Model extends AnyRegressor = Regressor>(
    path: FilePath,
    options: NetworkLoadOptions = {},
  ): Model {
    return made(modelParts(loadNetworkSync(path, options), String(path), 'regressor'));
  }

  /** Like `load`, but reads the bytes of a file. @throws like load() */
  static async fromBytes<Model extends AnyRegressor = Regressor>(
    bytes: FileBytes,
    options: NetworkLoadOptions & AsyncOptions = {},
  ): Promise<Model> {
    return made(modelParts(await networkFrom(bytes, options), 'bytes', 'regressor'));
  }

  /** Like `fromBytes`, but blocks the calling thread. @throws like load() */
  static fromBytesSync<Model extends AnyRegressor = Regressor>(
    bytes: FileBytes,
    options: NetworkLoadOptions = {},
  ): Model {
    return made(modelParts(networkFromSync(bytes, options), 'bytes', 'regressor'));
  }

  /** Reads what `toJSON` wrote, also as JSON's parser gives it. @throws like load() */
  static fromJSON<Model extends AnyRegressor = Regressor>(json: ModelJson): Model {
    return made(modelParts(fromModelJson(json), 'the JSON', 'regressor'));
  }

  /** Continues a training from a checkpoint that `train` wrote: see `Classifier.resume`. @throws like Classifier.resume() */
  static async resume<Model extends AnyRegressor = Regressor>(
    path: FilePath,
    table: Rows,
    options: Partial<TrainOptions> & ResumingOptions = {},
  ): Promise<Model> {
    checkTrainOptions(options, 'regressor', true);
    const { rows, schema, targets } = await modelInCheckpoint(path, 'regressor', options);
    const target = targets.single ? (targets.columns[0] as string) : targets.columns;
    checkSameTarget(options.target, target);
    const values: TargetValues = { kind: 'numbers', values: targets.columns.map(() => new Float64Array(0)) };
    const full = { ...options, target };
    const modelOf = (trained: Trained) => made<Model>({ ...trained, targets });
    return modelOf(await resume(path, table, full, { rows, schema, values }, taskOf(targets), modelOf));
  }

  /** One record: see the last form. */
  predict(record: Readonly<Record<string, unknown>>): Answer;
  /**
   * Predicts a number for each of a table's rows or of records, on other threads. With several targets, the result is a
   * table of them.
   *
   * @throws TypeError or RangeError that names row and column, for rows that do not fit the schema; AbortError
   */
  predict(rows: Rows, options?: AsyncOptions): Promise<Answers>;
  /**
   * Predicts the number of one record, at once. With several targets, an object of them.
   * @throws TypeError or RangeError that names the column, for a record that does not fit the schema
   */
  predict(record: object): Answer;
  predict(rows: unknown, options: AsyncOptions = {}): Answer | Promise<Answers> {
    if (!areRows(rows)) return this.#answer(this.#rows.outputOf(rows as RecordLike)) as Answer;
    return this.#predict(rows, options);
  }

  /** Like `predict`, but blocks the calling thread for many rows, too. @throws like predict() */
  predictSync(record: Readonly<Record<string, unknown>>): Answer;
  predictSync(rows: Rows): Answers;
  predictSync(record: object): Answer;
  predictSync(rows: unknown): Answer | Answers {
    if (!areRows(rows)) return this.#answer(this.#rows.outputOf(rows as RecordLike)) as Answer;
    return workHere(this.#answers(this.#rows.outputsHere(rows)));
  }

  /**
   * Compares predictions with the target of a table's rows or of records: root mean squared error, mean absolute error and
   * R2. `String(...)` makes a text for people.
   *
   * @throws TypeError or RangeError that names row and column, also for a target that is missing
   */
  async evaluate(rows: Rows, { missingTarget, ...options }: EvaluateRowsOptions = {}): Promise<Result> {
    checkEvaluateOptions({ missingTarget, ...options });
    const asked = { ...options, ...(missingTarget && { missingTarget }) };
    const table = await rowsToEvaluate(rows, this.targets, asked);
    const values = this.targets.map((name) => numbersIn(name, table));
    const outputs = await this.#rows.outputs(table, options);
    return (await evaluateNumbers(this.targets, this.#single, values, outputs, options)) as Result;
  }

  async #predict(rows: Rows, options: AsyncOptions): Promise<Answers> {
    return workAnywhere(this.#answers(await this.#rows.outputs(rows, options)), options);
  }

  *#answers(outputs: Matrix): Work<Answers> {
    const columns = yield* columnsOf(outputs);
    return (this.#single ? columns[0] : numbersTable(this.targets, columns)) as Answers;
  }
}

function made<Model extends AnyRegressor>(parts: ModelParts<NumberTargets>): Model {
  return new Regressor(parts) as unknown as Model;
}

function numberTargets(options: Pick<TrainOptions, 'target'>): NumberTargets {
  const single = typeof options.target === 'string';
  return { kind: 'regressor', single, columns: targetsOf(options) };
}

/** What the training of a Regressor is about. */
export function regressorTask(options: Pick<TrainOptions, 'target'>): Task {
  return taskOf(numberTargets(options));
}

function taskOf(targets: NumberTargets): Task {
  const read = (table: Table): TargetValues => ({
    kind: 'numbers',
    values: targets.columns.map((name) => numbersIn(name, table)),
  });
  return {
    *learn(table) {
      for (const name of targets.columns) yield* checkNumbers(name, numbersIn(name, table));
      return read(table);
    },
    read: () =>
      // biome-ignore lint/correctness/useYield: the numbers need no work
      function* (table) {
        return read(table);
      },
    describe: () => targets as unknown as Json,
    network: () => ({ targetScaler: standardScaler() }),
    fit: () => ({}),
  };
}

/** The numbers of a target column. NaN stands for a missing one. */
function numbersIn(name: string, table: Table): Float64Array {
  const column = table.column(name);
  if (column.kind === 'number') return column.values as Float64Array;
  const row = column.toArray().findIndex((value) => value !== null);
  const hint = '; a Classifier predicts texts and truth values';
  throw cellError(Math.max(0, row), name, 'a number', row < 0 ? null : column.at(row), hint);
}

/** Throws for infinities, and for a column whose numbers are all equal. */
function* checkNumbers(name: string, values: Float64Array): Work<void> {
  let first: number | undefined;
  let differ = false;
  yield* inSlices(values.length, (from, to) => {
    for (let row = from; row < to; row++) {
      const value = values[row] as number;
      if (Number.isNaN(value)) continue;
      if (!Number.isFinite(value)) throw cellError(row, name, 'a finite number', value);
      first ??= value;
      differ ||= value !== first;
    }
  });
  if (differ) return;
  const got = first === undefined ? 'missing values alone' : `${first} alone`;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    `Expected column ${JSON.stringify(name)}, the target, to have at least 2 different numbers, got ${got}`,
  );
}
