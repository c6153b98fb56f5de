// The training of a search's trial with one fold, which can wait at an epoch until it is known whether it goes on.

import type { Indices } from '../datasets/stratify';
import type { Table } from '../tables/table';
import type { Callbacks } from '../training/callbacks';
import type { EpochReport } from '../training/history';
import type { AnyModel, ModelKind } from './model-kind';
import type { TrainOptions } from './train-options';

/** How a training computes. */
export interface RunHow {
  readonly signal: AbortSignal;
  readonly threads: number;
}

/** The rows of a fold: those of one table, or a table of its own to test with. */
export type RunRows = Indices | { readonly test: Table };

export class FoldRun {
  /** The model as it is after the last `advance`. */
  model: AnyModel | undefined;
  /** Its evaluation with the fold's test rows. */
  evaluation: object | undefined;
  /** The epochs that are done. */
  epochs = 0;
  seconds = 0;
  readonly #kind: ModelKind;
  readonly #table: Table;
  readonly #rows: RunRows;
  readonly #options: TrainOptions;
  readonly #how: RunHow;
  #test: Table | undefined;
  // Settles when the training has ended.
  #training: Promise<void> | undefined;
  #ended = false;
  #pauseAt = 0;
  #paused: (() => void) | undefined;
  #answer: ((goesOn: boolean) => void) | undefined;

  constructor(kind: ModelKind, table: Table, rows: RunRows, options: TrainOptions, how: RunHow) {
    this.#kind = kind;
    this.#table = table;
    this.#rows = rows;
    this.#options = options;
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
    this.evaluation = await (this.model as AnyModel).evaluate(this.#test as Table, this.#how);
    this.seconds += (performance.now() - start) / 1000;
  }

  /** Ends a training that waits. */
  async stop(): Promise<void> {
    this.#answer?.(false);
    await this.#training;
  }

  async #train(waits: boolean): Promise<void> {
    const rows = this.#rows;
    const train = 'test' in rows ? this.#table : await this.#table.takeAsync(rows.trainIndex, this.#how);
    this.#test = 'test' in rows ? rows.test : await this.#table.takeAsync(rows.testIndex, this.#how);
    const options = { ...this.#options, ...this.#how, ...(waits && { callbacks: this.#callbacks() }) };
    this.model = await this.#kind.train(train, options, (model) => {
      this.model = model;
    });
    this.epochs = this.model.history?.loss.length ?? 0;
    this.#ended = true;
  }

  #callbacks(): Callbacks {
    const { callbacks = {} } = this.#options;
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
