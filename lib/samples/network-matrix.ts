import type { Dtype, Matrix } from '../base/matrix';
import { asMatrix, checkDtype } from '../base/matrix-input';

// Strings that no call has to build: predictions of one row take a microsecond.
const reasons = {
  float64: " (the network's dtype is 'float64')",
  float32: " (the network's dtype is 'float32')",
} as const;

/**
 * A matrix of the network's dtype and of `cols` columns.
 *
 * @param origin the origin of `cols`, for the errors
 */
export function networkMatrix(
  name: string,
  value: unknown,
  cols: number,
  origin: `the network's ${'inputDim' | 'outputDim' | 'preprocessing'}`,
  dtype: Dtype,
): Matrix {
  const matrix = asMatrix(name, value, { dtype, cols, origin });
  checkDtype(name, matrix.data, dtype, reasons[dtype]);
  return matrix;
}
