import { workElsewhere } from '../addon/work';
import { argumentError } from '../base/errors';
import { boolean, type Constraint, functionValue, optional } from '../base/validate';
import type { Indices } from '../datasets/stratify';
import { freshSeed, RandomState } from '../random/random-state';
import { shownBy } from '../tables/aligned-table';
import type { Table } from '../tables/table';
import { attach } from '../training/training-error';
import type { Classifier, LabelsClassifier } from './classifier';
import type {
  ClassifierEvaluation,
  LabelsEvaluation,
  RegressorEvaluation,
  TargetsEvaluation,
} from './evaluation';
import {
  checkFolds,
  type FoldedTable,
  type FoldOptions,
  foldConstraints,
  foldedTable,
  foldsOf,
  repeatsConstraint,
} from './folds';
import { type AnyModel, type ModelKind, modelKind } from './model-kind';
import { type FoldOutputs, outOfFold, outputsOf } from './out-of-fold';
import { Ending, type ParallelOptions, parallelConstraints, runTasks, shareOf } from './parallel';
import { targetsOf } from './prepare';
import type { Regressor, TargetsRegressor } from './regressor';
import type { Rows } from './row-network';
import { type FoldRow, foldsTable, type ScoreSummary, scoresOf, scoresText, summarise } from './scores';
import type { ClassifierOptions, TrainOptions } from './train-options';

/** What `crossValidate` found out about one fold. */
export interface FoldResult<Result = ClassifierEvaluation> extends FoldRow {
  /** The evaluation of the fold's model with the fold's test rows. */
  readonly evaluation: Result;
}

/** The options of `crossValidate` beside those of `train`. */
export interface CrossValidateOptions<Result = ClassifierEvaluation> extends FoldOptions, ParallelOptions {
  /**
   * How often all folds are made anew and trained. The draws go on with one generator. Not with group, time or
   * `shuffle: false`. @default 1
   */
  readonly repeats?: number;
  /** Keeps the models of all folds. @default false */
  readonly keepModels?: boolean;
  /** Called when a fold is done; not in the order of the folds, if several train at a time. @default none */
  readonly onFoldEnd?: (fold: FoldResult<Result>) => unknown;
}

/** The results of `crossValidate`. `String(...)` makes a table for people. */
export interface CrossValidation<Model = Classifier, Result = ClassifierEvaluation> {
  /** One result for each fold, in the order of the folds. */
  readonly folds: readonly FoldResult<Result>[];
  /** Mean and standard deviations of each score over the folds, by its name. */
  readonly scores: Readonly<Record<string, ScoreSummary>>;
  /** The folds as a table: a row for each, with its scores. */
  readonly table: Table;
  /**
   * For each row that was given, the prediction of the fold's model that did not train with it, by the name of the target.
   * Missing for rows that no fold tests with. With repeats, it comes from the mean of the outputs.
   */
  readonly predictions: Table;
  /** Like `predictions`, the probabilities by the names of `Classifier.probabilities`; undefined for a Regressor. */
  readonly probabilities: Table | undefined;
  /** The models of the folds with `keepModels`, otherwise empty. */
  readonly models: readonly Model[];
  /** The seed of the folds and of the trainings. */
  readonly seed: number;
  toString(): string;
}

const own: Readonly<Record<keyof CrossValidateOptions, Constraint>> = {
  ...foldConstraints,
  ...parallelConstraints,
  repeats: repeatsConstraint,
  keepModels: optional(boolean),
  onFoldEnd: optional(functionValue),
};

/** Options of a training that several trainings cannot share. */
const unshared = ['checkpoint', 'progress'] as const;

/** Refuses options of a training that several trainings cannot share. */
export function checkShared(name: string, options: Partial<TrainOptions>, call: string): void {
  for (const key of unshared) {
    if (options[key] === undefined || options[key] === false) continue;
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      `${name}${key}`,
      `left out of ${call}, which trains several models`,
      options[key],
    );
  }
}

/**
 * Trains a model for each fold of the rows, without the fold, and evaluates it with the fold. So each row is predicted
 * once by a model that did not learn from it. The rows of the folds are those of scikit-learn's StratifiedKFold or KFold
 * with `shuffle=True, random_state=seed`, of its GroupKFold, or of its TimeSeriesSplit with the rows sorted by time. All
 * models train with the same `seed`; each repeat adds 1 to it. Several models train at a time, and results do not depend on
 * how many.
 *
 *     const { scores, probabilities } = await crossValidate(Classifier, table, { target: 'survived', seed: 1 });
 *     scores.rocAuc.mean; // 0.87
 *
 * @param model Classifier or Regressor
 * @param table a Table, or an array of records
 * @throws like train(); RangeError ERR_BLASNET_ARG_VALUE for more folds than rows, groups or rows of the smallest class.
 *   If a fold fails, the message begins with its number, and the error has the results so far as `folds`
 */
