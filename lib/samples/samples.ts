import { blasnetError } from '../base/errors';
import { type Dtype, type FloatArray, type LabelArray, Matrix } from '../base/matrix';
import { checkOutput, type MatrixLike } from '../base/matrix-input';
import { type Architecture, inputDimOf, outputLayerOf } from '../layers/architecture';
import type { LossName } from '../layers/losses';
import type { Preprocessing } from '../preprocessing';
import { asLabels, type LabelKind, type Labels, type LabelsLike } from './labels';
import { networkMatrix } from './network-matrix';

/** What the samples of a network have to be. */
export interface SampleKind extends LabelKind {
  readonly preprocessing: Preprocessing | undefined;
}

/** What an operation reads: X (rows x inputDim) and, but for predictions, Y; weights (rows) of mean 1, where there are any. */
export interface Samples {
  readonly X: Matrix;
  readonly Y?: Labels;
  readonly weights?: FloatArray;
  /** Those without the classes' weights, which a held-out share is judged by. */
  readonly ownWeights?: FloatArray;
}

export type LabelledSamples = Samples & { readonly Y: Labels };

/** X as a matrix of inputDim columns. Nothing is copied, but for arrays of numbers, and by the preprocessing. */
export function inputMatrix({ architecture, dtype, preprocessing }: SampleKind, X: MatrixLike): Matrix {
  const inputDim = inputDimOf(architecture);
  if (preprocessing === undefined) return networkMatrix('X', X, inputDim, 'inputDim', dtype);
  const raw = networkMatrix('X', X, preprocessing.inputColumns, 'preprocessing', dtype);
  if (preprocessing.outputColumns !== inputDim) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected the preprocessing to make ${inputDim} columns (the network's inputDim), got ${preprocessing.outputColumns}`,
    );
  }
  return preprocessing.transform(raw);
}

/** X and Y of as many rows, Y as the loss takes it. */
export function labelledSamples(
  kind: SampleKind,
  X: MatrixLike,
  Y: LabelsLike,
  loss: LossName,
): LabelledSamples {
  const inputs = inputMatrix(kind, X);
  const labels = asLabels(kind, Y, loss);
  if (inputs.rows !== labels.rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected Y to have as many rows as X (${inputs.rows}), got ${labels.rows}`,
    );
  }
  return { X: inputs, Y: labels };
}

/** The arrays that native code reads. */
export function arraysOf({ X, Y, weights }: Samples): LabelArray[] {
  return [X.data, ...(Y === undefined ? [] : [Y.data]), ...(weights === undefined ? [] : [weights])];
}

/** The caller's matrix for the results of X: as many rows, outputDim columns; or a new one. */
export function outputMatrix(architecture: Architecture, dtype: Dtype, X: Matrix, out?: Matrix): Matrix {
  const { rows } = X;
  const { outputDim } = outputLayerOf(architecture);
  if (out === undefined) return Matrix.zeros(rows, outputDim, dtype);
  checkOutput(out, X);
  const matrix = networkMatrix('out', out, outputDim, 'outputDim', dtype);
  if (matrix.rows !== rows) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected out to have as many rows as X (${rows}), got ${matrix.rows}`,
    );
  }
  return matrix;
}
