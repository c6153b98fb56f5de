// The folds of a cross-validation in other processes.

import { shownBy } from '../../tables/aligned-table';
import { type Fold, type FoldResult, type FoldTaskOptions, runFolds } from '../fold-tasks';
import type { TaskChannel } from './dispatcher';
import type { Task, TaskResult } from './messages';
import { RemoteRun } from './remote-run';

/** What the folds have found, as plain data. */
export interface FoldAnswers {
  readonly results: readonly FoldResult<object>[];
  readonly answers: readonly TaskResult[];
}

/** Trains and evaluates each fold by a channel. An error has the results so far as `folds`. */
export async function runFoldsBy(
  channel: TaskChannel,
  folds: readonly Fold[],
  options: FoldTaskOptions,
  optionsOf: (fold: Fold) => object,
): Promise<FoldAnswers> {
  const { keepModels = false } = options;
  const { results, outputs } = await runFolds(
    folds,
    { ...options, keepModels: false },
    async (fold, { signal }) => {
      const part = folds.indexOf(fold);
      const task: Omit<Task, 'epoch'> = {
        ...{ run: part, name: 'the training', part, options: optionsOf(fold) },
        ...{ wantsOutputs: true, wantsModel: keepModels },
      };
      const run = new RemoteRun(channel, task, signal);
      await run.advance();
      const { evaluation, epochs, result } = run;
      return {
        ...{ evaluation: evaluation as object, epochs, model: undefined },
        outputs: result as TaskResult,
      };
    },
  );
  return { results, answers: outputs };
}

/** The folds' results, whose evaluations can be printed also in a process that has received them. */
export function printable({ results, answers }: FoldAnswers): readonly FoldResult<object>[] {
  return results.map((result, i) => {
    const { evaluation, text } = answers[i] as TaskResult;
    return { ...result, evaluation: shownBy({ ...evaluation }, () => text) };
  });
}
