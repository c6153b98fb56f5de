import { workElsewhere } from '../addon/work';
import { argumentError } from '../base/errors';
import { boolean, type Constraint, functionValue, optional } from '../base/validate';
import type { SplitInputs, SplitLabels } from '../datasets/parts';
import { RandomState } from '../random/random-state';
import { shownBy } from '../tables/aligned-table';
import type { Table } from '../tables/table';
import { forAllRanks } from '../training/distribution';
import type { Classifier, LabelsClassifier } from './classifier';
import {
  crossValidateNetwork,
  type MakeNetwork,
  type NetworkCrossValidation,
  type NetworkFoldOptions,
} from './cross-validate-network';
import type {
  ClassifierEvaluation,
  LabelsEvaluation,
  RegressorEvaluation,
  TargetsEvaluation,
} from './evaluation';
import { type Fold, type FoldResult, repeatedFolds, runFolds } from './fold-tasks';
import {
  checkFolds,
  type FoldedTable,
  type FoldOptions,
  foldConstraints,
  foldedTable,
  foldsOf,
  repeatsConstraint,
} from './folds';
import { type AnyModel, kindOf, type ModelKind, modelKind } from './model-kind';
import { outOfFold, outputsOf } from './out-of-fold';
import {
  checkPlaces,
  type ParallelOptions,
  parallelConstraints,
  ranksOf,
  type TaskHow,
  wholeHow,
} from './parallel';
import { targetsOf } from './prepare';
import { addTable, agreedSeed, agreementOn } from './processes/agreement';
import type { TaskChannel } from './processes/dispatcher';
import type { SentTable } from './processes/messages';
import { overRanks } from './processes/ranks';
import { printable, runFoldsBy } from './processes/remote-folds';
import { checkSendable } from './processes/sendable';
import { tableTask } from './processes/task-runs';
import { loadedModel, received, withWorkers } from './processes/workers';
import type { Regressor, TargetsRegressor } from './regressor';
import type { Rows } from './row-network';
import { foldsTable, type ScoreSummary, scoresText, summarise } from './scores';
import type { ClassifierOptions, RegressorOptions, TrainOptions } from './train-options';

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
  options: RegressorOptions & CrossValidateOptions<RegressorEvaluation> & { readonly target: string },
): Promise<CrossValidation<Regressor, RegressorEvaluation>>;
export function crossValidate(
  model: typeof Regressor,
  table: Rows,
  options: RegressorOptions &
    CrossValidateOptions<TargetsEvaluation> & { readonly target: readonly string[] },
): Promise<CrossValidation<TargetsRegressor, TargetsEvaluation>>;
/**
 * Cross-validates networks: `make` makes a new one for each fold, which `fit` trains with the other folds.
 *
 *     const make = ({ seed }) => new Network(layers, { seed });
 *     const { scores } = await crossValidate(make, X, Y, { fit: { epochs: 20 }, stratify: true, seed: 1 });
 *
 * @param make called for each fold; its `seed` differs by repeat
 * @param X (m, inputs), in any form that `fit` takes
 * @param Y (m, outputs), or one label for each row
 * @throws like Network.fit(); RangeError ERR_BLASNET_ARG_VALUE for more folds than rows, groups or rows of the smallest class
 */
export function crossValidate(
  make: MakeNetwork,
  X: SplitInputs,
  Y: SplitLabels,
  options: NetworkFoldOptions,
): Promise<NetworkCrossValidation>;
export async function crossValidate(
  model: unknown,
  given: unknown,
  labelsOrOptions: unknown,
  ofNetwork?: NetworkFoldOptions,
): Promise<unknown> {
  if (typeof model === 'function' && kindOf(model) === undefined) {
    return crossValidateNetwork(model as MakeNetwork, given, labelsOrOptions, ofNetwork);
  }
  const kind = modelKind(model, 'Classifier, Regressor or a function that makes a network');
  const [table, options] = [given as Rows, labelsOrOptions as TrainOptions & CrossValidateOptions<never>];
  return forAllRanks(options, async () => {
    kind.check(options, own);
    checkShared('', options, 'crossValidate');
    checkFolds(options);
    checkPlaces(options);
    if (options.workers !== undefined) checkSendable('', trainOptionsOf(options));
    return validate(kind, table, options);
  });
}

async function validate(
  kind: ModelKind,
  given: Rows,
  options: TrainOptions & CrossValidateOptions<never>,
): Promise<CrossValidation<AnyModel, object>> {
  const { repeats = 1 } = options;
  const how = wholeHow(options);
  const group = ranksOf(options);
  const seed = await agreedSeed(group, options.seed);
  const data = await foldedTable(kind, given, options, how);
  const folds = await repeatedFolds(repeats, seed, new RandomState(seed), (random) =>
    foldsOf(kind, data, options, random, how),
  );
  const optionsOf = (fold: Fold) => ({ ...trainOptionsOf(options), seed: fold.seed });
  const run = (channel: TaskChannel) => runFoldsBy(channel, folds, options, optionsOf);
  const train = async () => {
    if (options.workers !== undefined) {
      return withWorkers({ kind, table: data.table, parts: folds }, folds.length, options, run);
    }
    if (group === undefined) return undefined;
    const agreement = agreementOn(`crossValidate of a ${kind.name}`, { ...options, seed });
    addTable(agreement, 'the rows', data.table);
    await group.compare(agreement.facts, agreement.arrays);
    const begin = ({ part }: { readonly part: number }) =>
      tableTask(kind, data.table, folds[part] as Fold, optionsOf(folds[part] as Fold));
    return overRanks(group, begin, options, run);
  };
  const elsewhere = await train();
  const { results, models, outputs } =
    elsewhere === undefined
      ? await runFolds(folds, options, (fold, own) => trainFold(kind, data, fold, options, own))
      : {
          results: printable(elsewhere),
          models: await Promise.all(
            elsewhere.answers.flatMap(({ model }) => (model === undefined ? [] : [loadedModel(kind, model)])),
          ),
          outputs: elsewhere.answers.map(({ outputs: sent }, i) => ({
            testIndex: (folds[i] as Fold).testIndex,
            columns: received(sent as SentTable),
          })),
        };
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

async function trainFold(
  kind: ModelKind,
  { table }: FoldedTable,
  fold: Fold,
  options: TrainOptions & CrossValidateOptions<never>,
  how: TaskHow,
) {
  const train = await table.takeAsync(fold.trainIndex, how);
  const model = await kind.train(train, { ...trainOptionsOf(options), seed: fold.seed, ...how });
  const test = await table.takeAsync(fold.testIndex, how);
  const evaluation: object = await model.evaluate(test, how);
  const columns = await outputsOf(model, test, how);
  const epochs = model.history?.loss.length ?? Number.NaN;
  return { evaluation, epochs, model, outputs: { testIndex: fold.testIndex, columns } };
}

function trainOptionsOf(options: TrainOptions & CrossValidateOptions<never>): TrainOptions {
  const names = new Set(Object.keys(own));
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !names.has(name)),
  ) as unknown as TrainOptions;
}
