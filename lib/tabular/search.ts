import { argumentError, blasnetError } from '../base/errors';
import type { AnyName } from '../base/names';
import { anything, type Constraint, checkObject, checkOptions, optional } from '../base/validate';
import type { SplitInputs, SplitLabels } from '../datasets/parts';
import { testSizeConstraint } from '../datasets/test-rows';
import { RandomState } from '../random/random-state';
import { forAllRanks } from '../training/distribution';
import { Bag, type BagOf } from './bag';
import type { Classifier, LabelsClassifier } from './classifier';
import { checkShared } from './cross-validate';
import type {
  ClassifierEvaluation,
  LabelsEvaluation,
  RegressorEvaluation,
  TargetsEvaluation,
} from './evaluation';
import { type RunRows, type RunTask, TableRun, type TrialRun } from './fold-run';
import { checkFolds, type FoldOptions, type FoldsOf, foldConstraints, foldedTable } from './folds';
import { type AnyModel, kindOf, type ModelKind, modelKind } from './model-kind';
import { checkPlaces, ranksOf, wholeHow } from './parallel';
import { presetOf } from './presets';
import { addTable, agreedSeed, agreementOn } from './processes/agreement';
import type { TaskChannel } from './processes/dispatcher';
import type { Task } from './processes/messages';
import { overRanks } from './processes/ranks';
import { RemoteRun } from './processes/remote-run';
import { findBestBy, foundBy } from './processes/search-ranks';
import { checkSendable } from './processes/sendable';
import { tableTask } from './processes/task-runs';
import { loadedModel, withWorkers } from './processes/workers';
import { fastEpochs } from './recipe';
import type { Regressor, TargetsRegressor } from './regressor';
import type { Rows } from './row-network';
import { goalOf } from './search-goal';
import {
  type NetworkSearchOptions,
  type NetworkSearchResult,
  type SearchedNetwork,
  searchNetwork,
} from './search-network';
import { searchRows } from './search-rows';
import {
  bestConstraints,
  findBest,
  type SearchFindings,
  type SearchPlan,
  type SearchRunOptions,
  searchResult,
  searchRunConstraints,
} from './search-run';
import { type DrawnOptions, drawOptions, hasDistribution, type SpaceOf } from './space';
import type { ClassifierOptions, RegressorOptions, TrainOptions } from './train-options';
import type { Trial } from './trials';

/** Options of `train` that the search has itself, or that several trainings cannot share. */
type Unsearched = 'target' | 'seed' | 'signal' | 'threads' | 'priority' | 'checkpoint' | 'progress';

/** The space of a search: the options of `train`, in which any value may be a distribution. */
export type SearchSpace<Options> = { readonly [K in keyof Omit<Options, Unsearched>]: SpaceOf<Options[K]> };

/** The options of `search`. */
export interface SearchOptions<Options = ClassifierOptions, Result = ClassifierEvaluation>
  extends FoldOptions,
    SearchRunOptions {
  /**
   * The options of `train`. Any value may be drawn, also inside objects and arrays:
   * `{ epochs: 100, optimizer: { name: 'adam', learningRate: logUniform(1e-4, 1e-2) } }`.
   */
  readonly space: SearchSpace<Options>;
  /**
   * Instead of folds, one part to test with: a share or a number of the rows, as `testSize` of `Table.split`, or a table
   * or records. @default none: folds
   */
  readonly validation?: number | Rows;
  /**
   * The score to compare trials by: a name in `scores`, or a function of an evaluation.
   * @default 'logLoss' for a Classifier, 'rootMeanSquaredError' for a Regressor, 'r2' for one of several targets
   */
  readonly metric?: string | ((evaluation: Result) => number);
  /** Whether a larger score is better. @default by the metric's name; false for a function */
  readonly maximise?: boolean;
  /**
   * What becomes of the best options: true trains a model with all rows, 'bag' keeps the folds' models together as a
   * `Bag` (not with the preset 'best'), false does neither. @default true
   */
  readonly refit?: boolean | 'bag' | AnyName;
}

