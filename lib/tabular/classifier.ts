import { type AsyncOptions, pinnedWork, type Work, workAnywhere, workHere } from '../addon/work';
import type { FilePath } from '../base/file-path';
import type { FloatArray, Matrix } from '../base/matrix';
import { checkOptions } from '../base/validate';
import { type Served, served } from '../network/served-model';
import type { Table } from '../tables/table';
import { columnsOf, decide, decided, labelsTable, named, numbersTable, recordMaker } from './answers';
import { type ClassName, type ClassTarget, classesIn, classNumbers } from './class-target';
import { type ClassTargets, classifierTask, plain, targetsIn, targetsJson, valuesOf } from './class-task';
import { comparedRows } from './compared-rows';
import type { Continuing } from './continual/update';
import {
  type ClassifierEvaluation,
  evaluateClasses,
  evaluateLabels,
  type LabelsEvaluation,
} from './evaluation';
import type { TargetValues } from './labels';
import type { RecordLike } from './learned-inputs';
import { checkSameTarget, type ModelReaders, modelInCheckpoint, modelReaders } from './model-file';
import type { ModelParts } from './model-parts';
import { type ReliabilityOptions, reliabilityConstraints, reliabilityTable } from './reliability';
import { areRows, type RowNetwork, type Rows } from './row-network';
import { servedRows } from './served-rows';
import { continuing, explained, partsOf, said, TableModel } from './table-model';
import { isTableSource, predictTables, type TableChunks } from './table-source';
import type { Begun, Trained } from './task';
import { resume, train } from './train';
import {
  type ClassifierOptions,
  checkEvaluateOptions,
  type EvaluateRowsOptions,
  type ResumingOptions,
} from './train-options';
import { checkTrainOptionsFor, type WindowOptions } from './train-source';

/** A temperature, or those of several labels by their names. */
export type Temperature = number | Readonly<Record<string, number>>;

type AnyClassifier = Classifier<unknown, unknown, unknown>;

const readers: ModelReaders<AnyClassifier, Classifier> = modelReaders(
  'classifier',
  (parts) => new Classifier(parts),
);

/** A Classifier of several labels that do not exclude each other. */
export type LabelsClassifier = Classifier<Record<string, ClassName>, Table, LabelsEvaluation>;

/**
 * A network that predicts the class of a row from the columns of a table: texts, gaps, times and truth values included.
 * The same record gives the same answer in training, in a file, in another process, to the last bit.
 *
 *     const model = await Classifier.train(table, { target: 'survived' });
 *     model.predict({ age: 31, sex: 'female', fare: null }); // 'yes'
 */
export class Classifier<
  Answer = ClassName,
  Answers = ClassName[],
  Result = ClassifierEvaluation,
