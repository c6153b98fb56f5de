// The program of a worker process: it trains what it is told, and answers with evaluations.

import { setThreads } from '../../addon/threads';
import type { Indices } from '../../datasets/stratify';
import { Classifier } from '../classifier';
import { FoldRun, type RunRows, TableRun } from '../fold-run';
import { type AnyModel, modelKind } from '../model-kind';
import { outputsOf } from '../out-of-fold';
import type { TaskHow } from '../parallel';
import { Regressor } from '../regressor';
import type { TrainOptions } from '../train-options';
import { type FileArray, readArrays } from './arrays-file';
import type { FromWorker, JobContent, JobMessage, SentError, Task, TaskResult, ToWorker } from './messages';
import { packTable, unpackTable } from './packed-table';

/** Answers the messages of the process that started this one, until that goes. */
export function serveTasks(): void {
  let job: Job | undefined;
  process.on('message', (message: ToWorker) => {
    if (message.type === 'job') {
      job = new Job(message);
      answer({ type: 'ready' });
    } else if (message.type === 'task') void job?.run(message.task);
    else job?.end(message.run);
  });
  // Nobody waits for the results of a process that has no parent. `exit` would wait for the training that runs.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

function answer(message: FromWorker): void {
  process.send?.(message);
}

interface Run {
  readonly run: FoldRun;
  readonly task: TableRun;
  readonly abort: AbortController;
}

class Job {
  readonly #content: JobContent;
  readonly #table: ReturnType<typeof unpackTable>;
  readonly #parts: readonly RunRows[];
  readonly #how: Omit<TaskHow, 'signal'>;
  readonly #runs = new Map<number, Run>();

  constructor({ file, threads, priority }: JobMessage) {
    const { content, arrays } = readArrays(file);
    const { kind, table, parts } = content as JobContent;
    this.#content = { kind, table, parts };
    this.#table = unpackTable(table, arrays);
    this.#parts = parts.map((part): RunRows => {
      if ('test' in part) return { test: unpackTable(part.test, arrays) };
      const of = (i: number) => arrays[i] as Uint32Array;
      return { trainIndex: of(part.trainIndex), testIndex: of(part.testIndex) } as Indices;
    });
    setThreads(threads);
    this.#how = { threads, ...(priority !== undefined && { priority }) };
  }

  async run(task: Task): Promise<void> {
    const { run } = task;
    try {
      answer({ type: 'result', run, result: await this.#resultOf(task) });
    } catch (error) {
      this.#runs.delete(run);
      answer({ type: 'failed', run, error: sentError(error) });
    }
  }

  /** Ends a run that waits or trains. */
  end(number: number): void {
    const known = this.#runs.get(number);
    this.#runs.delete(number);
    known?.abort.abort();
    known?.run.stop().catch(() => {});
  }

  async #resultOf({
    run: number,
    options,
    part,
    epoch,
    wantsOutputs,
    wantsModel,
  }: Task): Promise<TaskResult> {
    const known = this.#runs.get(number) ?? this.#begin(options, part);
    this.#runs.set(number, known);
    const { run, task, abort } = known;
    await run.advance(epoch);
    const how = { ...this.#how, signal: abort.signal };
    const model = run.model as AnyModel;
    const arrays: FileArray[] = [];
    const outputs = wantsOutputs ? await outputsOf(model, task.test, how) : undefined;
    if (epoch === undefined) this.#runs.delete(number);
    const evaluation = run.evaluation as object;
    return {
      ...{ evaluation, text: `${evaluation}`, epochs: run.epochs },
      outputs: outputs && { table: packTable(outputs, arrays), arrays },
      model: wantsModel ? await model.toBytes(how) : undefined,
    };
  }

  #begin(options: object, part: number): Run {
    const kind = modelKind(this.#content.kind === 'classifier' ? Classifier : Regressor);
    const rows = this.#parts[part] as RunRows;
    const task = new TableRun(kind, this.#table, rows, options as TrainOptions);
    const abort = new AbortController();
    return { task, abort, run: new FoldRun(task, { ...this.#how, signal: abort.signal }) };
  }
}

function sentError(error: unknown): SentError {
  const { name, message, stack, code } = (
    error instanceof Error ? error : new Error(String(error))
  ) as Error & {
    code?: string;
  };
  return { name, message, stack, code };
}
