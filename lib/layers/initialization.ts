import { convertNumbers, fillArray } from '../addon/arrays';
import { inSlices, pause, type Work } from '../addon/work';
import type { Matrix } from '../base/matrix';
import type { FloatArray } from '../base/number-kinds';
import { briefDraws, drawNormal, drawUniform, type RandomState } from '../random/random-state';
import { type Architecture, embeddingsIn, featuresOf, type Layer, membersOf } from './architecture';
import { checkFinite } from './given-parameters';
import { fillNormalTable, type Given, type Initializer, nothing } from './initializers';
import type { Parameters, Statistics } from './parameters';

/** The work that gives a network its first parameters. */
export interface Initialization {
  readonly work: Work<void>;
  /** The caller's own arrays, which it reads. They must stay in place. */
  readonly arrays: readonly FloatArray[];
}

/**
 * Fills a network's parameters and running moments, which are zero before, layer by layer. An initialiser that does not
 * suit throws first.
 */
export function initialization(
  initializer: Initializer,
  random: RandomState,
  architecture: Architecture,
  parameters: Parameters,
  statistics: Statistics = {},
): Initialization {
  const given: Given = initializer.given?.(architecture) ?? new Map();
  const arrays = Array.from(given.values(), ({ data }) => data);
  if (initializer.leavesZeros) return { work: nothing(), arrays };
  const work = fillAll(initializer, given, random, architecture, parameters, statistics);
  const size = Object.values(parameters).reduce((sum, { data }: Matrix) => sum + data.length, 0);
  return { work: size <= briefDraws ? work : notBrief(work), arrays };
}

// Many brief calls, one after another, are not brief.
function* notBrief(work: Work<void>): Work<void> {
  for (const step of work) yield step === pause ? step : { ...step, brief: false };
}

// Frequencies are normal. Phases are uniform in a turn, and the linear map is PyTorch's: uniform in
// +-1 / sqrt(waves).
function* fillNumeric(
  initializer: Initializer,
  random: RandomState,
  { numericEmbeddings }: Layer,
  { F1, P1, V1, c1 }: Parameters,
): Work<void> {
  if (numericEmbeddings === undefined || initializer.fillTable === nothing) return;
  const [frequencies, weights] = [F1, V1] as [Matrix, Matrix];
  yield* drawNormal(random, frequencies.data, { deviation: numericEmbeddings.standardDeviation });
  if (P1 !== undefined) yield* drawUniform(random, P1.data, -Math.PI, Math.PI);
  const limit = 1 / Math.sqrt(weights.cols);
  for (const { data } of [weights, c1 as Matrix]) yield* drawUniform(random, data, -limit, limit);
}

// Signs, so that members differ and no input vanishes; normal if the inputs are embedded, as TabM draws them.
function* fillMembers(
  initializer: Initializer,
  random: RandomState,
  { embeddings, numericEmbeddings }: Layer,
  { R1 }: Parameters,
): Work<void> {
  if (R1 === undefined || initializer.leavesZeros === true) return;
  const { data } = R1;
  if (initializer.fillTable === nothing) return yield* fillArray(data, 1);
  if (embeddings !== undefined || numericEmbeddings !== undefined) return yield* drawNormal(random, data);
  yield* drawUniform(random, data, -1, 1);
  yield* inSlices(data.length, (from, to) => {
    for (let i = from; i < to; i++) data[i] = (data[i] as number) < 0 ? -1 : 1;
  });
}

function* fillAll(
  initializer: Initializer,
  given: Given,
  random: RandomState,
  architecture: Architecture,
  parameters: Parameters,
  statistics: Statistics,
): Work<void> {
  for (const [name, matrix] of given) yield* checkFinite(name, matrix);
  for (const [index, embedding] of embeddingsIn(architecture).entries()) {
    const { data } = parameters[`E${index + 1}`] as Matrix;
    yield* (initializer.fillTable ?? fillNormalTable)(random, embedding, data);
  }
  yield* fillNumeric(initializer, random, architecture[0] as Layer, parameters);
  yield* fillMembers(initializer, random, architecture[0] as Layer, parameters);
  for (const [index, layer] of architecture.entries()) {
    const [weights, biases, gamma, variance] = [
      parameters[`W${index + 1}`] as Matrix,
      parameters[`b${index + 1}`] as Matrix,
      parameters[`gamma${index + 1}`],
      statistics[`variance${index + 1}`],
    ];
    // For an initialiser, the outputs of embeddings are inputs, too.
    const shape = { ...layer, inputDim: featuresOf(layer) };
    const heads = index + 1 === architecture.length ? membersOf(architecture) : 1;
    const [size, units] = [weights.data.length / heads, layer.outputDim];
    for (let head = 0; head < heads; head++) {
      const ownWeights = weights.data.subarray(head * size, (head + 1) * size);
      const ownBiases = biases.data.subarray(head * units, (head + 1) * units);
      yield* initializer.fill(random, shape, ownWeights, ownBiases, index);
    }
    for (const ones of [gamma, parameters[`s${index + 1}`], parameters[`a${index + 1}`]])
      if (ones !== undefined) yield* fillArray(ones.data, 1);
    if (variance !== undefined) yield* fillArray(variance.data, 1);
  }
  for (const [name, { data }] of given)
    yield* convertNumbers(data, parameters[name as 'W1']?.data as FloatArray);
}
