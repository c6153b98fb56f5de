import { type LabelRule, native } from '../addon/binding';
import { described } from '../base/description';
import { argumentError } from '../base/errors';
import type { AnyName } from '../base/names';
import { above, type Constraint, check, checkOptions, halfOpen, oneOf, optional } from '../base/validate';
import { type ActivationName, activationNames, activationRow, needsAllUnits } from './activations';

/** The properties of a loss that the library needs. Its formula and label rule are in native/kernels/losses.h. */
interface LossRow {
  /** The output activations that it works with. */
  readonly outputs: readonly ActivationName[];
  /** These in words, if they are too many to list. */
  readonly outputsRule?: string;
  /** The output activations that it is the default for. */
  readonly defaultFor?: readonly ActivationName[];
  /** The loss that replaces it if labels are class numbers, one per sample. */
  readonly ofClasses?: string;
  /** Its options, by name. */
  readonly options?: Readonly<Record<string, LossOptionRow>>;
  /** The d of loss(s a, s y) = s^d loss(a, y) for all s above 0, if there is one. Options of distances are scaled, too. */
  readonly degree?: number;
}

interface LossOptionRow {
  readonly default: number;
  /** Whether it is a distance between a and y. */
  readonly distance?: boolean;
  readonly constraint: Constraint;
}

const smoothing = { labelSmoothing: { default: 0, constraint: halfOpen(0, 1) } };

const softmaxes = ['softmax', 'logSoftmax'] as const;
const outputsWhere = (holds: (name: ActivationName) => boolean) => activationNames.filter(holds);

/**
 * The losses, by name. y are the labels, a the outputs, p outputs that are probabilities. Every loss is a mean over the
 * samples.
 *
 * - binaryCrossEntropy: -sum(y log p + (1 - y) log(1 - p)), summed over the outputs, as in the article. It is computed
 *   from the logits of a sigmoid output, so it is finite for every finite logit
 * - categoricalCrossEntropy: -sum(y log p), from the logits of a softmax or logSoftmax output; labels are usually
 *   one-hot
 * - sparseCategoricalCrossEntropy: categoricalCrossEntropy with class numbers as labels; float32 labels are exact up to
 *   class 2^24
 * - meanSquaredError: the mean over the outputs of (a - y)^2
 * - meanAbsoluteError: the mean of |a - y|; its derivative at 0 is 0
 * - huber: the mean of (a - y)^2 / 2, or of delta (|a - y| - delta / 2) if |a - y| is above delta
 * - logCosh: the mean of log(cosh(a - y))
 * - poisson: the mean of a - y log(a + 1e-7), as in Keras, for rates a above 0. It refuses linear outputs, which may be
 *   negative, and relu outputs, which would be stuck at 0 with a slope of -y / 1e-7
 * - hinge: the mean of max(0, 1 - y a), for labels -1 and 1; its derivative is 0 if y a is 1
 * - klDivergence: sum(y log(y / p)) over the outputs, with 0 if y is 0; p is taken to be at least 2^-100
 * - quantile: the mean of q (y - a) if y > a, or (1 - q) (a - y) otherwise, for the level q of the output: the pinball
 *   loss; its derivative at y = a is 0
 *
 * A sample counts as right in the accuracy: with binaryCrossEntropy, if every output is on its label's side of 1/2;
 * with hinge, on its side of 0; with the categorical losses, if the largest output (the first of equals) is at the
 * label's class.
 */
const rows = {
  binaryCrossEntropy: { outputs: ['sigmoid'], defaultFor: ['sigmoid'], options: smoothing },
  categoricalCrossEntropy: {
    outputs: softmaxes,
    defaultFor: softmaxes,
    ofClasses: 'sparseCategoricalCrossEntropy',
    options: smoothing,
  },
  meanSquaredError: { outputs: activationNames, degree: 2 },
  sparseCategoricalCrossEntropy: { outputs: softmaxes, options: smoothing },
  meanAbsoluteError: { outputs: activationNames, degree: 1 },
  huber: {
    outputs: activationNames,
    options: { delta: { default: 1, constraint: above(0), distance: true } },
    degree: 2,
  },
  logCosh: { outputs: activationNames },
  poisson: { outputs: outputsWhere((name) => activationRow(name).range === 'positive') },
  hinge: {
    outputs: outputsWhere((name) => !needsAllUnits(name)),
    outputsRule: "any except 'softmax' and 'logSoftmax'",
  },
  klDivergence: { outputs: outputsWhere((name) => activationRow(name).range === 'probability') },
  quantile: { outputs: activationNames, degree: 1 },
} as const satisfies Record<string, LossRow>;

