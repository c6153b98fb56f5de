import { argumentError } from '../base/errors';
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
import { type Architecture, isRandom, outputActivationOf, outputLayerOf } from '../layers/architecture';
import { defaultLoss, type LossOption, lossEntry, type ResolvedLoss } from '../layers/losses';
import { type Metric, type MetricOption, resolveMetrics } from '../metrics/metric';
import type { Optimizer } from '../optimizers/optimizers';
import { resolveOptimizer } from '../optimizers/resolve';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import type { ClassWeight, SampleWeight } from '../samples/weights';
import { plateauOf } from '../schedules/rate';
import { resolveSchedule, type Schedule } from '../schedules/schedule';
import type { CadenceOptions } from './cadence';
import { EarlyStopping, type EarlyStoppingOptions } from './early-stopping';
import type { BatchReport, EpochReport } from './history';
import { validationRows } from './split';

/** Samples that are only looked at: X and Y as fit takes them. */
export interface ValidationData {
  readonly X: InputsLike;
  readonly Y: LabelsLike;
  readonly sampleWeight?: SampleWeight;
}

/**
 * Called while the network is at rest. `false`, or a promise of it, ends the training after this step or
 * epoch; an error ends it, too, and comes out of fit. In fitSync they must not return promises.
 */
export interface Callbacks {
  onEpochEnd?(report: EpochReport): unknown;
  /** After every step. Training then crosses to native code once a step, which costs small networks some speed. */
  onBatchEnd?(report: BatchReport): unknown;
}

/** Where and how often to keep a training that may be interrupted; see `Network.resume`. */
export interface FitCheckpointOptions extends CheckpointOptions, CadenceOptions {}

/** What partialFit and trainOnBatch take as well. */
export interface StepOptions {
  /** @default sgd() */
  readonly optimizer?: Optimizer;
  /**
   * What to minimise. @default by the output activation: sigmoid binaryCrossEntropy, softmax and logSoftmax
   * categoricalCrossEntropy (the sparse one for labels that are classes), otherwise meanSquaredError
   */
  readonly loss?: LossOption;
  /** Only ratios matter: a sample of weight 2 counts like two. @default 1 each */
  readonly sampleWeight?: SampleWeight;
  /** Multiplied with the samples' weights. @default 1 each */
  readonly classWeight?: ClassWeight;
  /** Each gradient is kept within +-clipValue, after the penalties. @default no bound */
  readonly clipValue?: number;
  /** All gradients together are scaled down to this Euclidean norm, after clipValue. @default no bound */
  readonly clipNorm?: number;
  /** How many threads to compute with, at most. Results do not depend on it. @default as setThreads says */
  readonly threads?: number;
}

export interface FitOptions extends StepOptions {
  /** How many times to go through the samples. At least 1. */
  readonly epochs: number;
  /**
   * Samples a batch; the last batch of an epoch may be smaller. 'full' takes all samples at once, and so does a
   * size beyond their number. @default 32; with lbfgs 'full'
   */
  readonly batchSize?: number | 'full';
  /** Batches a step: their gradients' mean, by samples. The epoch's last step may have fewer. @default 1 */
  readonly accumulate?: number;
  /** Whether to go through the samples in another order every epoch. No matter with full batches. @default true */
  readonly shuffle?: boolean;
  /** Starts the generator of shuffles, splits and dropout anew. @default the network's own generator goes on */
  readonly seed?: number;
  /** How the learning rate moves, from the optimiser's. @default it does not */
  readonly schedule?: Schedule;
  /** Evaluated after every epoch: valLoss, valAccuracy. @default none */
  readonly validationData?: ValidationData;
  /** The share of the samples, in (0, 1), to hold out at random for that. @default none is held out */
  readonly validationSplit?: number;
  /** Whether classes have equal shares in both parts. @default false */
  readonly stratify?: boolean;
  /**
   * Computed after every epoch from the predictions for the validation set, as valF1 for f1; without one, from
   * those for the training set, as f1, which costs a forward pass over it. 'accuracy' takes the place of that
   * beside the loss. @default none
   */
  readonly metrics?: readonly MetricOption[];
  readonly earlyStopping?: EarlyStoppingOptions;
  /** A function is called after every epoch. */
  readonly callbacks?: Callbacks | ((report: EpochReport) => unknown);
  /** Shows a progress bar on stderr, if that is a terminal. @default false */
  readonly progress?: boolean;
  /**
   * Writes what `Network.resume` needs into a folder: after every epoch, or as often as it says, and after the last
   * one in any case. The folder is one training's: fit refuses one with checkpoints of epochs that are still to come.
   * A checkpoint that cannot be written ends the training. @default nothing is written
   */
  readonly checkpoint?: FitCheckpointOptions;
  /** Ends the training early: it rejects with an AbortError, the parameters being those of the last finished step. */
  readonly signal?: AbortSignal;
}

