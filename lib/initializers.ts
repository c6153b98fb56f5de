import type { Layer } from './architecture';
import type { FloatArray } from './matrix';
import type { RandomState } from './random';

/**
 * Fills one layer's weights (outputDim x inputDim) and biases (outputDim), both zero before. Draws are
 * made row by row, the weights' before the biases'.
 */
type Initializer = (random: RandomState, layer: Layer, weights: FloatArray, biases: FloatArray) => void;

/**
 * The initialisers, by name. fanIn is a layer's inputDim, fanOut its outputDim; biases are zero, but for
 * the article's.
 *
 * - auto: heNormal for relu, glorotUniform for every other activation
 * - article: 0.1 * randn for weights and biases alike, as in the article's init_layers
 * - heNormal: normal with variance 2 / fanIn (He et al., 2015)
 * - heUniform: uniform in +-sqrt(6 / fanIn) (He et al., 2015)
 * - glorotNormal: normal with variance 2 / (fanIn + fanOut) (Glorot and Bengio, 2010)
 * - glorotUniform: uniform in +-sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010)
 * - zeros: zero; every unit of a layer then learns the same
 */
const initializers = {
  auto: (random, layer, weights, biases) => {
    const initialize: Initializer =
      layer.activation === 'relu' ? initializers.heNormal : initializers.glorotUniform;
    initialize(random, layer, weights, biases);
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
} satisfies Record<string, Initializer>;

export type InitializerName = keyof typeof initializers;

export const initializerNames = Object.keys(initializers) as InitializerName[];

export function initializeLayer(
  name: InitializerName,
  random: RandomState,
  layer: Layer,
  weights: FloatArray,
  biases: FloatArray,
): void {
  initializers[name](random, layer, weights, biases);
}

function fillSymmetric(random: RandomState, out: FloatArray, limit: number): void {
  random.fillUniform(out, -limit, limit);
}
