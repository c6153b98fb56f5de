// Cross-validation of networks, with X and Y.

import { sortRows } from '../addon/table-columns';
import { inSlices, pinnedWork, type Work, workElsewhere } from '../addon/work';
import { argumentError } from '../base/errors';
import { allocateShared, Matrix } from '../base/matrix';
import {
  anything,
  boolean,
  type Constraint,
  checkObject,
  checkOptions,
  functionValue,
  optional,
  seed as seedConstraint,
} from '../base/validate';
import { groupFolds, plainFolds, stratifiedFolds, timeFolds } from '../datasets/folds';
import { partOf, type SplitLabels, widthOf } from '../datasets/parts';
import { SplitData } from '../datasets/split';
import { classesOf, type Indices } from '../datasets/stratify';
import type { Metrics } from '../metrics/metric';
import type { Network } from '../network/network';
import type { Evaluation } from '../network/network-options';
import { RandomState } from '../random/random-state';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { shownBy } from '../tables/aligned-table';
import type { Table } from '../tables/table';
import { forAllRanks } from '../training/distribution';
import type { FitOptions } from '../training/options';
import { type Fold, type FoldResult, repeatedFolds, runFolds } from './fold-tasks';
import { checkFolds, foldConstraints, repeatsConstraint } from './folds';
import {
  checkPlaces,
  type ParallelOptions,
  parallelConstraints,
  ranksOf,
  type TaskHow,
  wholeHow,
} from './parallel';
import { addSamples, agreedSeed, agreementOn } from './processes/agreement';
import type { TaskChannel } from './processes/dispatcher';
import { checkMakeFrom, type MakeFrom, type SentFunction } from './processes/make-from';
import type { NetworkTaskOptions } from './processes/messages';
import { overRanks } from './processes/ranks';
import { printable, runFoldsBy } from './processes/remote-folds';
import { checkSendable } from './processes/sendable';
import { networkTask } from './processes/task-runs';
import { loadedNetwork, withWorkers } from './processes/workers';
import { foldsTable, type ScoreSummary, scoresText, summarise } from './scores';

/** Makes the network of a fold. */
export type MakeNetwork = (fold: Fold) => Network | Promise<Network>;

/** The options of `crossValidate` for networks. */
export interface NetworkFoldOptions extends ParallelOptions {
  /** The options of `fit`, or a function that gives those of a fold. */
  readonly fit: FitOptions | ((fold: Fold) => FitOptions);
  /** Metrics to evaluate with, in addition to the loss and the accuracy. @default none */
  readonly metrics?: Metrics;
  /** The number of folds, at least 2. @default 5 */
  readonly folds?: number;
  /** Gives every class the same share of all folds: `true` for the classes of Y, or other labels. @default false */
  readonly stratify?: boolean | SplitLabels;
  /** A label for each row: rows of equal labels stay together in one fold. @default none */
  readonly group?: SplitLabels;
  /** A number or Date for each row: each fold tests with a stretch of time, and trains with all rows before it. @default none */
  readonly time?: ArrayLike<number | Date>;
  /** Whether rows are drawn for the folds; otherwise they stay in order. @default true */
  readonly shuffle?: boolean;
  /** Where `workers` find the function `make`, which cannot be sent to them. @default none; needed with workers */
  readonly makeFrom?: MakeFrom;
  /** How often all folds are made anew and trained. Not with group, time or `shuffle: false`. @default 1 */
  readonly repeats?: number;
  /** Fixes the folds. `make` gets it, plus 1 for each repeat, as `seed`. @default a new one */
  readonly seed?: number;
  /** Keeps the networks of all folds. @default false */
  readonly keepModels?: boolean;
  /** Called when a fold is done; not in the order of the folds, if several train at a time. @default none */
  readonly onFoldEnd?: (fold: FoldResult<Evaluation>) => unknown;
}

/** The results of `crossValidate` for networks. `String(...)` makes a table for people. */
export interface NetworkCrossValidation {
  /** One result for each fold, in the order of the folds. */
  readonly folds: readonly FoldResult<Evaluation>[];
  /** Mean and standard deviations of the loss, the accuracy and the metrics over the folds. */
  readonly scores: Readonly<Record<string, ScoreSummary>>;
  readonly table: Table;
  /**
   * (m, outputs) For each row, the outputs of the network that did not train with it; NaN for rows that no fold tests
   * with. With repeats, it is their mean.
   */
  readonly predictions: Matrix<Float64Array>;
  /** The networks of the folds with `keepModels`, otherwise empty. */
  readonly models: readonly Network[];
  readonly seed: number;
  toString(): string;
}

