import { type AsyncOptions, pinnedWork, type Work, workAnywhere, workHere } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { FilePath } from '../base/file-path';
import type { FloatArray, Matrix } from '../base/matrix';
import { checkOptions } from '../base/validate';
import type { Json } from '../formats/json';
import { type Served, served } from '../network/served-model';
import type { Table } from '../tables/table';
import { columnsOf, numbersTable, recordMaker } from './answers';
import { comparedRows } from './compared-rows';
import type { Continuing } from './continual/update';
import { evaluateNumbers, type RegressorEvaluation, type TargetsEvaluation } from './evaluation';
import {
  type ConformalOptions,
  conformalConstraints,
  type Intervals,
  intervalOf,
  intervalsOf,
  marginOf,
} from './intervals';
import type { TargetValues } from './labels';
import { checkFinite } from './learn-numbers';
import type { RecordLike } from './learned-inputs';
import {
  checkSameTarget,
  describeTargets,
  type ModelReaders,
  modelInCheckpoint,
  modelReaders,
} from './model-file';
import type { ModelParts } from './model-parts';
import {
  checkSameClamp,
  checkSameQuantiles,
  learnedTargets,
  type NumberTargets,
  numbersIn,
  numberTargets,
  taskOf,
} from './number-target';
import { rearranged, rearrangedRow } from './quantiles';
import { areRows, type RowNetwork, type Rows } from './row-network';
import { servedRows } from './served-rows';
import { continuing, explained, partsOf, said, TableModel } from './table-model';
import { isTableSource, predictTables, type TableChunks } from './table-source';
import type { Begun, Trained } from './task';
import { resume, train } from './train';
import {
  checkEvaluateOptions,
  type EvaluateRowsOptions,
  type RegressorOptions,
  type ResumingOptions,
} from './train-options';
import { checkTrainOptionsFor, type WindowOptions } from './train-source';

type AnyRegressor = Regressor<unknown, unknown, unknown>;