/** The option `target` of one column, and of several. */
type OneTarget = { readonly target: string };
type SeveralTargets = { readonly target: readonly string[] };

/** The results of `search`. `String(...)` makes a table for people. */
export interface SearchResult<Model = Classifier, Options = ClassifierOptions & OneTarget>
  extends SearchFindings {
  /** The best options, as `train` takes them. */
  readonly options: Options;
  /** A model that trained with the best options and all rows; undefined unless `refit` is true. */
  readonly model: Model | undefined;
  /** The models of the best trial's folds together; undefined unless `refit` is 'bag'. */
  readonly bag: BagOf<Model> | undefined;
}

const validation: Constraint = {
  rule: 'a share or number of rows, a table or records',
  accepts: (value) => typeof value === 'number' || typeof value === 'object',
  holds: (value: unknown) =>
    typeof value !== 'number' || testSizeConstraint.holds?.(value as never) !== false,
};

const constraints: Readonly<Record<keyof SearchOptions | 'target', Constraint>> = {
  ...foldConstraints,
  ...searchRunConstraints,
  ...bestConstraints,
  target: anything,
  space: anything,
  validation: optional(validation),
};

type Given = SearchOptions<TrainOptions, never> & { readonly target: string | readonly string[] };

/**
 * Searches for good options: draws sets of them, trains and evaluates a model with each, for every fold of the rows, and
 * trains one with the best options and all rows. Several models train at a time. With a `seed`, the result is the same for
 * any number of them.
 *
 *     const { model, options, table } = await search(Classifier, customers, {
 *       target: 'left',
 *       space: { hidden: choice([[64], [128, 64]]), optimizer: { name: 'adam', learningRate: logUniform(1e-4, 1e-2) } },
 *       trials: 20,
 *     });
 *
 * A trial that fails, for instance by diverging, counts; the table has its error. An error that ends the search, such as
 * an abort, has the trials so far as `result`.
 *
 * @param model Classifier or Regressor
 * @param table a Table, or an array of records
 * @throws like crossValidate(); RangeError ERR_BLASNET_UNKNOWN_NAME for an unknown metric; ERR_BLASNET_ARG_VALUE for a space
 *   in which nothing is drawn; the error of the first trial, if all fail
 */
export function search(
  model: typeof Classifier,
  table: Rows,
  options: SearchOptions & OneTarget,
): Promise<SearchResult>;
export function search(
  model: typeof Classifier,
  table: Rows,
  options: SearchOptions<ClassifierOptions, LabelsEvaluation> & SeveralTargets,
): Promise<SearchResult<LabelsClassifier, ClassifierOptions & SeveralTargets>>;
export function search(
  model: typeof Regressor,
  table: Rows,
  options: SearchOptions<RegressorOptions, RegressorEvaluation> & OneTarget,
): Promise<SearchResult<Regressor, TrainOptions & OneTarget>>;
export function search(
  model: typeof Regressor,
  table: Rows,
  options: SearchOptions<RegressorOptions, TargetsEvaluation> & SeveralTargets,
): Promise<SearchResult<TargetsRegressor, TrainOptions & SeveralTargets>>;
/**
 * Searches for good options of networks: `make` makes one with the options that are drawn from `space`, and `fit` says how it
 * trains.
 *
 *     const make = ({ units }, { seed }) =>
 *       new Network([{ inputDim: 2, outputDim: units, activation: 'relu' }, { outputDim: 1, activation: 'sigmoid' }], { seed });
 *     const { model, best } = await search(make, X, Y, {
 *       space: { units: integer(4, 64), rate: logUniform(1e-4, 1e-1) },
 *       fit: ({ rate }) => ({ epochs: 50, optimizer: adam({ learningRate: rate }) }),
 *     });
 *
 * @param make called for each trial and fold, and once more for the best options
 * @param X (m, inputs), in any form that `fit` takes
 * @param Y (m, outputs), or one label for each row
 * @throws like crossValidate(); RangeError ERR_BLASNET_UNKNOWN_NAME for an unknown metric; ERR_BLASNET_ARG_VALUE for a space
 *   in which nothing is drawn; the error of the first trial, if all fail
 */
