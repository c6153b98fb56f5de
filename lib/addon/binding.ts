import type { FloatArray, LabelArray } from '../base/matrix';
import { loadAddon } from './load';
import type { Callback, NativeOperations } from './operations';
import type { NativeRankGroup } from './rank-group';
import type {
  NativeArrays,
  NativeColumns,
  NativeGenerator,
  NativeMetrics,
  NativePipeline,
  NativeRows,
  NativeStep,
} from './row-binding';
import type { EncoderPartType, NativeTableEncoder, NativeTableEncoderOptions } from './table-encoder';
import type { NativeTextOptions, NativeTextReader } from './text-reader';

export type * from './operations';
export type * from './row-binding';

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
  readonly Metrics: new (given: { readonly outcome: Float64Array }) => NativeMetrics;
  readonly Plan: new (given: PlanArguments) => NativePlan;
  readonly Columns: new (outcome: Float64Array) => NativeColumns;
  readonly Pipeline: new (given: {
    /** The columns of X. */
    columns: number;
    steps: readonly NativeStep[];
    outcome: Float64Array;
  }) => NativePipeline;
  readonly Generator: new (given: { outcome: Float64Array }) => NativeGenerator;
  readonly Rows: new (given: { outcome: Float64Array }) => NativeRows;
  readonly Arrays: new (given: { outcome: Float64Array }) => NativeArrays;
  readonly RankGroup: new (given: { outcome: Float64Array }) => NativeRankGroup;
  /** Lets the system have the pages of a mapped file that an array is on, if it is on some. They are read again when they are used. */
  forgetPages(array: ArrayBufferView): void;
  readonly MappedFile: new (given: { outcome: Float64Array }) => NativeMappedFile;
  readonly Versions: new (given: {
    /** (versionControl) on a SharedArrayBuffer */
    readonly control: Int32Array;
    /** (2 * stride) on a SharedArrayBuffer */
    readonly memory: FloatArray;
    /** How many elements a version has of each, and how many there are from one version to the next. */
    readonly parameters: number;
    readonly statistics: number;
    readonly stride: number;
    readonly outcome: Float64Array;
  }) => NativeVersions;
  /** The integers of a control block of versions. */
  readonly versionControl: number;
  readonly TableEncoder: new (given: NativeTableEncoderOptions) => NativeTableEncoder;
  readonly TextReader: new (given: NativeTextOptions) => NativeTextReader;
  readonly TableColumns: new (given: { outcome: Float64Array }) => NativeTableColumns;

  /** The activations, by name. */
  readonly activations: Readonly<Record<string, ActivationRow>>;
  readonly losses: Readonly<Record<string, LossRow>>;
  readonly optimizers: Readonly<Record<string, OptimizerRow>>;
  /** The codes of normalisations and statuses, by name. */
  readonly normalizations: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** The codes of what a column of a text holds. */
  readonly encoderParts: Readonly<Record<EncoderPartType, number>>;
  readonly columnKinds: Readonly<Record<TextColumnKind, number>>;
  /** The codes of the rules for numbers, and of what a row adds to a metric, by name. */
  readonly labelRules: Readonly<Record<LabelRule, number>>;
  readonly rowValues: Readonly<Record<RowValue, number>>;
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

export type TextColumnKind = 'unknown' | 'skipped' | 'number' | 'category' | 'boolean' | 'time';

/** What a row adds to a metric: see native/kernels/metrics.h. */
export type RowValue =
  | 'squaredError'
  | 'absoluteError'
  | 'label'
  | 'hit'
  | 'topKHit'
  | 'logLoss'
  | 'brier'
  | 'logitSlopes';

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
    | 'scalesInputs'
    | 'mixes'
    | 'skip'
    | 'trainable'
    | 'l1'
    | 'l2'
    | 'maxNorm';
  factors: 'learningRate' | 'weightDecay';
  embedding: 'categories' | 'outputs';
  numeric: 'kind' | 'columns' | 'frequencies' | 'outputs';
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
    | 'check'
    | 'lossBefore'
    | 'hitsBefore'
    | 'ranks';
  comparison: 'rows' | 'cols' | 'indices' | 'value' | 'classes' | 'threshold' | 'k' | 'epsilon' | 'scale';
  deviation: 'residual' | 'spread' | 'differ';
  count: 'hits' | 'predicted' | 'actual' | 'occurs';
  bin: 'weight' | 'predicted' | 'observed';
  ranking: 'positives' | 'negatives' | 'area' | 'precisions';
  outcome: 'status' | 'index' | 'epoch' | 'batch' | 'layer' | 'loss' | 'hits' | 'rows';
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
  /** One record, or empty: no numbers are embedded */
  readonly numeric: Float64Array;
  /** (embeddings x fields) one record per table */
  readonly embeddings: Float64Array;
  /** (layers x fields) one record per layer */
  readonly layers: Float64Array;
  /** The number of members; 0: the network has none. */
  readonly members: number;
  /** (parameters x fields) one record per parameter such as W1, in their order; or empty, if all factors are 1 */
  readonly factors: Float64Array;
  /** Its code. */
  readonly loss: number;
  readonly lossOptions: Float64Array;
  /** The levels of the loss quantile: one for each output, or one for all; empty for other losses. */
  readonly lossLevels: Float64Array;
  /** W1, b1, W2, b2, ... */
  readonly parameters: FloatArray;
  /** mean1, variance1, ... */
  readonly statistics: FloatArray;
  /** If parameters has the places of versions, which no operation changes. */
  readonly versions: { readonly control: Int32Array; readonly stride: number } | null;
  /** The record that every operation writes. */
  readonly outcome: Float64Array;
}

