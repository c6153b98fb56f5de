// The trainings of all folds of a cross-validation.

import { isBlasnetError } from '../base/errors';
import type { Indices } from '../datasets/stratify';
import type { RandomState } from '../random/random-state';
import { attach } from '../training/training-error';
import { Ending, type ParallelOptions, runTasks, shareOf, type TaskHow } from './parallel';
import { type FoldRow, scoresOf } from './scores';

/** A fold of the rows, and the seed of its training. */
export interface Fold extends Indices {
  /** The number of the repeat, from 1. */
  readonly repeat: number;
  /** The number of the fold, from 1. */
  readonly fold: number;
  readonly seed: number;
}

/** What cross-validation found out about one fold. */
export interface FoldResult<Result> extends FoldRow {
  /** The evaluation of the fold's model with the fold's test rows. */
  readonly evaluation: Result;
}

/** What the training of a fold gives. */
export interface FoldOutcome<Model, Outputs> {
  readonly evaluation: object;
  readonly epochs: number;
  readonly model: Model;
  readonly outputs: Outputs;
}

export interface FoldTaskOptions extends ParallelOptions {
  readonly keepModels?: boolean;
  readonly onFoldEnd?: (fold: never) => unknown;
}

/** Makes the folds of each repeat. The draws go on with one generator. */
export async function repeatedFolds(
  repeats: number,
  seed: number,
  random: RandomState,
  make: (random: RandomState) => Promise<readonly Indices[]>,
): Promise<Fold[]> {
  const folds: Fold[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++) {
    const own = (seed + repeat - 1) % 2 ** 32;
    folds.push(...(await make(random)).map((indices, i) => ({ ...indices, repeat, fold: i + 1, seed: own })));
  }
  return folds;
}

/** Trains and evaluates each fold. An error has the results so far as `folds`. */
export async function runFolds<Model, Outputs>(
  folds: readonly Fold[],
  options: FoldTaskOptions,
  run: (fold: Fold, how: TaskHow) => Promise<FoldOutcome<Model, Outputs>>,
): Promise<{
  readonly results: readonly FoldResult<object>[];
  readonly models: readonly Model[];
  readonly outputs: readonly Outputs[];
}> {
  const { parallel, how } = shareOf(folds.length, options);
  const onFoldEnd = options.onFoldEnd as ((fold: FoldResult<object>) => unknown) | undefined;
  const results: FoldResult<object>[] = [];
  const outputs: Outputs[] = [];
  const models: Model[] = [];
  const ending = new Ending(options.signal);
  try {
    await runTasks(folds.length, parallel, ending, async (i) => {
      const fold = folds[i] as Fold;
      const start = performance.now();
      const outcome = await run(fold, { signal: ending.signal, ...how }).catch((error: unknown) => {
        throw inFold(error, fold);
      });
      const result = resultOf(fold, outcome, (performance.now() - start) / 1000);
      results[i] = result;
      outputs[i] = outcome.outputs;
      if (options.keepModels === true) models[i] = outcome.model;
      await onFoldEnd?.(result);
    });
  } catch (error) {
    // A fold that has not ended leaves a hole.
    attach(error, { folds: results.filter(() => true) });
    throw error;
  } finally {
    ending.done();
  }
  return { results, models, outputs };
}

function resultOf(
  { repeat, fold, trainIndex, testIndex }: Fold,
  { evaluation, epochs }: FoldOutcome<unknown, unknown>,
  seconds: number,
): FoldResult<object> {
  return {
    ...{ repeat, fold, trainRows: trainIndex.length, testRows: testIndex.length, epochs, seconds },
    ...{ scores: scoresOf(evaluation), evaluation },
  };
}

/** Names the fold in an error of this library. */
function inFold(error: unknown, { repeat, fold }: Fold): unknown {
  if (isBlasnetError(error)) {
    error.message = `In fold ${fold}${repeat === 1 ? '' : ` of repeat ${repeat}`}: ${error.message}`;
  }
  return error;
}
