import { type DisposableObject, makeDisposable } from '../base/disposable';
import type { Dtype } from '../base/matrix';
import { elementError, type Matrix, sharedZeros } from '../base/matrix';
import { newSharedArray } from '../base/memory';
import { check, integerBetween } from '../base/validate';
import type { Plan } from '../engine/plan';
import { type Architecture, embeddingsIn, inputDimOf, outputLayerOf } from '../layers/architecture';
import { unknownCode } from '../layers/embeddings';
import { codeError } from '../samples/inputs';

export interface PredictorOptions {
  /** The most rows of one call. At least 1. @default 1 */
  readonly maxBatch?: number;
}

export interface Predictor extends DisposableObject {}

/**
 * Predicts through buffers that never move, for servers: write into `input`, call `run`, read `output`. These are on
 * SharedArrayBuffers, and each call writes to the same ones. A call
 * allocates nothing. The input is not preprocessed.
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

  /** (maxBatch x inputDim): write the rows to predict here, from the first row on. */
  readonly input: Matrix;
  /** (maxBatch x embeddings): write their category codes here; -1, unknown, at first. Empty without embeddings. */
  readonly categories: Int32Array;
  /** (maxBatch x outputDim): the outputs of the rows. */
  readonly output: Matrix;
  readonly #plan: Plan['native'];
  readonly #architecture: Architecture;
  readonly #checkAtRest: () => void;

  /** @internal */
  constructor(
    { native }: Plan,
    architecture: Architecture,
    dtype: Dtype,
    rows: number,
    checkAtRest: () => void,
  ) {
    const embeddings = embeddingsIn(architecture).length;
    this.input = sharedZeros(rows, inputDimOf(architecture), dtype);
    this.categories = newSharedArray(Int32Array, rows * embeddings).fill(unknownCode);
    this.output = sharedZeros(rows, outputLayerOf(architecture).outputDim, dtype);
    native.pin(rows, this.input.data, embeddings === 0 ? null : this.categories, this.output.data);
    this.#plan = native;
    this.#architecture = architecture;
    this.#checkAtRest = checkAtRest;
  }

  /**
   * Predicts the first `rows` rows of the input. Blocks the calling thread.
   *
   * @param rows from 1 to maxBatch. @default maxBatch
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for the rows; RangeError
   *   ERR_BLASNET_NOT_FINITE for NaN and infinities in the input, ERR_BLASNET_ARG_VALUE for a category that does not
   *   exist (some other rows may then be predicted); Error ERR_BLASNET_BUSY while a step is being taken
   */
  run(rows: number = this.input.rows): void {
    if (!(Number.isInteger(rows) && rows >= 1 && rows <= this.input.rows)) {
      check('rows', rows, integerBetween(1, this.input.rows));
    }
    this.#checkAtRest();
    const bad = this.#plan.predictPinned(rows);
    if (bad >= 0) throw elementError('input', this.input, bad, 'finite numbers');
    if (bad < -1) {
      throw codeError('categories', { X: this.input, codes: this.categories }, this.#architecture, -2 - bad);
    }
  }
}
