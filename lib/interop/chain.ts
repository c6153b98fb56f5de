// The form that all formats of other tools share: what a network computes, from its inputs to its answers, as a list of
// plain steps. A format writes a chain, or reads one. It knows no network.

import type { Dtype, FloatArray } from '../base/matrix';
import type { Json } from '../formats/json';
import type { ResolvedActivation } from '../layers/activations';

/** A network's computation. Arrays are not copied: those of an export are its own, those of an import may be the file's. */
export interface Chain {
  /** The columns of X, before the first step; 0 if the network takes categories alone. */
  readonly inputs: number;
  readonly dtype: Dtype;
  /** What happens to X first, in doubles; the result is rounded to the dtype once. */
  readonly before: readonly Step[];
  /** From the preprocessed X to the network's outputs. */
  readonly stages: readonly Stage[];
  /** The number of outputs. */
  readonly outputs: number;
  /** What happens to the outputs at last, one after another, in doubles: the way back of a targetScaler. */
  readonly after: readonly Back[];
  /**
   * Of a network whose members share its layers: the factors of each member's inputs, (members x width). Each member
   * multiplies by them what the stages `embed` and `waves` give, and has `outputs` rows of the last `dense` stage, one below
   * another. The result is the mean of the members' outputs; of logSoftmax, the logarithm of the mean probability.
   */
  readonly members?: Numbers;
  /** What each output is kept between after that, for a Regressor that clamps its predictions. */
  readonly clamp?: readonly (readonly [least: number, greatest: number])[];
  /** The names of the classes, in the order of the outputs; two classes may share one output. */
  readonly classes?: readonly (string | number)[];
  /** What was learned about the columns of a table, for a Classifier or a Regressor: see `ModelTable` of model-table.ts. */
  readonly table?: Json;
}

/** A matrix of numbers, row-major. */
export interface Numbers {
  readonly rows: number;
  readonly cols: number;
  readonly data: FloatArray;
}

/** A fitted step of preprocessing, as `toJSON` of a pipeline writes it. Column numbers count from 0. */
export type Step = ScalerStep | ImputerStep | OneHotStep;

/** (x - center) / scale + offset, kept from clip[0] to clip[1]; the columns that are not named stay as they are. */
export interface ScalerStep {
  readonly name: 'standardScaler' | 'minMaxScaler' | 'robustScaler';
  readonly inputColumns: number;
  readonly columns: readonly number[];
  readonly center: readonly number[];
  readonly scale: readonly number[];
  readonly offset: number;
  readonly clip: readonly [number, number] | null;
}

/** NaN becomes `fill`. For each column of `indicators`, a column is appended that is 1 where the number was missing. */
export interface ImputerStep {
  readonly name: 'imputer';
  readonly inputColumns: number;
  readonly columns: readonly number[];
  readonly fill: readonly number[];
  readonly indicators: readonly number[];
}

/** A column becomes a column of 0 and 1 for each of its categories, in its place. */
export interface OneHotStep {
  readonly name: 'oneHotEncoder';
  readonly inputColumns: number;
  readonly columns: readonly number[];
  readonly categories: readonly (readonly number[])[];
  readonly unknown: 'error' | 'zeros';
}

/** y = (z - offset) * scale + center, with a number for each output. */
export interface Back {
  readonly offset: readonly number[];
  readonly scale: readonly number[];
  readonly center: readonly number[];
}

/**
 * One step of a network. `x` is its input, (samples x width).
 *
 * - `embed`: only the first stage. Codes (samples x tables) select a row of each table, and these rows follow the numbers.
 *   The code -1 selects the last row, the one for unknown categories.
 * - `waves`: only the first stage, or the second after `embed`. The numericEmbeddings of the first columns; the others
 *   stay as they are: see `Waves`.
 * - `noise`, `dropout`: they act in training only.
 * - `scale`: x * s, by input.
 * - `dense`: x W' + b, with W (out x in); with `transposed` its data are those of W', (in x out), which imports may have.
 * - `batchNorm`: gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the running moments.
 * - `layerNorm`: the same with the mean and variance of each sample's own units.
 * - `activation`: f(x). With `mix` (units), x + mix * (f(x) - x).
 * - `add`: x plus the result of the first `from` stages; with 0, plus the preprocessed X.
 */
export type Stage =
  | { readonly kind: 'embed'; readonly tables: readonly Numbers[] }
  | { readonly kind: 'waves'; readonly waves: Waves }
  | { readonly kind: 'noise'; readonly standardDeviation: number }
  | { readonly kind: 'scale'; readonly factors: FloatArray }
  | DenseStage
  | BatchNormStage
  | LayerNormStage
  | { readonly kind: 'activation'; readonly activation: ResolvedActivation; readonly mix?: FloatArray }
  | { readonly kind: 'dropout'; readonly rate: number }
  | { readonly kind: 'add'; readonly from: number };

/**
 * The numericEmbeddings of a network. The angles of a column x are 2 pi F x + P, or 2 pi F x with plr. pbld gives x itself,
 * and then V cos(angles) + c; plr gives relu(V [cos(angles), sin(angles)] + c). F and P (columns x frequencies); V has
 * (linear x waves) for each column, one below another, and c (linear) for each: linear is outputs - 1 with pbld, or
 * outputs with plr, and waves is frequencies, or twice as many with plr.
 */
export interface Waves {
  readonly name: 'pbld' | 'plr';
  readonly columns: number;
  readonly frequencies: number;
  /** How many numbers a column becomes. */
  readonly outputs: number;
  readonly F: Numbers;
  readonly P?: Numbers;
  readonly V: Numbers;
  readonly c: FloatArray;
}

export interface DenseStage {
  readonly kind: 'dense';
  /** The name of the layer, if it has one. */
  readonly name?: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly W: FloatArray;
  /** Whether W has the rows of W', (in x out). */
  readonly transposed?: boolean;
  readonly b: FloatArray;
}

export interface BatchNormStage {
  readonly kind: 'batchNorm';
  readonly gamma: FloatArray;
  readonly beta: FloatArray;
  readonly mean: FloatArray;
  readonly variance: FloatArray;
  readonly epsilon: number;
  /** The share of a batch's moments in the running moments, as in PyTorch; Keras has 1 minus this share. */
  readonly momentum: number;
}

export interface LayerNormStage {
  readonly kind: 'layerNorm';
  readonly gamma: FloatArray;
  readonly beta: FloatArray;
  readonly epsilon: number;
}

export type StageKind = Stage['kind'];
