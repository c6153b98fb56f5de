import { fillArray } from '../addon/arrays';
import type { Work } from '../addon/work';
import { described } from '../base/description';
import { argumentError, blasnetError } from '../base/errors';
import { type Matrix, matrixOf } from '../base/matrix';
import type { AnyName } from '../base/names';
import { type FloatArray, isTypedNumbers } from '../base/number-kinds';
import { above, atLeast, checkObject, checkOptions, didYouMean, finite, optional } from '../base/validate';
import { drawNormal, drawOrthogonal, drawUniform, type RandomState } from '../random/random-state';
import { activationRow } from './activations';
import { type Architecture, activationOf, embeddingsIn, type Layer } from './architecture';
import type { Embedding } from './embeddings';
import { type ParameterValues, readParameter } from './given-parameters';
import { parameterShapes } from './parameters';

/**
 * Fills one layer's weights (outputDim x inputDim) and biases (outputDim); both are zero before. It draws numbers row
 * by row, first for the weights, then for the biases. `index` is that of the layer, from 0.
 */
type Fill = (
  random: RandomState,
  layer: Layer,
  weights: FloatArray,
  biases: FloatArray,
  index?: number,
) => Work<void>;

/** Fills one embedding's table (categories + 1 x outputDim), which is zero before. */
type FillTable = (random: RandomState, embedding: Embedding, table: FloatArray) => Work<void>;

/** Sets the initial parameters. */
export interface Initializer {
  readonly fill: Fill;
  /** @default normal with variance 1, as in PyTorch; the row of unknown categories is zero, the mean */
  readonly fillTable?: FillTable;
  /** The caller's own parameters, by name, which replace others. Throws for a network that they do not suit. */
  given?(architecture: Architecture): Given;
  /** Whether it leaves all parameters zero, gamma and the running variances included. */
  readonly leavesZeros?: boolean;
}

/** The caller's own parameters, by name. */
export type Given = ReadonlyMap<string, Matrix>;

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
  auto: (random, layer, weights, biases) => {
    const fill: Fill = table[activationRow(activationOf(layer).name).initializer];
    return fill(random, layer, weights, biases);
  },
  article: function* (random, _, weights, biases) {
    yield* drawNormal(random, weights, { deviation: 0.1 });
    yield* drawNormal(random, biases, { deviation: 0.1 });
  },
  heNormal: (random, { inputDim }, weights) => fillNormal(random, weights, 2 / inputDim),
  heUniform: (random, { inputDim }, weights) => fillSymmetric(random, weights, Math.sqrt(6 / inputDim)),
  glorotNormal: (random, { inputDim, outputDim }, weights) =>
    fillNormal(random, weights, 2 / (inputDim + outputDim)),
  glorotUniform: (random, { inputDim, outputDim }, weights) =>
    fillSymmetric(random, weights, Math.sqrt(6 / (inputDim + outputDim))),
  zeros: nothing,
  lecunNormal: (random, { inputDim }, weights) => fillNormal(random, weights, 1 / inputDim),
  lecunUniform: (random, { inputDim }, weights) => fillSymmetric(random, weights, Math.sqrt(3 / inputDim)),
  orthogonal: (random, layer, weights) => fillOrthogonal(random, layer, weights, 1),
  truncatedNormal: (random, _, weights) => fillTruncated(random, weights, 0.05),
} satisfies Record<string, Fill>;

/** The name of an initialiser that needs no options. */
export type InitializerName = keyof typeof table;

export const initializerNames = Object.keys(table) as InitializerName[];

/** An initialiser with options, made by a function of `initializers`. */
export type InitializerObject =
  | ({ readonly name: 'orthogonal' } & Readonly<Required<OrthogonalOptions>>)
  | ({ readonly name: 'truncatedNormal' } & Readonly<Required<TruncatedNormalOptions>>)
  | ({ readonly name: 'normal' } & Readonly<Required<NormalOptions>>)
  | ({ readonly name: 'constant' } & Readonly<Required<ConstantOptions>>)
  | { readonly name: 'byLayer'; readonly layers: readonly InitializerOption[] }
  | {
      readonly name: 'initialParameters';
      readonly values: InitialValues;
      readonly rest: InitializerName | InitializerObject | AnyName;
    };

