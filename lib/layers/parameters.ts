import { allocate, allocateShared, type Dtype, type FloatArray, Matrix } from '../base/matrix';
import {
  type Architecture,
  embeddingsIn,
  featuresOf,
  type Layer,
  membersOf,
  numericParameters,
} from './architecture';
import type { ParameterKind } from './parameter-factors';

/**
 * The article's parameter dictionary: W1 (outputDim x inputDim), b1 (outputDim x 1), W2, b2, ... of layers 1 to L.
 * Normalised layers also have gamma1 and beta1 (outputDim x 1), layers with inputScale s1 (inputs x 1), layers with
 * activationMix a1 (outputDim x 1). E1, E2, ... (categories + 1 x outputDim) are the tables of the first layer's
 * embeddings; the last row of each is for unknown categories. W1 has a column for each of their outputs, too. F1, P1, V1
 * and c1 belong to the first layer's numericEmbeddings: see docs/layers.md. A network with members has R1 (members x
 * inputs), a row of factors for each; its last W and b have outputDim rows for each member, one member after another.
 * Every network has W1 and b1; the others are there if the layers ask for them.
 */
export type Parameters = {
  readonly W1: Matrix;
  readonly b1: Matrix;
  readonly [key: `W${number}`]: Matrix;
  readonly [key: `b${number}`]: Matrix;
  readonly [key: `gamma${number}`]: Matrix;
  readonly [key: `beta${number}`]: Matrix;
  readonly [key: `s${number}`]: Matrix;
  readonly [key: `a${number}`]: Matrix;
  readonly [key: `E${number}`]: Matrix;
  readonly [key: `F${number}`]: Matrix;
  readonly [key: `P${number}`]: Matrix;
  readonly [key: `V${number}`]: Matrix;
  readonly [key: `c${number}`]: Matrix;
  readonly [key: `R${number}`]: Matrix;
};

/** The gradients dW1, db1, ..., each in the shape of its parameter. */
export type Gradients = {
  readonly dW1: Matrix;
  readonly db1: Matrix;
  readonly [key: `dW${number}`]: Matrix;
  readonly [key: `db${number}`]: Matrix;
  readonly [key: `dgamma${number}`]: Matrix;
  readonly [key: `dbeta${number}`]: Matrix;
  readonly [key: `ds${number}`]: Matrix;
  readonly [key: `da${number}`]: Matrix;
  readonly [key: `dE${number}`]: Matrix;
  readonly [key: `dF${number}`]: Matrix;
  readonly [key: `dP${number}`]: Matrix;
  readonly [key: `dV${number}`]: Matrix;
  readonly [key: `dc${number}`]: Matrix;
  readonly [key: `dR${number}`]: Matrix;
};

/** The running moments of layers with batch normalisation: mean1 and variance1 (outputDim x 1), ... */
export interface Statistics {
  readonly [key: `mean${number}`]: Matrix;
  readonly [key: `variance${number}`]: Matrix;
}

/** The name and shape of a parameter or of running moments. */
export interface NamedShape {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  /** Whether it is one column, which files store with one dimension. */
  readonly vector: boolean;
}

/** Arrays in one flat buffer, one after another, each row-major, with a named view of each. */
export interface Flat<Named> {
  readonly flat: FloatArray;
  readonly named: Named;
}