const constraints: Readonly<Record<keyof NetworkFoldOptions, Constraint>> = {
  ...parallelConstraints,
  fit: anything,
  metrics: anything,
  folds: foldConstraints.folds,
  stratify: anything,
  group: anything,
  time: anything,
  shuffle: optional(boolean),
  makeFrom: anything,
  repeats: repeatsConstraint,
  seed: optional(seedConstraint),
  keepModels: optional(boolean),
  onFoldEnd: optional(functionValue),
};

export function crossValidateNetwork(
  make: MakeNetwork,
  X: unknown,
  Y: unknown,
  options: unknown,
): Promise<NetworkCrossValidation> {
  return forAllRanks(options as NetworkFoldOptions, async () => {
    checkOptions('', options, constraints);
    return validate(make, X, Y, options as unknown as NetworkFoldOptions);
  });
}

async function validate(
  make: MakeNetwork,
  X: unknown,
  Y: unknown,
  given: NetworkFoldOptions,
): Promise<NetworkCrossValidation> {
  const from = sentMake(given, given.metrics);
  if (typeof given.fit !== 'function') {
    checkObject('fit', given.fit);
    if (given.distributed !== undefined) unshared(given.fit);
  }
  const { stratify = false, group, time, shuffle = true, repeats = 1 } = given;
  const way = {
    ...(stratify !== false && { stratify: 'Y' }),
    ...(group !== undefined && { group: 'group' }),
  };
  checkFolds({ target: 'Y', ...way, ...(time !== undefined && { time: 'time' }), shuffle, repeats });
  const how = wholeHow(given);
  const ranks = ranksOf(given);
  const seed = await agreedSeed(ranks, given.seed);
  const data = new SplitData(X, Y, { stratify });
  await pinnedWork(data.read(), data.arrays, how);
  const folds = await repeatedFolds(repeats, seed, new RandomState(seed), (random) =>
    pinnedWork(networkFolds(data, given, random), data.arrays, how),
  );
  const used = new WeakSet<Network>();
  const makeFor = async (fold: Fold) =>
    unused(await make(fold), used, 'each fold needs one that has not seen its rows');
  const fitOf = (fold: Fold) => (typeof given.fit === 'function' ? given.fit(fold) : given.fit);
  const metrics = given.metrics ?? [];
  const trainHere = async (fold: Fold, own: TaskHow) => {
    const network = await makeFor(fold);
    const take = (index: Uint32Array) => pinnedWork(data.take(index), data.arrays, own);
    const train = (await take(fold.trainIndex)) as { X: InputsLike; Y: LabelsLike };
    const history = await network.fit(train.X, train.Y, { ...fitOf(fold), ...own });
    const test = (await take(fold.testIndex)) as { X: InputsLike; Y: LabelsLike };
    const evaluation = await network.evaluate(test.X, test.Y, { metrics, ...own });
    const predicted = await network.predict(test.X, own);
    return { evaluation, epochs: history.loss.length, model: network, outputs: predicted };
  };
  const run = (channel: TaskChannel) =>
    runFoldsBy(channel, folds, given, (fold) => {
      const fit = fitOf(fold);
      if (ranks === undefined) checkSendable('fit', fit);
      const { trainIndex, testIndex, ...named } = fold;
      return { given: [named], isFold: true, fit } satisfies NetworkTaskOptions;
    });
  const trainElsewhere = async () => {
    if (from !== undefined) {
      return withWorkers({ samples: data, make: from, metrics, parts: folds }, folds.length, given, run);
    }
    if (ranks === undefined) return undefined;
    const agreement = agreementOn('crossValidate of networks', { ...given, seed });
    addSamples(agreement, data);
    await ranks.compare(agreement.facts, agreement.arrays);
    const begin = ({ part }: { readonly part: number }) => {
      const fold = folds[part] as Fold;
      return networkTask(() => makeFor(fold), data, fold, unshared(fitOf(fold)), metrics);
    };
    return overRanks(ranks, begin, given, run);
  };
  const elsewhere = await trainElsewhere();
  const { results, models, outputs } =
    elsewhere === undefined
      ? await runFolds(folds, given, trainHere)
      : {
          results: printable(elsewhere),
          models: await Promise.all(
            elsewhere.answers.flatMap(({ model }) => (model === undefined ? [] : [loadedNetwork(model)])),
          ),
          outputs: elsewhere.answers.map(({ matrix }) => {
            const { rows, cols, data: values } = matrix as Matrix;
            return new Matrix(values, rows, cols);
          }),
        };
  const scores = summarise(results);
  const title = `${results.length} folds, ${data.rows} rows`;
  return shownBy(
    {
      folds: results as readonly FoldResult<Evaluation>[],
      ...{ scores, table: foldsTable(results) },
      predictions: await workElsewhere(joined(data.rows, folds, outputs), how),
      ...{ models, seed },
    },
    () => scoresText(title, scores),
  );
}

