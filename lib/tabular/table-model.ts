import type { AsyncOptions } from '../addon/work';
import { blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import { runCalls, runCallsSync } from '../formats/file-calls';
import { safetensorsBytes, writeSafetensors } from '../formats/safetensors';
import { type ExportedNetwork, exportNetwork, exportNetworkBytes } from '../network/exportable';
import type { ExportOptions } from '../network/interop-options';
import type { Network } from '../network/network';
import { type Served, served } from '../network/served-model';
import type { SharedNetwork } from '../network/shared';
import type { Schema } from '../tables/schema';
import type { Table } from '../tables/table';
import type { History } from '../training/history';
import {
  type AttributionOptions,
  type Attributions,
  attributionsOf,
  type ExplainedOutput,
} from './attributions';
import { bagHere, bagOf } from './bag-file';
import {
  type Continuing,
  type DriftOptions,
  driftOfModel,
  type ModelUpdate,
  type UpdateOptions,
  updateModel,
} from './continual/update';
import { type ImportanceOptions, importanceOf, type ScoredModel } from './importance';
import type { RecordLike } from './learned-inputs';
import { type ModelJson, toModelJson } from './model-json';
import type { ModelParts } from './model-parts';
import { type PartialDependenceOptions, partialDependenceOf, type SayingModel } from './partial-dependence';
import { type Rows, tableOf as tableOfRows } from './row-network';
import { defaultMetric } from './scores';
import type { TableChunks } from './table-source';
import type { EvaluateRowsOptions } from './train-options';

/**
 * A handle of a model that several threads of a process read: a plain object, for `postMessage` and `workerData`. See
 * `SharedNetwork`.
 */
export interface SharedModel {
  readonly format: 'blasnet.shared-model';
  /** The handle of each network: several with `preset: 'best'`, otherwise one. */
  readonly networks: readonly SharedNetwork[];
}

// Only this module knows of which parts a model was made.
const partsOfModel = new WeakMap<TableModel, ModelParts>();

/** The parts of which a model was made. */
export function partsOf(model: TableModel): ModelParts {
  return partsOfModel.get(model) as ModelParts;
}

/** The key of what a model says about rows. */
export const said = Symbol('said');
/** The key of how a model goes on with new rows. */
export const continuing = Symbol('continuing');
/** The key of the outputs that can be explained. */
export const explained = Symbol('explained');

/** What a Classifier and a Regressor have in common. */
export abstract class TableModel {
  /** What was learned about the columns that the model was trained with: see `Schema`. */
  readonly schema: Schema;
  /** The network inside. Its inputs are the encoded columns. Of several networks, it is the first. */
  readonly network: Network;
  /** The networks whose outputs are averaged: eight with `preset: 'best'`, otherwise one. */
  readonly networks: readonly Network[];
  /** The history of the training; undefined if the model was loaded. */
  readonly history: History | undefined;

  /** @internal */
  constructor(parts: ModelParts) {
    const { rows, schema, history } = parts;
    partsOfModel.set(this, parts);
    this.schema = schema;
    this.network = rows.network;
    this.networks = rows.members.map(({ network }) => network);
    this.history = history;
  }

  /** Compares predictions with the target of rows. */
  abstract evaluate(rows: Rows | TableChunks, options?: EvaluateRowsOptions): Promise<unknown>;

  /** @internal What the model says about rows, as numbers by the name of each output. */
  abstract [said](rows: Table, options: AsyncOptions): Promise<Table>;

  /** @internal The outputs that can be explained, and the name of the one that a row of outputs decides for. */
  abstract [explained](): {
    readonly outputs: readonly ExplainedOutput[];
    readonly chosen: (outputs: ArrayLike<number>) => string;
  };

  /** @internal How the model goes on with new rows. */
  abstract [continuing](): Continuing<this>;

  /** @internal How `blasnet/serving` serves it. */
  abstract [served](): Served;

  /**
   * Tells how much worse the scores of rows get if a column's values are permuted among the rows: permutation importance
   * (Breiman 2001; Fisher et al. 2019). Use rows that the model has not learned from. The result is a table with the columns
   * `column`, `mean` and `std` (of the repeats, that of the population), the most important column first. Columns that tell
   * the same share their importance: each seems less important than both are.
   *
   * @throws RangeError ERR_BLASNET_UNKNOWN_NAME for a metric that no evaluation has; like evaluate()
   */
  async importance(rows: Rows, options: ImportanceOptions = {}): Promise<Table> {
    const { targets } = partsOf(this);
    const model: ScoredModel = {
      columns: this.#columns,
      defaultMetric: defaultMetric(targets.kind, targets.single),
      evaluate: (table, how) => this.evaluate(table, how) as Promise<object>,
    };
    return importanceOf(model, tableOfRows(rows), options);
  }

  /**
   * Tells what the model says on average over rows, if a column had one value in all of them: partial dependence (Friedman
   * 2001). The result is a table with the column and the mean of each output: the probability of each class, or each target.
   * Where columns depend on each other, rows come about that do not exist.
   *
   * @throws RangeError ERR_BLASNET_UNKNOWN_NAME for an unknown column; ERR_BLASNET_ARG_VALUE for one that is no input;
   *   TypeError ERR_BLASNET_ARG_TYPE, also for a value that the column cannot have
   */
  async partialDependence(
    rows: Rows,
    column: string,
    options: PartialDependenceOptions = {},
  ): Promise<Table> {
    const model: SayingModel = {
      columns: this.#columns,
      outputs: (table, how) => this[said](table, how),
    };
    return partialDependenceOf(model, tableOfRows(rows), column, options);
  }

  /**
   * Tells how much each column of a record moves an output away from that of a baseline: integrated gradients (Sundararajan et
   * al. 2017), summed by column. They sum up to the difference of the two outputs, except for a small `gap`. Columns
   * that are embedded change one after another.
   *
   * @throws RangeError ERR_BLASNET_UNKNOWN_NAME for an unknown output; TypeError or RangeError that names the column, for
   *   a record or baseline that does not fit the schema; AbortError
   */
  async attributions(record: object, options: AttributionOptions = {}): Promise<Attributions> {
    const { outputs, chosen } = this[explained]();
    return attributionsOf(partsOf(this).rows, record as RecordLike, outputs, chosen, options);
  }

  /**
   * Tells how rows differ from those that the model learned from: a table with a row for each column, inputs and targets.
   * It has their shares of missing values, means and deviations before and now, the population stability index `psi`
   * (Siddiqi 2006), the Kolmogorov-Smirnov distance `ks` and the categories that are new. See docs/continual.md.
   *
   * @throws RangeError ERR_BLASNET_ARG_VALUE for a model that remembers no rows, without the option `old`;
   *   ERR_BLASNET_UNKNOWN_NAME for a column that is not there; TypeError ERR_BLASNET_ARG_TYPE for one of another kind; AbortError
   */
  async drift(rows: Rows, options: DriftOptions = {}): Promise<Table> {
    return driftOfModel(partsOf(this), this[continuing]().names, rows, options);
  }

  /**
   * Goes on learning with new rows. It makes a new model: scales follow the moments of all rows, new categories and classes get
   * weights of their own, and the network trains on with the new rows and those that the model remembers. The new model
   * is the result if it is not worse with rows that were held out, otherwise the old one. This model does not change.
   * See docs/continual.md.
   *
   * @param rows with the target: a table or records
   * @throws like drift() and train(); RangeError ERR_BLASNET_ARG_VALUE for a model of several networks, and for too few rows to hold
   *   some out; AbortError
   */
  async update(rows: Rows, options: UpdateOptions = {}): Promise<ModelUpdate<this>> {
    return updateModel(this, partsOf(this), this[continuing](), rows, options);
  }

  get #exported(): ExportedNetwork {
    const [network, ...others] = this.networks as [Network];
    return others.length > 0 ? { network, others, whole: true } : { network, whole: true };
  }

  get #columns(): readonly string[] {
    return partsOf(this).rows.inputs.columns.map(({ name }) => name);
  }

  /**
   * Writes the model to a file: a network's file in the safetensors format, whose metadata also have the schema and what was
   * learned about the columns. `Network.load` reads its network. An older file is replaced as a whole or not at all.
   *
   * @throws like Network.save()
   */
  async save(path: FilePath, options: AsyncOptions = {}): Promise<void> {
    if (this.networks.length === 1) return this.network.save(path, options);
    const file = pathOf('path', path);
    await runCalls(writeSafetensors(file, await bagOf(this.networks, options)), options);
  }

  /** Like `save`, but blocks the calling thread. @throws like save() */
  saveSync(path: FilePath): void {
    if (this.networks.length === 1) this.network.saveSync(path);
    else runCallsSync(writeSafetensors(pathOf('path', path), bagHere(this.networks)));
  }

  /** Returns the bytes of the file that `save` writes. @throws like Network.toBytes() */
  async toBytes(options: AsyncOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    if (this.networks.length === 1) return this.network.toBytes(options);
    return runCalls(safetensorsBytes(await bagOf(this.networks, options)), options);
  }

  /** Like `toBytes`, but blocks the calling thread. @throws like toBytes() */
  toBytesSync(): Uint8Array<ArrayBuffer> {
    if (this.networks.length === 1) return this.network.toBytesSync();
    return runCallsSync(safetensorsBytes(bagHere(this.networks)));
  }

  /**
   * Copies the parameters into memory that all threads of the process can read, and returns a handle for them:
   * `Classifier.attach` and `Regressor.attach` make a model of it. See `Network.share`. @throws like Network.share()
   */
  share(): SharedModel {
    const networks = Object.freeze(this.networks.map((network) => network.share()));
    return Object.freeze({ format: 'blasnet.shared-model', networks });
  }

  /**
   * Writes the model for another tool, from the columns of a record to its answer: see `Network.export` and
   * docs/interchange.md. Columns are inputs by their names there.
   *
   * @throws like Network.export()
   */
  async export(path: FilePath, options: ExportOptions = {}): Promise<void> {
    return exportNetwork(this.#exported, path, options);
  }

  /** Returns the bytes of the file that `export` writes. @throws like Network.exportBytes() */
  async exportBytes(options: ExportOptions): Promise<Uint8Array<ArrayBuffer>> {
    return exportNetworkBytes(this.#exported, options);
  }

  /**
   * The content of the model's file as plain JSON, with the parameters as rows of numbers: for small models.
   * `fromJSON` reads it. JSON keeps each number to the last bit.
   *
   * @throws RangeError ERR_BLASNET_SHAPE for a model of more than a million parameters; like Network.toBytesSync()
   */
  toJSON(): ModelJson {
    const { length } = this.networks;
    if (length > 1) {
      const hint = '; save and toBytes take any model';
      const message = `Expected a model with one network for toJSON, got ${length} networks${hint}`;
      throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
    }
    return toModelJson(this.toBytesSync());
  }

  /** The schema and the network's layers, for people. */
  toString(): string {
    return `${this.schema}\n\n${this.network.summary()}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