export function search<const Space extends object>(
  make: SearchedNetwork<Space>,
  X: SplitInputs,
  Y: SplitLabels,
  options: NetworkSearchOptions<Space>,
): Promise<NetworkSearchResult>;
export async function search(
  model: unknown,
  given: unknown,
  labelsOrOptions: unknown,
  ofNetwork?: unknown,
): Promise<unknown> {
  if (typeof model === 'function' && kindOf(model) === undefined) {
    return searchNetwork(model as SearchedNetwork<object>, given, labelsOrOptions, ofNetwork);
  }
  const kind = modelKind(model, 'Classifier, Regressor or a function that makes a network');
  const [table, options] = [given as Rows, labelsOrOptions as Given];
  return forAllRanks(options, () => searchTable(kind, table, options));
}

async function searchTable(kind: ModelKind, table: Rows, options: Given) {
  checkOptions('', options, constraints);
  checkSpace(options.space, options);
  checkPlaces(options);
  const { trials = 20, target } = options;
  const seed = await agreedSeed(ranksOf(options), options.seed);
  const random = new RandomState(seed);
  const drawn = Array.from({ length: trials }, () => drawOptions(options.space, random));
  // A wrong option is found before the first training.
  for (const { options: own } of drawn) {
    kind.check({ ...own, target }, {});
    checkPreset(own, options);
    if (options.workers !== undefined) checkSendable('space', own);
  }
  const ways = waysOf(options);
  checkFolds(ways);
  if (options.folds !== undefined && options.validation !== undefined) {
    throw blasnetError('ERR_BLASNET_ARG_VALUE', 'Expected either folds or validation, got both');
  }
  return searchAmong(kind, table, { ...options, seed }, drawn, ways);
}

/** Options that decide which rows there are, so that they are the same in all trials. */
const fixedNames = ['weight', 'missingTarget', 'positive'];

function checkSpace(space: unknown, { method }: Given): void {
  checkObject('space', space);
  for (const name of ['target', 'seed', 'signal', 'threads', 'priority']) {
    if (space[name] === undefined) continue;
    const rule = 'left out, since it is an option of the search itself';
    throw argumentError('ERR_BLASNET_ARG_VALUE', `space.${name}`, rule, space[name]);
  }
  checkShared('space.', space, 'search');
  if (method === 'halving' && space.maxSeconds !== undefined) {
    const rule = "left out with method: 'halving', in which trainings wait for each other";
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'space.maxSeconds', rule, space.maxSeconds);
  }
  for (const name of [...fixedNames, ...(method === 'halving' ? ['epochs'] : [])]) {
    if (!hasDistribution(space[name])) continue;
    const rule = name === 'epochs' ? "fixed with method: 'halving'" : 'fixed';
    throw argumentError(
      'ERR_BLASNET_ARG_VALUE',
      `space.${name}`,
      `${rule}, the same in all trials`,
      space[name],
    );
  }
  if (hasDistribution(space)) return;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    'Expected space to have something to draw: choice, uniform, logUniform or integer; crossValidate takes fixed options',
  );
}

/** Refuses presets of several networks, and of trainings before the one that can wait. */
function checkPreset(drawn: TrainOptions | object, { method, refit }: Given): void {
  const preset = presetOf(drawn);
  const refuse = (rule: string) => {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'space.preset', rule, (drawn as TrainOptions).preset);
  };
  if (method === 'halving' && preset !== undefined && preset !== 'fast') {
    refuse(
      "'fast' with method: 'halving', unless the space has layers, an optimiser or a schedule of its own",
    );
  }
  if (refit === 'bag' && preset === 'best') {
    refuse("'default' or 'fast' with refit: 'bag', since a model of 'best' is a bag itself");
  }
}