/** Where the workers of a call find the function that makes networks; undefined without workers. */
export function sentMake(
  given: ParallelOptions & { readonly makeFrom?: MakeFrom },
  metrics: Metrics = [],
): SentFunction | undefined {
  checkPlaces(given);
  if (given.workers === undefined) return undefined;
  if (given.makeFrom === undefined) {
    const rule = 'given with workers, since a function cannot be sent to another process';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'makeFrom', rule, given.makeFrom);
  }
  checkSendable('', { metrics });
  return checkMakeFrom(given.makeFrom);
}

/** Refuses a fit that shares each of its steps between the ranks that share the trainings. */
export function unshared(fit: FitOptions): FitOptions {
  if (fit.distributed === undefined) return fit;
  const rule = 'left out with distributed, by which each rank trains a network of its own';
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'fit.distributed', rule, fit.distributed);
}

/** Checks that a user's function has made a network, and a new one. @param why it has to be new */
export function unused(network: Network, used: WeakSet<Network>, why: string): Network {
  if (typeof (network as Partial<Network> | null | undefined)?.fit !== 'function') {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'make', 'a function that makes a Network', network);
  }
  if (used.has(network)) {
    const rule = `a function that makes a new network each time, since ${why}`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'make', rule, network);
  }
  used.add(network);
  return network;
}

/** The folds of X and Y. */
export function* networkFolds(
  { rows, strata }: SplitData,
  {
    folds = 5,
    group,
    time,
    shuffle = true,
  }: Pick<NetworkFoldOptions, 'folds' | 'group' | 'time' | 'shuffle'>,
  random: RandomState,
): Work<Indices[]> {
  if (strata !== undefined) {
    const [name, part] = strata;
    return yield* stratifiedFolds(name, yield* classesOf(name, part, rows), folds, shuffle, random);
  }
  if (group !== undefined) {
    const part = partOf('group', group, 'labels');
    widthOf('group', part, rows, 'X');
    return yield* groupFolds('group', yield* classesOf('group', part, rows), folds);
  }
  if (time !== undefined) return timeFolds(yield* sortRows(yield* timesOf(time, rows)), folds);
  return yield* plainFolds(rows, folds, shuffle, random);
}

function* timesOf(time: ArrayLike<number | Date>, rows: number): Work<Float64Array> {
  const rule = `an array of ${rows} numbers or Dates`;
  if (typeof time !== 'object' || time === null || time.length !== rows) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'time', rule, time);
  }
  const times = new Float64Array(rows);
  yield* inSlices(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      const value: unknown = time[row];
      const at = value instanceof Date ? value.getTime() : value;
      if (typeof at !== 'number' || Number.isNaN(at)) {
        throw argumentError('ERR_BLASNET_ARG_TYPE', `time[${row}]`, 'a number or a Date', value);
      }
      times[row] = at;
    }
  });
  return times;
}

/** The outputs for each row, in the order of the folds; the mean, if there are several. */
function* joined(
  rows: number,
  folds: readonly Fold[],
  outputs: readonly Matrix[],
): Work<Matrix<Float64Array>> {
  const { cols } = outputs[0] as Matrix;
  const mean = new Matrix(allocateShared(rows * cols, 'float64') as Float64Array, rows, cols);
  const counts = new Uint32Array(rows);
  const { data } = mean;
  for (const [i, { testIndex }] of folds.entries()) {
    const own = (outputs[i] as Matrix).data;
    yield* inSlices(
      testIndex.length,
      (from, to) => {
        for (let place = from; place < to; place++) {
          const row = testIndex[place] as number;
          counts[row] = (counts[row] as number) + 1;
          for (let c = 0; c < cols; c++) {
            const at = row * cols + c;
            data[at] = (data[at] as number) + (own[place * cols + c] as number);
          }
        }
      },
      cols,
    );
  }
  yield* inSlices(
    rows,
    (from, to) => {
      for (let at = from * cols; at < to * cols; at++) {
        const count = counts[Math.floor(at / cols)] as number;
        data[at] = count === 0 ? Number.NaN : (data[at] as number) / count;
      }
    },
    cols,
  );
  return mean;
}
