import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LabelRule } from '../../lib/addon/binding';
import type { FloatArray } from '../../lib/base/matrix';

/** The kernels inside the library's addon, as the tests' addon (test/native/addon) exports them. */
export interface Kernels {
  /**
   * C (rows, n) = L (rows, k) R (k, n), plus bias (rows) or the old C. Epilogue 0: none; 1: relu; 2: C
   * becomes 0 where `relu` is not positive. Rows of R and C are `ldr` and `ldc` apart, at least n rounded up
   * to 64 bytes.
   */
  product(given: {
    readonly rows: number;
    readonly n: number;
    readonly k: number;
    readonly L: FloatArray;
    readonly lRowStride: number;
    readonly lKStride: number;
    readonly R: FloatArray;
    readonly ldr: number;
    readonly bias: FloatArray | null;
    readonly accumulate: boolean;
    readonly epilogue: number;
    readonly relu: FloatArray | null;
    readonly C: FloatArray;
    readonly ldc: number;
  }): void;
  /** C (rows, n) = L (k, rows)^T R (k, n), plus the old C if `accumulate`. */
  productUnpadded(
    rows: number,
    n: number,
    k: number,
    L: FloatArray,
    R: FloatArray,
    C: FloatArray,
    accumulate: boolean,
  ): void;
  /** C (rows, cols) = L (rows, k) R (cols, k)^T, plus the old C if `accumulate`. */
  productTransposed(
    rows: number,
    cols: number,
    k: number,
    L: FloatArray,
    R: FloatArray,
    C: FloatArray,
    accumulate: boolean,
  ): void;
  /**
   * C (rows, cols) = L (rows, k) R (cols, k)^T, plus the old C if `accumulate`, otherwise plus bias (rows);
   * then relu if `relu`.
   */
  dotProducts(
    rows: number,
    cols: number,
    k: number,
    L: FloatArray,
    R: FloatArray,
    bias: FloatArray | null,
    accumulate: boolean,
    relu: boolean,
    C: FloatArray,
  ): void;
  /**
   * Like `product`, for wide layers. Rows of R, C and `relu` are `ld` apart, at least n rounded up to 64
   * bytes.
   */
  wideProduct(
    rows: number,
    n: number,
    k: number,
    L: FloatArray,
    lRowStride: number,
    lKStride: number,
    R: FloatArray,
    bias: FloatArray | null,
    accumulate: boolean,
    epilogue: number,
    relu: FloatArray | null,
    C: FloatArray,
    ld: number,
  ): void;
  /** C (rows, cols), rows `ldc` apart, = L (rows, k) R (cols, k)^T, plus the old C if `accumulate`. */
  wideProductTransposed(
    rows: number,
    cols: number,
    k: number,
    L: FloatArray,
    R: FloatArray,
    C: FloatArray,
    ldc: number,
    accumulate: boolean,
  ): void;
  /** out (cols, rows), rows `ld` apart, = A (rows, cols)^T. */
  copyTransposed(rows: number, cols: number, A: FloatArray, out: FloatArray, ld: number): void;
  /** Two layers for one sample: h (units) = W (units, in) x + b, then relu if `relu`; z (out) = V (out, units) h + c. */
  rowForward(
    inputs: number,
    units: number,
    outputs: number,
    x: FloatArray,
    W: FloatArray,
    b: FloatArray,
    relu: boolean,
    V: FloatArray,
    c: FloatArray,
    h: FloatArray,
    z: FloatArray,
  ): void;
  /** sums (rows) = the sum of each row of A (rows, n), plus the old `sums` if `accumulate`. */
  rowSums(rows: number, n: number, A: FloatArray, accumulate: boolean, sums: FloatArray): void;
  /**
   * Returns a loss, summed over the samples, and writes its gradient times `scale` unless dZ is null. Samples
   * are columns, rows are `ld` apart. Z holds logits for the cross-entropies, outputs for the others. Y is
   * (m) for the sparse cross-entropy.
   */
  lossFromOutputs(
    loss: number,
    options: Float64Array,
    m: number,
    outputs: number,
    ld: number,
    Z: FloatArray,
    Y: FloatArray,
    /** (m) factors of each sample's loss and gradient; null: 1 */
    weights: FloatArray | null,
    scale: number,
    dZ: FloatArray | null,
    /** (outputs) the level of each output, for quantile; null: 0.5 */
    levels?: Float64Array | null,
  ): number;
  /** The number of samples that the loss counts as predicted right. */
  countHits(
    loss: number,
    options: Float64Array,
    m: number,
    outputs: number,
    ld: number,
    Z: FloatArray,
    Y: FloatArray,
  ): number;
  /**
   * Takes step number `step` (from 1) of an optimiser, with its options from nativeOptions. The states
   * (states, parameters) start as zeros. See native/kernels/optimizers.h.
   */
  updateParameters(
    optimizer: number,
    options: Float64Array,
    learningRate: number,
    step: number,
    parameters: FloatArray,
    gradients: FloatArray,
    states: FloatArray,
  ): void;
  /** The inner product. */
  dot(a: FloatArray, b: FloatArray): number;
  /** The sum of the elements' absolute values, and the largest of these. */
  sumOfSizes(a: FloatArray): number;
  largestSize(a: FloatArray): number;
  /** out = x + factor * y; out may be x or y. */
  addScaled(x: FloatArray, factor: number, y: FloatArray, out: FloatArray): void;
  /** Each out: the logarithm of the mean of exp of `blocks` numbers. x (blocks, size of out) */
  logMeanExp(blocks: number, x: FloatArray, out: FloatArray): void;
  /** The cosines and sines of 2 pi (frequency * x + phase). */
  waves(frequency: number, phase: number, x: FloatArray, cosines: FloatArray, sines: FloatArray): void;
  /** d = dSines * cosines - dCosines * sines */
  waveGradients(
    cosines: FloatArray,
    sines: FloatArray,
    dCosines: FloatArray,
    dSines: FloatArray,
    d: FloatArray,
  ): void;
  /** out = factor * x; out may be x. */
  scale(x: FloatArray, factor: number, out: FloatArray): void;
  /**
   * One step of L-BFGS from `parameters`. `evaluate` writes their gradients to `gradients` and returns the
   * loss, or undefined to stop. Returns one of lbfgsStatuses. See native/engine/lbfgs.h.
   */
  lbfgsStep(
    options: Float64Array,
    /** all three on SharedArrayBuffers */
    parameters: FloatArray,
    gradients: FloatArray,
    state: FloatArray,
    evaluate: () => number | undefined,
  ): number;
  /** The index of the first label that breaks the rule, or -1. The rule is its index in labelRules. */
  firstBadLabel(labels: FloatArray, rule: number, outputs: number): number;

