import type { FloatArray, LabelArray } from '../base/matrix';
import { loadAddon } from './load';

/**
 * The addon's exports, as this version of the library calls them; the only cast is below.
 *
 * Native code trusts lib/ with everything but memory: what is too short, of another type or detached is a
 * plain TypeError there. All arrays of a call have one element type, and results are written in place.
 * `activation`, `loss` and `sampleAxis` are numbers: see activations.ts, losses.ts and SampleAxis.
 */
export interface Binding {
  /** The C library's functions, which NumPy uses as well: equal to the last bit, unlike V8's. */
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
  /** A = g(Z); A may be Z. `alpha` is that of leakyRelu and elu. */
  activationForward(
    activation: number,
    alpha: number,
    sampleAxis: SampleAxis,
    m: number,
    units: number,
    Z: FloatArray,
    A: FloatArray,
  ): void;
  /** dZ = dA * g'(Z), with A = g(Z); Z may be null but for gelu, geluTanh, silu and mish; dZ may be dA, Z or A. */
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
  /** How many samples have every output in its label's class: (output > threshold ? 1 : 0) === label. */
  countBinaryHits(m: number, outputs: number, A: FloatArray, Y: FloatArray, threshold: number): number;
  /** parameters -= learningRate * gradients */
  gradientDescent(parameters: FloatArray, gradients: FloatArray, learningRate: number): void;
  /** How many elements an optimiser keeps between the steps of so many parameters; they begin with zeros. */
  optimizerStateSize(optimizer: number, options: Float64Array, parameters: number): number;
  /** The index of the first NaN or infinity, or -1. */
  firstNonFinite(data: FloatArray): number;
  /** The index of the first element outside [low, high], or -1. */
  firstOutside(data: FloatArray, low: number, high: number): number;
  readonly Plan: new (given: PlanArguments) => NativePlan;

  /** The activations, by name. */
  readonly activations: Readonly<Record<string, ActivationRow>>;
  readonly losses: Readonly<Record<string, LossRow>>;
  readonly optimizers: Readonly<Record<string, OptimizerRow>>;
  /** The numbers of names. */
  readonly normalizations: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** The fields of each record, in the order of its numbers; see records.ts. */
  readonly records: { readonly [Name in keyof NumericRecords]: readonly NumericRecords[Name][] };

  setThreads(threads: number): void;
  threads(): number;
  /** The BLAS behind gemm, as it describes itself. */
  readonly blas: string;
  /** The processor that the BLAS chose its kernels for; empty where it does not say. */
  readonly blasCore: string;
  /** The instruction set that the vector loops run on. */
  readonly simd: string;
  /** Those that they could run on here, the best first, between spaces. */
  readonly simdTargets: string;
  /** CMake's name for how it was compiled. */
  readonly buildType: string;
}

/** The fields of the records that lib/ packs and reads (native/binding/records.h says what each is). */
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

/** What native code says of an activation. */
export interface ActivationRow {
  readonly code: number;
  /** Whether a unit's activation depends on the sample's other units. */
  readonly needsAllUnits: boolean;
}

/** What native code says of a loss. */
export interface LossRow {
  readonly code: number;
  /** What its labels have to be. */
  readonly labels: LabelRule;
  /** Whether samples that are predicted right are counted. */
  readonly accuracy: boolean;
}

export type LabelRule = 'finite' | 'notNegative' | 'unitInterval' | 'signs' | 'classes';

/** What native code says of an optimiser. */
export interface OptimizerRow {
  readonly code: number;
  /** The fields of its options, in the order of their numbers. */
  readonly options: readonly string[];
}

/** What a plan is made of. The arrays of floats are on SharedArrayBuffers. */
export interface PlanArguments {
  /** The columns of X. */
  readonly inputs: number;
  /** (embeddings x fields) a record a table */
  readonly embeddings: Float64Array;
  /** (layers x fields) a record a layer */
  readonly layers: Float64Array;
  /** Its number. */
  readonly loss: number;
  readonly lossOptions: Float64Array;
  /** W1, b1, W2, b2, ... */
  readonly parameters: FloatArray;
  /** mean1, variance1, ... */
  readonly statistics: FloatArray;
  /** The record that every operation leaves behind. */
  readonly outcome: Float64Array;
}

/** What a training call works with. */
export interface TrainArguments {
  readonly X: FloatArray;
  /** (rows x embeddings); null without embeddings */
  readonly codes: Int32Array | null;
  readonly Y: LabelArray;
  /** (rows) of the samples; null: all 1 */
  readonly weights: FloatArray | null;
  /** (epochs * rows) the order of the samples in each epoch; null: as they come */
  readonly order: Uint32Array | null;
  /** The record `train`. */
  readonly numbers: Float64Array;
  /** The optimiser's options. */
  readonly options: Float64Array;
  /** What the optimiser keeps between steps: (optimizerStateSize). */
  readonly state: FloatArray;
  /** One a step, the last for all further ones. */
  readonly learningRates: Float64Array;
  /** (epochs) written: each epoch's mean loss */
  readonly losses: Float64Array;
  /** (epochs) written: each epoch's share of hits */
  readonly hitShares: Float64Array;
}

/** Which way the samples of a row-major matrix lie. */
export const SampleAxis = { rows: 0, columns: 1 } as const;
export type SampleAxis = (typeof SampleAxis)[keyof typeof SampleAxis];

export type Callback = (error: Error | undefined) => void;

/**
 * A network's layers over its parameters, with the workspace to run them. With a callback an operation runs
 * on another thread, without one here and now; one may be under way at a time. Samples are rows.
 */
export interface NativePlan {
  predict(X: FloatArray, codes: Int32Array | null, rows: number, out: FloatArray, callback?: Callback): void;
  /** Keeps arrays of so many rows, on SharedArrayBuffers, for predictPinned. */
  pin(rows: number, X: FloatArray, codes: Int32Array | null, out: FloatArray): void;
  /**
   * Predicts the first rows of the pinned arrays: -1; or the index of the first element of X that is not finite; or -2
   * minus the index of the first code that is none.
   */
  predictPinned(rows: number): number;
  evaluate(
    X: FloatArray,
    codes: Int32Array | null,
    Y: LabelArray,
    /** (rows) of the samples; null: all 1 */
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
  /** How many threads the next operations may use; 0: as many as setThreads allows. */
  limitThreads(threads: number): void;
  /** Makes the operation under way, or the next one, end after the step it is at. */
  stop(): void;
  clearStop(): void;
}

/** All names of Binding, by which an addon that is not ours is told; a test compares them. */
export const nativeNames: readonly string[] = (
  'log sin cos gemm activationForward activationBackward layerForward layerGradients layerInputGradient ' +
  'binaryCrossEntropy binaryCrossEntropyBackward countBinaryHits gradientDescent optimizerStateSize firstNonFinite ' +
  'firstOutside Plan activations losses optimizers normalizations statuses records setThreads threads blas blasCore ' +
  'simd simdTargets buildType'
).split(' ');

const addon = loadAddon(nativeNames);

export const native = addon.exports as Binding;
/** The file that it came from. */
export const nativeFile = addon.file;
