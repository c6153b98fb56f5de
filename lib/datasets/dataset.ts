import type { FloatArray, Matrix } from '../base/matrix';

/** Samples and their labels: row i of Y belongs to row i of X. */
export interface Dataset<T extends FloatArray = FloatArray, U extends FloatArray = T> {
  readonly X: Matrix<T>;
  readonly Y: Matrix<U>;
}
