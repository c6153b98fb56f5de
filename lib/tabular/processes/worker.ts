// The program of a worker process: it trains what it is told, and answers with evaluations.

import { setThreads } from '../../addon/threads';
import { SplitData } from '../../datasets/split';
import type { Indices } from '../../datasets/stratify';
import type { Network } from '../../network/network';
import { Classifier } from '../classifier';
import { unused } from '../cross-validate-network';
import { FoldRun, type RunRows, type RunTask, TableRun } from '../fold-run';
import { type AnyModel, modelKind } from '../model-kind';
import { outputsOf } from '../out-of-fold';
import type { TaskHow } from '../parallel';
import { Regressor } from '../regressor';
import { NetworkRun } from '../search-network';
import type { TrainOptions } from '../train-options';
import { type FileArray, readArrays } from './arrays-file';
import { functionAt } from './make-from';
import type {
  FromWorker,
  JobContent,
  JobMessage,
  NetworkTaskOptions,
  SentError,
  Task,
  TaskResult,
  ToWorker,
} from './messages';
import { unpackSamples } from './packed-samples';
import { packTable, unpackTable } from './packed-table';

type Load = (url: string) => Promise<object>;

/**
 * Answers the messages of the process that started this one, until that goes.
 *
 * @param load imports a module
 */
export function serveTasks(load: Load): void {
  let job: Job | undefined;
  process.on('message', (message: ToWorker) => {
    if (message.type === 'job') {
      job = new Job(message, load);
      answer({ type: 'ready' });
    } else if (message.type === 'task') void job?.run(message.task);
    else job?.end(message.run);
  });
  process.on('disconnect', endNow);
}

// Nobody waits for the results of a process that has no parent. `exit` would wait for the training that runs.
function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}

function answer(message: FromWorker): void {
  process.send?.(message, undefined, undefined, (error) => {
    if (error !== null) endNow();
  });
}

/** What is trained, and what its model says about the rows that it is tested with. */
interface Trained {
  readonly task: RunTask;
  readonly outputs: (model: unknown, how: TaskHow) => Promise<Partial<TaskResult>>;
}

type Begin = (options: object, part: number) => Promise<Trained>;

interface Run extends Trained {
  readonly run: FoldRun;
  readonly abort: AbortController;
}

class Job {
  readonly #begin: Begin;
  readonly #how: Omit<TaskHow, 'signal'>;
  readonly #runs = new Map<number, Run>();

  constructor({ file, threads, priority }: JobMessage, load: Load) {
    const { content, arrays } = readArrays(file);
    this.#begin = beginner(content as JobContent, arrays, load);
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
    const known = this.#runs.get(number) ?? (await this.#new(options, part));
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

  async #new(options: object, part: number): Promise<Run> {
    const abort = new AbortController();
    const trained = await this.#begin(options, part);
    return { ...trained, abort, run: new FoldRun(trained.task, { ...this.#how, signal: abort.signal }) };
  }
}

function beginner(content: JobContent, arrays: readonly FileArray[], load: Load): Begin {
  const rows = content.parts.map((part): RunRows => {
    if ('test' in part) return { test: unpackTable(part.test, arrays) };
    const of = (i: number) => arrays[i] as Uint32Array;
    return { trainIndex: of(part.trainIndex), testIndex: of(part.testIndex) } as Indices;
  });
  if (content.kind === 'network') return networks(content, rows as Indices[], arrays, load);
  const kind = modelKind(content.kind === 'classifier' ? Classifier : Regressor);
  const table = unpackTable(content.table, arrays);
  return async (options, part) => {
    const task = new TableRun(kind, table, rows[part] as RunRows, options as TrainOptions);
    const outputs = async (model: unknown, how: TaskHow) => {
      const own: FileArray[] = [];
      return {
        outputs: { table: packTable(await outputsOf(model as AnyModel, task.test, how), own), arrays: own },
      };
    };
    return { task: task as RunTask, outputs };
  };
}

function networks(
  { samples, make, metrics }: JobContent & { readonly kind: 'network' },
  rows: readonly Indices[],
  arrays: readonly FileArray[],
  load: Load,
): Begin {
  const { X, Y } = unpackSamples(samples, arrays);
  const data = new SplitData(X, Y, {});
  const loaded = functionAt(make, load);
  loaded.catch(() => {});
  const used = new WeakSet<Network>();
  return async (options, part) => {
    const { given, isFold, fit } = options as NetworkTaskOptions;
    const own = rows[part] as Indices;
    const [first, ...others] = given;
    const all = isFold ? [{ ...(first as object), ...own }, ...others] : given;
    const makeNew = async () => {
      const network = (await (await loaded)(...all)) as Network;
      return unused(network, used, 'each training needs one that has learned nothing');
    };
    const task = new NetworkRun(makeNew, data, own, { drawn: { options: {}, drawn: {} }, fit }, metrics);
    const outputs = async (network: unknown, how: TaskHow) => ({
      matrix: await (network as Network).predict(task.test.X, how),
    });
    return { task: task as RunTask, outputs };
  };
}

function sentError(error: unknown): SentError {
  const { name, message, stack, code } = (
    error instanceof Error ? error : new Error(String(error))
  ) as Error & {
    code?: string;
  };
  return { name, message, stack, code };
}
