// The matrices that a pipeline takes and gives.

import { type AsyncOptions, asyncConstraints, pinnedWork, readInSlices, type Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import { Matrix } from '../base/matrix';
import { checkDtype, type MatrixInput, matrixInput, outputOf } from '../base/matrix-input';
import { isTypedNumbers } from '../base/number-kinds';
import { checkBuffer } from '../base/pinning';
import { readNow } from '../base/reading';
import { checkOptions } from '../base/validate';
import { mostColumns } from './step';

/**
 * Checks X for `fit`. Many arrays of numbers are still to be read.
 *
 * @param cols the columns of a typed array, if they are known
 */
export function trainingInput(X: unknown, cols?: number): MatrixInput {
  if (cols !== undefined && isTypedNumbers(X)) return matrixInput('X', X, { cols, role: 'inputs' });
  const noCols =
    '; the number of its columns is not known before the preprocessing has learned, so write new Matrix(X, rows, columns)';
  return matrixInput('X', X, { mostCols: mostColumns, role: 'inputs', noCols });
}

export function trainingMatrix(X: unknown): Matrix {
  const { matrix, unread } = trainingInput(X);
  readNow(unread);
  return matrix;
}

// Reads the input, and runs work on other threads. Meanwhile, the caller's matrices stay in place. (Those that are not
// the caller's yet are not pinned, because a buffer that was pinned can never be transferred.)
export async function elsewhere<T>(
  { matrix, unread }: MatrixInput,
  options: AsyncOptions,
  work: Work<T>,
  out?: Matrix,
): Promise<T> {
  checkOptions('', options, asyncConstraints);
  function* all(): Work<T> {
    if (unread !== undefined) yield* readInSlices(unread);
    return yield* work;
  }
  return pinnedWork(all(), [matrix.data, ...(out === undefined ? [] : [out.data])], options);
}

export function resultMatrix(X: Matrix, cols: number, out: Matrix | undefined): Matrix {
  if (out === undefined) return Matrix.zeros(X.rows, cols, X.dtype);
  const result = outputOf(out, X.data);
  checkBuffer('out', result.data);
  checkDtype('out', result.data, X.dtype, ', as X is');
  if (result.rows !== X.rows || result.cols !== cols) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected out to be (${X.rows}, ${cols}), got (${result.rows}, ${result.cols})`,
    );
  }
  return result;
}
