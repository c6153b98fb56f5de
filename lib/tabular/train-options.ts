import { type AsyncOptions, asyncConstraints } from '../addon/work';
import { argumentError } from '../base/errors';
import type { AnyName } from '../base/names';
import type { Dtype } from '../base/number-kinds';
import {
  anything,
  boolean,
  type Constraint,
  checkObject,
  checkOptions,
  integerBetween,
  oneOf,
  optional,
} from '../base/validate';
import type { ActivationOption } from '../layers/activations';
import type { LayerOptions } from '../layers/architecture';
import type { InitializerOption } from '../layers/initializers';
import type { NumericEmbeddingOption } from '../layers/numeric-embeddings';
import type { Metrics } from '../metrics/metric';
import type { ResumeOptions } from '../network/network-options';
import type { EarlyStoppingOptions } from '../training/early-stopping';
import { type FitOptions, fitConstraints } from '../training/options';
import type { ClassName } from './class-target';
import { type InputsOptions, inputs } from './inputs';
import { ownOption, presets } from './presets';
import { quantilesOption } from './quantiles';
import type { Rows } from './row-network';
import type { TableChunks } from './table-source';

/** A hidden layer: its number of units, or the options of a layer without those that follow by themselves. */
export type HiddenLayer = number | Omit<LayerOptions, 'inputDim' | 'embeddings'>;

/** The options of `Classifier.train` and `Regressor.train`: those of `Network.fit`, and what follows from a table. */
export interface TrainOptions<M extends Metrics = Metrics>
  extends Omit<
    FitOptions<M>,
    'epochs' | 'validationData' | 'sampleWeight' | 'classWeight' | 'stratify' | 'earlyStopping'
  > {
  /**
   * The column to predict, or several. Several columns of a Classifier are labels that do not exclude each other; each
   * has two classes.
   */
  readonly target: string | readonly string[];
  /** How columns become inputs: see `inputs`. @default each column by its kind */
  readonly inputs?: InputsOptions;
  /**
   * How long to look for a good network. 'default' trains four times without a fourth of the rows (eight times without an
   * eighth below 1,000 rows), which tells where to stop and how sure probabilities may be, and then once with all rows; with
   * fewer than 20 or more than 60,000 rows, with rows held out, with `shuffle: false` or `maxSeconds` it trains once. 'fast' trains once, and holds rows out. 'best' trains eight
   * times without an eighth of the rows; these networks answer together. A preset chooses layers, optimiser and schedules, so
   * leave these out with it. @default 'default'; none if one of hidden, activation, numericEmbeddings, initializer,
   *   optimizer, schedule, weightDecaySchedule, dropoutSchedule and earlyStopping is given
   */
  readonly preset?: 'default' | 'fast' | 'best' | AnyName;
  /** The hidden layers. `[]` makes a linear model, such as logistic regression. @default [128, 64] without a preset */
  readonly hidden?: readonly HiddenLayer[];
  /** The activation of hidden layers that are given as a number of units. @default 'relu' without a preset */
  readonly activation?: ActivationOption;
  /**
   * Embeds the scaled numbers and times: each becomes some features, by learned waves. See the layer option of this name.
   * @default none
   */
  readonly numericEmbeddings?: NumericEmbeddingOption;
  /**
   * How many networks share the layers and answer by their mean, from 1 to 10,000 (TabM-mini: Gorishniy et al., 2025); 16 or
   * 32 are usual. An epoch takes nearly as many times as long. See the layer option of this name. @default none
   */
  readonly members?: number;
  /** The element type of the network. @default 'float32' */
  readonly dtype?: Dtype | AnyName;
  /** Draws the first parameters: see `NetworkOptions`. @default 'auto' */
  readonly initializer?: InitializerOption;
  /**
   * How many rows the model remembers, from 1 to 1,000,000, so that `update` and `drift` can go on from them: a uniform sample of
   * the rows, and summaries of all columns. They are saved with the model. Not with the preset 'best'. @default none
   */
  readonly remember?: number;
  /** A column with a weight for each row, at least 0. It is no input. A row of weight 0 is not there. @default none */
  readonly weight?: string;
  /** What happens to rows whose target is missing: an error, or they are left out. @default 'error' */
  readonly missingTarget?: 'error' | 'drop' | AnyName;
  /** The most passes through the rows. @default 200; with a preset 64 for classes, and 32 for numbers or 'fast' */
  readonly epochs?: number;
  /**
   * Rows that the training does not learn from, with the target: a table or records; for a training from a source also a source of
   * its own. Not with validationSplit.
   * @default a share of the rows: see validationSplit
   */
  readonly validationData?: Rows | TableChunks;
  /**
   * The share of the rows to hold out as the validation set, in (0, 1), or 0 for none: at random, with equal shares of the
   * classes, or the last rows with `shuffle: false`. @default 0.15 from 100 rows on, and 0 below
   */
  readonly validationSplit?: number;
  /**
   * Ends the training when a series stops improving, and restores the best epoch; `false` for never.
   * @default { patience: 20 } with a validation set; false without one
   */
  readonly earlyStopping?: EarlyStoppingOptions | false;
}

