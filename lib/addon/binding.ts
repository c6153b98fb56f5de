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
  /**
   * C (rows, n) = L (rows, k) R (k, n) plus bias (rows) or what C holds; epilogue 0 none, 1 relu, 2 zero where
   * `relu` is not positive. Rows of R and C are `ldr` and `ldc` apart, at least n rounded up to 64 bytes.
   */
  product(
    rows: number,
    n: number,
    k: number,
    L: FloatArray,
    lRowStride: number,
    lKStride: number,
    R: FloatArray,
    ldr: number,
    bias: FloatArray | null,
    accumulate: boolean,
    epilogue: number,
    relu: FloatArray | null,
    C: FloatArray,
    ldc: number,
  ): void;
  /** C (rows, n) = L (k, rows)^T R (k, n), plus what C holds if `accumulate`. */
  productUnpadded(
    rows: number,
    n: number,
    k: number,
    L: FloatArray,
    R: FloatArray,
    C: FloatArray,
    accumulate: boolean,
  ): void;
  /** C (rows, cols) = L (rows, k) R (cols, k)^T plus bias (rows), or plus what C holds. */
  dotProducts(
    rows: number,
    cols: number,
    k: number,
    L: FloatArray,
    R: FloatArray,
    bias: FloatArray | null,
    accumulate: boolean,
    C: FloatArray,
  ): void;
  /** sums (rows) = the sum of each row of A (rows, n), plus what `sums` holds if `accumulate`. */
  rowSums(rows: number, n: number, A: FloatArray, accumulate: boolean, sums: FloatArray): void;
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
  /**
   * A loss summed over the samples, which are columns, rows `ld` apart, and its gradient times `scale` unless
   * dZ is null. Z holds logits for the cross-entropies, outputs for the others; Y is (m) for the sparse one.
   */
  lossFromOutputs(
    loss: number,
    smoothing: number,
    delta: number,
    m: number,
    outputs: number,
    ld: number,
    Z: FloatArray,
    Y: FloatArray,
    /** (m) what each sample's loss and gradient are multiplied by; null: 1 */
    weights: FloatArray | null,
    scale: number,
    dZ: FloatArray | null,
  ): number;
  /** How many samples the loss takes for predicted right. */
  countHits(
    loss: number,
    smoothing: number,
    delta: number,
    m: number,
    outputs: number,
    ld: number,
    Z: FloatArray,
    Y: FloatArray,
  ): number;
  /** How many samples have every output in its label's class: (output > threshold ? 1 : 0) === label. */
  countBinaryHits(m: number, outputs: number, A: FloatArray, Y: FloatArray, threshold: number): number;
  /** parameters -= learningRate * gradients */
  gradientDescent(parameters: FloatArray, gradients: FloatArray, learningRate: number): void;
  /**
   * Step number `step` (from 1) of an optimiser, its hyperparameters as optimizers.ts lays them out; its
   * states (states, parameters) begin with zeros. See native/kernels/optimizers.h.
   */
  updateParameters(
    optimizer: number,
    hyperparameters: Float64Array,
    learningRate: number,
    step: number,
    parameters: FloatArray,
    gradients: FloatArray,
    states: FloatArray,
  ): void;
  /** How many elements an optimiser keeps between the steps of so many parameters; they begin with zeros. */
  optimizerStateSize(optimizer: number, hyperparameters: Float64Array, parameters: number): number;
  /** The inner product. */
  dot(a: FloatArray, b: FloatArray): number;
  /** The sum of the elements' sizes, and the largest. */
  sumOfSizes(a: FloatArray): number;
  largestSize(a: FloatArray): number;
  /** out = x + factor * y; out may be either. */
  addScaled(x: FloatArray, factor: number, y: FloatArray, out: FloatArray): void;
  /** out = factor * x; out may be x. */
  scale(x: FloatArray, factor: number, out: FloatArray): void;
  /**
   * One step of L-BFGS from `parameters`, on an `evaluate` that leaves their gradients in `gradients` and
   * returns the loss, or undefined to stop. Its status is one of lbfgsStatuses. See native/engine/lbfgs.h.
   */
  lbfgsStep(
    hyperparameters: Float64Array,
    /** on SharedArrayBuffers, all three */
    parameters: FloatArray,
    gradients: FloatArray,
    state: FloatArray,
    evaluate: () => number | undefined,
  ): number;
  /** The index of the first NaN or infinity, or -1. */
  firstNonFinite(data: FloatArray): number;
  /** The index of the first element outside [low, high], or -1. */
  firstOutside(data: FloatArray, low: number, high: number): number;
  /** The index of the first label that the loss does not take, or -1. */
  firstBadLabel(labels: FloatArray, loss: number, outputs: number): number;

  /** The two words of a block of Threefry-2x32-20. See native/kernels/random.h. */
  threefry(
    keyLow: number,
    keyHigh: number,
    counterLow: number,
    counterHigh: number,
    block: Uint32Array,
  ): void;
  /** Row `row` of a mask, elements from `first` (even) on: 0 with the probability `rate`, otherwise `scale`. */
  dropoutMask(
    keyLow: number,
    keyHigh: number,
    row: number,
    first: number,
    rate: number,
    scale: number,
    mask: FloatArray,
  ): void;
  /** out = X + deviation * n, with n from the standard normal distribution; row and first likewise. */
  addNoise(
    keyLow: number,
    keyHigh: number,
    row: number,
    first: number,
    deviation: number,
    X: FloatArray,
    out: FloatArray,
  ): void;
  /** The mean and variance of each row of X (units, m), rows `ld` apart. See native/kernels/normalization.h. */
  rowMoments(
    units: number,
    m: number,
    ld: number,
    X: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
  ): void;
  /** inverse = 1 / sqrt(variance + epsilon) */
  inverseDeviations(variance: FloatArray, epsilon: number, inverse: FloatArray): void;
  /** normalized = (X - mean) * inverse, out = gamma * normalized + beta, row by row. */
  normalizeRows(
    units: number,
    m: number,
    ld: number,
    X: FloatArray,
    mean: FloatArray,
    inverse: FloatArray,
    gamma: FloatArray,
    beta: FloatArray,
    normalized: FloatArray,
    out: FloatArray,
  ): void;
  /** Turns d from the gradient by `out` into that by X; `ownMoments`: mean and inverse were X's. */
  normalizeRowsBackward(
    units: number,
    m: number,
    ld: number,
    normalized: FloatArray,
    inverse: FloatArray,
    gamma: FloatArray,
    ownMoments: boolean,
    accumulate: boolean,
    d: FloatArray,
    dgamma: FloatArray,
    dbeta: FloatArray,
  ): void;
  /** By each column's own moments; `ld` is at least m rounded up to 64 bytes, and `inverse` (ld) is written. */
  normalizeColumns(
    units: number,
    m: number,
    ld: number,
    X: FloatArray,
    epsilon: number,
    gamma: FloatArray,
    beta: FloatArray,
    normalized: FloatArray,
    inverse: FloatArray,
    out: FloatArray,
  ): void;
  normalizeColumnsBackward(
    units: number,
    m: number,
    ld: number,
    normalized: FloatArray,
    inverse: FloatArray,
    gamma: FloatArray,
    accumulate: boolean,
    d: FloatArray,
    dgamma: FloatArray,
    dbeta: FloatArray,
  ): void;
  /** gradients += l1 * sign(W) + 2 * l2 * W, unless they are null; l1 * sum |w| + l2 * sum w^2. */
  addPenalty(W: FloatArray, l1: number, l2: number, gradients: FloatArray | null): number;
  /** Keeps gradients in [-most, most]. */
  clipByValue(gradients: FloatArray, most: number): void;
  /** Scales rows of W (rows, cols) down to the Euclidean norm `most`. */
  limitRowNorms(rows: number, cols: number, most: number, W: FloatArray): void;

  readonly Plan: new (
    /** (layers + 1) the inputs, then each layer's outputs */
    sizes: Int32Array,
    /** (layers x fields) what else there is to a layer, as plan.ts writes it */
    layers: Float64Array,
    /** (3) code, label smoothing, delta */
    loss: Float64Array,
    /** W1, b1, W2, b2, ..., on a SharedArrayBuffer */
    parameters: FloatArray,
    /** mean1, variance1, ..., likewise */
    statistics: FloatArray,
    /** (outcomeFields) on a SharedArrayBuffer; every operation leaves its outcome here */
    outcome: Float64Array,
  ) => NativePlan;

  /** The numbers of names, as native code has them. */
  readonly codes: {
    readonly activations: Readonly<Record<string, number>>;
    readonly lbfgsStatuses: Readonly<Record<string, number>>;
    readonly losses: Readonly<Record<string, number>>;
    readonly optimizers: Readonly<Record<string, number>>;
    readonly hyperparameters: Readonly<Record<string, number>>;
    readonly normalizations: Readonly<Record<string, number>>;
    readonly statuses: Readonly<Record<string, number>>;
  };
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

