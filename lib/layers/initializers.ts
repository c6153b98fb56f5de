import { argumentError, blasnetError } from '../base/errors';
import { elementError, type FloatArray, isFloatArray, Matrix, matrixFromRows } from '../base/matrix';
import { checkBuffer } from '../base/pinning';
import { above, checkObject, checkOptions, didYouMean, finite, optional } from '../base/validate';
import type { RandomState } from '../random/random-state';
import { activationRow } from './activations';
import { type Architecture, activationOf, embeddingsIn, featuresOf, type Layer } from './architecture';
import type { Embedding } from './embeddings';
import { orthonormalRows } from './orthonormal';
import { type Parameters, parameterShapes } from './parameters';

/**
 * Fills one layer's weights (outputDim x inputDim) and biases (outputDim); both are zero before. It draws numbers row
 * by row, first for the weights, then for the biases. `index` counts layers from 0.
 */
type Fill = (
  random: RandomState,
  layer: Layer,
  weights: FloatArray,
  biases: FloatArray,
  index: number,
) => void;

/** Fills one embedding's table (categories + 1 x outputDim), which is zero before. `index` counts embeddings from 0. */
type FillTable = (random: RandomState, embedding: Embedding, table: FloatArray, index: number) => void;

/** Sets the initial parameters. */
export interface Initializer {
  /** Throws for a network that it does not suit. */
  check?(architecture: Architecture): void;
  readonly fill: Fill;
  /** @default normal with variance 1, as in PyTorch; the row of unknown categories is zero, the mean */
  readonly fillTable?: FillTable;
}

/**
 * The initialisers, by name. fanIn is the number of a layer's inputs, fanOut its outputDim. Biases are zero, except
 * with 'article'. Tables of embeddings are normal with variance 1, with a last row of zeros; with 'zeros' they are
 * zero.
 *
 * - auto: by the layer's activation. heNormal for relu, leakyRelu, elu, gelu, geluTanh, silu and mish, which pass one
 *   half of their inputs; lecunNormal for selu, which normalises itself (Klambauer et al., 2017); glorotUniform for the
 *   others
 * - article: 0.1 * randn for weights and biases, as in the article's init_layers
 * - heNormal: normal with variance 2 / fanIn (He et al., 2015)
 * - heUniform: uniform in +-sqrt(6 / fanIn) (He et al., 2015)
 * - glorotNormal: normal with variance 2 / (fanIn + fanOut) (Glorot and Bengio, 2010)
 * - glorotUniform: uniform in +-sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010)
 * - zeros: zero; then all units of a layer stay equal
 * - lecunNormal: normal with variance 1 / fanIn (LeCun et al., 1998)
 * - lecunUniform: uniform in +-sqrt(3 / fanIn) (LeCun et al., 1998)
 * - orthogonal: see `orthogonal()`
 * - truncatedNormal: see `truncatedNormal()`
 */
const table = {
  auto: (random, layer, weights, biases, index) => {
    const fill: Fill = table[activationRow(activationOf(layer).name).initializer];
    fill(random, layer, weights, biases, index);
  },
  article: (random, _, weights, biases) => {
    for (const values of [weights, biases]) {
      for (let i = 0; i < values.length; i++) values[i] = random.randn() * 0.1;
    }
  },
  heNormal: (random, { inputDim }, weights) => random.fillNormal(weights, 0, Math.sqrt(2 / inputDim)),
  heUniform: (random, { inputDim }, weights) => fillSymmetric(random, weights, Math.sqrt(6 / inputDim)),
  glorotNormal: (random, { inputDim, outputDim }, weights) =>
    random.fillNormal(weights, 0, Math.sqrt(2 / (inputDim + outputDim))),
  glorotUniform: (random, { inputDim, outputDim }, weights) =>
    fillSymmetric(random, weights, Math.sqrt(6 / (inputDim + outputDim))),
  zeros: (_random, _layer, _weights, _biases) => {},
  lecunNormal: (random, { inputDim }, weights) => random.fillNormal(weights, 0, Math.sqrt(1 / inputDim)),
  lecunUniform: (random, { inputDim }, weights) => fillSymmetric(random, weights, Math.sqrt(3 / inputDim)),
  orthogonal: (random, layer, weights) => fillOrthogonal(random, layer, weights, 1),
  truncatedNormal: (random, _, weights) => fillTruncated(random, weights, 0.05),
} satisfies Record<string, Fill>;

/** The name of an initialiser that needs no options. */
export type InitializerName = keyof typeof table;

export const initializerNames = Object.keys(table) as InitializerName[];

/** An initialiser with options, made by a function of `initializers`. */
export interface InitializerObject {
  readonly name: 'orthogonal' | 'truncatedNormal' | 'constant' | 'initialParameters';
}

/** The choice of the initial parameters: a name (with the defaults), or the result of a function of `initializers`. */
export type InitializerOption = InitializerName | InitializerObject;

export interface OrthogonalOptions {
  /** The factor of the weights. Above 0. @default 1 */
  readonly gain?: number;
}

