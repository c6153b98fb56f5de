import type { FloatArray, LabelArray } from '../base/matrix';
import { loadAddon } from './load';

/**
 * The addon's exports. Only this file casts them to their types.
 *
 * Native code trusts lib/ in everything except memory: it throws a plain TypeError for an array that is too short, of
 * another type or detached. All arrays of a call have one element type, and results are written in place. `activation`,
 * `loss` and `sampleAxis` are numbers: see activations.ts, losses.ts and SampleAxis.
 */
export interface Binding {
  /** The C library's functions. NumPy uses them too, so results agree to the last bit; V8's functions differ. */
  log(x: number): number;
  sin(x: number): number;
  cos(x: number): number;

  /** C (m, n) = alpha * op(A) (m, k) * op(B) (k, n) + beta * C. */
  gemm(
    transposeA: boolean,
    transposeB: boolean,
    m: number,
    n: number,
    k: number,
    alpha: number,
    A: FloatArray,
    B: FloatArray,
    beta: number,
    C: FloatArray,
  ): void;
  /** A = g(Z); A may be Z. `alpha` is the parameter of leakyRelu and elu. */
  activationForward(
    activation: number,
    alpha: number,
    sampleAxis: SampleAxis,
    m: number,
    units: number,
    Z: FloatArray,
    A: FloatArray,
  ): void;
  /** dZ = dA * g'(Z), with A = g(Z). Z may be null, except for gelu, geluTanh, silu and mish. dZ may be dA, Z or A. */
  activationBackward(
    activation: number,
    alpha: number,
    sampleAxis: SampleAxis,
    m: number,
    units: number,
    dA: FloatArray,
    Z: FloatArray | null,
    A: FloatArray,
    dZ: FloatArray,
  ): void;
  /** Z = X W^T + b with samples in rows, W X + b with samples in columns. */
  layerForward(
    sampleAxis: SampleAxis,
    m: number,
    inputs: number,
    outputs: number,
    X: FloatArray,
    W: FloatArray,
    b: FloatArray,
    Z: FloatArray,
  ): void;
  /** dW = alpha * dZ^T X (rows) or alpha * dZ X^T (columns); db = alpha * the sum of dZ over the samples. */
  layerGradients(
    sampleAxis: SampleAxis,
    m: number,
    inputs: number,
    outputs: number,
    alpha: number,
    dZ: FloatArray,
    X: FloatArray,
    dW: FloatArray,
    db: FloatArray,
  ): void;
  /** dX = dZ W (rows) or W^T dZ (columns). */
  layerInputGradient(
    sampleAxis: SampleAxis,
    m: number,
    inputs: number,
    outputs: number,
    dZ: FloatArray,
    W: FloatArray,
    dX: FloatArray,
  ): void;
  /** -sum(Y log P + (1 - Y) log(1 - P)), P kept inside (0, 1). */
  binaryCrossEntropy(P: FloatArray, Y: FloatArray): number;
  /** dA = -(Y / P - (1 - Y) / (1 - P)), P kept inside (0, 1). */
  binaryCrossEntropyBackward(P: FloatArray, Y: FloatArray, dA: FloatArray): void;
  /** Counts the samples whose outputs are all in their labels' classes: (output > threshold ? 1 : 0) === label. */
  countBinaryHits(m: number, outputs: number, A: FloatArray, Y: FloatArray, threshold: number): number;
  /** parameters -= learningRate * gradients */
  gradientDescent(parameters: FloatArray, gradients: FloatArray, learningRate: number): void;
  /**
   * The number of elements that an optimiser keeps between steps for this number of parameters. They start as zeros.
   */
  optimizerStateSize(optimizer: number, options: Float64Array, parameters: number): number;
  /** The index of the first NaN or infinity, or -1. */
  firstNonFinite(data: FloatArray): number;
  /** The index of the first element outside [low, high], or -1. */
  firstOutside(data: FloatArray, low: number, high: number): number;
  readonly Plan: new (given: PlanArguments) => NativePlan;
  readonly Generator: new (given: { outcome: Float64Array }) => NativeGenerator;
  readonly Rows: new (given: { outcome: Float64Array }) => NativeRows;

  /** The activations, by name. */
  readonly activations: Readonly<Record<string, ActivationRow>>;
  readonly losses: Readonly<Record<string, LossRow>>;
  readonly optimizers: Readonly<Record<string, OptimizerRow>>;
  /** The codes of normalisations and statuses, by name. */
  readonly normalizations: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** The fields of each record, in the order of its numbers; see records.ts. */
  readonly records: { readonly [Name in keyof NumericRecords]: readonly NumericRecords[Name][] };

