import { type Priority, priority } from '../addon/work';
import { argumentError } from '../base/errors';
import type { AnyName } from '../base/names';
import {
  abortSignal,
  above,
  anything,
  boolean,
  type Constraint,
  checkOptions,
  functionValue,
  optional,
  positiveInteger,
  seed,
} from '../base/validate';
import { type CheckpointOptions, CheckpointStore, checkpointConstraints } from '../formats/checkpoints';
import type { ActivationName } from '../layers/activations';
import {
  type Architecture,
  isRandom,
  type Layer,
  outputActivationOf,
  outputLayerOf,
} from '../layers/architecture';
import { defaultLoss, type LossOption, lossEntry, type ResolvedLoss } from '../layers/losses';
import { type Metrics, resolveMetrics } from '../metrics/metric';
import type { Optimizer } from '../optimizers/optimizers';
import { resolveOptimizer } from '../optimizers/resolve';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import type { ClassWeight, SampleWeight } from '../samples/weights';
import { plateauOf } from '../schedules/rate';
import { resolveSchedule, type Schedule } from '../schedules/schedule';
import type { CadenceOptions } from './cadence';
import type { Callbacks } from './callbacks';
import type { CompletedFitOptions } from './completed-options';
import { type DistributedOptions, distributed, type RankGroup, sharedBy } from './distribution';
import { EarlyStopping, type EarlyStoppingOptions } from './early-stopping';
import type { EpochReport } from './history';
import { checkMonitors } from './series';
import { type SizeOptions, sizesOf, type TrainingSizes } from './sizes';

/** The samples of a validation set: X and Y are like those of `fit`. The training does not learn from them. */
export interface ValidationData {
  readonly X: InputsLike;
  readonly Y: LabelsLike;
  readonly sampleWeight?: SampleWeight;
}

/** Where and how often to write checkpoints, from which `Network.resume` continues the training. */
export interface FitCheckpointOptions extends CheckpointOptions, CadenceOptions {}

/** The options that `fit`, `partialFit` and `trainOnBatch` share. */
export interface StepOptions {
  /**
   * How gradients change the parameters. What it keeps from step to step, such as moments, goes on from the network's last
   * training, if that had an optimiser with the same settings; the learning rate may differ. It starts anew with other
   * settings, after a training that diverged, and after `resetOptimizer` and `setTrainable`. Files of `save` do not hold
   * it; checkpoints and clones do. @default sgd()
   */
  readonly optimizer?: Optimizer;
  /**
   * The loss to minimise.
   *
   * @default by the output activation: binaryCrossEntropy for sigmoid, categoricalCrossEntropy for softmax and
   *   logSoftmax (sparseCategoricalCrossEntropy if the labels are class numbers), otherwise meanSquaredError
   */
  readonly loss?: LossOption;
  /**
   * A weight for each sample, at least 0: the loss of a batch is sum(weight * loss) / samples, as in Keras. A sample of
   * weight 0 is not there: it belongs to no batch. @default 1 each
   */
  readonly sampleWeight?: SampleWeight;
  /** A weight for each class, multiplied with the weights of its samples. A class of weight 0 has none. @default 1 each */
  readonly classWeight?: ClassWeight;
  /** Limits each gradient to +-clipValue, after the penalties. Above 0. @default no limit */
  readonly clipValue?: number;
  /** Limits the Euclidean norm of all gradients together, after clipValue. Above 0. @default no limit */
  readonly clipNorm?: number;
  /** The most threads to compute with. At least 1. Results do not depend on it. @default the number of setThreads */
  readonly threads?: number;
}