/** The choice of the initial parameters: a name (with the defaults), or the result of a function of `initializers`. */
export type InitializerOption = InitializerName | InitializerObject | AnyName;

export interface OrthogonalOptions {
  /** The factor of the weights. Above 0. @default 1 */
  readonly gain?: number;
}

export interface TruncatedNormalOptions {
  /** The standard deviation before the cut; the result has 0.88 times this. Above 0. @default 0.05 */
  readonly standardDeviation?: number;
}

export interface NormalOptions {
  /** The factor of the weights. Above 0. @default 1 */
  readonly gain?: number;
  /** The standard deviation of the biases. At least 0. @default 0 */
  readonly biasDeviation?: number;
}

export interface ConstantOptions {
  /** The value of every weight. Finite. */
  readonly value: number;
  /** The value of every bias. Finite. @default 0 */
  readonly bias?: number;
}

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
  return make(
    { name: 'orthogonal', gain },
    { fill: (random, layer, weights) => fillOrthogonal(random, layer, weights, gain) },
  );
}

/**
 * Makes normal weights. A weight is drawn again while it is further from 0 than two standard deviations.
 *
 * @throws like orthogonal()
 */
function truncatedNormal(options: TruncatedNormalOptions = {}): InitializerObject {
  checkOptions('', options, { standardDeviation: optional(above(0)) });
  const { standardDeviation = 0.05 } = options;
  return make(
    { name: 'truncatedNormal', standardDeviation },
    { fill: (random, _, weights) => fillTruncated(random, weights, standardDeviation) },
  );
}

/**
 * Makes normal weights of the standard deviation gain / sqrt(fanIn), and normal biases. With `biasDeviation: 1` the layer
 * begins like one of the neural tangent parametrisation (Jacot et al., 2018), which RealMLP uses.
 *
 * @throws like orthogonal()
 */
function normal(options: NormalOptions = {}): InitializerObject {
  checkOptions('', options, { gain: optional(above(0)), biasDeviation: optional(atLeast(0)) });
  const { gain = 1, biasDeviation = 0 } = options;
  return make(
    { name: 'normal', gain, biasDeviation },
    {
      fill: function* (random, { inputDim }, weights, biases) {
        yield* drawNormal(random, weights, { deviation: gain * Math.sqrt(1 / inputDim) });
        if (biasDeviation > 0) yield* drawNormal(random, biases, { deviation: biasDeviation });
      },
    },
  );
}

/**
 * Gives each layer an initialiser of its own: `byLayer(['heNormal', 'heNormal', 'zeros'])`. That of the first layer also
 * makes the tables of embeddings.
 *
 * @param layers one for each layer, and none of them `initialParameters()`, which takes `byLayer` as its second argument
 * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_ARG_VALUE, ERR_BLASNET_UNKNOWN_NAME; when the network is
 *   made also RangeError ERR_BLASNET_SHAPE
 */
function byLayer(layers: readonly InitializerOption[]): InitializerObject {
  if (!Array.isArray(layers)) {
    throw argumentError(
      'ERR_BLASNET_ARG_TYPE',
      'layers',
      'an array of initializers, one for each layer',
      layers,
    );
  }
  const each = layers.map((layer: unknown, i) => {
    const initializer = resolveInitializer(layer, `layers[${i}]`);
    if (initializer.given === undefined) return initializer;
    const rule = 'an initializer for any layer; write initialParameters(values, byLayer(layers))';
    throw argumentError('ERR_BLASNET_ARG_VALUE', `layers[${i}]`, rule, layer);
  });
  const [first] = each;
  return make(
    { name: 'byLayer', layers: Object.freeze([...layers]) },
    {
      fill: (random, layer, weights, biases, index) =>
        (each[index as number] as Initializer).fill(random, layer, weights, biases),
      ...(first?.fillTable !== undefined && { fillTable: first.fillTable }),
      given: (architecture) => {
        if (each.length === architecture.length) return new Map();
        const rule = `${architecture.length} initializers, one for each layer`;
        throw argumentError('ERR_BLASNET_SHAPE', 'initializer.layers', rule, layers);
      },
    },
  );
}

/**
 * Sets every weight to one number and every bias to another. Then all units of a layer stay equal.
 *
 * @throws like orthogonal()
 */