  setThreads(threads: number): void;
  threads(): number;
  /** The description that the BLAS behind gemm gives of itself. */
  readonly blas: string;
  /** The processor type that the BLAS chose its kernels for; empty if the BLAS does not tell. */
  readonly blasCore: string;
  /** The instruction set that the vector loops use. */
  readonly simd: string;
  /** The instruction sets that they are compiled for, the best first, separated by spaces. */
  readonly simdTargets: string;
  /** CMake's name of the build type. */
  readonly buildType: string;
}

/** The fields of the records that lib/ packs and reads (native/binding/records.h explains each). */
export interface NumericRecords {
  layer:
    | 'outputs'
    | 'activation'
    | 'alpha'
    | 'normalization'
    | 'epsilon'
    | 'momentum'
    | 'dropout'
    | 'noise'
    | 'skip'
    | 'trainable'
    | 'l1'
    | 'l2'
    | 'maxNorm';
  embedding: 'categories' | 'outputs';
  /** The options of all losses: lib/layers/losses.ts has them. */
  lossOptions: string;
  train:
    | 'rows'
    | 'epochs'
    | 'from'
    | 'to'
    | 'batchSize'
    | 'accumulate'
    | 'optimizer'
    | 'steps'
    | 'batches'
    | 'clipValue'
    | 'clipNorm'
    | 'keyLow'
    | 'keyHigh'
    | 'check';
  outcome: 'status' | 'index' | 'epoch' | 'batch' | 'layer' | 'loss' | 'hits';
}

/** Native code's description of an activation. */
export interface ActivationRow {
  readonly code: number;
  /** Whether a unit's activation depends on the sample's other units. */
  readonly needsAllUnits: boolean;
}

/** Native code's description of a loss. */
export interface LossRow {
  readonly code: number;
  /** The rule for its labels. */
  readonly labels: LabelRule;
  /** Whether native code counts the samples that are predicted right. */
  readonly accuracy: boolean;
}

export type LabelRule = 'finite' | 'notNegative' | 'unitInterval' | 'signs' | 'classes';

/** Native code's description of an optimiser. */
export interface OptimizerRow {
  readonly code: number;
  /** The fields of its options, in the order of their numbers. */
  readonly options: readonly string[];
}

/** The arguments of Plan. The arrays of floats are on SharedArrayBuffers. */
export interface PlanArguments {
  /** The number of columns of X. */
  readonly inputs: number;
  /** (embeddings x fields) one record per table */
  readonly embeddings: Float64Array;
  /** (layers x fields) one record per layer */
  readonly layers: Float64Array;
  /** Its code. */
  readonly loss: number;
  readonly lossOptions: Float64Array;
  /** W1, b1, W2, b2, ... */
  readonly parameters: FloatArray;
  /** mean1, variance1, ... */
  readonly statistics: FloatArray;
  /** The record that every operation writes. */
  readonly outcome: Float64Array;
}

/** The arguments of a training call. */
export interface TrainArguments {
  readonly X: FloatArray;
  /** (rows x embeddings); null without embeddings */
  readonly codes: Int32Array | null;
  readonly Y: LabelArray;
  /** (rows) the samples' weights; null: all 1 */
  readonly weights: FloatArray | null;
  /** (epochs * rows) the order of the samples in each epoch; null: the order of X */
  readonly order: Uint32Array | null;
  /** The record `train`. */
  readonly numbers: Float64Array;
  /** The optimiser's options. */
  readonly options: Float64Array;
  /** (optimizerStateSize) the numbers that the optimiser keeps between steps */
  readonly state: FloatArray;
  /** One per step; the last one also serves all later steps. */
  readonly learningRates: Float64Array;
  /** (epochs) written: each epoch's mean loss */
  readonly losses: Float64Array;
  /** (epochs) written: each epoch's share of samples predicted right */
  readonly hitShares: Float64Array;
}

/** Whether the samples of a row-major matrix are its rows or its columns. */
export const SampleAxis = { rows: 0, columns: 1 } as const;
export type SampleAxis = (typeof SampleAxis)[keyof typeof SampleAxis];

export type Callback = (error: Error | undefined) => void;

/** A native object with operations: see native/binding/operations.h. */
export interface NativeOperations {
  /** Sets how many threads the next operations may use; 0: all that setThreads allows. */
  limitThreads(threads: number): void;
  /** Ends the running operation, and each later one until clearStop, after its current step. */
  stop(): void;
  clearStop(): void;
}

/**
 * A network's layers and parameters, with the workspace to run them. Samples are rows. With a callback, an operation
 * runs on another thread; without one, it blocks. Only one operation may run at a time.
 */
