// The search for options of networks, with X and Y.

import { type AsyncOptions, pinnedWork } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { AnyName } from '../base/names';
import {
  anything,
  boolean,
  type Constraint,
  check,
  checkObject,
  checkOptions,
  oneOf,
  optional,
} from '../base/validate';
import type { SplitInputs, SplitLabels } from '../datasets/parts';
import { indicesOf, SplitData } from '../datasets/split';
import type { Indices } from '../datasets/stratify';
import { testSizeConstraint } from '../datasets/test-rows';
import { type Metrics, metricNames } from '../metrics/metric';
import type { Network } from '../network/network';
import type { Evaluation } from '../network/network-options';
import { RandomState } from '../random/random-state';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { forAllRanks } from '../training/distribution';
import { type FitOptions, fitConstraints } from '../training/options';
import { checkShared } from './cross-validate';
import { type NetworkFoldOptions, networkFolds, sentMake, unshared, unused } from './cross-validate-network';
import type { RunTask, TrialRun } from './fold-run';
import { checkFolds, foldConstraints } from './folds';
import { NetworkBag } from './network-bag';
import { NetworkRun, type Part, type Samples, type Settings } from './network-run';
import { ranksOf, wholeHow } from './parallel';
import { addSamples, agreedSeed, agreementOn } from './processes/agreement';
import type { TaskChannel } from './processes/dispatcher';
import type { NetworkTaskOptions, Task } from './processes/messages';
import { overRanks } from './processes/ranks';
import { RemoteRun } from './processes/remote-run';
import { findBestBy, foundBy } from './processes/search-ranks';
import { checkSendable } from './processes/sendable';
import type { Trained } from './processes/task-runs';
import { loadedNetwork, withWorkers } from './processes/workers';
import { isLargerBetter, metricOption, type Scores } from './scores';
import {
  bestConstraints,
  findBest,
  type SearchFindings,
  type SearchPlan,
  type SearchRunOptions,
  searchResult,
  searchRunConstraints,
} from './search-run';
import { type Drawn, type DrawnOptions, drawOptions, hasDistribution } from './space';
import { endsSearch, type Goal, type Trial } from './trials';

/** Makes a network with options that were drawn. Its first parameters should come from the seed. */
export type SearchedNetwork<Space> = (
  options: Drawn<Space>,
  how: { readonly seed: number },
) => Network | Promise<Network>;

/** The options of `search` for networks. */
export interface NetworkSearchOptions<Space = object>
  extends SearchRunOptions,
    Pick<NetworkFoldOptions, 'metrics' | 'folds' | 'stratify' | 'group' | 'time' | 'shuffle' | 'makeFrom'> {
  /** What options are drawn from, under names of your own: `{ units: integer(4, 64), rate: logUniform(1e-4, 1e-1) }`. */
  readonly space: Space;
  /** The options of `fit`, or a function that makes them of the options that were drawn. */
  readonly fit: FitOptions | ((options: Drawn<Space>) => FitOptions);
  /** Instead of folds, one part to test with: a share or a number of the rows, or samples. @default none: folds */
  readonly validation?: number | { readonly X: SplitInputs; readonly Y: SplitLabels };
  /**
   * The score to compare trials by: 'loss', 'accuracy' or the name of a metric, which is then computed, too; or a function of
   * an evaluation. @default 'loss'
   */
  readonly metric?: string | ((evaluation: Evaluation) => number);
  /** Whether a larger score is better. @default by the metric's name; false for a function, and for names of your own */
  readonly maximise?: boolean;
  /**
   * What becomes of the best options: true trains a network with all rows, 'bag' keeps the networks of the folds together as a
   * `NetworkBag`, false does neither. @default true
   */
  readonly refit?: boolean | 'bag' | AnyName;
}

/** The results of `search` for networks. `String(...)` makes a table for people. */
export interface NetworkSearchResult extends SearchFindings {
  /** A network that trained with the best options and all rows; undefined unless `refit` is true. */
  readonly model: Network | undefined;
  /** The networks of the best trial's folds together; undefined unless `refit` is 'bag'. */
  readonly bag: NetworkBag | undefined;
}

const validation: Constraint = {
  rule: 'a share or number of rows, or an object with X and Y',
  accepts: (value) => typeof value === 'number' || (typeof value === 'object' && value !== null),
  holds: (value: unknown) =>
    typeof value === 'number'
      ? testSizeConstraint.holds?.(value as never) !== false
      : 'X' in (value as object) && 'Y' in (value as object),
};

const constraints: Readonly<Record<keyof NetworkSearchOptions, Constraint>> = {
  ...searchRunConstraints,
  ...bestConstraints,
  folds: foldConstraints.folds,
  space: anything,
  fit: anything,
  metrics: anything,
  stratify: anything,
  group: anything,
  time: anything,
  shuffle: optional(boolean),
  makeFrom: anything,
  validation: optional(validation),
};

