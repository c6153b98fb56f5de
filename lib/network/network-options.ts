import { type AsyncOptions, asyncConstraints } from '../addon/work';
import { type Dtype, dtypeName } from '../base/matrix';
import type { AnyName } from '../base/names';
import {
  anything,
  boolean,
  type Constraint,
  oneOf,
  optional,
  seed as seedConstraint,
} from '../base/validate';
import type { InitializerOption } from '../layers/initializers';
import type { LossOption } from '../layers/losses';
import type { MetricNames, Metrics } from '../metrics/metric';
import type {
  LabelEncoder,
  LabelEncoderJSON,
  LoadOptions,
  Preprocessing,
  PreprocessingJSON,
} from '../preprocessing';
import type { SampleWeight } from '../samples/weights';
import type { OverrideName } from '../training/fingerprint';
import type { Having } from '../training/history';
import type { FitOptions } from '../training/options';
import type { SourceFitOptions } from '../training/source-options';
import { labelsOption, preprocessingOption, type TargetScaler, targetScalerOption } from './own-parts';

export interface NetworkOptions {
  /** The element type of parameters and data. @default 'float64' */
  readonly dtype?: Dtype | AnyName;
  /**
   * The seed of the generator that draws the initial parameters, and then shuffles, splits, dropout and noise. From 0
   * to 2^32 - 1, like the seed of np.random.seed. @default a random seed; `net.seed` has it
   */
  readonly seed?: number;
  /** Draws the initial parameters: 'zeros', initializers.orthogonal({ gain: 1.4 }), and so on. @default 'auto' */
  readonly initializer?: InitializerOption;
  /**
   * Transforms a copy of every X before the network takes it. The network takes a copy of the pipeline, as
   * `net.preprocessing`, and never changes the one given: several networks may get the same one. If it has not learned
   * yet, the copy learns from the first X of `fit`, without the rows that validationSplit holds out. If it has, `fit`
   * leaves it as it is. It may also be the result of its `toJSON`. It is saved with the network. @default none
   */
  readonly preprocessing?: Preprocessing | PreprocessingJSON;
  /**
   * The names of the classes. Labels may then be names, and `classify` returns names. The network takes a copy, as
   * `net.labels`. If the encoder has not learned yet, the copy learns from the first Y of `fit`. It is saved with the
   * network. @default none
   */
  readonly labels?: LabelEncoder | LabelEncoderJSON;
  /**
   * Scales a copy of the targets, Y, for regression: `standardScaler()`, `minMaxScaler()`, `robustScaler()`, a pipeline of
   * them, or steps of your own with `inverse`. What the network says is in Y's own units: the results of `predict` (in the
   * network's dtype), of predictors and of metrics (in doubles). If there is one output, so is every reported loss of
   * meanSquaredError, meanAbsoluteError and huber, and so is the delta of huber. With several outputs, and for logCosh,
   * losses are those of the scaled targets. Other losses are refused. Penalties count as in the loss that is minimised,
   * that of the scaled targets. The network takes a copy, as `net.targetScaler`: it learns from the rows that train, like
   * that of `preprocessing`, and is saved with the network. Not with `labels`. @default none
   */
  readonly targetScaler?: TargetScaler | PreprocessingJSON;
}

/** The options of the methods that read a network. */
export interface NetworkLoadOptions extends LoadOptions {
  /**
   * Whether the SHA-256 in the file must be that of the file. With `false`, a file whose numbers another program changed
   * is taken, and damage may go unseen. @default true
   */
  readonly verifyChecksum?: boolean;
}

/** The options of `Network.loadBest`. */
export interface LoadBestOptions extends NetworkLoadOptions {
  /**
   * The series of the history whose best number is looked for. @default that of fit's option `checkpoint.best`; if it was
   * not given, `valLoss`, or without a validation set `loss`
   */
  readonly monitor?: string;
  /**
   * Whether the series should be small or large. @default that of `checkpoint.best` if it names this series, else 'min' for
   * losses and errors, 'max' for this library's other metrics; required for your own metrics
   */
  readonly mode?: 'min' | 'max' | AnyName;
  /** If checkpoints of the folder are damaged, looks for the best of the whole ones. @default false */
  readonly skipDamaged?: boolean;
}