  /** The two words of a block of Threefry-2x32-20. See native/kernels/random.h. */
  threefry(
    keyLow: number,
    keyHigh: number,
    counterLow: number,
    counterHigh: number,
    block: Uint32Array,
  ): void;
  /** Row `row` of a mask, its elements from `first` (even): 0 with probability `rate`, otherwise `scale`. */
  dropoutMask(
    keyLow: number,
    keyHigh: number,
    row: number,
    first: number,
    rate: number,
    scale: number,
    mask: FloatArray,
  ): void;
  /**
   * out = X + deviation * n, with n from the standard normal distribution. `row` and `first` are those of
   * dropoutMask.
   */
  addNoise(
    keyLow: number,
    keyHigh: number,
    row: number,
    first: number,
    deviation: number,
    X: FloatArray,
    out: FloatArray,
  ): void;
  /**
   * The mean (mean + rest) and variance of each row of X (units, m), rows `ld` apart. See
   * native/kernels/normalization.h.
   */
  rowMoments(
    units: number,
    m: number,
    ld: number,
    X: FloatArray,
    mean: FloatArray,
    rest: FloatArray,
    variance: FloatArray,
  ): void;
  /** inverse = 1 / sqrt(variance + epsilon) */
  inverseDeviations(variance: FloatArray, epsilon: number, inverse: FloatArray): void;
  /** For each row: normalized = (X - mean - rest) * inverse, out = gamma * normalized + beta. */
  normalizeRows(
    units: number,
    m: number,
    ld: number,
    X: FloatArray,
    mean: FloatArray,
    rest: FloatArray | null,
    inverse: FloatArray,
    gamma: FloatArray,
    beta: FloatArray,
    normalized: FloatArray,
    out: FloatArray,
  ): void;
  /**
   * Turns d from the gradient of `out` into the gradient of X. `ownMoments`: mean and inverse were computed
   * from X.
   */
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
  /**
   * Normalises each column with its own moments and writes `inverse` (ld); `ld` is at least m rounded up to
   * 64 bytes.
   */
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
  /** gradients += l1 * sign(W) + 2 * l2 * W, unless they are null. Returns l1 * sum |w| + l2 * sum w^2. */
  addPenalty(W: FloatArray, l1: number, l2: number, gradients: FloatArray | null): number;
  /** Clips gradients to [-most, most]. */
  clipByValue(gradients: FloatArray, most: number): void;
  /** Scales each row of W (rows, cols) whose Euclidean norm exceeds `most` down to that norm. */
  limitRowNorms(rows: number, cols: number, most: number, W: FloatArray): void;

  /** The bytes outside its heap that V8 knows of. */
  externalMemory(): number;
  /** Hashes whole blocks of 64 bytes into the 8 words of a SHA-256. `way` is one of sha256Ways. */
  sha256Blocks(way: number, words: Uint32Array, bytes: Uint8Array): void;
  /** The instruction sets that this processor has and the kernels are built for, the best first. */
  readonly targets: readonly string[];
  /** The one that runs: the best, or the one that the environment names in BLASNET_TEST_TARGET. */
  readonly target: string;
  /** The ways to hash that this processor has, by name. */
  readonly sha256Ways: Readonly<Record<string, number>>;

  readonly lbfgsStatuses: Readonly<Record<string, number>>;
}

const root = process.env.BLASNET_PREBUILD ?? join(__dirname, '../..');

export const file = process.env.BLASNET_TEST_ADDON ?? join(root, 'build/Release/blasnet_test.node');

export const kernels = createRequire(__filename)(file) as Kernels;

/** The rules for labels, in the order of native code. */
export const labelRules: readonly LabelRule[] = ['finite', 'notNegative', 'unitInterval', 'signs', 'classes'];
