// What the process of a call and its workers tell each other: tasks, results, and what the tasks have in common.

import type { Priority } from '../../addon/work';
import type { Matrix } from '../../base/matrix';
import type { Metrics } from '../../metrics/metric';
import type { FitOptions } from '../../training/options';
import type { FileArray } from './arrays-file';
import type { SentFunction } from './make-from';
import type { PackedPart } from './packed-samples';
import type { PackedTable } from './packed-table';
import type { SentError } from './sent-error';

/** What all tasks of a call have in common. The data are in a file. */
export interface JobMessage {
  readonly type: 'job';
  /** The file, as `JobContent` describes it. */
  readonly file: string;
  readonly threads: number;
  readonly priority: Priority | undefined;
}

/** What the file of a job holds. Numbers stand for arrays. */
export type JobContent = {
  readonly parts: readonly (
    | { readonly trainIndex: number; readonly testIndex: number }
    | { readonly test: PackedTable }
  )[];
} & (
  | { readonly kind: 'classifier' | 'regressor'; readonly table: PackedTable }
  | {
      readonly kind: 'network';
      readonly samples: readonly PackedPart[];
      readonly make: SentFunction;
      readonly metrics: Metrics;
    }
);

/** The options of a task that trains a network. */
export interface NetworkTaskOptions {
  /** What `make` gets. Of a cross-validation, the first is the fold, without its rows. */
  readonly given: readonly unknown[];
  readonly isFold: boolean;
  readonly fit: FitOptions;
}

/** A part of a training. A worker that does not know the run begins it anew. */
export interface Task {
  /** The number of the run. */
  readonly run: number;
  /** What errors call it: `trial 3, fold 1`. */
  readonly name: string;
  /** The options of `train`, or `NetworkTaskOptions`. */
  readonly options: object;
  /** The number of the rows that it trains and tests with. */
  readonly part: number;
  /** Where it waits; undefined: it trains to the end. */
  readonly epoch: number | undefined;
  /** Whether the result has the outputs for the test rows, and the model. */
  readonly wantsOutputs: boolean;
  readonly wantsModel: boolean;
}

export type ToWorker = JobMessage | TaskMessage;

export type TaskMessage =
  | { readonly type: 'task'; readonly task: Task }
  /** Ends a training that waits, or that runs. */
  | { readonly type: 'end'; readonly run: number };

/** What a task has found. */
export interface TaskResult {
  readonly evaluation: object;
  /** The evaluation for people. */
  readonly text: string;
  readonly epochs: number;
  readonly outputs: SentTable | undefined;
  /** The outputs of a network. */
  readonly matrix: Matrix | undefined;
  /** The bytes of the model's file. */
  readonly model: Uint8Array<ArrayBuffer> | undefined;
}

export interface SentTable {
  readonly table: PackedTable;
  readonly arrays: readonly FileArray[];
}

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly run: number; readonly result: TaskResult }
  | { readonly type: 'failed'; readonly run: number; readonly error: SentError };
