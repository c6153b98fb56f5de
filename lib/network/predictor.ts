import type { PredictPinned } from '../addon/binding';
import type { WorkOptions } from '../addon/work';
import { type DisposableObject, makeDisposable } from '../base/disposable';
import { elementError, type Matrix, sharedZeros } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import { boolean, check, integerBetween, optional, positiveInteger } from '../base/validate';
import { type Operation, type Outcome, type Plan, statusCodes } from '../engine/plan';
import { type Architecture, embeddingsIn, inputDimOf, outputLayerOf } from '../layers/architecture';
import { unknownCode } from '../layers/embeddings';
import type { Preprocessing } from '../preprocessing';
import type { TransformRows } from '../preprocessing/fitted-steps';
import { checkColumns, codeError, type InputKind } from '../samples/inputs';
import type { LabelKind } from '../samples/labels';
import { unscaleHere } from '../samples/targets';

export interface PredictorOptions {
  /** The most rows of one call. At least 1. @default 1 */
  readonly maxBatch?: number;
  /**
   * Whether the rows that you write into `input` are preprocessed already, if the network has preprocessing.
   *
   * @default false: each call preprocesses them
   */
  readonly preprocessed?: boolean;
}

export const predictorConstraints = { maxBatch: optional(positiveInteger), preprocessed: optional(boolean) };

/** Lets a plan read the parameters on another thread, after the operations before it. */
export type ReadElsewhere = (plan: Plan, operation: Operation, options: WorkOptions) => Promise<Outcome>;

/** The key of a predictor's `run` on other threads. */
export const runElsewhere: unique symbol = Symbol.for('blasnet.runElsewhere') as never;

export interface Predictor extends DisposableObject {}

/**
 * Predicts through buffers that never move, for servers: write into `input`, call `run`, read `output`. A call
 * allocates nothing, unless the preprocessing or the targetScaler has a step of your own.
 *
 *     const predictor = net.predictor();
 *     predictor.input.data.set([0.5, -1]);
 *     predictor.run();
 *     predictor.output.data[0];
 *
 * Its `[Symbol.dispose]` frees the workspace for several rows. The next call reserves it again.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block makes it true
export class Predictor {
  static {
    makeDisposable<Predictor>(Predictor.prototype, (predictor) => predictor.#plan.release());
  }

  /**
   * (maxBatch x inputDim): write the rows to predict here, from the first row on. With preprocessing
   * (maxBatch x its inputColumns), of doubles whatever the network's dtype, since these are rounded once, after it.
   */
  readonly input: Matrix;
  /** (maxBatch x embeddings): write their category codes here; -1, unknown, at first. Empty without embeddings. */
  readonly categories: Int32Array;
  /** (maxBatch x outputDim): the outputs of the rows. With a targetScaler, they are in the targets' own units. */
  readonly output: Matrix;
  readonly #plan: Plan;
  readonly #predict: PredictPinned;
  readonly #architecture: Architecture;
  readonly #checkAtRest: () => void;
  readonly #read: ReadElsewhere;
  readonly #preprocess: TransformRows | undefined;
  readonly #targetScaler: Preprocessing | undefined;
  // What the plan reads: the input, or what the preprocessing makes of it.
  readonly #inputs: Matrix;

  /** @internal */
  constructor(
    plan: Plan,
    { architecture, dtype, preprocessing, targetScaler }: InputKind & Pick<LabelKind, 'targetScaler'>,
    rows: number,
    checkAtRest: () => void,
    read: ReadElsewhere,
  ) {
    const embeddings = embeddingsIn(architecture).length;
    this.#inputs = sharedZeros(rows, inputDimOf(architecture), dtype);
    this.input = this.#inputs;
    if (preprocessing !== undefined) {
      this.input = sharedZeros(rows, preprocessing.inputColumns, 'float64');
      checkColumns(preprocessing.outputColumns, this.#inputs.cols);
      this.#preprocess = preprocessing.transformerWork('input', this.input, this.#inputs);
    }
    this.categories = newSharedArray(Int32Array, rows * embeddings).fill(unknownCode);
    this.output = sharedZeros(rows, outputLayerOf(architecture).outputDim, dtype);
    this.#targetScaler = targetScaler;
    const codes = embeddings === 0 ? null : this.categories;
    this.#predict = plan.native.pin(rows, this.#inputs.data, codes, this.output.data);
    this.#plan = plan;
    this.#architecture = architecture;
    this.#checkAtRest = checkAtRest;
    this.#read = read;
  }

  /**
   * Predicts the first `rows` rows of the input. Blocks the calling thread.
   *
   * @param rows from 1 to maxBatch. @default maxBatch
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for the rows; RangeError
   *   ERR_BLASNET_NOT_FINITE for NaN and infinities in the input, ERR_BLASNET_ARG_VALUE for a category that does not
   *   exist (some other rows may then be predicted); Error ERR_BLASNET_BUSY while a step is being taken; RangeError
   *   ERR_BLASNET_SHAPE if the preprocessing or the targetScaler has learned other numbers of columns since
   */
  run(rows: number = this.input.rows): void {
    if (!(Number.isInteger(rows) && rows >= 1 && rows <= this.input.rows)) {
      check('rows', rows, integerBetween(1, this.input.rows));
    }
    this.#checkAtRest();
    this.#preprocess?.(rows);
    const predict = this.#predict;
    const bad = predict(rows);
    if (bad !== undefined) throw bad >= 0 ? this.#notFinite(bad) : this.#codeOutside(-1 - bad);
    if (this.#targetScaler !== undefined) unscaleHere(this.#targetScaler, this.output, rows);
  }

  /** @internal Like `run`, on other threads. The buffers must stay as they are until then. */
  async [runElsewhere](rows: number, options: WorkOptions): Promise<void> {
    this.#preprocess?.(rows);
    const operation: Operation = (plan, callback) =>
      plan.predict(this.#inputs.data, this.categories, rows, this.output.data, callback);
    const { status, index } = await this.#read(this.#plan, operation, options);
    if (status === statusCodes.inputNotFinite) throw this.#notFinite(index);
    if (status === statusCodes.codeOutside) throw this.#codeOutside(index);
    if (this.#targetScaler !== undefined) unscaleHere(this.#targetScaler, this.output, rows);
  }

  #notFinite(index: number): Error {
    return elementError(this.#nameOfInputs(), this.#inputs, index, 'finite numbers');
  }

  #codeOutside(index: number): Error {
    return codeError('categories', { X: this.input, codes: this.categories }, this.#architecture, index);
  }

  /**
   * The number of the version that the last `run` read; undefined before it, and for a network that `Network.attach` did
   * not make.
   */
  get version(): number | undefined {
    return this.#plan.native.version() || undefined;
  }

  #nameOfInputs(): string {
    return this.#preprocess === undefined ? 'input' : 'the preprocessed input';
  }
}
