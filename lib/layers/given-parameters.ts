import { firstNotFinite } from '../addon/arrays';
import type { Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { elementError, Matrix, matrixFromRows, matrixOf } from '../base/matrix';
import {
  type FloatArray,
  isFloatArray,
  isTypedNumbers,
  lengthOf,
  type NumbersLike,
  type TypedNumbers,
} from '../base/number-kinds';
import { checkBuffer } from '../base/pinning';

/** The values of a parameter: a matrix, its rows, or its elements row by row. */
export type ParameterValues = Matrix | NumbersLike | readonly NumbersLike[];

/** The elements of a user's own parameter. Throws unless it has this shape. */
export function readParameter(
  values: Readonly<Record<string, unknown>>,
  name: string,
  { rows, cols }: { readonly rows: number; readonly cols: number },
): Matrix {
  const where = `values.${name}`;
  const given = values[name] as ParameterValues;
  const length = rows * cols;
  const matrix = matrixOf(where, given);
  if (matrix !== undefined && (matrix.rows !== rows || matrix.cols !== cols)) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected ${where} to be (${rows}, ${cols}), got (${matrix.rows}, ${matrix.cols})`,
    );
  }
  const data = elementsOf(where, matrix?.data ?? given);
  if (lengthOf(data) !== length) {
    const rule = `of length ${rows} * ${cols} = ${length}`;
    throw argumentError('ERR_BLASNET_SHAPE', where, rule, data);
  }
  return new Matrix(data, rows, cols);
}

/** Throws unless all elements of a user's own parameter are finite. */
export function* checkFinite(name: string, matrix: Matrix): Work<void> {
  const bad = yield* firstNotFinite(matrix.data);
  if (bad !== -1) throw elementError(`values.${name}`, matrix, bad, 'finite numbers');
}

function elementsOf(where: string, values: ParameterValues): FloatArray {
  const given = values as TypedNumbers | readonly unknown[];
  if (isTypedNumbers(given)) {
    checkBuffer(where, given);
    return isFloatArray(given) ? given : Float64Array.from(given);
  }
  if (given.some((value) => Array.isArray(value) || isTypedNumbers(value))) {
    return matrixFromRows(where, given, 'float64').data;
  }
  for (const [i, value] of given.entries()) {
    if (typeof value !== 'number')
      throw argumentError('ERR_BLASNET_ARG_TYPE', `${where}[${i}]`, 'a number', value);
  }
  return Float64Array.from(given as readonly number[]);
}