/** The options of `Classifier.train`. */
export interface ClassifierOptions<M extends Metrics = Metrics> extends TrainOptions<M> {
  /**
   * A weight for each class, by its name; a missing class has weight 1. 'balanced' gives all classes the same total weight.
   * Not with several targets. @default 1 each
   */
  readonly classWeight?: 'balanced' | AnyName | Readonly<Record<string, number>>;
  /**
   * The one of two classes that precision, recall, f1 and AUC are about: it becomes the second class.
   * @default the second one in ascending order
   */
  readonly positive?: ClassName;
  /**
   * Whether the probabilities are calibrated on the validation set when the training has ended: the logits are divided by
   * the temperature at which the log loss is least (Guo et al. 2017). The weights of the output layer take it in. So classes
   * stay as they are, and predictions cost nothing more. With `members`, the logits of each are divided, by the temperature that
   * is best for the mean of their probabilities; a class may then change where they disagree. Checkpoints, and the model of an error that ends the training,
   * are not calibrated. @default true; without a validation set nothing is calibrated
   */
  readonly calibrate?: boolean;
}

/** The options of a training that its updates follow, too. */
export type StoredFit = Pick<ClassifierOptions, 'loss' | 'classWeight'>;

/** The options of `Regressor.train`. */
export interface RegressorOptions<M extends Metrics = Metrics> extends TrainOptions<M> {
  /**
   * The levels of the quantiles to predict, increasing, in (0, 1), such as [0.05, 0.5, 0.95]: the network has an output for
   * each, and minimises their pinball loss. `predict` gives the median, so 0.5 is added if it is missing. Not with
   * several targets, and not with `loss`. @default none: the network predicts the mean
   */
  readonly quantiles?: readonly number[];
  /**
   * Whether predictions, quantiles included, are kept between the least and the greatest target of the rows that the model
   * learned from, rounded to its dtype (RealMLP: Holzmueller et al., 2024). The training itself is the same. `network` is not
   * clamped, and intervals may go beyond. @default false
   */
  readonly clamp?: boolean;
}

/** The options of `resume` beside those of the training. */
export type ResumingOptions = Pick<ResumeOptions, 'override' | 'skipDamaged'>;

/** The name of a column. */
export const columnName: Constraint = {
  rule: "a column's name",
  accepts: (value) => typeof value === 'string',
};

const target: Constraint = {
  rule: "a column's name, or an array of different ones",
  accepts: (value) =>
    typeof value === 'string' || (Array.isArray(value) && value.every((name) => typeof name === 'string')),
  holds: (value: string | readonly string[]) =>
    typeof value === 'string' || (value.length > 0 && new Set(value).size === value.length),
};

const share: Constraint = {
  rule: 'a number of at least 0 and below 1',
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => value >= 0 && value < 1,
};

const hidden: Constraint = { rule: 'an array of hidden layers', accepts: Array.isArray };

const { sampleWeight: _, classWeight, stratify, ...ofFit } = fitConstraints;