/** The options of `Network.create`. */
export interface CreateOptions extends NetworkOptions, AsyncOptions {}

export interface EvaluateOptions<M extends Metrics = Metrics> {
  /**
   * The loss to compute. @default that of the last training of this object; if it had none, by the output activation and
   * the labels, like in `fit`
   */
  readonly loss?: LossOption;
  /** Metrics to compute as well. The result has them under their names. @default none */
  readonly metrics?: M;
  /**
   * A weight for each sample, at least 0. The loss is sum(weight * loss) / samples, the metrics are weighted means, and the
   * accuracy counts samples. A sample of weight 0 is not there. @default 1 each
   */
  readonly sampleWeight?: SampleWeight;
}

/** The results of an evaluation. Metrics are under their names. */
export interface Evaluation {
  /** The mean loss over the samples. Penalties are included. */
  readonly loss: number;
  /** The share of samples predicted right; absent if the loss knows no accuracy. */
  readonly accuracy?: number;
  readonly [metric: string]: number | undefined;
}

/** The results of an evaluation with these metrics: see `MetricNames`. */
export type EvaluationOf<M extends Metrics> = Having<Evaluation, MetricNames<M>, number>;

/**
 * The options of `Network.resume`. `epochs` counts from the start of the original training. It may be larger than
 * before; schedules without `over` then take the new length. It may also equal the epochs already done; then resume
 * only restores the best parameters, if early stopping does that. If early stopping ended the training, it continues
 * only with a larger patience. If a callback ended it, it continues.
 *
 * These must equal those of the original training, unless `override` names them: the number of X's rows, batchSize, accumulate, shuffle, the number
 * of rows that validationSplit holds out, stratify, clipValue, clipNorm, loss, optimizer and schedule with their
 * hyperparameters, sampleWeight, classWeight, earlyStopping except its patience, and the names of the history's series,
 * which follow from validation and metrics. These must be equal too, but nothing compares them: the numbers in X, Y
 * and validationData, the options of metrics, and the behaviour of your own functions. `seed` has no effect.
 * `checkpoint` may be left out, or name another folder.
 */
export interface ResumeOptions extends FitOptions, LoadOptions {
  /** If the newest checkpoint of a folder is damaged, continues from the newest whole one. @default false */
  readonly skipDamaged?: boolean;
  /**
   * The names of what differs from the original training on purpose: 'learningRate' or other options, 'rows' for another
   * number of rows of X, 'series' for other metrics or another kind of validation. What belongs to them starts anew: the
   * optimiser with other settings than the learning rate; a schedule's plateau; the split with other rows, validationSplit
   * or stratify; the best epoch of early stopping where its numbers cannot be compared any more. A new series has NaN for
   * the epochs before. @default none
   */
  readonly override?: readonly (OverrideName | AnyName)[];
}

/** The options of `Network.evaluate` with a source, whose chunks have the weights. */
export interface EvaluateSourceOptions<M extends Metrics = Metrics>
  extends Omit<EvaluateOptions<M>, 'sampleWeight'>,
    AsyncOptions,
    Pick<SourceFitOptions, 'windowRows'> {}

/** The options of `Network.predict` with a source. */
export interface PredictSourceOptions extends AsyncOptions {}

/** The options of `Network.resume` with a source. */
export type ResumeSourceOptions = SourceFitOptions & Omit<ResumeOptions, keyof FitOptions>;

export const networkConstraints = {
  dtype: optional(dtypeName),
  seed: optional(seedConstraint),
  initializer: anything,
  preprocessing: optional(preprocessingOption),
  labels: optional(labelsOption),
  targetScaler: optional(targetScalerOption),
};

export const loadConstraints = { steps: anything, verifyChecksum: optional(boolean) };

const text: Constraint = { rule: 'the name of a series', accepts: (value) => typeof value === 'string' };

export const bestConstraints = {
  ...loadConstraints,
  monitor: optional(text),
  mode: optional(oneOf(['min', 'max'])),
  skipDamaged: optional(boolean),
};

export const createConstraints = { ...networkConstraints, ...asyncConstraints };

export const evaluateConstraints = { loss: anything, metrics: anything, sampleWeight: anything };