export type LossName = keyof typeof rows;

export const lossNames = Object.keys(rows) as LossName[];

const labelRules: Readonly<Record<LabelRule, string>> = {
  finite: 'finite numbers',
  notNegative: 'finite numbers of at least 0',
  unitInterval: 'numbers from 0 to 1',
  signs: 'either -1 or 1',
  classes: 'integers from 0 to the number of outputs - 1',
};

/** All properties of a loss. */
export interface LossEntry extends LossRow {
  /** Its code in native code. */
  readonly code: number;
  readonly labelRule: LabelRule;
  /** The rule for the labels, in words. */
  readonly labels: string;
  /** Whether a training with this loss also computes the accuracy. */
  readonly accuracy: boolean;
}

const entries = Object.fromEntries(
  lossNames.map((name): [string, LossEntry] => {
    const { code, labels, accuracy } = native.losses[name] as (typeof native.losses)[string];
    return [name, { ...rows[name], code, labelRule: labels, labels: labelRules[labels], accuracy }];
  }),
) as Readonly<Record<LossName, LossEntry>>;

export function lossEntry(name: LossName): LossEntry {
  return entries[name];
}

export interface CrossEntropyOptions {
  /**
   * The share s of each label that is spread over the classes, in [0, 1), as in Keras: labels become
   * y (1 - s) + s / 2 if they are binary, y (1 - s) + s / outputs if they are categorical. @default 0
   */
  readonly labelSmoothing?: number;
}

export interface HuberOptions {
  /**
   * The loss is quadratic for errors up to delta, and linear beyond it. Above 0. With a targetScaler and one output, it is in
   * the targets' own units. @default 1
   */
  readonly delta?: number;
}

export interface QuantileOptions {
  /**
   * The share of labels that should be below each output, in (0, 1): a level for each output, or one for all outputs.
   * 0.5 asks for the median. @default [0.5]
   */
  readonly levels?: readonly number[];
}

type SmoothedName = 'binaryCrossEntropy' | 'categoricalCrossEntropy' | 'sparseCategoricalCrossEntropy';

/** A loss with its hyperparameter, made by `huber()` or a function of a cross-entropy. */
export type Loss =
  | ({ readonly name: SmoothedName } & Readonly<Required<CrossEntropyOptions>>)
  | ({ readonly name: 'huber' } & Readonly<Required<HuberOptions>>)
  | ({ readonly name: 'quantile' } & Readonly<Required<QuantileOptions>>);

/** The `loss` option: a name (with the defaults), or the result of a function such as `huber()`. */
export type LossOption = LossName | Loss | AnyName;

/**
 * Makes binary cross-entropy with label smoothing.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  return make('binaryCrossEntropy', options);
}

/** Makes categorical cross-entropy with label smoothing. @throws like binaryCrossEntropy() */
export function categoricalCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  return make('categoricalCrossEntropy', options);
}

/** Makes categorical cross-entropy for class numbers, with label smoothing. @throws like binaryCrossEntropy() */
export function sparseCategoricalCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  return make('sparseCategoricalCrossEntropy', options);
}

/**
 * Makes Huber's loss (1964), which is quadratic for errors up to `delta` and linear beyond it.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
export function huber(options: HuberOptions = {}): Loss {
  return make('huber', options);
}

const levelsConstraint: Constraint = {
  rule: 'an array of numbers above 0 and below 1',
  accepts: (value) => Array.isArray(value) && value.every((level) => typeof level === 'number'),
  holds: (value: readonly number[]) => value.length > 0 && value.every((level) => level > 0 && level < 1),
};

/**
 * Makes the pinball loss (Koenker and Bassett, 1978), which is least where a share of the labels is below the output: the
 * outputs become quantiles. Y has a column for each output: for several quantiles of one number, it holds the
 * number several times. Outputs of several levels may cross for some X; sort them if their order matters.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE; `fit` throws
 *   RangeError ERR_BLASNET_SHAPE unless there is one level, or one for each output
 */
export function quantile(options: QuantileOptions = {}): Loss {
  checkOptions('', options, { levels: optional(levelsConstraint) });
  const levels = Object.freeze([...(options.levels ?? medianLevels)]);
  const loss = Object.freeze({ name: 'quantile', levels } as const);
  made.set(loss, { name: 'quantile', options: {}, levels });
  return loss;
}