type Given = NetworkSearchOptions<object>;

export function searchNetwork(
  make: SearchedNetwork<object>,
  X: unknown,
  Y: unknown,
  options: unknown,
): Promise<NetworkSearchResult> {
  return forAllRanks(options as Given, async () => {
    checkOptions('', options, constraints);
    return searchSamples(make, X, Y, options as unknown as Given);
  });
}

async function searchSamples(
  make: SearchedNetwork<object>,
  X: unknown,
  Y: unknown,
  given: Given,
): Promise<NetworkSearchResult> {
  const { trials = 20, stratify = false, shuffle = true, refit = true } = given;
  checkSpace(given.space);
  const { goal, metrics } = goalOf(given);
  const from = sentMake(given, metrics);
  checkDivision(given);
  const group = ranksOf(given);
  const seed = await agreedSeed(group, given.seed);
  const random = new RandomState(seed);
  const settings = Array.from({ length: trials }, () => settingsOf(given, random));
  const epochs = sharedEpochs(settings, given);
  const how = wholeHow(given);
  const data = new SplitData(X, Y, {
    ...{ stratify, shuffle },
    ...(typeof given.validation === 'number' && { testSize: given.validation }),
  });
  await pinnedWork(data.read(), data.arrays, how);
  const whole = { X: X as InputsLike, Y: Y as LabelsLike };
  const parts = await partsOf(whole, data, given, seed, how);
  const makeNew = makerOf(make, seed);
  const byNumber = (trial: Trial) => settings[trial.trial - 1] as Settings;
  const plan: SearchPlan = {
    drawn: settings.map(({ drawn }) => drawn),
    ...{ goal, epochs, folds: parts.length },
    tasksOf: (trial) =>
      parts.map((part) => new NetworkRun(makeNew, data, part, byNumber(trial), metrics) as RunTask),
  };
  const runsOf = (channel: TaskChannel) =>
    runsElsewhere(channel, parts.length, byNumber, seed, refit === 'bag');
  const find = async () => {
    if (from !== undefined) {
      for (const { drawn, fit } of settings) {
        checkSendable('fit', fit);
        checkSendable('space', drawn.options);
      }
      const job = { samples: data, make: from, metrics, parts: parts.map(indicesOnly) };
      return withWorkers(job, settings.length * parts.length, given, (channel) =>
        findBest({ ...plan, runsOf: runsOf(channel) }, { ...given, seed }),
      );
    }
    if (group === undefined) return findBest(plan, { ...given, seed });
    const agreement = agreementOn('search of networks', { ...given, seed }, ['space', 'validation', 'fit']);
    agreement.facts['what was drawn from space'] = plan.drawn.map((each) => each.options);
    agreement.facts.fit = settings.map(({ fit }) => fit);
    addSamples(agreement, data);
    await group.compare(agreement.facts, agreement.arrays);
    const begin = ({ run, part }: Task): Trained => {
      const own = settings[Math.floor(run / parts.length) - 1] as Settings;
      const task = new NetworkRun(makeNew, data, parts[part] as Part, own, metrics);
      return { task: task as RunTask, outputs: async () => ({}) };
    };
    const found = await overRanks(group, begin, given, (channel) =>
      findBestBy(plan, { ...given, seed }, runsOf, channel),
    );
    return foundBy(found, plan.drawn);
  };
  return searchResult(await find(), seed, async (best, models) => {
    const areBytes = from !== undefined || group !== undefined;
    const loaded = (model: unknown) => (areBytes ? loadedNetwork(model as Uint8Array) : (model as Network));
    const bag = refit === 'bag' ? new NetworkBag(await Promise.all(models.map(loaded))) : undefined;
    if (refit !== true) return { model: undefined, bag };
    const { drawn, fit } = byNumber(best);
    const model = await makeNew(drawn);
    await model.fit(whole.X, whole.Y, { ...fit, ...how });
    return { model, bag };
  });
}

function indicesOnly(part: Part): Indices {
  if (!('test' in part)) return part;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    'Expected validation to be a share or number of rows with workers',
  );
}

/** Makes the trainings of a trial, one for each part, in other processes. */
function runsElsewhere(
  channel: TaskChannel,
  parts: number,
  byNumber: (trial: Trial) => Settings,
  seed: number,
  wantsModel: boolean,
) {
  return (trial: Trial, signal: AbortSignal): readonly TrialRun[] =>
    Array.from({ length: parts }, (_, part) => {
      const { drawn, fit } = byNumber(trial);
      const options: NetworkTaskOptions = { given: [drawn.options, { seed }], isFold: false, fit };
      const name = `trial ${trial.trial}, fold ${part + 1}`;
      const run = trial.trial * parts + part;
      return new RemoteRun(channel, { run, name, options, part, wantsOutputs: false, wantsModel }, signal);
    });
}

function checkSpace(space: unknown): void {
  checkObject('space', space);
  if (hasDistribution(space)) return;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    'Expected space to have something to draw: choice, uniform, logUniform or integer; crossValidate takes fixed options',
  );
}