function constant(options: ConstantOptions): InitializerObject {
  checkOptions('', options, { value: finite, bias: optional(finite) });
  const { value, bias = 0 } = options;
  return make(
    { name: 'constant', value, bias },
    {
      fill: function* (_random, _layer, weights, biases) {
        yield* fillArray(weights, value);
        yield* fillArray(biases, bias);
      },
    },
  );
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
    if (!(matrixOf(`values.${name}`, value) !== undefined || isTypedNumbers(value) || Array.isArray(value))) {
      const rule = 'a Matrix, a typed array or an array of numbers or rows';
      throw argumentError('ERR_BLASNET_ARG_TYPE', `values.${name}`, rule, value);
    }
  }
  const own: InitialValues = Object.freeze({ ...values });
  const others = resolveInitializer(rest, 'rest');
  const description = { name: 'initialParameters', values: own, rest } as const;
  return make(description, {
    ...others,
    given: (architecture) => {
      const given = new Map(others.given?.(architecture));
      const shapes = new Map(parameterShapes(architecture).map((shape) => [shape.name, shape]));
      for (const name of Object.keys(own)) {
        const shape = shapes.get(name);
        if (shape === undefined) {
          const tables = embeddingsIn(architecture).length;
          const what = name.startsWith('E') ? `${tables} embeddings` : `${architecture.length} layers`;
          const message = `Expected values to name parameters of ${what}, got ${name}`;
          throw blasnetError('ERR_BLASNET_SHAPE', message);
        }
        given.set(name, readParameter(own, name, shape));
      }
      return given;
    },
  });
}

/** The initialisers that have options. */
export const initializers = Object.freeze({
  orthogonal,
  truncatedNormal,
  normal,
  constant,
  byLayer,
  initialParameters,
});

/** For a network whose parameters come later: does nothing at all. Users cannot name it. */
export const later = make(
  { name: 'initialParameters', values: {}, rest: 'zeros' },
  { fill: nothing, fillTable: nothing, leavesZeros: true },
);

const descriptions = {
  orthogonal,
  truncatedNormal,
  normal,
  constant,
  byLayer: ({ layers, ...others }: { layers: readonly InitializerOption[] }) => {
    checkOptions('', others, {});
    return byLayer(layers);
  },
  initialParameters: ({ values, rest, ...others }: { values: InitialValues; rest?: InitializerOption }) => {
    checkOptions('', others, {});
    return initialParameters(values, rest);
  },
};

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
      return value === 'zeros' ? { fill, fillTable: nothing } : { fill };
    }
    const message = `Unknown ${name} "${value}"${didYouMean(value, initializerNames)}`;
    throw blasnetError('ERR_BLASNET_UNKNOWN_NAME', message);
  }
  const initializer = made.get(value as object) ?? made.get(described(name, value, descriptions) as object);
  if (initializer !== undefined) return initializer;
  const rule = "a name such as 'heNormal', or an initializer such as initializers.orthogonal({ gain: 1.4 })";
  throw argumentError('ERR_BLASNET_ARG_TYPE', name, rule, value);
}

export function initializeLayer(
  name: InitializerName,
  random: RandomState,
  layer: Layer,
  weights: FloatArray,
  biases: FloatArray,
): Work<void> {
  return table[name](random, layer, weights, biases);
}

function make(description: InitializerObject, initializer: Initializer): InitializerObject {
  made.set(Object.freeze(description), initializer);
  return description;
}

/** Leaves zeros. */
export function* nothing(): Work<void> {}

function fillNormal(random: RandomState, out: FloatArray, variance: number): Work<void> {
  return drawNormal(random, out, { deviation: Math.sqrt(variance) });
}

/** Fills an embedding's table, except the row of unknown categories. */
export function fillNormalTable(
  random: RandomState,
  { categories, outputDim }: Embedding,
  table: FloatArray,
) {
  return drawNormal(random, table.subarray(0, categories * outputDim));
}

function fillSymmetric(random: RandomState, out: FloatArray, limit: number): Work<void> {
  return drawUniform(random, out, -limit, limit);
}

function fillTruncated(random: RandomState, out: FloatArray, deviation: number): Work<void> {
  return drawNormal(random, out, { deviation, limit: 2 });
}

function fillOrthogonal(
  random: RandomState,
  { inputDim, outputDim }: Layer,
  weights: FloatArray,
  gain: number,
): Work<void> {
  return drawOrthogonal(random, weights, outputDim, inputDim, gain);
}