/** Options with the defaults filled in. */
export interface CompletedFitOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly shuffle: boolean;
  readonly seed: number | undefined;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly loss: ResolvedLoss;
  readonly clipValue: number;
  readonly clipNorm: number;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  readonly heldRows: number;
  readonly stratify: boolean;
  readonly metrics: readonly Metric[];
  readonly earlyStopping: EarlyStopping | undefined;
  readonly callbacks: Callbacks;
  readonly progress: boolean;
  readonly checkpoint: { readonly store: CheckpointStore; readonly cadence: CadenceOptions } | undefined;
}

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

const constraints = {
  ...stepConstraints,
  epochs: positiveInteger,
  batchSize: optional(batchSize),
  accumulate: optional(positiveInteger),
  shuffle: optional(boolean),
  seed: optional(seed),
  schedule: anything,
  validationData: anything,
  validationSplit: optional(share),
  stratify: optional(boolean),
  metrics: anything,
  earlyStopping: anything,
  callbacks: anything,
  progress: optional(boolean),
  checkpoint: anything,
  signal: optional(abortSignal),
};

const callbackConstraints = { onEpochEnd: optional(functionValue), onBatchEnd: optional(functionValue) };

/** Checks fit's options and fills in their defaults, for a set of so many samples. */
export function completeFitOptions(
  options: FitOptions,
  architecture: Architecture,
  rows: number,
  loss: ResolvedLoss,
): CompletedFitOptions {
  const optimizer = resolveOptimizer(options.optimizer);
  const heldRows = heldRowsOf(options, rows);
  const trained = rows - heldRows;
  const size = options.batchSize ?? (optimizer.name === 'lbfgs' ? 'full' : 32);
  const fullBatch = size === 'full' || size >= trained;
  if (optimizer.name === 'lbfgs') checkFullBatch(options, architecture, size, fullBatch);
  const output = outputActivationOf(architecture);
  checkClasses(options, loss, output);
  const completed: CompletedFitOptions = {
    epochs: options.epochs,
    batchSize: fullBatch ? trained : size,
    // More batches than an epoch has are all of them.
    accumulate: Math.min(options.accumulate ?? 1, fullBatch ? 1 : Math.ceil(trained / size)),
    // In a full batch the order changes nothing but rounding.
    shuffle: (options.shuffle ?? true) && !fullBatch,
    seed: options.seed,
    optimizer,
    schedule: resolveSchedule(options.schedule),
    loss,
    clipValue: options.clipValue ?? 0,
    clipNorm: options.clipNorm ?? 0,
    threads: options.threads ?? 0,
    signal: options.signal,
    heldRows,
    stratify: options.stratify ?? false,
    metrics: resolveMetrics(options.metrics, outputLayerOf(architecture).outputDim, output),
    earlyStopping: options.earlyStopping === undefined ? undefined : new EarlyStopping(options.earlyStopping),
    callbacks: readCallbacks(options.callbacks),
    progress: options.progress ?? false,
    checkpoint: readCheckpoint(options.checkpoint),
  };
  checkMonitors(completed, options.validationData !== undefined || heldRows > 0);
  return completed;
}

/** Checks the names and kinds of fit's options, but for those with tables of their own. */
export function checkFitOptions(options: unknown): void {
  checkOptions('', options, constraints);
}