export function crossValidate(
  model: typeof Classifier,
  table: Rows,
  options: ClassifierOptions & CrossValidateOptions & { readonly target: string },
): Promise<CrossValidation>;
export function crossValidate(
  model: typeof Classifier,
  table: Rows,
  options: ClassifierOptions &
    CrossValidateOptions<LabelsEvaluation> & { readonly target: readonly string[] },
): Promise<CrossValidation<LabelsClassifier, LabelsEvaluation>>;
export function crossValidate(
  model: typeof Regressor,
  table: Rows,
  options: TrainOptions & CrossValidateOptions<RegressorEvaluation> & { readonly target: string },
): Promise<CrossValidation<Regressor, RegressorEvaluation>>;
export function crossValidate(
  model: typeof Regressor,
  table: Rows,
  options: TrainOptions & CrossValidateOptions<TargetsEvaluation> & { readonly target: readonly string[] },
): Promise<CrossValidation<TargetsRegressor, TargetsEvaluation>>;
export async function crossValidate(
  model: unknown,
  table: Rows,
  options: TrainOptions & CrossValidateOptions<never>,
): Promise<unknown> {
  const kind = modelKind(model);
  kind.check(options, own);
  checkShared('', options, 'crossValidate');
  checkFolds(options);
  return validate(kind, table, options);
}

async function validate(
  kind: ModelKind,
  given: Rows,
  options: TrainOptions & CrossValidateOptions<never>,
): Promise<CrossValidation<AnyModel, object>> {
  const { seed = freshSeed(), repeats = 1, keepModels = false, onFoldEnd, signal } = options;
  const how = { ...(signal && { signal }), threads: shareOf(1, options).threads };
  const data = await foldedTable(kind, given, options, how);
  const random = new RandomState(seed);
  const folds: Fold[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++) {
    const made = await foldsOf(kind, data, options, random, how);
    folds.push(
      ...made.map((indices, i) => ({ ...indices, repeat, fold: i + 1, seed: (seed + repeat - 1) % 2 ** 32 })),
    );
  }
  const { parallel, threads } = shareOf(folds.length, options);
  const results: FoldResult<object>[] = [];
  const outputs: FoldOutputs[] = [];
  const models: AnyModel[] = [];
  const ending = new Ending(signal);
  try {
    await runTasks(folds.length, parallel, ending, async (i) => {
      const fold = folds[i] as Fold;
      const trained = await trainFold(kind, data, fold, options, { signal: ending.signal, threads });
      results[i] = trained.result;
      outputs[i] = { testIndex: fold.testIndex, columns: trained.outputs };
      if (keepModels) models[i] = trained.model;
      await (onFoldEnd as ((fold: unknown) => unknown) | undefined)?.(trained.result);
    });
  } catch (error) {
    attach(error, { folds: results.filter(() => true) });
    throw error;
  } finally {
    ending.done();
  }
  const joined = outOfFold(data.values, targetsOf(options), data.given, data.index, outputs);
  const scores = summarise(results);
  const title = `${results.length} folds, ${data.table.rows} rows`;
  return shownBy(
    {
      folds: results,
      scores,
      table: foldsTable(results),
      ...(await workElsewhere(joined, how)),
      models,
      seed,
    },
    () => scoresText(title, scores),
  );
}

/** A fold of the rows, and the seed of its training. */
export interface Fold extends Indices {
  readonly repeat: number;
  readonly fold: number;
  readonly seed: number;
}

async function trainFold(
  kind: ModelKind,
  { table }: FoldedTable,
  fold: Fold,
  options: TrainOptions & CrossValidateOptions<never>,
  how: { readonly signal: AbortSignal; readonly threads: number },
) {
  const start = performance.now();
  try {
    const train = await table.takeAsync(fold.trainIndex, how);
    const model = await kind.train(train, { ...trainOptionsOf(options), seed: fold.seed, ...how });
    const test = await table.takeAsync(fold.testIndex, how);
    const evaluation: object = await model.evaluate(test, how);
    const outputs = await outputsOf(model, test, how);
    const result: FoldResult<object> = {
      ...{ repeat: fold.repeat, fold: fold.fold },
      ...{ trainRows: train.rows, testRows: test.rows },
      ...{ epochs: model.history?.loss.length ?? 0, seconds: (performance.now() - start) / 1000 },
      ...{ scores: scoresOf(evaluation), evaluation },
    };
    return { result, model, outputs };
  } catch (error) {
    throw inFold(error, fold);
  }
}

/** Names the fold in an error of this library. */
export function inFold(error: unknown, { repeat, fold }: Pick<Fold, 'repeat' | 'fold'>): unknown {
  if (error instanceof Error && String((error as { code?: unknown }).code).startsWith('ERR_BLASNET_')) {
    error.message = `In fold ${fold}${repeat === 1 ? '' : ` of repeat ${repeat}`}: ${error.message}`;
  }
  return error;
}

function trainOptionsOf(options: TrainOptions & CrossValidateOptions<never>): TrainOptions {
  const names = new Set(Object.keys(own));
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !names.has(name)),
  ) as unknown as TrainOptions;
}
