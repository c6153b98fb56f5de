import { blasnetError } from '../base/errors';
import { type Dtype, type FloatArray, type LabelArray, Matrix } from '../base/matrix';
import { checkOutput } from '../base/matrix-input';
import { type Architecture, outputLayerOf } from '../layers/architecture';
import type { LossName } from '../layers/losses';
import { type InputKind, type Inputs, type InputsLike, networkInputs } from './inputs';
import { asLabels, type LabelKind, type Labels, type LabelsLike } from './labels';
import { networkMatrix } from './network-matrix';

/** What the samples of a network have to be. */
export interface SampleKind extends InputKind, LabelKind {}

/** What an operation reads: inputs and, but for predictions, Y; weights (rows) of mean 1, where there are any. */
export interface Samples extends Inputs {
  readonly Y?: Labels;
  readonly weights?: FloatArray;
  /** Those without the classes' weights, which a held-out share is judged by. */
  readonly ownWeights?: FloatArray;
}

export type LabelledSamples = Samples & { readonly Y: Labels };

/** X and Y of as many rows, Y as the loss takes it. */
export function labelledSamples(
  kind: SampleKind,
  X: InputsLike,
  Y: LabelsLike,
  loss: LossName,
): LabelledSamples {
  const inputs = networkInputs(kind, X);
  const labels = asLabels(kind, Y, loss);
  if (inputs.X.rows !== labels.rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected Y to have as many rows as X (${inputs.X.rows}), got ${labels.rows}`,
    );
  }
  return { ...inputs, Y: labels };
}

/** The arrays that native code reads. */
export function arraysOf({ X, codes, Y, weights }: Samples): LabelArray[] {
  return [X.data, ...(codes === null ? [] : [codes]), ...(Y ? [Y.data] : []), ...(weights ? [weights] : [])];
}

/** The caller's matrix for the results of X: as many rows, outputDim columns; or a new one. */
export function outputMatrix(architecture: Architecture, dtype: Dtype, inputs: Inputs, out?: Matrix): Matrix {
  const { rows } = inputs.X;
  const { outputDim } = outputLayerOf(architecture);
  if (out === undefined) return Matrix.zeros(rows, outputDim, dtype);
  checkOutput(out, inputs.X.data, inputs.codes);
  const matrix = networkMatrix('out', out, outputDim, 'outputDim', dtype);
  if (matrix.rows !== rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected out to have as many rows as X (${rows}), got ${matrix.rows}`,
    );
  }
  return matrix;
}