async function searchAmong(
  kind: ModelKind,
  given: Rows,
  options: Given & { readonly seed: number },
  drawn: readonly DrawnOptions[],
  ways: FoldsOf,
): Promise<SearchResult<AnyModel, TrainOptions>> {
  const { target, seed, refit = true } = options;
  const fixed = { ...drawn[0]?.options, target } as TrainOptions;
  const how = wholeHow(options);
  const goal = await goalOf(kind, options);
  const data = await foldedTable(kind, given, { ...fixed, ...ways }, how);
  const rows = await searchRows(kind, data, ways, options, how);
  const trainWith = (own: object) => ({ ...own, target, seed }) as unknown as TrainOptions;
  const plan: SearchPlan = {
    ...{ drawn, goal, epochs: fixed.epochs ?? (presetOf(fixed) === undefined ? 200 : fastEpochs) },
    folds: rows.length,
    tasksOf: (trial) =>
      rows.map((each) => new TableRun(kind, data.table, each, trainWith(trial.options)) as RunTask),
  };
  const group = ranksOf(options);
  const find = async () => {
    const runsOf = (channel: TaskChannel) => runsElsewhere(channel, rows.length, trainWith, refit === 'bag');
    if (options.workers !== undefined) {
      const job = { kind, table: data.table, parts: rows };
      return withWorkers(job, drawn.length * rows.length, options, (channel) =>
        findBest({ ...plan, runsOf: runsOf(channel) }, options),
      );
    }
    if (group === undefined) return findBest(plan, options);
    const agreement = agreementOn(`search of a ${kind.name}`, options, ['space', 'validation']);
    agreement.facts['what was drawn from space'] = drawn.map((each) => each.options);
    addTable(agreement, 'the rows', data.table);
    for (const each of rows) if ('test' in each) addTable(agreement, 'validation', each.test);
    await group.compare(agreement.facts, agreement.arrays);
    const begin = ({ run, part }: Task) => {
      const { options: own } = drawn[Math.floor(run / rows.length) - 1] as DrawnOptions;
      return tableTask(kind, data.table, rows[part] as RunRows, trainWith(own));
    };
    const found = await overRanks(group, begin, options, (channel) =>
      findBestBy(plan, options, runsOf, channel),
    );
    return foundBy(found, drawn);
  };
  const found = searchResult(await find(), seed, async (best, models) => {
    const full = trainWith(best.options);
    const model = refit === true ? await kind.train(data.table, { ...full, ...how }) : undefined;
    const own = () => modelsOf(kind, models, options.workers !== undefined || group !== undefined);
    const bag = refit === 'bag' ? new Bag((await own()) as Classifier[]) : undefined;
    return { options: { ...full }, model, bag } as object;
  });
  return found as unknown as Promise<SearchResult<AnyModel, TrainOptions>>;
}

/** Makes the trainings of a trial, one for each fold, in other processes. */
function runsElsewhere(
  channel: TaskChannel,
  folds: number,
  trainWith: (own: object) => TrainOptions,
  wantsModel: boolean,
) {
  return ({ trial, options }: Trial, signal: AbortSignal): readonly TrialRun[] =>
    Array.from({ length: folds }, (_, part) => {
      const name = `trial ${trial}, fold ${part + 1}`;
      const task = { run: trial * folds + part, name, part, wantsOutputs: false, wantsModel };
      return new RemoteRun(channel, { ...task, options: trainWith(options) }, signal);
    });
}

function modelsOf(
  kind: ModelKind,
  models: readonly unknown[],
  areBytes: boolean,
): Promise<readonly unknown[]> {
  return Promise.all(models.map((model) => (areBytes ? loadedModel(kind, model as Uint8Array) : model)));
}

/** How rows are divided: in order, if no trial shuffles. */
function waysOf({ folds, stratify, group, time, target, space }: Given): FoldsOf {
  const given = { folds, stratify, group, time, shuffle: space.shuffle === false ? false : undefined };
  return { target, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}
