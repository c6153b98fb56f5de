// The training of a search's trial with one fold, which can wait at an epoch until it is known whether it goes on.

import type { Indices } from '../datasets/stratify';
import type { Table } from '../tables/table';
import type { Callbacks } from '../training/callbacks';
import type { EpochReport } from '../training/history';
import type { FitOptions } from '../training/options';
import type { AnyModel, ModelKind } from './model-kind';
import type { TaskHow } from './parallel';
import type { TrainOptions } from './train-options';

/** What is trained and evaluated. */
export interface RunTask<Model = unknown> {
  /** The callbacks that the training has anyway. */
  readonly callbacks: FitOptions['callbacks'];
  /**
   * Trains a model with the fold's training rows.
   *
   * @param callbacks those to train with, if they differ
   * @param begun gets the model before the first epoch
   */
  train(
    how: TaskHow,
    callbacks: Callbacks | undefined,
    begun: (model: Model) => void,
  ): Promise<{ readonly model: Model; readonly epochs: number }>;
  /** Evaluates the model with the fold's test rows. */
  evaluate(model: Model, how: TaskHow): Promise<object>;
}

/** A training that can wait at an epoch, wherever it runs. */
export interface TrialRun {
  readonly model: unknown;
  readonly evaluation: object | undefined;
  readonly epochs: number;
  readonly seconds: number;
  advance(epoch?: number): Promise<void>;
  stop(): Promise<void>;
}

export class FoldRun implements TrialRun {
  /** The model as it is after the last `advance`. */
  model: unknown;
  /** Its evaluation with the fold's test rows. */
  evaluation: object | undefined;
  /** The epochs that are done. */
  epochs = 0;
  seconds = 0;
  readonly #task: RunTask;
  readonly #how: TaskHow;
  // Settles when the training has ended.
  #training: Promise<void> | undefined;
  #ended = false;
  #pauseAt = 0;
  #paused: (() => void) | undefined;
  #answer: ((goesOn: boolean) => void) | undefined;

  constructor(task: RunTask, how: TaskHow) {
    this.#task = task;
    this.#how = how;
  }

  /**
   * Trains until an epoch is done, or to the end, and evaluates.
   *
   * @param epoch undefined: to the end
   */
  async advance(epoch?: number): Promise<void> {
    if (this.#ended) return;
    const start = performance.now();
    this.#pauseAt = epoch ?? Number.POSITIVE_INFINITY;
    const paused = new Promise<void>((resolve) => {
      this.#paused = resolve;
    });
    if (this.#training === undefined) {
      this.#training = this.#train(epoch !== undefined);
      // While it waits, nobody waits for it.
      this.#training.catch(() => {});
    } else {
      this.#answer?.(true);
    }
    await Promise.race([paused, this.#training]);
    this.evaluation = await this.#task.evaluate(this.model, this.#how);
    this.seconds += (performance.now() - start) / 1000;
  }

  /** Ends a training that waits. */
  async stop(): Promise<void> {
    this.#answer?.(false);
    await this.#training;
  }

  async #train(waits: boolean): Promise<void> {
    const begun = (model: unknown) => {
      this.model = model;
    };
    const { model, epochs } = await this.#task.train(this.#how, waits ? this.#callbacks() : undefined, begun);
    this.model = model;
    this.epochs = epochs;
    this.#ended = true;
  }

  #callbacks(): Callbacks {
    const { callbacks = {} } = this.#task;
    const given = typeof callbacks === 'function' ? { onEpochEnd: callbacks } : callbacks;
    return {
      ...given,
      onEpochEnd: async (report: EpochReport) => {
        if ((await given.onEpochEnd?.(report)) === false) return false;
        this.epochs = report.epoch;
        if (report.epoch !== this.#pauseAt) return true;
        const answer = new Promise<boolean>((resolve) => {
          this.#answer = resolve;
        });
        this.#paused?.();
        return answer;
      },
    };
  }
}

/** The rows of a fold: those of one table, or a table of its own to test with. */
export type RunRows = Indices | { readonly test: Table };

/** A Classifier or a Regressor, trained with a table. */
export class TableRun implements RunTask<AnyModel> {
  readonly #kind: ModelKind;
  readonly #table: Table;
  readonly #rows: RunRows;
  readonly #options: TrainOptions;
  #test: Table | undefined;

  constructor(kind: ModelKind, table: Table, rows: RunRows, options: TrainOptions) {
    this.#kind = kind;
    this.#table = table;
    this.#rows = rows;
    this.#options = options;
  }

  get callbacks(): FitOptions['callbacks'] {
    return this.#options.callbacks;
  }

  /** The rows that it tests with. They are there when the training has begun. */
  get test(): Table {
    return this.#test as Table;
  }

  async train(how: TaskHow, callbacks: Callbacks | undefined, begun: (model: AnyModel) => void) {
    const rows = this.#rows;
    const train = 'test' in rows ? this.#table : await this.#table.takeAsync(rows.trainIndex, how);
    this.#test = 'test' in rows ? rows.test : await this.#table.takeAsync(rows.testIndex, how);
    const options = { ...this.#options, ...how, ...(callbacks && { callbacks }) };
    const model = await this.#kind.train(train, options, begun);
    return { model, epochs: model.history?.loss.length ?? Number.NaN };
  }

  evaluate(model: AnyModel, how: TaskHow): Promise<object> {
    return model.evaluate(this.#test as Table, how);
  }
}