/** The parameters in the order of the flat buffer; native/engine/layers.h uses this order, too. */
export function parameterShapes(architecture: Architecture): NamedShape[] {
  const tables = embeddingsIn(architecture).map(({ categories, outputDim }, index) => ({
    name: `E${index + 1}`,
    rows: categories + 1,
    cols: outputDim,
    vector: false,
  }));
  const numeric = numericParameters(architecture[0] as Layer).map(({ name, rows, cols }) => ({
    name: `${name}1`,
    rows,
    cols,
    vector: name === 'c',
  }));
  const { members } = architecture[0] as Layer;
  const factors =
    members === undefined
      ? []
      : [{ name: 'R1', rows: members, cols: featuresOf(architecture[0] as Layer), vector: false }];
  const layers = architecture.flatMap((layer, index) => {
    const { outputDim, normalization } = layer;
    const heads = index + 1 === architecture.length ? membersOf(architecture) : 1;
    const column = (name: string, rows = outputDim) => ({
      name: `${name}${index + 1}`,
      rows,
      cols: 1,
      vector: true,
    });
    return [
      { name: `W${index + 1}`, rows: heads * outputDim, cols: featuresOf(layer), vector: false },
      column('b', heads * outputDim),
      ...(normalization === undefined ? [] : [column('gamma'), column('beta')]),
      ...(layer.inputScale === true ? [column('s', featuresOf(layer))] : []),
      ...(layer.activationMix === true ? [column('a')] : []),
    ];
  });
  return [...tables, ...numeric, ...factors, ...layers];
}

/** The factors of one parameter: of the learning rate and of the weight decay. */
interface Factors {
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** The factors of every parameter, in the order of the flat buffer; none if all are 1. */
export function factorsOf(architecture: Architecture): Factors[] {
  const none = ({ learningRateFactors, weightDecayFactors }: Layer) =>
    learningRateFactors === undefined && weightDecayFactors === undefined;
  if (architecture.every(none)) return [];
  return parameterShapes(architecture).map(({ name }) => {
    const [, kind, number] = /^(\D+)(\d+)$/.exec(name) as unknown as [string, ParameterKind, string];
    // The first layer has all tables.
    const layer = architecture[kind === 'E' ? 0 : Number(number) - 1] as Layer;
    return {
      learningRate: layer.learningRateFactors?.[kind] ?? 1,
      weightDecay: layer.weightDecayFactors?.[kind] ?? 1,
    };
  });
}

/** The running moments in the order of their flat buffer. */
export function statisticShapes(architecture: Architecture): NamedShape[] {
  return architecture.flatMap(({ outputDim, normalization }, index) =>
    normalization?.name === 'batch'
      ? ['mean', 'variance'].map((name) => ({
          name: `${name}${index + 1}`,
          rows: outputDim,
          cols: 1,
          vector: true,
        }))
      : [],
  );
}

export function parameterCount(architecture: readonly Layer[]): number {
  return parameterShapes(architecture).reduce((sum, { rows, cols }) => sum + rows * cols, 0);
}

/** The parameters that a row is multiplied with: all but the tables of embeddings, of which it takes a row each. */
export function weightsOf(architecture: Architecture): number {
  return embeddingsIn(architecture).reduce(
    (rest, { categories, outputDim }) => rest - categories * outputDim,
    parameterCount(architecture),
  );
}

/** Zeros for every parameter of the architecture, by default on a SharedArrayBuffer. */
export function allocateParameters(
  architecture: Architecture,
  dtype: Dtype,
  zeros: typeof allocate = allocateShared,
): Flat<Parameters> {
  return allocateNamed(parameterShapes(architecture), zeros, dtype);
}

/** Zeros for every gradient of the architecture, in the layout of the parameters. */
export function allocateGradients(architecture: Architecture, dtype: Dtype): Flat<Gradients> {
  return allocateNamed(parameterShapes(architecture), allocate, dtype, 'd');
}

/** Zeros for all running moments, on a SharedArrayBuffer. */
export function allocateStatistics(architecture: Architecture, dtype: Dtype): Flat<Statistics> {
  return allocateNamed(statisticShapes(architecture), allocateShared, dtype);
}

function allocateNamed<Named>(
  shapes: readonly NamedShape[],
  zeros: typeof allocate,
  dtype: Dtype,
  prefix = '',
): Flat<Named> {
  const flat = zeros(
    shapes.reduce((sum, { rows, cols }) => sum + rows * cols, 0),
    dtype,
  );
  const views: Record<string, Matrix> = {};
  let offset = 0;
  for (const { name, rows, cols } of shapes) {
    views[prefix + name] = new Matrix(flat.subarray(offset, offset + rows * cols), rows, cols);
    offset += rows * cols;
  }
  return { flat, named: Object.freeze(views) as Named };
}