export interface FitOptions<M extends Metrics = Metrics> extends StepOptions {
  /** The number of passes through the samples. At least 1. */
  readonly epochs: number;
  /**
   * The number of samples in a batch. The last batch of an epoch may be smaller. 'full', or a number above that of the
   * samples, takes all samples at once. @default 32, or 'full' with lbfgs
   */
  readonly batchSize?: number | 'full' | AnyName;
  /**
   * The number of batches in a step. The step takes the mean of their gradients, weighted by their samples. The last
   * step of an epoch may have fewer batches. @default 1
   */
  readonly accumulate?: number;
  /**
   * Leaves out the last batch of an epoch if it is not full. With `shuffle`, each epoch leaves out other samples. Has no
   * effect with full batches. @default false
   */
  readonly dropLast?: boolean;
  /**
   * Uses a new order of the samples in every epoch. Has no effect with full batches. If it is false, validationSplit holds
   * out the last samples, as in Keras. @default true
   */
  readonly shuffle?: boolean;
  /**
   * Draws shuffles, splits, dropout and noise from a new generator with this seed, from 0 to 2^32 - 1.
   *
   * @default the network's own generator continues
   */
  readonly seed?: number;
  /** Changes the learning rate during the training, based on the optimiser's. @default the rate is constant */
  readonly schedule?: Schedule;
  /**
   * Multiplies the optimiser's weight decay, and with it that of `weightDecayFactors`, by the schedule of the base 1. Not
   * reduceOnPlateau. @default the weight decay is constant
   */
  readonly weightDecaySchedule?: Schedule;
  /**
   * Multiplies every layer's share of dropout by the schedule of the base 1, which must stay in [0, 1]. Not
   * reduceOnPlateau. @default the shares are constant
   */
  readonly dropoutSchedule?: Schedule;
  /** Evaluated after every epoch, for valLoss and valAccuracy. Not with validationSplit. @default none */
  readonly validationData?: ValidationData;
  /**
   * The share of the samples, in (0, 1), to hold out as the validation set: at random, or the last ones with
   * `shuffle: false`. @default none
   */
  readonly validationSplit?: number;
  /**
   * Gives the classes equal shares in both parts of the split. Each class keeps at least one row for training. Needs
   * validationSplit; not with `shuffle: false`. @default false
   */
  readonly stratify?: boolean;
  /**
   * Metrics to compute after every epoch. With a validation set, f1 is computed from its predictions, as valF1.
   * Without one, f1 is computed from those of the training set, as f1, which costs a forward pass. The metric
   * 'accuracy' replaces the accuracy that the loss knows. @default none
   */
  readonly metrics?: M;
  /** Ends the training when a series stops improving. @default none */
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Called after epochs and steps. A function alone is called after every epoch. @default none */
  readonly callbacks?: Callbacks | ((report: EpochReport) => unknown);
  /** Draws a progress bar on stderr, if that is a terminal. @default false */
  readonly progress?: boolean;
  /**
   * Writes checkpoints for `Network.resume` into a folder: after every epoch or less often, and always after the last
   * one. A folder belongs to one training: `fit` refuses a folder with checkpoints of later epochs, unless `overwrite` is true. If a checkpoint
   * cannot be written, the training ends with an error. @default none
   */
  readonly checkpoint?: FitCheckpointOptions;
  /**
   * 'low' trains on threads that have the lowest priority of the system, also between the epochs, so that predictions and
   * other work are slowed down as little as possible. Results do not depend on it. Not an option of `fitSync`.
   *
   * @default 'normal'
   */
  readonly priority?: Priority;
  /**
   * Shares the training between the processes that mpirun started: the group that `mpi` of 'blasnet/distributed' returns.
   * Each rank calls `fit` with the same options. The result is that of one process, bit for bit: see docs/machines.md. Not an
   * option of `fitSync` and `epochs`. @default this process is alone
   */
  readonly distributed?: RankGroup | DistributedOptions;
  /**
   * Ends the training early with an AbortError. The parameters are those of the last finished step, or with early stopping
   * those of the best epoch. `fitSync` blocks the thread, so that only your own code that it calls can abort the signal, and
   * no timer: see maxSeconds. @default none
   */
  readonly signal?: AbortSignal;
  /**
   * Ends the training, as early stopping does, after the epoch in which this many seconds have passed since its start.
   * Above 0. @default no limit
   */
  readonly maxSeconds?: number;
}

/** Options of `fit` without a validation set. */
export type Unvalidated<M extends Metrics> = FitOptions<M> & {
  readonly validationSplit?: undefined;
  readonly validationData?: undefined;
};

/** Options of `fit` with a validation set. */
export type Validated<M extends Metrics> = FitOptions<M> &
  ({ readonly validationSplit: number } | { readonly validationData: ValidationData });

const batchSize: Constraint = {
  rule: "a positive integer or 'full'",
  accepts: (value) => typeof value === 'number' || value === 'full',
  holds: (value: number | 'full') => value === 'full' || (Number.isSafeInteger(value) && value >= 1),
};

const share: Constraint = {
  rule: 'a number above 0 and below 1',
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => value > 0 && value < 1,
};

export const stepConstraints = {
  optimizer: anything,
  loss: anything,
  sampleWeight: anything,
  classWeight: anything,
  clipValue: optional(above(0)),
  clipNorm: optional(above(0)),
  threads: optional(positiveInteger),
};