function checkDivision({
  folds,
  validation: part,
  stratify = false,
  group,
  time,
  shuffle = true,
}: Given): void {
  if (folds !== undefined && part !== undefined) {
    throw blasnetError('ERR_BLASNET_ARG_VALUE', 'Expected either folds or validation, got both');
  }
  const ways = {
    ...(stratify !== false && { stratify: 'Y' }),
    ...(group !== undefined && { group: 'group' }),
    ...(time !== undefined && { time: 'time' }),
  };
  checkFolds({ target: 'Y', ...ways, shuffle });
  if (part === undefined || (group === undefined && time === undefined)) return;
  const [name, value] = group === undefined ? ['time', time] : ['group', group];
  throw argumentError('ERR_BLASNET_ARG_VALUE', name as string, 'left out with validation', value);
}

/** Draws the options of a trial. A wrong option of fit is found before the first training. */
function settingsOf(given: Given, random: RandomState): Settings {
  const { space, method } = given;
  const drawn = drawOptions(space, random);
  const options: unknown = typeof given.fit === 'function' ? given.fit(drawn.options as never) : given.fit;
  checkObject('fit', options);
  checkOptions('fit', options, fitConstraints);
  for (const name of ['signal', 'threads', 'priority']) {
    if (options[name] === undefined) continue;
    const rule = 'left out, since it is an option of the search itself';
    throw argumentError('ERR_BLASNET_ARG_VALUE', `fit.${name}`, rule, options[name]);
  }
  checkShared('fit.', options, 'search');
  if (given.distributed !== undefined) unshared(options as unknown as FitOptions);
  if (method === 'halving' && options.maxSeconds !== undefined) {
    const rule = "left out with method: 'halving', in which trainings wait for each other";
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'fit.maxSeconds', rule, options.maxSeconds);
  }
  return { drawn, fit: options as unknown as FitOptions };
}

function sharedEpochs(settings: readonly Settings[], { method }: Given): number {
  const [{ fit }] = settings as [Settings];
  const other = settings.find((each) => each.fit.epochs !== fit.epochs);
  if (method !== 'halving' || other === undefined) return fit.epochs;
  const rule = `${fit.epochs}, the same in all trials, with method: 'halving'`;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'fit.epochs', rule, other.fit.epochs);
}

/** How trials are compared, and the metrics to evaluate with. */
function goalOf({ metric = 'loss', maximise, metrics = [] }: Given): {
  readonly goal: Goal;
  readonly metrics: Metrics;
} {
  check('metric', metric, metricOption);
  if (typeof metric === 'function') {
    const scoreOf = (evaluation: object) => metric(evaluation as Evaluation);
    return { goal: { scoreOf, maximise: maximise ?? false }, metrics };
  }
  const own = Array.isArray(metrics)
    ? metrics.map((each) => (typeof each === 'string' ? each : String((each as { name?: unknown })?.name)))
    : [];
  const names = new Set(['loss', 'accuracy', ...own, ...metricNames]);
  check('metric', metric, oneOf([...names]), 'ERR_BLASNET_UNKNOWN_NAME');
  const scoreOf = (_: object, scores: Scores) => scores[metric] ?? Number.NaN;
  const computed = ['loss', 'accuracy', ...own].includes(metric) ? metrics : [...metrics, metric];
  return { goal: { scoreOf, maximise: maximise ?? isLargerBetter(metric) }, metrics: computed };
}

/** One part to test with, or the folds. */
async function partsOf(
  train: Samples,
  data: SplitData,
  given: Given,
  seed: number,
  how: AsyncOptions,
): Promise<readonly Part[]> {
  const { validation: part, shuffle = true } = given;
  if (typeof part === 'object') return [{ train, test: await readable(part, how) }];
  if (part === undefined) {
    return pinnedWork(networkFolds(data, given, new RandomState(seed)), data.arrays, how);
  }
  return [await pinnedWork(indicesOf(data, { shuffle, seed }), data.arrays, how)];
}

/** Samples that can be read: what is wrong with them is found before the first training. */
async function readable(part: { readonly X: SplitInputs; readonly Y: SplitLabels }, how: AsyncOptions) {
  try {
    const data = new SplitData(part.X, part.Y, {});
    await pinnedWork(data.read(), data.arrays, how);
  } catch (error) {
    if (error instanceof Error) error.message = `In validation: ${error.message}`;
    throw error;
  }
  return part as unknown as Samples;
}

/** Makes networks, each a new one. */
function makerOf(make: SearchedNetwork<object>, seed: number) {
  const used = new WeakSet<Network>();
  return async ({ options }: DrawnOptions): Promise<Network> => {
    const network = await make(options as never, { seed });
    try {
      return unused(network, used, 'each training needs one that has learned nothing');
    } catch (error) {
      throw endsSearch(error as Error);
    }
  };
}
