import type { Dtype, Matrix } from '../base/matrix';
import { asMatrix, checkDtype } from '../base/matrix-input';

/** A matrix of the network's dtype and of `cols` columns. `columns` names the origin of `cols`, such as inputDim. */
export function networkMatrix(
  name: string,
  value: unknown,
  cols: number,
  columns: string,
  dtype: Dtype,
): Matrix {
  const matrix = asMatrix(name, value, { dtype, cols, origin: `the network's ${columns}` });
  checkDtype(name, matrix.data, dtype, ` (the network's dtype is '${dtype}')`);
  return matrix;
}
