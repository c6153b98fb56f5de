// The program of a worker process: it trains what it is told, and answers with evaluations.

import { setThreads } from '../../addon/threads';
import { SplitData } from '../../datasets/split';
import type { Indices } from '../../datasets/stratify';
import type { Network } from '../../network/network';
import { Classifier } from '../classifier';
import { unused } from '../cross-validate-network';
import type { RunRows } from '../fold-run';
import { modelKind } from '../model-kind';
import { Regressor } from '../regressor';
import type { TrainOptions } from '../train-options';
import { type FileArray, readArrays } from './arrays-file';
import { functionAt } from './make-from';
import type { FromWorker, JobContent, JobMessage, NetworkTaskOptions, ToWorker } from './messages';
import { unpackSamples } from './packed-samples';
import { unpackTable } from './packed-table';
import { type Begin, networkTask, TaskRuns, tableTask } from './task-runs';

type Load = (url: string) => Promise<object>;

/**
 * Answers the messages of the process that started this one, until that goes.
 *
 * @param load imports a module
 */
export function serveTasks(load: Load): void {
  let runs: TaskRuns | undefined;
  process.on('message', (message: ToWorker) => {
    if (message.type === 'job') {
      runs = runsOf(message, load);
      answer({ type: 'ready' });
    } else runs?.send(message);
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

function runsOf({ file, threads, priority }: JobMessage, load: Load): TaskRuns {
  const { content, arrays } = readArrays(file);
  const begin = beginner(content as JobContent, arrays, load);
  setThreads(threads);
  return new TaskRuns(begin, { threads, ...(priority !== undefined && { priority }) }, answer);
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
  return ({ options, part }) => tableTask(kind, table, rows[part] as RunRows, options as TrainOptions);
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
  return ({ options, part }) => {
    const { given, isFold, fit } = options as NetworkTaskOptions;
    const own = rows[part] as Indices;
    const [first, ...others] = given;
    const all = isFold ? [{ ...(first as object), ...own }, ...others] : given;
    const makeNew = async () => {
      const network = (await (await loaded)(...all)) as Network;
      return unused(network, used, 'each training needs one that has learned nothing');
    };
    return networkTask(makeNew, data, own, fit, metrics);
  };
}
