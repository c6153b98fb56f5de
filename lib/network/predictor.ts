import type { NativePlan } from '../addon/binding';
import type { Matrix } from '../base/matrix';
import { elementError } from '../base/matrix';
import { check, integerBetween } from '../base/validate';

export interface PredictorOptions {
  /** The most rows that one call takes. At least 1. @default 1 */
  readonly maxBatch?: number;
}

/**
 * Predictions through buffers that stay where they are, for servers: write into `input`, call `run`, read
 * `output`. Nothing is allocated and nothing is looked up in between.
 *
 *     const predictor = net.predictor();
 *     predictor.input.data.set([0.5, -1]);
 *     predictor.run();
 *     predictor.output.data[0];
 */
export class Predictor {
  /** (maxBatch x inputDim): the rows to predict, from the first on. */
  readonly input: Matrix;
  /** (maxBatch x outputDim): their outputs. */
  readonly output: Matrix;
  readonly #plan: NativePlan;
  readonly #checkAtRest: () => void;

  /** @internal */
  constructor(plan: NativePlan, input: Matrix, output: Matrix, checkAtRest: () => void) {
    plan.pin(input.rows, input.data, output.data);
    this.input = input;
    this.output = output;
    this.#plan = plan;
    this.#checkAtRest = checkAtRest;
  }

  /**
   * Predicts the first `rows` rows of the input, on this thread.
   *
   * @param rows from 1 to maxBatch. @default maxBatch
   * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE for the rows; RangeError
   *   ERR_BLASNET_NOT_FINITE for NaN and infinities in the input, of whose other rows some may be predicted;
   *   Error ERR_BLASNET_BUSY while the network is being trained
   */
  run(rows: number = this.input.rows): void {
    if (!(Number.isInteger(rows) && rows >= 1 && rows <= this.input.rows)) {
      check('rows', rows, integerBetween(1, this.input.rows));
    }
    this.#checkAtRest();
    const bad = this.#plan.predictPinned(rows);
    if (bad >= 0) throw elementError('input', this.input, bad, 'finite numbers');
  }
}
