import { argumentError, blasnetError, type ErrorCode } from '../base/errors';
import type { AnyName } from '../base/names';
import {
  above,
  anything,
  boolean,
  type Constraint,
  checkObject,
  checkOptions,
  functionValue,
  integerFrom,
  oneOf,
  optional,
  positiveInteger,
  seed as seedConstraint,
} from '../base/validate';
import { testSizeConstraint } from '../datasets/test-rows';
import { freshSeed, RandomState } from '../random/random-state';
import { alignedTable, shownBy } from '../tables/aligned-table';
import type { Table } from '../tables/table';
import { attach } from '../training/training-error';
import { Bag, type BagOf } from './bag';
import type { Classifier, LabelsClassifier } from './classifier';
import { checkShared } from './cross-validate';
import type {
  ClassifierEvaluation,
  LabelsEvaluation,
  RegressorEvaluation,
  TargetsEvaluation,
} from './evaluation';
import { FoldRun } from './fold-run';
import { checkFolds, type FoldOptions, type FoldsOf, foldConstraints, foldedTable } from './folds';
import { type AnyModel, type ModelKind, modelKind } from './model-kind';
import { Ending, type ParallelOptions, parallelConstraints, shareOf } from './parallel';
import type { Regressor, TargetsRegressor } from './regressor';
import type { Rows } from './row-network';
import { short } from './scores';
import { goalOf } from './search-goal';
import { searchRows } from './search-rows';
import { drawOptions, hasDistribution, type SpaceOf } from './space';
import type { ClassifierOptions, RegressorOptions, TrainOptions } from './train-options';
import { Candidate, rungsOf, runTrials, type Trial, trialsTable } from './trials';

/** Options of `train` that the search has itself, or that several trainings cannot share. */
type Unsearched = 'target' | 'seed' | 'signal' | 'threads' | 'checkpoint' | 'progress';

/** The space of a search: the options of `train`, in which any value may be a distribution. */
export type SearchSpace<Options> = { readonly [K in keyof Omit<Options, Unsearched>]: SpaceOf<Options[K]> };

/** The options of `search`. */
export interface SearchOptions<Options = ClassifierOptions, Result = ClassifierEvaluation>
  extends FoldOptions,
    ParallelOptions {
  /**
   * The options of `train`. Any value may be drawn, also inside objects and arrays:
   * `{ epochs: 100, optimizer: { name: 'adam', learningRate: logUniform(1e-4, 1e-2) } }`.
   */
  readonly space: SearchSpace<Options>;
  /** How many sets of options are drawn. @default 20 */
  readonly trials?: number;
  /**
   * Instead of folds, one part to test with: a share or a number of the rows, as `testSize` of `Table.split`, or a table
   * or records. @default none: folds
   */
  readonly validation?: number | Rows;
  /**
   * 'random' trains all trials to their end. 'halving' compares them after some epochs, and only the best ones go on
   * (successive halving: Jamieson and Talwalkar, 2016; Li et al., 2018). @default 'random'
   */
  readonly method?: 'random' | 'halving' | AnyName;
  /** With 'halving', one of this many trials goes on. At least 2. @default 3 */
  readonly reduction?: number;
  /**
   * The score to compare trials by: a name in `scores`, or a function of an evaluation.
   * @default 'logLoss' for a Classifier, 'rootMeanSquaredError' for a Regressor, 'r2' for one of several targets
   */
  readonly metric?: string | ((evaluation: Result) => number);
  /** Whether a larger score is better. @default by the metric's name; false for a function */
  readonly maximise?: boolean;
  /**
   * What becomes of the best options: true trains a model with all rows, 'bag' keeps the folds' models together as a
   * `Bag`, false does neither. @default true
   */
  readonly refit?: boolean | 'bag' | AnyName;
  /** Fixes the options that are drawn, the folds and the trainings. @default a new one */
  readonly seed?: number;
  /** After this many seconds no trial begins, or goes on to more epochs. Those that run are finished. @default no limit */
  readonly maxSeconds?: number;
  /** Called when a trial has ended. @default none */
  readonly onTrialEnd?: (trial: Trial) => unknown;
}

/** The option `target` of one column, and of several. */
type OneTarget = { readonly target: string };
type SeveralTargets = { readonly target: readonly string[] };

/** The results of `search`. `String(...)` makes a table for people. */
export interface SearchResult<Model = Classifier, Options = ClassifierOptions & OneTarget> {
  /** The best trial. */
  readonly best: Trial;
  /** The best options, as `train` takes them. */
  readonly options: Options;
  /** A model that trained with the best options and all rows; undefined unless `refit` is true. */
  readonly model: Model | undefined;
  /** The models of the best trial's folds together; undefined unless `refit` is 'bag'. */
  readonly bag: BagOf<Model> | undefined;
  /** All trials, in their order. */
  readonly trials: readonly Trial[];
  /** The trials as a table: what became of them, and what was drawn. */
  readonly table: Table;
  readonly seed: number;
  toString(): string;
}

const validation: Constraint = {
  rule: 'a share or number of rows, a table or records',
  accepts: (value) => typeof value === 'number' || typeof value === 'object',
  holds: (value: unknown) =>
    typeof value !== 'number' || testSizeConstraint.holds?.(value as never) !== false,
};

