import type { Architecture } from './architecture';
import { allocate, type Dtype, type FloatArray, Matrix } from './matrix';

/**
 * The article's parameter dictionary: W1 (outputDim x inputDim), b1 (outputDim x 1), W2, b2, ... of layers
 * 1 to L.
 */
export interface Parameters {
  readonly [key: `W${number}`]: Matrix;
  readonly [key: `b${number}`]: Matrix;
}

/** The gradients, under dW1, db1, ...; each of the shape of its parameter. */
export interface Gradients {
  readonly [key: `dW${number}`]: Matrix;
  readonly [key: `db${number}`]: Matrix;
}

/** Parameters in one flat buffer W1, b1, W2, b2, ..., each row-major, with a named view of each. */
export interface FlatParameters<Named> {
  readonly flat: FloatArray;
  readonly named: Named;
}

export function parameterCount(architecture: Architecture): number {
  return architecture.reduce((sum, { inputDim, outputDim }) => sum + (inputDim + 1) * outputDim, 0);
}

/** Zeros for every parameter of the architecture, on a SharedArrayBuffer. */
export function allocateParameters(architecture: Architecture, dtype: Dtype): FlatParameters<Parameters> {
  const flat = allocate(parameterCount(architecture), dtype);
  return { flat, named: nameViews(architecture, flat, '') as Parameters };
}

/** Zeros for every gradient of the architecture, laid out as the parameters are. */
export function allocateGradients(architecture: Architecture, dtype: Dtype): FlatParameters<Gradients> {
  const flat = allocate(parameterCount(architecture), dtype);
  return { flat, named: nameViews(architecture, flat, 'd') as Gradients };
}

function nameViews(architecture: Architecture, flat: FloatArray, prefix: '' | 'd'): Record<string, Matrix> {
  const views: Record<string, Matrix> = {};
  let offset = 0;
  const view = (rows: number, cols: number) => {
    const start = offset;
    offset += rows * cols;
    return new Matrix(flat.subarray(start, offset), rows, cols);
  };
  architecture.forEach(({ inputDim, outputDim }, index) => {
    views[`${prefix}W${index + 1}`] = view(outputDim, inputDim);
    views[`${prefix}b${index + 1}`] = view(outputDim, 1);
  });
  return Object.freeze(views);
}
