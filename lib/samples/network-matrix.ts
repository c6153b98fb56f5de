import { convertedInput, type MatrixInput, matrixInput } from '../base/matrix-input';
import { type Dtype, dtypeOf } from '../base/number-kinds';

/**
 * A matrix of the network's dtype and of `cols` columns. What holds other numbers is converted; many of them are still
 * to be read.
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
  const role = origin === "the network's outputDim" ? 'labels' : 'inputs';
  const input = matrixInput(name, value, { dtype, cols, origin, role });
  const { data, rows } = input.matrix;
  return dtypeOf(data) === dtype ? input : convertedInput(name, data, rows, cols, dtype);
}