/** Throws unless a loss with levels has one level, or one for each output. @throws RangeError ERR_BLASNET_SHAPE */
export function checkLevels(loss: ResolvedLoss, outputs: number): ResolvedLoss {
  const { levels = medianLevels } = loss;
  if (levels.length === 1 || levels.length === outputs) return loss;
  const rule = outputs === 1 ? 'of length 1' : `of length 1, or ${outputs}, the network's outputDim`;
  throw argumentError('ERR_BLASNET_SHAPE', 'levels', rule, levels);
}

const medianLevels: readonly number[] = Object.freeze([0.5]);

// The resolved form of each loss that a factory made.
const made = new WeakMap<object, ResolvedLoss>();

const factories = {
  ...{ binaryCrossEntropy, categoricalCrossEntropy, sparseCategoricalCrossEntropy },
  ...{ huber, quantile },
};

function make(name: SmoothedName | 'huber', options: object): Loss {
  const table: Readonly<Record<string, LossOptionRow>> = rows[name].options;
  checkOptions(
    '',
    options,
    Object.fromEntries(Object.entries(table).map(([option, row]) => [option, optional(row.constraint)])),
  );
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const own = { ...defaultsOf(name), ...given };
  const loss = Object.freeze({ name, ...own }) as unknown as Loss;
  made.set(loss, { name, options: own });
  return loss;
}

function defaultsOf(name: LossName): Record<string, number> {
  const { options = {} }: LossRow = rows[name];
  return Object.fromEntries(Object.entries(options).map(([option, row]) => [option, row.default]));
}

const nameOfLoss = oneOf(lossNames);
const byName = Object.fromEntries(
  lossNames.map((name) => [
    name,
    { name, options: defaultsOf(name), ...(name === 'quantile' && { levels: medianLevels }) },
  ]),
) as Readonly<Record<LossName, ResolvedLoss>>;

/** The default loss of `fit` for an output activation. */
export function defaultLoss(output: ActivationName): LossName {
  const known = lossNames.find((name) => (rows[name] as LossRow).defaultFor?.includes(output));
  return known ?? 'meanSquaredError';
}

/** A loss in the form that the library uses. Each name and each made loss always resolves to one object. */
export interface ResolvedLoss {
  readonly name: LossName;
  /** Its own options. */
  readonly options: Readonly<Record<string, number>>;
  /** The levels of the loss quantile. */
  readonly levels?: readonly number[];
}

const defaultOptions: Readonly<Record<string, number>> = Object.assign({}, ...lossNames.map(defaultsOf));

/** The options of all losses, for native code. Those that this loss does not have are at their defaults. */
export function allLossOptions({ options }: ResolvedLoss): Readonly<Record<string, number>> {
  return { ...defaultOptions, ...options };
}

/** A loss of labels and outputs in other units, and what its values are multiplied by to become those of the first loss. */
export interface LossInUnits {
  readonly loss: ResolvedLoss;
  readonly factor: number;
}

/**
 * The loss in units of `unit`: of labels and outputs that are divided by it. Undefined if the loss has no degree.
 */
export function lossInUnits(loss: ResolvedLoss, unit: number): LossInUnits | undefined {
  const { degree, options = {} }: LossRow = rows[loss.name];
  if (degree === undefined) return undefined;
  const own = Object.entries(loss.options).map(([name, value]) => [
    name,
    options[name]?.distance === true ? value / unit : value,
  ]);
  return { loss: { ...loss, options: Object.fromEntries(own) }, factor: unit ** degree };
}

/** Checks the `loss` option against the output activation. */
export function resolveLoss(value: unknown, output: ActivationName): ResolvedLoss {
  const loss = readLoss(value === undefined ? defaultLoss(output) : value);
  const { outputs, outputsRule }: LossRow = rows[loss.name];
  if (!outputs.includes(output)) {
    const needed = outputsRule ?? outputs.map((needs) => `'${needs}'`).join(' or ');
    const rule = `a loss for the output activation '${output}' ('${loss.name}' needs ${needed})`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'loss', rule, loss.name);
  }
  return loss;
}

function readLoss(value: unknown): ResolvedLoss {
  if (typeof value === 'object' && value !== null) {
    const resolved = made.get(value) ?? made.get(described('loss', value, factories) ?? value);
    if (resolved !== undefined) return resolved;
    const rule = 'the name of a loss, or a loss such as huber({ delta: 2 })';
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'loss', rule, value);
  }
  check('loss', value, nameOfLoss, 'ERR_BLASNET_UNKNOWN_NAME');
  return byName[value as LossName];
}