> extends TableModel {
  /** The targets with their classes. The number of a class is its place. */
  readonly targets: readonly ClassTarget[];
  /**
   * What the logits are divided by, so that probabilities agree with what comes true; with several targets, an object of
   * such numbers. Above 1: the network was too sure. Undefined if nothing was calibrated: see `calibrate` of the options.
   */
  readonly temperature: Temperature | undefined;
  readonly #rows: RowNetwork;
  readonly #single: boolean;
  readonly #answer: (outputs: FloatArray) => unknown;
  readonly #probabilities: (outputs: FloatArray) => Record<string, number>;

  /** @internal */
  constructor(parts: ModelParts<ClassTargets>) {
    super(parts);
    this.targets = parts.targets.columns;
    this.#rows = parts.rows;
    this.#single = parts.targets.single;
    const [first] = this.targets as [ClassTarget];
    this.temperature = temperatureOf(this.targets, this.#single);
    const record = recordMaker<unknown>(this.targets.map(({ name }) => name));
    this.#answer = this.#single
      ? (outputs) => first.classes[decide(outputs)]
      : (outputs) =>
          record((i) => (this.targets[i] as ClassTarget).classes[(outputs[i] as number) > 0.5 ? 1 : 0]);
    const probabilities = recordMaker<number>(this.#outputNames);
    const binary = this.#single && first.classes.length === 2;
    this.#probabilities = (outputs) =>
      probabilities((i) =>
        binary ? (i === 0 ? 1 - (outputs[0] as number) : (outputs[0] as number)) : (outputs[i] as number),
      );
  }

  /**
   * Trains a network on the rows of a table. Classes are the values of the column `target`: texts, truth values or whole
   * numbers. Columns become inputs by their kinds: see `inputs`.
   *
   * @param table a Table, or an array of records; or a source of tables, such as `scanTable('big.parquet')` or an array of
   *   files, for data larger than memory: see docs/large-data.md
   * @throws TypeError or RangeError with a code that names row and column for data that cannot be learned from; the
   *   errors of Network.fit. An error that ends the training has the model as it then is as `model`
   */
  static train(
    table: Rows | TableChunks,
    options: ClassifierOptions & WindowOptions & { readonly target: string },
  ): Promise<Classifier>;
  /** The same, with several labels that do not exclude each other. Each is a column with two classes. */
  static train(
    table: Rows | TableChunks,
    options: ClassifierOptions & WindowOptions & { readonly target: readonly string[] },
  ): Promise<LabelsClassifier>;
  static async train(
    table: Rows | TableChunks,
    options: ClassifierOptions & WindowOptions,
    begun?: Begun<Classifier>,
  ): Promise<Classifier | LabelsClassifier> {
    checkTrainOptionsFor(table, options, 'classifier');
    const modelOf = ({ rows, schema, values, history }: Trained) =>
      new Classifier({ rows, schema, history, targets: targetsJson(values) });
    return modelOf(await train(table, options, classifierTask(options), modelOf, begun));
  }

  static readonly load = readers.load;
  static readonly loadSync = readers.loadSync;
  static readonly fromBytes = readers.fromBytes;
  static readonly fromBytesSync = readers.fromBytesSync;
  static readonly fromJSON = readers.fromJSON;
  static readonly attach = readers.attach;

  /**
   * Continues a training from a checkpoint that `train` wrote, with the same rows and options. The result equals that of a
   * training without interruption, bit for bit: see `Network.resume`. The checkpoint has the target, the inputs, the
   * layers, the dtype and the seed: these options have no effect.
   *
   * @param path a folder, for its newest checkpoint, or one checkpoint file
   * @throws like train(); like Network.resume()
   */
  static async resume<Model extends AnyClassifier = Classifier>(
    path: FilePath,
    table: Rows | TableChunks,
    options: Partial<ClassifierOptions> & ResumingOptions & WindowOptions = {},
  ): Promise<Model> {
    checkTrainOptionsFor(table, options, 'classifier', true);
    const { recipe, source, ...stored } = await modelInCheckpoint(path, 'classifier', options);
    const { rows, schema, targets } = stored;
    const names = targets.columns.map(({ name }) => name);
    const target = targets.single ? (names[0] as string) : names;
    checkSameTarget(options.target, target);
    const none = new Int32Array(0);
    const values: TargetValues = targets.single
      ? { kind: 'classes', target: targets.columns[0] as ClassTarget, numbers: none }
      : { kind: 'labels', targets: targets.columns, numbers: targets.columns.map(() => none) };
    const full = { ...options, target };
    const modelOf = (trained: Trained) => made<Model>({ ...trained, targets: targetsJson(trained.values) });
    const trained = { rows, schema, values, recipe, source };
    return modelOf(await resume(path, table, full, trained, classifierTask(full), modelOf));
  }

  /** One record: see the last form. */
  predict(record: Readonly<Record<string, unknown>>): Answer;
  /**
   * Predicts the tables of a source, one after another, as the last form does: see docs/large-data.md. The next table is read
   * meanwhile. @throws like the last form; Error ERR_BLASNET_SOURCE when the source throws
   */
  predict(source: TableChunks, options?: AsyncOptions): AsyncGenerator<Answers, void, undefined>;
  /**
   * Predicts the classes of a table's rows or of records, on other threads. With several targets, the result is a table of
   * them.
   *
   * @throws TypeError or RangeError that names row and column, for rows that do not fit the schema; AbortError
   */
  predict(rows: Rows, options?: AsyncOptions): Promise<Answers>;
  /**
   * Predicts the class of one record, at once: the value that the target's column has. With several targets, an object
   * of them.
   *
   * @throws TypeError or RangeError that names the column, for a record that does not fit the schema
   */
  predict(record: object): Answer;
  predict(
    rows: unknown,
    options: AsyncOptions = {},
  ): Answer | Promise<Answers> | AsyncGenerator<Answers, void, undefined> {
    if (isTableSource(rows)) return this.#each(rows, options, (outputs) => this.#answers(outputs));
    if (!areRows(rows)) return this.#answer(this.#rows.outputOf(rows as RecordLike)) as Answer;
    return this.#outputs(rows, options, (outputs) => this.#answers(outputs));
  }

  /** Like `predict`, but blocks the calling thread for many rows, too. @throws like predict() */
  predictSync(record: Readonly<Record<string, unknown>>): Answer;
  predictSync(rows: Rows): Answers;
  predictSync(record: object): Answer;
  predictSync(rows: unknown): Answer | Answers {
    if (!areRows(rows)) return this.#answer(this.#rows.outputOf(rows as RecordLike)) as Answer;
    return workHere(this.#answers(this.#rows.outputsHere(rows)));
  }

  /** One record: see the last form. */
  probabilities(record: Readonly<Record<string, unknown>>): Record<string, number>;
  /** The probabilities of the tables of a source, one after another. @throws like predict() */
  probabilities(source: TableChunks, options?: AsyncOptions): AsyncGenerator<Table, void, undefined>;
  /**
   * The probabilities of rows: a table with a column for each class, by its name. With several targets, it has the
   * probability of each target's second class by the target's name. @throws like predict()
   */
  probabilities(rows: Rows, options?: AsyncOptions): Promise<Table>;
  /** The probabilities of one record, at once: an object with such names. @throws like predict() */
  probabilities(record: object): Record<string, number>;
  probabilities(
    rows: unknown,
    options: AsyncOptions = {},
  ): Record<string, number> | Promise<Table> | AsyncGenerator<Table, void, undefined> {
    if (isTableSource(rows)) return this.#each(rows, options, (outputs) => this.#probabilityTable(outputs));
    if (!areRows(rows)) return this.#probabilities(this.#rows.outputOf(rows as RecordLike));
    return this.#outputs(rows, options, (outputs) => this.#probabilityTable(outputs));
  }

  /** Like `probabilities`, but blocks the calling thread for many rows, too. @throws like predict() */
  probabilitiesSync(record: Readonly<Record<string, unknown>>): Record<string, number>;
  probabilitiesSync(rows: Rows): Table;
  probabilitiesSync(record: object): Record<string, number>;
  probabilitiesSync(rows: unknown): Record<string, number> | Table {
    if (!areRows(rows)) return this.#probabilities(this.#rows.outputOf(rows as RecordLike));
    return workHere(this.#probabilityTable(this.#rows.outputsHere(rows)));
  }

  /**
   * Compares predictions with the target of a table's rows or of records: accuracy, log loss, precision, recall, F1, AUC
   * and the confusion matrix by class names. `String(...)` makes a table for people. Rows may come from a source: outputs and
   * targets of all its rows stay in memory.
   *
   * @throws TypeError or RangeError that names row and column, also for a target that is missing or no class; Error
   *   ERR_BLASNET_SOURCE when a source throws or has no rows
   */
  async evaluate(rows: Rows | TableChunks, options: EvaluateRowsOptions = {}): Promise<Result> {
    checkEvaluateOptions(options);
    const { numbers, outputs, how } = await this.#compared(rows, options);
    return (
      this.#single
        ? evaluateClasses(this.targets[0] as ClassTarget, numbers[0] as Int32Array, outputs, how)
        : evaluateLabels(this.targets, numbers, outputs, how)
    ) as Promise<Result>;
  }

  /**
   * Compares probabilities with what came true in a table's rows or in records, in bins of equal width: a table with the
   * columns `from`, `to`, `rows`, `predicted` (the mean probability) and `observed` (the share that came true), and
   * `target` first if there are several. Of two classes, the probability is that of the second one; of more, that of the
   * class that is predicted. Of good probabilities, `predicted` and `observed` are alike.
   *
   * @param options the number of `bins`, at most 65,536 (@default 10); those of evaluate
   * @throws like evaluate()
   */
  async reliability(rows: Rows | TableChunks, options: ReliabilityOptions = {}): Promise<Table> {
    checkOptions('', options, reliabilityConstraints);
    const { bins, ...others } = options;
    const { numbers, outputs, how } = await this.#compared(rows, others);
    const binning = { ...how, ...(bins !== undefined && { bins }) };
    if (this.#single) return reliabilityTable([undefined], numbers, [outputs], binning);
    const columns = await workAnywhere(columnsOf(outputs), how);
    return reliabilityTable(
      this.targets.map(({ name }) => name),
      numbers,
      columns,
      binning,
    );
  }

  /** @internal */
  [said](rows: Table, options: AsyncOptions): Promise<Table> {
    return this.probabilities(rows, options);
  }

  /** @internal */
  [explained]() {
    const names = this.#outputNames;
    const binary = this.#single && names.length === 2;
    const outputs = names.map((name, i) => ({
      name,
      index: binary ? 0 : i,
      sign: binary && i === 0 ? (-1 as const) : (1 as const),
    }));
    const chosen = (row: ArrayLike<number>) => names[this.#single ? decide(row as FloatArray) : 0] as string;
    return { outputs, chosen };
  }

  /** @internal */
  [continuing](): Continuing<this> {
    const { targets } = this;
    const single = this.#single;
    const names = targets.map(({ name }) => name);
    const [first] = targets as [ClassTarget];
    const target = single ? first.name : names;
    return {
      names,
      *learn(table) {
        if (!single) return yield* valuesOf(targets.map(plain), table, single);
        const { name, classes } = first;
        const found = yield* classesIn(name, table.column(name));
        const fresh = found.filter((each) => !classes.includes(each));
        const grown = { name, classes: [...classes, ...fresh] };
        return yield* valuesOf([grown], table, single);
      },
      task: (fit) => classifierTask({ ...fit, target, calibrate: false }),
      targets: targetsJson,
      newClasses: (values) => (targetsIn(values)[0] as ClassTarget).classes.slice(first.classes.length),
      made: (parts) => made<AnyClassifier>(parts as ModelParts<ClassTargets>) as this,
    };
  }

  /** @internal */
  [served](): Served {
    const outputs = this.targets.flatMap(({ name, classes }) =>
      classes.map((each) => `the class ${JSON.stringify(each)} of ${JSON.stringify(name)}`),
    );
    const answers = { answer: this.#answer, probabilities: this.#probabilities };
    return servedRows('Classifier', partsOf(this), outputs, answers);
  }

  // The class numbers of rows, and what the network says about them.
  async #compared(rows: Rows | TableChunks, options: EvaluateRowsOptions) {
    const { missingTarget: _, ...how } = options;
    const names = this.targets.map(({ name }) => name);
    const { outputs, columns } = await comparedRows(rows, names, options, async (table) => {
      const said = await this.#rows.outputs(table, how);
      const given = names.map((name) => table.column(name));
      const numbers: Int32Array[] = [];
      for (const [i, target] of this.targets.entries()) {
        const column = given[i] as (typeof given)[0];
        numbers.push(await pinnedWork(classNumbers(target, column), [column.values], how));
      }
      return { outputs: said, columns: numbers };
    });
    return { numbers: columns, outputs, how };
  }

  get #outputNames(): string[] {
    const [first] = this.targets as [ClassTarget];
    return this.#single ? first.classes.map(String) : this.targets.map(({ name }) => name);
  }

  async #outputs<T>(rows: Rows, options: AsyncOptions, answer: (outputs: Matrix) => Work<T>): Promise<T> {
    return workAnywhere(answer(await this.#rows.outputs(rows, options)), options);
  }

  #each<T>(source: TableChunks, options: AsyncOptions, answer: (outputs: Matrix) => Work<T>) {
    return predictTables(source, (table, how) => this.#outputs(table, how, answer), options);
  }

  *#answers(outputs: Matrix): Work<Answers> {
    const [first] = this.targets as [ClassTarget];
    const answers = this.#single
      ? yield* named(yield* decided(outputs), first.classes)
      : yield* labelsTable(this.targets, yield* columnsOf(outputs));
    return answers as Answers;
  }

  *#probabilityTable(outputs: Matrix): Work<Table> {
    const columns = yield* columnsOf(outputs);
    const [yes] = columns as [Float64Array];
    const all = this.#single && outputs.cols === 1 ? [yes.map((share) => 1 - share), yes] : columns;
    return numbersTable(this.#outputNames, all);
  }
}

function made<Model extends AnyClassifier>(parts: ModelParts<ClassTargets>): Model {
  return new Classifier(parts) as unknown as Model;
}

function temperatureOf(targets: readonly ClassTarget[], single: boolean): Temperature | undefined {
  const temperatures = targets.map(({ temperature }) => temperature);
  if (temperatures.includes(undefined)) return undefined;
  if (single) return temperatures[0];
  return recordMaker<number>(targets.map(({ name }) => name))((i) => temperatures[i] as number);
}