const readers: ModelReaders<AnyRegressor, Regressor> = modelReaders(
  'regressor',
  (parts) => new Regressor(parts),
);

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
  /** The levels of the quantiles that the model predicts; undefined if it predicts the mean. */
  readonly levels: readonly number[] | undefined;
  readonly #rows: RowNetwork;
  readonly #single: boolean;
  readonly #answer: (outputs: FloatArray) => unknown;
  // The place of the median among the quantiles.
  readonly #median: number | undefined;
  #intervals: Intervals | undefined;

  /** @internal */
  constructor(parts: ModelParts<NumberTargets>) {
    super(parts);
    this.targets = parts.targets.columns;
    this.#rows = parts.rows;
    this.#single = parts.targets.single;
    const record = recordMaker<number>(this.targets);
    const { quantiles: levels, intervals } = parts.targets;
    this.levels = levels;
    this.#intervals = intervals;
    const median = levels?.indexOf(0.5);
    this.#median = median;
    if (median !== undefined) {
      this.#answer = (outputs) => rearrangedRow(outputs)[median];
    } else {
      this.#answer = this.#single
        ? (outputs) => outputs[0]
        : (outputs) => record((i) => outputs[i] as number);
    }
  }

  /** What `conformal` learned last, or the file has; undefined before. */
  get intervals(): Intervals | undefined {
    return this.#intervals;
  }

  /**
   * Trains a network on the rows of a table. The target is a column of numbers. Columns become inputs by their kinds: see
   * `inputs`. The target is standardised for the training.
   *
   * @param table a Table, or an array of records; or a source of tables, such as `scanTable('big.parquet')` or an array of
   *   files, for data larger than memory: see docs/large-data.md
   * @throws TypeError or RangeError with a code that names row and column for data that cannot be learned from; the
   *   errors of Network.fit. An error that ends the training has the model as it then is as `model`
   */
  static train(
    table: Rows | TableChunks,
    options: RegressorOptions & WindowOptions & { readonly target: string },
  ): Promise<Regressor>;
  /** The same, with several targets. */
  static train(
    table: Rows | TableChunks,
    options: RegressorOptions & WindowOptions & { readonly target: readonly string[] },
  ): Promise<TargetsRegressor>;
  static async train(
    table: Rows | TableChunks,
    options: RegressorOptions & WindowOptions,
    begun?: Begun<Regressor>,
  ): Promise<Regressor | TargetsRegressor> {
    checkTrainOptionsFor(table, options, 'regressor');
    const targets = numberTargets(options);
    const modelOf = ({ rows, schema, values, history }: Trained) =>
      new Regressor({ rows, schema, history, targets: learnedTargets(targets, values) });
    return modelOf(await train(table, options, taskOf(targets, options), modelOf, begun));
  }

  static readonly load = readers.load;
  static readonly loadSync = readers.loadSync;
  static readonly fromBytes = readers.fromBytes;
  static readonly fromBytesSync = readers.fromBytesSync;
  static readonly fromJSON = readers.fromJSON;
  static readonly attach = readers.attach;

  /** Continues a training from a checkpoint that `train` wrote: see `Classifier.resume`. @throws like Classifier.resume() */
  static async resume<Model extends AnyRegressor = Regressor>(
    path: FilePath,
    table: Rows | TableChunks,
    options: Partial<RegressorOptions> & ResumingOptions & WindowOptions = {},
  ): Promise<Model> {
    checkTrainOptionsFor(table, options, 'regressor', true);
    const { recipe, source, ...stored } = await modelInCheckpoint(path, 'regressor', options);
    const { rows, schema, targets } = stored;
    const target = targets.single ? (targets.columns[0] as string) : targets.columns;
    checkSameTarget(options.target, target);
    const values: TargetValues = {
      kind: 'numbers',
      values: (targets.quantiles ?? targets.columns).map(() => new Float64Array(0)),
      ...(rows.ranges && { ranges: rows.ranges }),
    };
    // The intervals come from other rows, after the training.
    const { intervals: _, ...trainedTargets } = targets;
    checkSameQuantiles(options.quantiles, targets.quantiles);
    checkSameClamp(options.clamp, targets);
    const full = { ...options, target };
    const modelOf = (trained: Trained) => made<Model>({ ...trained, targets: trainedTargets });
    return modelOf(
      await resume(
        path,
        table,
        full,
        { rows, schema, values, recipe, source },
        taskOf(trainedTargets, full),
        modelOf,
      ),
    );
  }

  /** One record: see the last form. */
  predict(record: Readonly<Record<string, unknown>>): Answer;
  /**
   * Predicts the tables of a source, one after another, as the last form does: see docs/large-data.md. The next table is read
   * meanwhile. @throws like the last form; Error ERR_BLASNET_SOURCE when the source throws
   */
  predict(source: TableChunks, options?: AsyncOptions): AsyncGenerator<Answers, void, undefined>;
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
  predict(
    rows: unknown,
    options: AsyncOptions = {},
  ): Answer | Promise<Answers> | AsyncGenerator<Answers, void, undefined> {
    if (isTableSource(rows)) {
      return predictTables(rows, (table, how) => this.#predict(table, how), options);
    }
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
   * R2. `String(...)` makes a text for people. Rows may come from a source: outputs and targets of all its rows stay in memory.
   *
   * @throws TypeError or RangeError that names row and column, also for a target that is missing; Error ERR_BLASNET_SOURCE
   *   when a source throws or has no rows
   */
  async evaluate(rows: Rows | TableChunks, options: EvaluateRowsOptions = {}): Promise<Result> {
    checkEvaluateOptions(options);
    const { values, outputs, how } = await this.#compared(rows, options);
    const columns = await workAnywhere(this.#predictions(outputs), how);
    return (await evaluateNumbers(this.targets, this.#single, values, columns, how)) as Result;
  }

  /**
   * Predicts the quantiles of the tables of a source, one after another: tables with a column for each of `levels`, such as
   * '0.05'. In each row they ascend.
   *
   * @throws Error ERR_BLASNET_NOT_FITTED for a model that was trained without `quantiles`; like predict()
   */
  quantiles(source: TableChunks, options?: AsyncOptions): AsyncGenerator<Table, void, undefined>;
  /** The quantiles of the rows of a table or of records. @throws like the other form */
  quantiles(rows: Rows, options?: AsyncOptions): Promise<Table>;
  /** Predicts the quantiles of one record, at once: an object with such keys. @throws like the other form */
  quantiles(record: object): Record<string, number>;
  quantiles(
    rows: unknown,
    options: AsyncOptions = {},
  ): Record<string, number> | Promise<Table> | AsyncGenerator<Table, void, undefined> {
    const names = this.#levelNames();
    const ofRows = (given: Rows, how: AsyncOptions) =>
      this.#tableOf(given, how, names, (outputs) => this.#ascending(outputs));
    if (isTableSource(rows)) return predictTables(rows, ofRows, options);
    if (areRows(rows)) return ofRows(rows, options);
    const outputs = rearrangedRow(this.#rows.outputOf(rows as RecordLike));
    return recordMaker<number>(names)((i) => outputs[i] as number);
  }

  /**
   * Learns intervals for predictions from rows that the model has not seen, neither to learn from nor to stop by: of new rows
   * like these, at least the share `coverage` have their target inside, on average over the draws of all rows (split-conformal
   * prediction: Vovk et al. 2005; Lei et al. 2018). They are as wide for each row; with `quantiles`, they follow the
   * outer two (Romano et al. 2019). The margin is the score at place ceil((n + 1) coverage) of the n rows. The model's file
   * has it. A later call replaces it.
   *
   * @throws RangeError ERR_BLASNET_SHAPE for fewer rows than coverage / (1 - coverage); RangeError ERR_BLASNET_ARG_VALUE
   *   for several targets or a coverage outside (0, 1); like evaluate()
   */
  async conformal(rows: Rows | TableChunks, options: ConformalOptions = {}): Promise<Intervals> {
    const { coverage = 0.9, ...how } = options;
    checkOptions('', { ...how, coverage }, conformalConstraints);
    if (!this.#single) {
      throw blasnetError(
        'ERR_BLASNET_ARG_VALUE',
        'Expected a model of one target for intervals, got several',
      );
    }
    const { values, outputs } = await this.#compared(rows, how);
    const [targets] = values as [Float64Array];
    const [low, high] = await workAnywhere(this.#outer(outputs), how);
    const learned = await pinnedWork(marginOf(targets, low, high, coverage), [targets], how);
    describeTargets(this.network, { ...partsOf(this).targets, intervals: learned } as unknown as Json);
    this.#intervals = learned;
    return learned;
  }

  /**
   * Intervals for the tables of a source, one after another: tables with the columns `low` and `high`.
   * @throws Error ERR_BLASNET_NOT_FITTED before `conformal`; like predict()
   */
  interval(source: TableChunks, options?: AsyncOptions): AsyncGenerator<Table, void, undefined>;
  /** Intervals for the rows of a table or for records. @throws like the other form */
  interval(rows: Rows, options?: AsyncOptions): Promise<Table>;
  /** The interval of one record, at once. @throws like the other form */
  interval(record: object): [low: number, high: number];
  interval(
    rows: unknown,
    options: AsyncOptions = {},
  ): [low: number, high: number] | Promise<Table> | AsyncGenerator<Table, void, undefined> {
    const margin = this.#margin();
    const ofRows = (given: Rows, how: AsyncOptions) =>
      this.#tableOf(given, how, ['low', 'high'], (outputs) => this.#ends(outputs, margin));
    if (isTableSource(rows)) return predictTables(rows, ofRows, options);
    if (areRows(rows)) return ofRows(rows, options);
    const row = this.#rows.outputOf(rows as RecordLike);
    const outputs = this.levels === undefined ? row : rearrangedRow(row);
    return intervalOf(outputs[0] as number, outputs[outputs.length - 1] as number, margin);
  }

  /** @internal */
  async [said](rows: Table, options: AsyncOptions): Promise<Table> {
    return this.#tableOf(rows, options, this.targets, (outputs) => this.#predictions(outputs));
  }

  /** @internal */
  [explained]() {
    const first = this.#median ?? 0;
    const outputs = this.targets.map((name, i) => ({ name, index: first + i, sign: 1 as const }));
    return { outputs, chosen: () => this.targets[0] as string };
  }

  /** @internal */
  [continuing](): Continuing<this> {
    const { columns, single, quantiles } = partsOf(this).targets as NumberTargets;
    const targets: NumberTargets = { kind: 'regressor', single, columns, ...(quantiles && { quantiles }) };
    return {
      names: columns,
      *learn(table) {
        for (const name of columns) yield* checkFinite(name, numbersIn(name, table));
        return yield* taskOf(targets).read({ kind: 'numbers', values: [] })(table);
      },
      task: (fit) => taskOf(targets, fit),
      targets: (_, ranges) => ({ ...targets, ...(ranges && { ranges }) }),
      newClasses: () => [],
      made: (parts) => made<AnyRegressor>(parts as ModelParts<NumberTargets>) as this,
    };
  }

  /** @internal */
  [served](): Served {
    const outputs = [
      ...this.targets.map((name) => `the number ${JSON.stringify(name)}`),
      ...(this.levels ?? []).map((level) => `the quantile ${level}`),
    ];
    return servedRows('Regressor', partsOf(this), outputs, { answer: this.#answer });
  }

  #levelNames(): string[] {
    if (this.levels !== undefined) return this.levels.map(String);
    const hint = 'Regressor.train(table, { quantiles: [0.05, 0.5, 0.95], ... })';
    throw blasnetError(
      'ERR_BLASNET_NOT_FITTED',
      `Expected the model to have quantiles: ${hint} trains such a model`,
    );
  }

  #margin(): number {
    if (this.#intervals !== undefined) return this.#intervals.margin;
    const hint = 'await model.conformal(rows, { coverage: 0.9 }) learns them';
    throw blasnetError('ERR_BLASNET_NOT_FITTED', `Expected the model to have intervals: ${hint}`);
  }

  // The lowest and the highest output of each row.
  *#outer(outputs: Matrix): Work<[low: Float64Array, high: Float64Array]> {
    const columns = yield* this.#ascending(outputs);
    return [columns[0] as Float64Array, columns[columns.length - 1] as Float64Array];
  }

  *#ends(outputs: Matrix, margin: number): Work<Float64Array[]> {
    return yield* intervalsOf(...(yield* this.#outer(outputs)), margin);
  }

  async #tableOf(
    rows: Rows,
    options: AsyncOptions,
    names: readonly string[],
    columnsFrom: (outputs: Matrix) => Work<Float64Array[]>,
  ): Promise<Table> {
    const outputs = await this.#rows.outputs(rows, options);
    return numbersTable(names, await workAnywhere(columnsFrom(outputs), options));
  }

  // The outputs by column. Those of quantiles ascend in each row.
  *#ascending(outputs: Matrix): Work<Float64Array[]> {
    return yield* columnsOf(this.levels === undefined ? outputs : yield* rearranged(outputs));
  }

  // What is predicted of each target.
  *#predictions(outputs: Matrix): Work<Float64Array[]> {
    const columns = yield* this.#ascending(outputs);
    return this.#median === undefined ? columns : [columns[this.#median] as Float64Array];
  }

  // The targets of rows, and what the network says about them.
  async #compared(rows: Rows | TableChunks, options: EvaluateRowsOptions) {
    const { missingTarget: _, ...how } = options;
    const { outputs, columns } = await comparedRows(rows, this.targets, options, async (table) => ({
      columns: this.targets.map((name) => numbersIn(name, table)),
      outputs: await this.#rows.outputs(table, how),
    }));
    return { values: columns, outputs, how };
  }

  async #predict(rows: Rows, options: AsyncOptions): Promise<Answers> {
    return workAnywhere(this.#answers(await this.#rows.outputs(rows, options)), options);
  }

  *#answers(outputs: Matrix): Work<Answers> {
    const columns = yield* this.#predictions(outputs);
    return (this.#single ? columns[0] : numbersTable(this.targets, columns)) as Answers;
  }
}

function made<Model extends AnyRegressor>(parts: ModelParts<NumberTargets>): Model {
  return new Regressor(parts) as unknown as Model;
}