/** The options that a training hands to fit as they are. */
export const fitNames: ReadonlySet<string> = new Set(
  Object.keys(ofFit).filter(
    (name) => !['seed', 'validationData', 'validationSplit', 'earlyStopping'].includes(name),
  ),
);

const constraints = {
  ...ofFit,
  target,
  inputs: anything,
  preset: optional(oneOf(presets)),
  hidden: optional(hidden),
  activation: anything,
  numericEmbeddings: anything,
  members: optional(integerBetween(1, 10_000)),
  dtype: anything,
  initializer: anything,
  remember: optional(integerBetween(1, 1_000_000)),
  weight: optional(columnName),
  missingTarget: optional(oneOf(['error', 'drop'])),
  epochs: optional(ofFit.epochs),
  validationSplit: optional(share),
};

export const evaluateConstraints = { ...asyncConstraints, missingTarget: constraints.missingTarget };

const classifierConstraints = {
  ...constraints,
  classWeight,
  calibrate: optional(boolean),
  positive: optional({
    rule: 'the name of a class',
    accepts: (value) => ['string', 'number', 'boolean'].includes(typeof value),
  }),
};

const regressorConstraints = {
  ...constraints,
  quantiles: optional(quantilesOption),
  clamp: optional(boolean),
};

/** The rules for the options of `resume` beside those of the training. */
export const resumingConstraints = {
  target: optional(target),
  override: anything,
  skipDamaged: optional(boolean),
};

/** Checks the options, as far as that needs no data. @param more the rules for options that `train` does not have */
export function checkTrainOptionsAnd(
  options: unknown,
  kind: 'classifier' | 'regressor',
  more: Readonly<Record<string, Constraint>>,
): void {
  const known = kind === 'classifier' ? classifierConstraints : regressorConstraints;
  checkOptions('', options, { ...known, ...more });
  const { inputs: declared, earlyStopping, classWeight: byClass } = options as ClassifierOptions;
  if (declared !== undefined) inputs(declared);
  if (earlyStopping !== undefined && earlyStopping !== false) checkObject('earlyStopping', earlyStopping);
  if (byClass !== undefined && typeof byClass !== 'string') checkObject('classWeight', byClass);
  checkPreset(options as TrainOptions);
  checkQuantiles(options as RegressorOptions);
}

/** Options that make no sense for several trainings with folds of the rows. */
const ofOneTraining = [
  ...(['validationData', 'validationSplit', 'maxSeconds'] as const),
  ...(['callbacks', 'progress', 'checkpoint', 'metrics', 'remember'] as const),
] satisfies (keyof TrainOptions)[];

function checkPreset(options: TrainOptions): void {
  if (options.preset === undefined) return;
  const refuse = (name: string | undefined, rule: string) => {
    if (name === undefined) return;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, options[name as keyof TrainOptions]);
  };
  refuse(ownOption(options), 'left out with preset, which chooses it');
  if (options.preset !== 'best') return;
  const given = ofOneTraining.find((name) => options[name] !== undefined && options[name] !== false);
  if (options.shuffle === false) {
    refuse('shuffle', "left out with the preset 'best', whose networks learn from rows of all places");
  }
  refuse(given, "left out with the preset 'best', which trains several networks with parts of the rows");
}

function checkQuantiles({ quantiles, target: given, loss }: RegressorOptions): void {
  if (quantiles === undefined) return;
  const [option, value] = Array.isArray(given) ? ['quantiles', quantiles] : ['loss', loss];
  if (option === 'loss' && loss === undefined) return;
  const rule =
    option === 'loss'
      ? 'left out with quantiles, which have a loss of their own'
      : 'left out with several targets';
  throw argumentError('ERR_BLASNET_ARG_VALUE', option as string, rule, value);
}

/** The options of a model's `evaluate`. */
export interface EvaluateRowsOptions extends AsyncOptions {
  /** What happens to rows whose target is missing: an error, or they are left out. @default 'error' */
  readonly missingTarget?: 'error' | 'drop' | AnyName;
}

/** Checks the options of `evaluate`. */
export function checkEvaluateOptions(options: unknown): void {
  checkOptions('', options, evaluateConstraints);
}
