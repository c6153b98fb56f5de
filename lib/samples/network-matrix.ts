import type { Dtype } from '../base/matrix';
import { checkDtype, type MatrixInput, matrixInput } from '../base/matrix-input';

// Strings that no call has to build: predictions of one row take a microsecond.
const reasons = {
  float64: " (the network's dtype is 'float64')",
  float32: " (the network's dtype is 'float32')",
} as const;

/**
 * A matrix of the network's dtype and of `cols` columns. Many arrays of numbers are still to be read.
 *
 * @param origin the origin of `cols`, for the errors
 */
export function networkMatrix(
  name: string,
  value: unknown,
  cols: number,
  origin: `the network's ${'inputDim' | 'outputDim' | 'preprocessing'}`,
  dtype: Dtype,
): MatrixInput {
  const input = matrixInput(name, value, { dtype, cols, origin });
  checkDtype(name, input.matrix.data, dtype, reasons[dtype]);
  return input;
}
