import { allocateShared } from '../base/matrix';
import { native } from './binding';
import { recordPlaces } from './records';

/** Why an operation returned: native/engine/outcome.h explains each code. */
export const statusCodes = native.statuses as Readonly<
  Record<
    | 'done'
    | 'stopped'
    | 'inputNotFinite'
    | 'labelOutside'
    | 'diverged'
    | 'overflowed'
    | 'converged'
    | 'codeOutside'
    | 'categoryUnknown'
    | 'noClass'
    | 'textWrong',
    number
  >
>;

/** The result of an operation. */
export interface Outcome {
  readonly status: number;
  /** The bad element of X, of its codes, of Y or of the parameters; or the row of Y that has no class. */
  readonly index: number;
  /** The number of finished epochs, or the epoch (from 0) that diverged. */
  readonly epoch: number;
  /** The batch that diverged, from 0. */
  readonly batch: number;
  /** The first layer whose values are not finite, from 1; or the step (from 0) of a pipeline that refuses an element. */
  readonly layer: number;
  /** The sum of the samples' losses; or the element that a pipeline refuses. */
  readonly loss: number;
  /** The number of samples predicted right. */
  readonly hits: number;
  /** After an evaluation or gradients: the number of samples that count, which have a weight other than 0. */
  readonly rows: number;
}

const places = recordPlaces('outcome');

/** Makes an array that operations write their outcomes to. */
export function newOutcome(): Float64Array {
  return allocateShared(Object.keys(places).length, 'float64');
}

/** The status alone, for calls that allocate nothing. */
export function statusOf(numbers: Float64Array): number {
  return numbers[places.status] as number;
}

export function readOutcome(numbers: Float64Array): Outcome {
  return {
    status: numbers[places.status] as number,
    index: numbers[places.index] as number,
    epoch: numbers[places.epoch] as number,
    batch: numbers[places.batch] as number,
    layer: numbers[places.layer] as number,
    loss: numbers[places.loss] as number,
    hits: numbers[places.hits] as number,
    rows: numbers[places.rows] as number,
  };
}