/** The same for those of Network.resume. */
export function checkResumeOptions(options: unknown): void {
  checkOptions('', options, { ...constraints, skipDamaged: optional(boolean), steps: anything });
}

/** One epoch's, for samples that come bit by bit. */
export interface PartialFitOptions
  extends StepOptions,
    Pick<FitOptions, 'batchSize' | 'accumulate' | 'shuffle' | 'signal'> {}

const partialNames = ['batchSize', 'accumulate', 'shuffle', 'signal'] as const;
const partialConstraints = {
  ...stepConstraints,
  ...Object.fromEntries(partialNames.map((name) => [name, constraints[name]])),
};

/** The options of partialFit or trainOnBatch, checked, as fit's. */
export function incrementalOptions(options: unknown, kind: 'epoch' | 'batch'): FitOptions {
  checkOptions('', options, kind === 'epoch' ? partialConstraints : stepConstraints);
  return kind === 'epoch'
    ? { ...(options as PartialFitOptions), epochs: 1 }
    : { ...(options as StepOptions), epochs: 1, batchSize: 'full' };
}

function heldRowsOf(options: FitOptions, rows: number): number {
  if (options.validationSplit === undefined) {
    if (options.stratify === true) {
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'stratify', 'left out without validationSplit', true);
    }
    return 0;
  }
  if (options.validationData !== undefined) {
    const rule = 'left out where validationData is given';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'validationSplit', rule, options.validationSplit);
  }
  return validationRows(rows, options.validationSplit);
}

// L-BFGS needs a function that does not change from one evaluation to the next, and is its own judge of a step.
function checkFullBatch(
  options: FitOptions,
  architecture: Architecture,
  size: number | 'full',
  fullBatch: boolean,
): void {
  if (!fullBatch) throw argumentError('ERR_BLASNET_ARG_VALUE', 'batchSize', "'full' with lbfgs", size);
  for (const name of ['clipValue', 'clipNorm', 'schedule'] as const) {
    if (options[name] === undefined) continue;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'left out with lbfgs', options[name]);
  }
  const limited = architecture.findIndex(({ maxNorm }) => maxNorm !== undefined);
  if (isRandom(architecture) || limited !== -1) {
    const rule = 'another than lbfgs for a network with dropout, noise or maxNorm';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'optimizer', rule, 'lbfgs');
  }
}

// Weights and shares of classes need labels that are classes, which the loss or the outputs tell.
function checkClasses(options: FitOptions, loss: ResolvedLoss, output: ActivationName): void {
  if (lossEntry(loss.name).accuracy || lossEntry(defaultLoss(output)).accuracy) return;
  for (const name of ['classWeight', 'stratify'] as const) {
    if (options[name] === undefined || options[name] === false) continue;
    const rule = `left out where labels are no classes (the loss is ${loss.name}, the output ${output})`;
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

/** What monitors a series needs one that the training makes. */
function checkMonitors(options: CompletedFitOptions, validation: boolean): void {
  const known = seriesOf(options, validation);
  const monitors = [
    ['earlyStopping.monitor', options.earlyStopping?.monitor],
    ['schedule.monitor', plateauOf(options.schedule)?.monitor],
    ['checkpoint.best.monitor', options.checkpoint?.store.best?.monitor],
  ] as const;
  for (const [name, monitor] of monitors) {
    if (monitor === undefined || known.includes(monitor)) continue;
    const hint = monitor.startsWith('val') && !validation ? '; a validation set is missing' : '';
    const rule = `one of ${known.map((series) => `'${series}'`).join(', ')}${hint}`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, monitor);
  }
}

/** The names of the history's series, but for the learning rate's. */
export function seriesOf({ loss, metrics }: CompletedFitOptions, validation: boolean): string[] {
  const own = lossEntry(loss.name).accuracy ? ['loss', 'accuracy'] : ['loss'];
  const names = metrics.map(({ name }) => name);
  return validation ? [...own, ...[...own, ...names].map(validationName)] : [...own, ...names];
}

/** valLoss for loss. */
export function validationName(series: string): string {
  return `val${series.charAt(0).toUpperCase()}${series.slice(1)}`;
}