/** The arguments of a training call. */
/** Work with columns of tables: see native/binding/table_columns.cc. */
export interface NativeTableColumns extends NativeOperations {
  /** Writes 6 numbers: values that are not missing, the least, the greatest, the mean, the least and greatest finite one. */
  describe(
    given: { readonly values: Float64Array | Int32Array | Int8Array; readonly out: Float64Array },
    callback?: Callback,
  ): void;
  /** Counts each code, and lists those that come. The outcome's `index` is their number. */
  count(
    given: { readonly codes: Int32Array; readonly counts: Float64Array; readonly order: Int32Array },
    callback?: Callback,
  ): void;
  /** Lists the rows from the least value to the greatest. */
  sort(given: { readonly values: Float64Array; readonly order: Uint32Array }, callback?: Callback): void;
}

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
  /** The factors of the weight decay and of the shares of dropout, like learningRates. */
  readonly decayFactors: Float64Array;
  readonly dropoutFactors: Float64Array;
  /** (epochs) written: each epoch's mean loss */
  readonly losses: Float64Array;
  /** (epochs) written: each epoch's share of samples predicted right */
  readonly hitShares: Float64Array;
}

/** Whether the samples of a row-major matrix are its rows or its columns. */
export const SampleAxis = { rows: 0, columns: 1 } as const;
export type SampleAxis = (typeof SampleAxis)[keyof typeof SampleAxis];

/**
 * Predicts the first `rows` rows of the arrays that a plan has pinned. Returns undefined; or the index of the first
 * element of X that is not finite; or -1 minus the index of the first code out of range.
 */
export type PredictPinned = (rows: number) => number | undefined;

/**
 * A network's layers and parameters, with the workspace to run them. Samples are rows. With a callback, an operation
 * runs on another thread; without one, it blocks. Only one operation may run at a time.
 */
export interface NativePlan extends NativeOperations {
  predict(X: FloatArray, codes: Int32Array | null, rows: number, out: FloatArray, callback?: Callback): void;
  /** Keeps arrays of `rows` rows, on SharedArrayBuffers, in place of those before. */
  pin(rows: number, X: FloatArray, codes: Int32Array | null, out: FloatArray): PredictPinned;
  evaluate(
    X: FloatArray,
    codes: Int32Array | null,
    Y: LabelArray,
    /** (rows) the samples' weights; null: all 1 */
    weights: FloatArray | null,
    rows: number,
    callback?: Callback,
  ): void;
  /** Like `evaluate`, and writes the predictions to `out` (rows, outputs). Both read the same parameters. */
  evaluateAndPredict(
    X: FloatArray,
    codes: Int32Array | null,
    Y: LabelArray,
    weights: FloatArray | null,
    rows: number,
    out: FloatArray,
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
  inputGradients(
    X: FloatArray,
    codes: Int32Array | null,
    Y: LabelArray | null,
    output: number,
    rows: number,
    out: FloatArray,
    callback?: Callback,
  ): void;
  train(given: TrainArguments, callback?: Callback): void;
  /** How many rows of a training's batch belong to this rank of 1, 2, 4, 8 or 16. */
  rowsOfRank(rows: number, rank: number, ranks: number): number;
  /** The number of the version that the last operation read; 0 without versions. */
  version(): number;
  /** Frees the workspace, unless an operation runs. The next operation reserves it again. */
  release(): void;
}

/** A file whose bytes are read without a copy: see native/binding/mapped_file.cc. */
export interface NativeMappedFile extends NativeOperations {
  /** Maps the file at this path. */
  open(given: { readonly path: string }, callback?: Callback): void;
  /** The bytes of the file; 0 before `open`. */
  size(): number;
  /** Copies the first bytes. */
  read(out: Uint8Array): void;
  /** A part of the file; null if the runtime has no ArrayBuffers on such memory. */
  buffer(given: { readonly start: number; readonly bytes: number }): ArrayBuffer | null;
  /** Lets go of the file; buffers of it stay. */
  close(): void;
}

/** Versions of parameters in shared memory: see native/binding/versions.cc. */
export interface NativeVersions extends NativeOperations {
  /** Makes a version of these arrays the current one. The outcome's `index` is its number. */
  publish(given: VersionArrays, callback?: Callback): void;
  /** Copies the current version to the arrays. The outcome's `index` is its number. */
  copy(given: VersionArrays, callback?: Callback): void;
  /** The number of the current version. */
  current(): number;
}

interface VersionArrays {
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
}

/** All names of Binding. A file that lacks one is not this version's addon. A test compares the list with the addon. */
export const nativeNames: readonly string[] = (
  'log sin cos gemm activationForward activationBackward layerForward layerGradients layerInputGradient ' +
  'binaryCrossEntropy binaryCrossEntropyBackward countBinaryHits gradientDescent optimizerStateSize firstNonFinite ' +
  'firstOutside Metrics Plan Columns Pipeline Generator Rows Arrays MappedFile forgetPages RankGroup Versions versionControl TextReader TableColumns TableEncoder activations losses optimizers normalizations columnKinds encoderParts ' +
  'statuses labelRules rowValues records setThreads threads blas blasCore simd simdTargets buildType'
).split(' ');

const addon = loadAddon(nativeNames);

export const native = addon.exports as Binding;
/** The path of the addon. */
export const nativeFile = addon.file;