export interface TruncatedNormalOptions {
  /** The standard deviation before the cut; the result has 0.88 times this. Above 0. @default 0.05 */
  readonly standardDeviation?: number;
}

export interface ConstantOptions {
  /** The value of every weight. Finite. */
  readonly value: number;
  /** The value of every bias. Finite. @default 0 */
  readonly bias?: number;
}

/** The values of a parameter: a matrix, its rows, or its elements row by row. */
export type ParameterValues = Matrix | FloatArray | readonly (readonly number[])[] | readonly number[];

/**
 * Parameters by name, as in `net.parameters`: W (outputDim x inputDim), b (outputDim x 1) and the tables E of
 * embeddings (categories + 1 x outputDim), counted from 1.
 */
export type InitialValues = {
  readonly [name in `W${number}` | `b${number}` | `E${number}`]?: ParameterValues;
};

const made = new WeakMap<object, Initializer>();

/**
 * Makes weights whose rows (or columns, if there are fewer columns) are orthogonal and of length `gain`:
 * W W^T = gain^2 I, or W^T W = gain^2 I (Saxe et al., 2014). They are uniformly distributed: the Q of a normal matrix's
 * decomposition Q R with a positive diagonal of R.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, ERR_BLASNET_UNKNOWN_OPTION; RangeError ERR_BLASNET_ARG_VALUE
 */
function orthogonal(options: OrthogonalOptions = {}): InitializerObject {
  checkOptions('', options, { gain: optional(above(0)) });
  const { gain = 1 } = options;
  return make('orthogonal', {
    fill: (random, layer, weights) => fillOrthogonal(random, layer, weights, gain),
  });
}

/**
 * Makes normal weights. A weight is drawn again while it is further from 0 than two standard deviations.
 *
 * @throws like orthogonal()
 */
function truncatedNormal(options: TruncatedNormalOptions = {}): InitializerObject {
  checkOptions('', options, { standardDeviation: optional(above(0)) });
  const { standardDeviation = 0.05 } = options;
  return make('truncatedNormal', {
    fill: (random, _, weights) => fillTruncated(random, weights, standardDeviation),
  });
}

/**
 * Sets every weight to one number and every bias to another. Then all units of a layer stay equal.
 *
 * @throws like orthogonal()
 */
function constant(options: ConstantOptions): InitializerObject {
  checkOptions('', options, { value: finite, bias: optional(finite) });
  const { value, bias = 0 } = options;
  return make('constant', {
    fill: (_random, _layer, weights, biases) => {
      weights.fill(value);
      biases.fill(bias);
    },
  });
}

/**
 * Uses your own parameters, such as another network's: `initialParameters({ W1, b1 })`. The arrays are copied when the
 * network is made.
 *
 * @param rest the initialiser of all other parameters. @default 'auto'
 * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_UNKNOWN_NAME; when the network is made also
 *   RangeError ERR_BLASNET_SHAPE, ERR_BLASNET_NOT_FINITE, TypeError ERR_BLASNET_DETACHED
 */
function initialParameters(values: InitialValues, rest: InitializerOption = 'auto'): InitializerObject {
  checkObject('values', values);
  for (const [name, value] of Object.entries(values)) {
    if (!/^[WbE][1-9]\d*$/.test(name)) {
      const message = `Unknown parameter "${name}" in values; parameters are W1, b1, W2, b2, ..., E1, E2, ...`;
      throw blasnetError('ERR_BLASNET_UNKNOWN_NAME', message);
    }
    if (!(value instanceof Matrix || isFloatArray(value) || Array.isArray(value))) {
      const rule = 'a Matrix, a typed array or an array of numbers or rows';
      throw argumentError('ERR_BLASNET_ARG_TYPE', `values.${name}`, rule, value);
    }
  }
  const given = { ...values };
  const others = resolveInitializer(rest, 'rest');
  return make('initialParameters', {
    check: (architecture) => {
      others.check?.(architecture);
      const shapes = new Map(parameterShapes(architecture).map((shape) => [shape.name, shape]));
      for (const name of Object.keys(given)) {
        const shape = shapes.get(name);
        if (shape === undefined) {
          const tables = embeddingsIn(architecture).length;
          const what = name.startsWith('E') ? `${tables} embeddings` : `${architecture.length} layers`;
          const message = `Expected values to name parameters of ${what}, got ${name}`;
          throw blasnetError('ERR_BLASNET_SHAPE', message);
        }
        readParameter(given, name, shape);
      }
    },
    fill: (random, layer, weights, biases, index) => {
      others.fill(random, layer, weights, biases, index);
      const { inputDim, outputDim } = layer;
      for (const [name, out, cols] of [
        [`W${index + 1}`, weights, inputDim],
        [`b${index + 1}`, biases, 1],
      ] as const) {
        if (Object.hasOwn(given, name)) out.set(readParameter(given, name, { rows: outputDim, cols }));
      }
    },
    fillTable: (random, embedding, table, index) => {
      (others.fillTable ?? fillNormalTable)(random, embedding, table, index);
      const [name, rows, cols] = [`E${index + 1}`, embedding.categories + 1, embedding.outputDim];
      if (Object.hasOwn(given, name)) table.set(readParameter(given, name, { rows, cols }));
    },
  });
}

