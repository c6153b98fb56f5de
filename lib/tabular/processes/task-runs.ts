// The trainings of tasks, in the process where they run.

import type { SplitData } from '../../datasets/split';
import type { Indices } from '../../datasets/stratify';
import type { Metrics } from '../../metrics/metric';
import type { Network } from '../../network/network';
import type { Table } from '../../tables/table';
import type { FitOptions } from '../../training/options';
import { FoldRun, type RunRows, type RunTask, TableRun } from '../fold-run';
import type { AnyModel, ModelKind } from '../model-kind';
import { NetworkRun } from '../network-run';
import { outputsOf } from '../out-of-fold';
import type { TaskHow } from '../parallel';
import type { TrainOptions } from '../train-options';
import type { FileArray } from './arrays-file';
import type { Place } from './dispatcher';
import type { FromWorker, Task, TaskMessage, TaskResult } from './messages';
import { packTable } from './packed-table';
import { sentError } from './sent-error';

/** What is trained, and what its model says about the rows that it is tested with. */
export interface Trained {
  readonly task: RunTask;
  readonly outputs: (model: unknown, how: TaskHow) => Promise<Partial<TaskResult>>;
}

/** Finds out what a task trains. */
export type Begin = (task: Task) => Promise<Trained> | Trained;

/** The training of a Classifier or a Regressor. */
export function tableTask(kind: ModelKind, table: Table, rows: RunRows, options: TrainOptions): Trained {
  const task = new TableRun(kind, table, rows, options);
  const outputs = async (model: unknown, how: TaskHow) => {
    const own: FileArray[] = [];
    return {
      outputs: { table: packTable(await outputsOf(model as AnyModel, task.test, how), own), arrays: own },
    };
  };
  return { task: task as RunTask, outputs };
}

/** The training of a network. @param make makes a new one */
export function networkTask(
  make: () => Promise<Network>,
  data: SplitData,
  rows: Indices,
  fit: FitOptions,
  metrics: Metrics,
): Trained {
  const task = new NetworkRun(make, data, rows, { drawn: { options: {}, drawn: {} }, fit }, metrics);
  const outputs = async (network: unknown, how: TaskHow) => ({
    matrix: await (network as Network).predict(task.test.X, how),
  });
  return { task: task as RunTask, outputs };
}

interface Run extends Trained {
  readonly run: FoldRun;
  readonly abort: AbortController;
}

/** Runs tasks in this process. */
export class TaskRuns implements Place {
  readonly #begin: Begin;
  readonly #how: Omit<TaskHow, 'signal'>;
  readonly #answer: (message: FromWorker) => void;
  readonly #runs = new Map<number, Run>();
  readonly #tasks = new Set<Promise<void>>();
  #closed = false;

  constructor(begin: Begin, how: Omit<TaskHow, 'signal'>, answer: (message: FromWorker) => void) {
    this.#begin = begin;
    this.#how = how;
    this.#answer = answer;
  }

  send(message: TaskMessage): void {
    if (message.type === 'end') this.#end(message.run);
    else {
      const task = this.#run(message.task).finally(() => this.#tasks.delete(task));
      this.#tasks.add(task);
    }
  }

  /** Ends all runs. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#runs.keys()) this.#end(run);
    await Promise.all(this.#tasks);
  }

  async #run(task: Task): Promise<void> {
    const { run } = task;
    try {
      this.#answer({ type: 'result', run, result: await this.#resultOf(task) });
    } catch (error) {
      this.#runs.delete(run);
      this.#answer({ type: 'failed', run, error: sentError(error) });
    }
  }

  // Ends a run that waits or trains.
  #end(number: number): void {
    const known = this.#runs.get(number);
    this.#runs.delete(number);
    known?.abort.abort();
    known?.run.stop().catch(() => {});
  }

  async #resultOf(task: Task): Promise<TaskResult> {
    const { run: number, epoch, wantsOutputs, wantsModel } = task;
    const known = this.#runs.get(number) ?? (await this.#new(task));
    this.#runs.set(number, known);
    const { run, outputs, abort } = known;
    await run.advance(epoch);
    const how = { ...this.#how, signal: abort.signal };
    const said = wantsOutputs ? await outputs(run.model, how) : {};
    if (epoch === undefined) this.#runs.delete(number);
    const evaluation = run.evaluation as object;
    const model = run.model as Pick<AnyModel, 'toBytes'>;
    return {
      ...{
        evaluation,
        text: `${evaluation}`,
        epochs: run.epochs,
        outputs: undefined,
        matrix: undefined,
        ...said,
      },
      model: wantsModel ? await model.toBytes(how) : undefined,
    };
  }

  async #new(task: Task): Promise<Run> {
    const abort = new AbortController();
    const trained = await this.#begin(task);
    // Meanwhile nobody may wait for it any more.
    if (this.#closed) abort.abort();
    return { ...trained, abort, run: new FoldRun(trained.task, { ...this.#how, signal: abort.signal }) };
  }
}