/** The rules for the options of `fit`. Options with their own tables are checked later. */
export const fitConstraints = {
  ...stepConstraints,
  epochs: positiveInteger,
  batchSize: optional(batchSize),
  accumulate: optional(positiveInteger),
  dropLast: optional(boolean),
  shuffle: optional(boolean),
  seed: optional(seed),
  schedule: anything,
  weightDecaySchedule: anything,
  dropoutSchedule: anything,
  validationData: anything,
  validationSplit: optional(share),
  stratify: optional(boolean),
  metrics: anything,
  earlyStopping: anything,
  callbacks: anything,
  progress: optional(boolean),
  checkpoint: anything,
  priority,
  distributed: optional(distributed),
  signal: optional(abortSignal),
  maxSeconds: optional(above(0)),
};

const callbackConstraints = { onEpochEnd: optional(functionValue), onBatchEnd: optional(functionValue) };

/** Checks the options of `fit` and fills in the defaults, for a training set of `rows` samples. */
export function completeFitOptions(
  options: FitOptions,
  architecture: Architecture,
  rows: number,
  loss: ResolvedLoss,
): CompletedFitOptions {
  const optimizer = resolveOptimizer(options.optimizer);
  const shared = sharedBy(options.distributed);
  const all = shared?.ownRows === true ? shared.group.size : 1;
  const sizesFor = (count: number) => sizesOf(options as SizeOptions, optimizer.name, all * count);
  const sizes = sizesFor(rows);
  const { heldRows } = sizes;
  if (optimizer.name === 'lbfgs') checkFullBatch(options, architecture, sizes);
  const output = outputActivationOf(architecture);
  checkClasses(options, loss, output);
  const completed: CompletedFitOptions = {
    epochs: options.epochs,
    ...sizes,
    sizesFor,
    seed: options.seed,
    optimizer,
    schedule: resolveSchedule(options.schedule),
    weightDecaySchedule: statelessSchedule('weightDecaySchedule', options.weightDecaySchedule),
    dropoutSchedule: statelessSchedule('dropoutSchedule', options.dropoutSchedule),
    loss,
    givenLoss: options.loss === undefined ? undefined : loss,
    clipValue: options.clipValue ?? 0,
    clipNorm: options.clipNorm ?? 0,
    threads: options.threads ?? 0,
    priority: options.priority ?? 'normal',
    shared,
    signal: options.signal,
    maxSeconds: options.maxSeconds,
    stratify: options.stratify ?? false,
    split: options.stratify ? 'stratified' : options.shuffle === false ? 'inOrder' : 'random',
    metrics: resolveMetrics(options.metrics, outputLayerOf(architecture).outputDim, output),
    earlyStopping: options.earlyStopping === undefined ? undefined : new EarlyStopping(options.earlyStopping),
    callbacks: readCallbacks(options.callbacks),
    progress: options.progress ?? false,
    checkpoint: readCheckpoint(options.checkpoint),
  };
  checkMonitors(completed, options.validationData !== undefined || heldRows > 0);
  return completed;
}

/**
 * Checks the signal of a training that blocks its thread. Nothing can abort it, if the training calls no code of the user.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE
 */
export function checkSignalHere(options: CompletedFitOptions): void {
  const { signal, callbacks, schedule, weightDecaySchedule, dropoutSchedule, metrics } = options;
  if (signal === undefined || signal.aborted) return;
  const schedules = [schedule, weightDecaySchedule, dropoutSchedule];
  const calls = [callbacks.onEpochEnd, callbacks.onBatchEnd, ...schedules].some(
    (own) => typeof own === 'function',
  );
  if (calls || metrics.some(({ work }) => work === undefined)) return;
  const hint = '; fitSync blocks this thread, so that nothing could abort it: use maxSeconds, or fit';
  throw argumentError(
    'ERR_BLASNET_ARG_VALUE',
    'signal',
    'left out of fitSync without callbacks',
    signal,
    hint,
  );
}

/** Checks the names and types of the options of `fit`, or of `fitSync`. Options with their own tables are checked later. */
export function checkFitOptions(options: unknown, blocking: boolean): void {
  const { priority: _, distributed: __, ...ofThisThread } = fitConstraints;
  checkOptions('', options, blocking ? ofThisThread : fitConstraints);
}

/** Like `checkFitOptions`, for the options of `Network.resume`. */
export function checkResumeOptions(options: unknown, ofSource = false): void {
  checkOptions('', options, {
    ...fitConstraints,
    ...(ofSource && { windowRows: anything }),
    skipDamaged: optional(boolean),
    steps: anything,
    override: anything,
  });
}