export interface NativePlan extends NativeOperations {
  predict(X: FloatArray, codes: Int32Array | null, rows: number, out: FloatArray, callback?: Callback): void;
  /** Keeps arrays of `rows` rows, on SharedArrayBuffers, for predictPinned. */
  pin(rows: number, X: FloatArray, codes: Int32Array | null, out: FloatArray): void;
  /**
   * Predicts the first `rows` rows of the pinned arrays. Returns -1; or the index of the first element of X that is not
   * finite; or -2 minus the index of the first code out of range.
   */
  predictPinned(rows: number): number;
  evaluate(
    X: FloatArray,
    codes: Int32Array | null,
    Y: LabelArray,
    /** (rows) the samples' weights; null: all 1 */
    weights: FloatArray | null,
    rows: number,
    callback?: Callback,
  ): void;
  gradients(
    X: FloatArray,
    codes: Int32Array | null,
    Y: LabelArray,
    weights: FloatArray | null,
    rows: number,
    out: FloatArray,
    callback?: Callback,
  ): void;
  train(given: TrainArguments, callback?: Callback): void;
}

/** Bulk draws of NumPy's legacy generator. A draw that is stopped leaves the state unchanged. */
export interface NativeGenerator extends NativeOperations {
  /**
   * Writes orders of the numbers 0 to size - 1, one after another, until `orders` is full. Each begins as a copy of
   * `from`, or ascending without it. Then its first `count` elements are shuffled.
   */
  orders(
    given: {
      /** (625) the words of the Mersenne Twister, and how many of them are used */
      readonly state: Uint32Array;
      readonly from: Uint32Array | null;
      readonly size: number;
      readonly count: number;
      readonly orders: Uint32Array;
    },
    callback?: Callback,
  ): void;
  /** Fills `out` with low + range * random(). */
  uniform(
    given: { readonly state: Uint32Array; low: number; range: number; out: FloatArray },
    callback?: Callback,
  ): void;
  /** Fills `out` with mean + deviation * randn(). */
  normal(
    given: {
      readonly state: Uint32Array;
      /** (1) the second normal of a pair, until it is used; otherwise NaN */
      readonly spare: Float64Array;
      readonly mean: number;
      readonly deviation: number;
      readonly out: FloatArray;
    },
    callback?: Callback,
  ): void;
}

/** Work with the rows of samples. `labels` are (rows x cols); an Int32Array has one class number per row. */
export interface NativeRows extends NativeOperations {
  /** Copies the rows of `index` from `from` (rows x cols) to `out`, which has its type. */
  take(
    given: {
      readonly from: LabelArray | Uint32Array;
      readonly rows: number;
      readonly cols: number;
      readonly index: Uint32Array;
      readonly out: LabelArray | Uint32Array;
    },
    callback?: Callback,
  ): void;
  /** Counts the rows of each class. The outcome's `index` is the first row without a class, or `rows`. */
  countClasses(
    given: {
      readonly labels: LabelArray;
      readonly rows: number;
      readonly cols: number;
      readonly counts: Float64Array;
    },
    callback?: Callback,
  ): void;
  /** Moves the first quotas[c] rows of each class c, in the order of `order`, to its end. The others keep their order. */
  stratify(
    given: {
      readonly labels: LabelArray;
      readonly rows: number;
      readonly cols: number;
      readonly quotas: Float64Array;
      readonly order: Uint32Array;
    },
    callback?: Callback,
  ): void;
  /** The outcome's `index` is the first weight that is negative or not finite, or the length; `loss` is the sum. */
  checkWeights(weights: FloatArray, callback?: Callback): void;
  /**
   * Multiplies the weights of rows by those of their classes, and scales the products to a mean of 1. The outcome's
   * `loss` is the sum of the products. If it gives no scale, `out` is unchanged. See native/engine/rows.h.
   */
  weigh(given: WeighArguments, callback?: Callback): void;
}

export interface WeighArguments {
  /** (rows), or null: all 1 */
  readonly weights: FloatArray | null;
  /** (rows x cols), or null: no weights of classes */
  readonly labels: LabelArray | null;
  readonly cols: number;
  /** (classes) */
  readonly ofClass: Float64Array | null;
  readonly rows: number;
  /** The rows to weigh; null: all */
  readonly index: Uint32Array | null;
  /** (rows) the weights of the other rows; then `out` has all rows. null: `out` has the rows of `index` alone */
  readonly base: FloatArray | null;
  readonly out: FloatArray;
}

/** All names of Binding. A file that lacks one is not this version's addon. A test compares the list with the addon. */
export const nativeNames: readonly string[] = (
  'log sin cos gemm activationForward activationBackward layerForward layerGradients layerInputGradient ' +
  'binaryCrossEntropy binaryCrossEntropyBackward countBinaryHits gradientDescent optimizerStateSize firstNonFinite ' +
  'firstOutside Plan Generator Rows activations losses optimizers normalizations statuses records setThreads threads blas blasCore ' +
  'simd simdTargets buildType'
).split(' ');

const addon = loadAddon(nativeNames);

export const native = addon.exports as Binding;
/** The path of the addon. */
export const nativeFile = addon.file;
