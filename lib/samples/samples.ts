import { type AsyncOptions, pinnedWork } from '../addon/work';
import { blasnetError } from '../base/errors';
import {
  type Dtype,
  type FloatArray,
  type LabelArray,
  Matrix,
  type NumberArray,
  sharedZeros,
} from '../base/matrix';
import { checkDtype, checkMatrix, outputOf, type ReadArrays } from '../base/matrix-input';
import { type Architecture, outputLayerOf } from '../layers/architecture';
import type { LossName } from '../layers/losses';
import { type InputKind, type Inputs, type InputsLike, type Learning, networkInputs } from './inputs';
import { asLabels, type LabelKind, type Labels, type LabelsLike } from './labels';
import { joined, type Pending } from './pending';
import { checkTargetLoss, scaledTargets, type TargetLearning, unscaledKind } from './targets';

/** The properties of a network that its samples depend on. */
export interface SampleKind extends InputKind, LabelKind {}

/** The data that an operation reads: inputs; Y, except for predictions; and weights (rows), if given. */
export interface Samples extends Inputs {
  readonly Y?: Labels;
  /** With a targetScaler: the targets as they came, in doubles. Y then has them scaled. */
  readonly targets?: Labels;
  readonly weights?: FloatArray;
  /** The sample weights without the class weights. The evaluation of held-out samples uses these. */
  readonly ownWeights?: FloatArray;
}

export type LabelledSamples = Samples & { readonly Y: Labels };

/** What still learns from the training data, before these and the validation data are converted. */
export interface LearningParts {
  readonly preprocessing: Learning | undefined;
  readonly labels: boolean;
  readonly targets: TargetLearning | undefined;
}

/** Makes the weights of samples, from the labels. What takes long is pending. */
export type Weigh = (labels: Labels, dtype: Dtype) => Pick<Samples, 'weights' | 'ownWeights' | 'pending'>;

/**
 * Checks X and Y, which must have equal numbers of rows, converts Y to the form that the loss takes, and adds weights.
 * What takes long is pending.
 */
export function labelledSamples(
  kind: SampleKind,
  X: InputsLike,
  Y: LabelsLike,
  loss: LossName,
  weigh: Weigh,
  learning?: LearningParts,
): LabelledSamples {
  checkTargetLoss(kind, loss);
  const inputs = networkInputs(kind, X, learning?.preprocessing);
  const labels = asLabels(unscaledKind(kind), Y, loss, learning?.labels);
  if (inputs.X.rows !== labels.rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected Y to have as many rows as X (${inputs.X.rows}), got ${labels.rows}`,
    );
  }
  const weights = weigh(labels, kind.dtype);
  if (kind.targetScaler !== undefined) {
    const late = labels.pending !== undefined || weights.pending !== undefined;
    const scaled = scaledTargets(kind, labels, loss, late, learning?.targets);
    const pending = joined([labels.pending, weights.pending, scaled.pending, inputs.pending]);
    return { ...inputs, Y: scaled, targets: labels, ...weights, ...pending };
  }
  // In this order: weights of classes need the labels, and the rows that preprocessing learns from depend on both.
  if (labels.pending === undefined && weights.pending === undefined) {
    return weights.weights === undefined ? { ...inputs, Y: labels } : { ...inputs, Y: labels, ...weights };
  }
  const pending = joined([labels.pending, weights.pending, inputs.pending]);
  return { ...inputs, Y: labels, ...weights, ...pending };
}

/** The samples with the inputs that the pending work made, of a network whose inputDim was not known. */
export function withLateInputs(samples: LabelledSamples): LabelledSamples {
  const { X } = samples.late ?? {};
  return X === undefined ? samples : { ...samples, X };
}

/** The arrays that native code reads. */
export function arraysOf({ X, codes, Y, targets, weights }: Samples): LabelArray[] {
  return [
    ...[X.data, ...(codes === null ? [] : [codes])],
    ...[...(Y ? [Y.data] : []), ...(targets ? [targets.data] : []), ...(weights ? [weights] : [])],
  ];
}

/** The arrays that a training reads, also before its first step. */
export function arraysToPin(samples: Samples): NumberArray[] {
  return [...arraysOf(samples), ...(samples.pending?.arrays ?? [])];
}

/** Does pending work of the samples without blocking the calling thread. Meanwhile, all arrays stay in place. */
export function fillElsewhere(samples: Samples, { work }: Pending, options: AsyncOptions): Promise<void> {
  return pinnedWork(work, arraysToPin(samples), options);
}

/** A matrix for outputs that are measured (rows of X, outputDim). Metrics of the user's own see it. */
export function measuredOutputs(architecture: Architecture, dtype: Dtype, { X }: Inputs): Matrix {
  return sharedZeros(X.rows, outputLayerOf(architecture).outputDim, dtype);
}

// Strings that no call has to build: predictions of one row take a microsecond.
const reasons = {
  float64: " (the network's dtype is 'float64')",
  float32: " (the network's dtype is 'float32')",
} as const;

/**
 * The matrix for the results (rows of X, outputDim): a new one, or the caller's. That one is checked, also against `own`,
 * the network's arrays.
 */
export function outputMatrix(
  architecture: Architecture,
  dtype: Dtype,
  inputs: Inputs,
  out?: Matrix,
  own?: ReadArrays,
): Matrix {
  const { rows } = inputs.X;
  const { outputDim } = outputLayerOf(architecture);
  if (out === undefined) return Matrix.zeros(rows, outputDim, dtype);
  const matrix = outputOf(out, inputs.X.data, inputs.codes, own);
  checkMatrix('out', matrix, { cols: outputDim, origin: "the network's outputDim" });
  checkDtype('out', matrix.data, dtype, reasons[dtype]);
  if (matrix.rows !== rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected out to have as many rows as X (${rows}), got ${matrix.rows}`,
    );
  }
  return matrix;
}