const constraints: Readonly<Record<keyof SearchOptions | 'target', Constraint>> = {
  ...foldConstraints,
  ...parallelConstraints,
  target: anything,
  space: anything,
  trials: optional(positiveInteger),
  validation: optional(validation),
  method: optional(oneOf(['random', 'halving'])),
  reduction: optional(integerFrom(2)),
  metric: anything,
  maximise: optional(boolean),
  refit: optional({
    rule: "true, false or 'bag'",
    accepts: (value) => typeof value === 'boolean' || typeof value === 'string',
    holds: (value: unknown) => typeof value === 'boolean' || value === 'bag',
    names: ['bag'],
  }),
  seed: optional(seedConstraint),
  maxSeconds: optional(above(0)),
  onTrialEnd: optional(functionValue),
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
export async function search(model: unknown, table: Rows, options: Given): Promise<unknown> {
  const kind = modelKind(model);
  checkOptions('', options, constraints);
  checkSpace(options.space, options);
  const { seed = freshSeed(), trials = 20, target } = options;
  const random = new RandomState(seed);
  const drawn = Array.from({ length: trials }, () => drawOptions(options.space, random));
  // A wrong option is found before the first training.
  for (const { options: own } of drawn) kind.check({ ...own, target }, {});
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
  for (const name of ['target', 'seed', 'signal', 'threads']) {
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

async function searchAmong(
  kind: ModelKind,
  given: Rows,
  options: Given & { readonly seed: number },
  drawn: readonly ReturnType<typeof drawOptions>[],
  ways: FoldsOf,
): Promise<SearchResult<AnyModel, TrainOptions>> {
  const { target, seed, signal, method, refit = true, reduction = 3 } = options;
  const fixed = { ...drawn[0]?.options, target } as TrainOptions;
  const all = shareOf(1, options);
  const how = { ...(signal && { signal }), threads: all.threads };
  const goal = await goalOf(kind, options);
  const data = await foldedTable(kind, given, { ...fixed, ...ways }, how);
  const rows = await searchRows(kind, data, ways, options, how);
  const { parallel, threads } = shareOf(drawn.length * rows.length, options);
  const ending = new Ending(signal);
  const candidates = drawn.map((each, i) => new Candidate(i + 1, each, goal, new Ending(ending.signal)));
  const trainWith = (own: object) => ({ ...own, target, seed }) as unknown as TrainOptions;
  const result = () => {
    const trials = candidates.map(({ report }) => report);
    return { trials, table: trialsTable(trials), seed };
  };
  try {
    const winner = await runTrials(candidates, {
      ...{ goal, parallel, ending, onTrialEnd: options.onTrialEnd },
      rungs: method === 'halving' ? rungsOf(drawn.length, fixed.epochs ?? 200, reduction) : [],
      endsAt: performance.now() + 1000 * (options.maxSeconds ?? Number.POSITIVE_INFINITY),
      runsOf: ({ report, ending: { signal: own } }) =>
        rows.map(
          (each) => new FoldRun(kind, data.table, each, trainWith(report.options), { signal: own, threads }),
        ),
    });
    if (winner === undefined) throw allFailed(candidates);
    const best = winner.report;
    const full = trainWith(best.options);
    const model = refit === true ? await kind.train(data.table, { ...full, ...how }) : undefined;
    const bag = refit === 'bag' ? new Bag(modelsOf(winner) as Classifier[]) : undefined;
    const found = { best, options: { ...full }, model, bag, ...result() };
    return shownBy(found as unknown as SearchResult<AnyModel, TrainOptions>, () =>
      searchText(found.trials, best),
    );
  } catch (error) {
    // Trainings may still wait for each other.
    ending.abort(error);
    attach(error, { result: result() });
    throw error;
  } finally {
    ending.done();
    for (const candidate of candidates) candidate.ending.done();
  }
}

/** How rows are divided: in order, if no trial shuffles. */
function waysOf({ folds, stratify, group, time, target, space }: Given): FoldsOf {
  const given = { folds, stratify, group, time, shuffle: space.shuffle === false ? false : undefined };
  return { target, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function modelsOf({ runs }: Candidate): AnyModel[] {
  return runs.map(({ model }) => model as AnyModel);
}

function allFailed(candidates: readonly Candidate[]): Error {
  const { number, error } = candidates.find((each) => each.error !== undefined) as Candidate;
  const code = ((error as { code?: ErrorCode }).code ?? 'ERR_BLASNET_NOT_FINITE') as ErrorCode;
  const message = `Expected at least one of the ${candidates.length} trials to succeed; trial ${number}: ${error?.message}`;
  return blasnetError(code, message, { cause: error });
}

function searchText(trials: readonly Trial[], best: Trial): string {
  const count = (state: string) => trials.filter((trial) => trial.state === state).length;
  const states = ['finished', 'stopped', 'failed', 'unfinished'].filter((state) => count(state) > 0);
  const title = `${trials.length} trials: ${states.map((state) => `${count(state)} ${state}`).join(', ')}`;
  const lines = Object.entries(best.drawn).map(([path, value]) => [
    path,
    JSON.stringify(value) ?? String(value),
  ]);
  const scores = `best: trial ${best.trial}, score ${short(best.score)}, std ${short(best.std)}`;
  return [title, scores, '', alignedTable([['option', 'value'], ...lines])].join('\n');
}