/** Which way the samples of a row-major matrix lie. */
export const SampleAxis = { rows: 0, columns: 1 } as const;
export type SampleAxis = (typeof SampleAxis)[keyof typeof SampleAxis];

export type Callback = (error: Error | undefined) => void;

/**
 * A network's layers over its parameters, with the workspace to run them. With a callback an operation runs
 * on another thread, without one here and now; one may be under way at a time. Samples are rows.
 */
export interface NativePlan {
  predict(X: FloatArray, rows: number, out: FloatArray, callback?: Callback): void;
  /** Keeps arrays of so many rows, on SharedArrayBuffers, for predictPinned. */
  pin(rows: number, X: FloatArray, out: FloatArray): void;
  /** Predicts the first rows of the pinned arrays; the index of the first element that is not finite, or -1. */
  predictPinned(rows: number): number;
  evaluate(
    X: FloatArray,
    Y: LabelArray,
    /** (rows) of the samples; null: all 1 */
    weights: FloatArray | null,
    rows: number,
    callback?: Callback,
  ): void;
  gradients(
    X: FloatArray,
    Y: LabelArray,
    weights: FloatArray | null,
    rows: number,
    out: FloatArray,
    callback?: Callback,
  ): void;
  train(
    X: FloatArray,
    Y: LabelArray,
    weights: FloatArray | null,
    rows: number,
    /** (epochs * rows) the order of the samples in each epoch; null: as they come */
    order: Uint32Array | null,
    optimizer: number,
    /** as native-optimizer.ts lays them out */
    hyperparameters: Float64Array,
    /** what the optimiser keeps between steps: (optimizerStateSize) */
    state: FloatArray,
    /** one a step, the last for all further ones */
    learningRates: Float64Array,
    /** as training/run.ts lays them out */
    settings: Float64Array,
    /** (epochs) written: mean loss */
    loss: Float64Array,
    /** (epochs) written: share of hits */
    hitShare: Float64Array,
    callback?: Callback,
  ): void;
  /** How many threads the next operations may use; 0: as many as setThreads allows. */
  limitThreads(threads: number): void;
  /** Makes the operation under way, or the next one, end after the step it is at. */
  stop(): void;
  clearStop(): void;
}

/** All names of Binding, by which an addon that is not ours is told; a test compares them. */
export const nativeNames: readonly string[] = (
  'log sin cos gemm product productUnpadded dotProducts rowSums activationForward activationBackward layerForward ' +
  'layerGradients layerInputGradient binaryCrossEntropy binaryCrossEntropyBackward lossFromOutputs countHits ' +
  'countBinaryHits gradientDescent updateParameters optimizerStateSize dot sumOfSizes largestSize addScaled scale ' +
  'lbfgsStep firstNonFinite firstOutside firstBadLabel threefry dropoutMask addNoise rowMoments inverseDeviations ' +
  'normalizeRows normalizeRowsBackward normalizeColumns normalizeColumnsBackward addPenalty clipByValue limitRowNorms ' +
  'Plan codes setThreads threads blas blasCore simd simdTargets buildType'
).split(' ');

const addon = loadAddon(nativeNames);

export const native = addon.exports as Binding;
/** The file that it came from. */
export const nativeFile = addon.file;