/** The options of `partialFit`. */
export interface PartialFitOptions
  extends StepOptions,
    Pick<FitOptions, 'batchSize' | 'accumulate' | 'shuffle' | 'priority' | 'signal'> {}

const partialNames = ['batchSize', 'accumulate', 'shuffle', 'priority', 'signal'] as const;
const partialConstraints = {
  ...stepConstraints,
  ...Object.fromEntries(partialNames.map((name) => [name, fitConstraints[name]])),
};

/** Checks the options of `partialFit` or `trainOnBatch`, and returns them as options of `fit`. */
export function incrementalOptions(options: unknown, kind: 'epoch' | 'batch'): FitOptions {
  checkOptions('', options, kind === 'epoch' ? partialConstraints : stepConstraints);
  return kind === 'epoch'
    ? { ...(options as PartialFitOptions), epochs: 1 }
    : { ...(options as StepOptions), epochs: 1, batchSize: 'full' };
}

// L-BFGS needs a function that does not change between evaluations, and chooses the length of its steps itself.
function checkFullBatch(
  options: FitOptions,
  architecture: Architecture,
  { batchSize, trainedRows }: TrainingSizes,
): void {
  if (batchSize < trainedRows) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'batchSize', "'full' with lbfgs", batchSize);
  }
  for (const name of [
    'clipValue',
    'clipNorm',
    'schedule',
    'weightDecaySchedule',
    'dropoutSchedule',
  ] as const) {
    if (options[name] === undefined) continue;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'left out with lbfgs', options[name]);
  }
  const limited = ({ maxNorm, learningRateFactors, weightDecayFactors }: Layer) =>
    maxNorm !== undefined || learningRateFactors !== undefined || weightDecayFactors !== undefined;
  if (isRandom(architecture) || architecture.some(limited)) {
    const rule =
      'other than lbfgs for a network with dropout, noise, maxNorm, learningRateFactors or weightDecayFactors';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'optimizer', rule, 'lbfgs');
  }
}

/**
 * Checks the options that watch a training, for who trains others before it.
 *
 * @param outputs of the network @param output its activation
 * @throws like fit
 */
export function checkWatching(
  { callbacks, checkpoint, metrics }: Pick<FitOptions, 'callbacks' | 'checkpoint' | 'metrics'>,
  outputs: number,
  output: ActivationName,
): void {
  readCallbacks(callbacks);
  readCheckpoint(checkpoint);
  resolveMetrics(metrics, outputs, output);
}

// Checks a schedule of factors, which cannot follow a series of the history.
function statelessSchedule(name: string, value: unknown): Schedule {
  const schedule = resolveSchedule(value, name);
  if (plateauOf(schedule) === undefined) return schedule;
  const rule = 'a schedule without reduceOnPlateau';
  throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, 'reduceOnPlateau');
}

// classWeight and stratify need labels that are classes. The loss or the output activation tells whether they are.
function checkClasses(options: FitOptions, loss: ResolvedLoss, output: ActivationName): void {
  if (lossEntry(loss.name).accuracy || lossEntry(defaultLoss(output)).accuracy) return;
  const rule = `left out when labels are not classes (the loss is ${loss.name}, the output ${output})`;
  refuseClasses(options, rule);
}

/** Refuses what needs classes, since a targetScaler scales numbers. @throws RangeError ERR_BLASNET_ARG_VALUE */
export function checkNoClasses(options: FitOptions): void {
  const rule = 'left out, since the network has a targetScaler, and its targets are not classes';
  refuseClasses(options, rule);
}

function refuseClasses(options: FitOptions, rule: string): void {
  for (const name of ['classWeight', 'stratify'] as const) {
    if (options[name] === undefined || options[name] === false) continue;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, options[name]);
  }
}

function readCallbacks(value: unknown): Callbacks {
  if (value === undefined) return {};
  if (typeof value === 'function') return { onEpochEnd: value as (report: EpochReport) => unknown };
  checkOptions('callbacks', value, callbackConstraints);
  return value as Callbacks;
}

function readCheckpoint(value: FitCheckpointOptions | undefined): CompletedFitOptions['checkpoint'] {
  if (value === undefined) return undefined;
  checkOptions('checkpoint', value, {
    ...checkpointConstraints,
    everyEpochs: optional(positiveInteger),
    everySeconds: optional(above(0)),
  });
  const { everyEpochs, everySeconds, ...storage } = value;
  return {
    store: new CheckpointStore(storage, 'checkpoint'),
    cadence: {
      ...(everyEpochs !== undefined && { everyEpochs }),
      ...(everySeconds !== undefined && { everySeconds }),
    },
  };
}