/** The initialisers that have options. */
export const initializers = Object.freeze({ orthogonal, truncatedNormal, constant, initialParameters });

/**
 * Checks the `initializer` option: a name, or the result of a function of `initializers`. `name` is the option's name,
 * for the errors.
 *
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_UNKNOWN_NAME
 */
export function resolveInitializer(value: unknown, name = 'initializer'): Initializer {
  if (value === undefined) return { fill: table.auto };
  if (typeof value === 'string') {
    if (Object.hasOwn(table, value)) {
      const fill = table[value as InitializerName];
      return value === 'zeros' ? { fill, fillTable: () => {} } : { fill };
    }
    const message = `Unknown ${name} "${value}"${didYouMean(value, initializerNames)}`;
    throw blasnetError('ERR_BLASNET_UNKNOWN_NAME', message);
  }
  const initializer = made.get(value as object);
  if (initializer !== undefined) return initializer;
  const rule = "a name such as 'heNormal', or an initializer such as initializers.orthogonal({ gain: 1.4 })";
  throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value);
}

/**
 * Fills a network's parameters, which are zero before, layer by layer. An initialiser that does not suit throws first.
 */
export function initializeParameters(
  initializer: Initializer,
  random: RandomState,
  architecture: Architecture,
  parameters: Parameters,
): void {
  initializer.check?.(architecture);
  for (const [index, embedding] of embeddingsIn(architecture).entries()) {
    const table = parameters[`E${index + 1}`] as Matrix;
    (initializer.fillTable ?? fillNormalTable)(random, embedding, table.data, index);
  }
  for (const [index, layer] of architecture.entries()) {
    const weights = parameters[`W${index + 1}`] as Matrix;
    const biases = parameters[`b${index + 1}`] as Matrix;
    // For an initialiser, the outputs of embeddings are inputs, too.
    const shape = { ...layer, inputDim: featuresOf(layer) };
    initializer.fill(random, shape, weights.data, biases.data, index);
  }
}

export function initializeLayer(
  name: InitializerName,
  random: RandomState,
  layer: Layer,
  weights: FloatArray,
  biases: FloatArray,
): void {
  table[name](random, layer, weights, biases, 0);
}

function make(name: InitializerObject['name'], initializer: Initializer): InitializerObject {
  const object: InitializerObject = Object.freeze({ name });
  made.set(object, initializer);
  return object;
}

function fillNormalTable(random: RandomState, { categories, outputDim }: Embedding, table: FloatArray): void {
  random.fillNormal(table.subarray(0, categories * outputDim));
}

function fillSymmetric(random: RandomState, out: FloatArray, limit: number): void {
  random.fillUniform(out, -limit, limit);
}

function fillTruncated(random: RandomState, out: FloatArray, standardDeviation: number): void {
  for (let i = 0; i < out.length; i++) {
    let value: number;
    do value = random.randn();
    while (Math.abs(value) > 2);
    out[i] = value * standardDeviation;
  }
}

function fillOrthogonal(
  random: RandomState,
  { inputDim, outputDim }: Layer,
  weights: FloatArray,
  gain: number,
): void {
  const normal = new Matrix(new Float64Array(weights.length), outputDim, inputDim);
  random.fillNormal(normal.data);
  const wide = outputDim <= inputDim;
  const rows = wide ? normal : normal.transpose();
  orthonormalRows(rows);
  const { data } = wide ? rows : rows.transpose();
  for (let i = 0; i < data.length; i++) weights[i] = gain * (data[i] as number);
}

/** The elements of a user's own parameter. Throws unless it has this shape and is finite. */
function readParameter(
  values: Readonly<Record<string, unknown>>,
  name: string,
  { rows, cols }: { readonly rows: number; readonly cols: number },
): FloatArray {
  const where = `values.${name}`;
  const given = values[name] as ParameterValues;
  const length = rows * cols;
  if (given instanceof Matrix && (given.rows !== rows || given.cols !== cols)) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected ${where} to be (${rows}, ${cols}), got (${given.rows}, ${given.cols})`,
    );
  }
  const data = elementsOf(where, given);
  if (data.length !== length) {
    const rule = `of length ${rows} * ${cols} = ${length}`;
    throw argumentError('ERR_BLASNET_SHAPE', where, rule, data);
  }
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw elementError(where, new Matrix(data, rows, cols), index, 'finite numbers');
  return data;
}

function elementsOf(where: string, given: ParameterValues): FloatArray {
  if (given instanceof Matrix || isFloatArray(given)) {
    const data = given instanceof Matrix ? given.data : given;
    checkBuffer(where, data);
    return data;
  }
  if (given.some(Array.isArray)) {
    return matrixFromRows(where, given, 'float64').data;
  }
  for (const [i, value] of given.entries()) {
    if (typeof value !== 'number')
      throw argumentError('ERR_BLASNET_ARG_TYPE', `${where}[${i}]`, 'a number', value);
  }
  return Float64Array.from(given as readonly number[]);
}
