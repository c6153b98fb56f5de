/**
 * The article's functions, under the article's names in camelCase. Matrices are (features x samples), with one column
 * per sample; m is the number of samples. The rest of this library has samples in rows; `matrix.transpose()` converts
 * between both.
 *
 * Source: Piotr Skalski, "Let's code a neural network in plain NumPy", 2018.
 *
 * One thing differs from the article. For large logits, a sigmoid is exactly 0 or 1; then the article's cost has log(0)
 * and its gradient 1/0. Here, cost and gradient limit the predictions to the range from the smallest normal number of
 * their type (2^-1022; float32 2^-126) to the largest number below one (1 - 2^-53; 1 - 2^-24). So the cost of a wrong,
 * saturated prediction is finite (at most 708.4 per output in float64), and its gradient is 0 after the sigmoid's own
 * derivative. Network computes from the logits instead, and loses no accuracy there.
 */

import { native, SampleAxis } from './addon/binding';
import { workHere } from './addon/work';
import { argumentError, blasnetError } from './base/errors';
import { allocate, elementError, type FloatArray, Matrix, matrixOf } from './base/matrix';
import { dtypeOf } from './base/number-kinds';
import { checkBuffer } from './base/pinning';
import {
  above,
  boolean,
  check,
  checkObject,
  checkOptions,
  functionValue,
  optional,
  positiveInteger,
} from './base/validate';
import { type ActivationOption, activationCodes, resolveActivation } from './layers/activations';
import {
  type Architecture,
  completeArchitecture,
  inputDimOf,
  type LayerOptions,
  outputLayerOf,
} from './layers/architecture';
import { initializeLayer } from './layers/initializers';
import { allocateParameters, type Gradients, type Parameters } from './layers/parameters';
import { RandomState } from './random/random-state';

const { columns } = SampleAxis;

/** The intermediate results of the forward pass: A0 (= X), Z1, A1, Z2, ..., up to Z of the last layer. */
export interface Memory {
  readonly [key: `A${number}`]: Matrix;
  readonly [key: `Z${number}`]: Matrix;
}

/**
 * Makes initial parameters, equal to NumPy's to the last bit: `np.random.seed(seed)`, then for each layer
 * W = randn(outputDim, inputDim) * 0.1 and b = randn(outputDim, 1) * 0.1.
 *
 * @param seed an integer from 0 to 2^32 - 1. @default 99
 * @throws TypeError or RangeError for an invalid architecture or seed
 */
export function initLayers(architecture: readonly LayerOptions[], seed = 99): Parameters {
  const layers = plainArchitecture(architecture);
  const random = new RandomState(seed);
  const { named } = allocateParameters(layers, 'float64', allocate);
  for (const [index, layer] of layers.entries()) {
    const weights = entryOf(named, `W${index + 1}`).data;
    const biases = entryOf(named, `b${index + 1}`).data;
    workHere(initializeLayer('article', random, layer, weights, biases));
  }
  return named;
}

/** Returns 1 / (1 + exp(-Z)) for each element. */
export function sigmoid(Z: Matrix): Matrix {
  return activate('sigmoid', Z);
}

/** Returns max(0, Z) for each element. */
export function relu(Z: Matrix): Matrix {
  return activate('relu', Z);
}

/** Returns dA * s * (1 - s) for each element, with s = sigmoid(Z). */
export function sigmoidBackward(dA: Matrix, Z: Matrix): Matrix {
  return activateBackward('sigmoid', dA, Z);
}

/** Returns dA, with 0 where Z <= 0. */
export function reluBackward(dA: Matrix, Z: Matrix): Matrix {
  return activateBackward('relu', dA, Z);
}

/**
 * Computes one layer forward: Z = W APrev + b, A = g(Z).
 *
 * @param APrev (inputDim x m)
 * @param W (outputDim x inputDim)
 * @param b (outputDim x 1)
 * @param activation 'relu' or 'sigmoid', as in the article, or another activation of the library
 * @returns A and Z (outputDim x m)
 * @throws RangeError ERR_BLASNET_UNKNOWN_NAME for an unknown activation, ERR_BLASNET_SHAPE for sizes that
 *   do not fit
 */
export function singleLayerForwardPropagation(
  APrev: Matrix,
  W: Matrix,
  b: Matrix,
  activation: ActivationOption,
): { A: Matrix; Z: Matrix } {
  checkActivation(activation);
  checkShape('W', W, 'any', 'any', 'float');
  checkShape('APrev', APrev, W.cols, 'any', W);
  checkShape('b', b, W.rows, 1, W);
  const Z = zerosLike(APrev, W.rows, APrev.cols);
  native.layerForward(columns, APrev.cols, W.cols, W.rows, APrev.data, W.data, b.data, Z.data);
  return { A: activate(activation, Z), Z };
}

/**
 * Computes all layers forward.
 *
 * @param X (inputDim x m)
 * @returns yHat (outputDim of the last layer x m), and the memory for fullBackwardPropagation
 */
export function fullForwardPropagation(
  X: Matrix,
  params: Parameters,
  architecture: readonly LayerOptions[],
): { yHat: Matrix; memory: Memory } {
  const layers = plainArchitecture(architecture);
  checkShape('X', X, inputDimOf(layers), 'any', layerParameters(params, layers, 0).W);
  const memory: Record<string, Matrix> = {};
  let A = X;
  for (const [index, { activation }] of layers.entries()) {
    memory[`A${index}`] = A;
    const { W, b } = layerParameters(params, layers, index);
    const layer = singleLayerForwardPropagation(A, W, b, activation);
    memory[`Z${index + 1}`] = layer.Z;
    A = layer.A;
  }
  return { yHat: A, memory };
}

/**
 * Computes binary cross-entropy, -1/m * sum(Y log yHat + (1 - Y) log(1 - yHat)). The sum is over all outputs and
 * samples.
 *
 * @param yHat probabilities (outputs x m)
 * @param Y labels in [0, 1] (outputs x m)
 */
export function getCostValue(yHat: Matrix, Y: Matrix): number {
  checkPair(yHat, Y);
  return native.binaryCrossEntropy(yHat.data, Y.data) / yHat.cols;
}

/** Returns 1 where the probability is above 0.5, else 0. */
export function convertProbIntoClass(probs: Matrix): Matrix {
  checkShape('probs', probs, 'any', 'any', 'float');
  const classes = zerosLike(probs, probs.rows, probs.cols);
  for (let i = 0; i < classes.data.length; i++) classes.data[i] = (probs.data[i] as number) > 0.5 ? 1 : 0;
  return classes;
}

/** Returns the share of samples whose outputs, converted to classes, all equal their labels. */
export function getAccuracyValue(yHat: Matrix, Y: Matrix): number {
  checkPair(yHat, Y);
  return native.countBinaryHits(yHat.cols, yHat.rows, yHat.data, Y.data, 0.5) / yHat.cols;
}

/**
 * Computes one layer backward: dZ = g'(dA, Z), dW = dZ APrev^T / m, db = rowsum(dZ) / m, dAPrev = W^T dZ.
 *
 * @param dA (outputDim x m)
 * @param W (outputDim x inputDim)
 * @param b (outputDim x 1)
 * @param Z (outputDim x m)
 * @param APrev (inputDim x m)
 */
export function singleLayerBackwardPropagation(
  dA: Matrix,
  W: Matrix,
  b: Matrix,
  Z: Matrix,
  APrev: Matrix,
  activation: ActivationOption,
): { dAPrev: Matrix; dW: Matrix; db: Matrix } {
  checkActivation(activation);
  checkShape('W', W, 'any', 'any', 'float');
  checkShape('APrev', APrev, W.cols, 'any', W);
  checkShape('b', b, W.rows, 1, W);
  const m = APrev.cols;
  checkShape('Z', Z, W.rows, m, W);
  checkShape('dA', dA, W.rows, m, W);
  const dZ = activateBackward(activation, dA, Z);
  const dW = zerosLike(W, W.rows, W.cols);
  const db = zerosLike(b, b.rows, 1);
  const dAPrev = zerosLike(APrev, W.cols, m);
  native.layerGradients(columns, m, W.cols, W.rows, 1 / m, dZ.data, APrev.data, dW.data, db.data);
  native.layerInputGradient(columns, m, W.cols, W.rows, dZ.data, W.data, dAPrev.data);
  return { dAPrev, dW, db };
}

/**
 * Computes all layers backward, from dA = -(Y / yHat - (1 - Y) / (1 - yHat)).
 *
 * @returns dW1, db1, ..., each in the shape of its parameter
 */
export function fullBackwardPropagation(
  yHat: Matrix,
  Y: Matrix,
  memory: Memory,
  params: Parameters,
  architecture: readonly LayerOptions[],
): Gradients {
  const layers = plainArchitecture(architecture);
  checkPair(yHat, Y);
  const grads: Record<string, Matrix> = {};
  let dA = zerosLike(yHat, yHat.rows, yHat.cols);
  native.binaryCrossEntropyBackward(yHat.data, Y.data, dA.data);
  for (let index = layers.length - 1; index >= 0; index--) {
    const { W, b } = layerParameters(params, layers, index);
    const Z = entryOf(memory, `Z${index + 1}`, 'memory');
    const APrev = entryOf(memory, `A${index}`, 'memory');
    const { activation } = layers[index] as { activation: ActivationOption };
    const layer = singleLayerBackwardPropagation(dA, W, b, Z, APrev, activation);
    grads[`dW${index + 1}`] = layer.dW;
    grads[`db${index + 1}`] = layer.db;
    dA = layer.dAPrev;
  }
  return grads as Gradients;
}

/**
 * Takes one step of gradient descent: W -= learningRate * dW, b -= learningRate * db.
 *
 * @returns params, changed in place
 */
export function update(
  params: Parameters,
  grads: Gradients,
  architecture: readonly LayerOptions[],
  learningRate: number,
): Parameters {
  const layers = plainArchitecture(architecture);
  check('learningRate', learningRate, above(0));
  // All matrices are checked before the first one is changed.
  const pairs = layers.flatMap((_, index) => {
    const { W, b } = layerParameters(params, layers, index);
    const dW = entryOf(grads, `dW${index + 1}`, 'grads');
    const db = entryOf(grads, `db${index + 1}`, 'grads');
    checkShape(`grads.dW${index + 1}`, dW, W.rows, W.cols, W);
    checkShape(`grads.db${index + 1}`, db, b.rows, 1, W);
    return [[W, dW] as const, [b, db] as const];
  });
  for (const [parameter, gradient] of pairs) {
    native.gradientDescent(parameter.data, gradient.data, learningRate);
  }
  return params;
}

export interface TrainOptions {
  /** Whether to print the cost and accuracy of every 50th epoch, as the article's notebook does. @default false */
  readonly verbose?: boolean;
  /** Called after every 50th epoch (counted from 0), with its number and the parameters. */
  readonly callback?: (epoch: number, params: Parameters) => void;
}

/**
 * Trains like the article: it calls initLayers(architecture, 2), and then `epochs` times computes forward, records cost
 * and accuracy, computes backward and updates. It uses full batches and blocks the calling thread.
 *
 * @param X (inputDim x m)
 * @param Y (outputDim x m), labels in [0, 1]
 */
export function train(
  X: Matrix,
  Y: Matrix,
  architecture: readonly LayerOptions[],
  epochs: number,
  learningRate: number,
  options: TrainOptions = {},
): { params: Parameters; costHistory: number[]; accuracyHistory: number[] } {
  check('epochs', epochs, positiveInteger);
  check('learningRate', learningRate, above(0));
  checkOptions('', options, { verbose: optional(boolean), callback: optional(functionValue) });
  let params = initLayers(architecture, 2);
  const layers = plainArchitecture(architecture);
  checkShape('X', X, inputDimOf(layers), 'any', params.W1 as Matrix);
  checkShape('Y', Y, outputLayerOf(layers).outputDim, X.cols, X);
  checkData(X, Y);
  const costHistory: number[] = [];
  const accuracyHistory: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const { yHat, memory } = fullForwardPropagation(X, params, architecture);
    const cost = getCostValue(yHat, Y);
    const accuracy = getAccuracyValue(yHat, Y);
    costHistory.push(cost);
    accuracyHistory.push(accuracy);
    const grads = fullBackwardPropagation(yHat, Y, memory, params, architecture);
    params = update(params, grads, architecture, learningRate);
    if (epoch % 50 === 0) {
      if (options.verbose) {
        console.log(
          `Iteration: ${String(epoch).padStart(5, '0')} - cost: ${cost.toFixed(5)} - accuracy: ${accuracy.toFixed(5)}`,
        );
      }
      options.callback?.(epoch, params);
    }
  }
  return { params, costHistory, accuracyHistory };
}

function activate(activation: ActivationOption, Z: Matrix): Matrix {
  checkShape('Z', Z, 'any', 'any', 'float');
  const A = zerosLike(Z, Z.rows, Z.cols);
  const { name, alpha } = resolveActivation(activation, 'activation');
  native.activationForward(activationCodes[name], alpha, columns, Z.cols, Z.rows, Z.data, A.data);
  return A;
}

function activateBackward(activation: ActivationOption, dA: Matrix, Z: Matrix): Matrix {
  const A = activate(activation, Z);
  checkShape('dA', dA, Z.rows, Z.cols, Z);
  // dZ overwrites A; native code allows that.
  const sizes = [columns, Z.cols, Z.rows] as const;
  const { name, alpha } = resolveActivation(activation, 'activation');
  native.activationBackward(activationCodes[name], alpha, ...sizes, dA.data, Z.data, A.data, A.data);
  return A;
}

function zerosLike(matrix: Matrix, rows: number, cols: number): Matrix {
  return new Matrix<FloatArray>(allocate(rows * cols, dtypeOf(matrix.data)), rows, cols);
}

function layerParameters(
  params: Parameters,
  architecture: Architecture,
  index: number,
): { W: Matrix; b: Matrix } {
  const { inputDim, outputDim } = architecture[index] as { inputDim: number; outputDim: number };
  const W = entryOf(params, `W${index + 1}`);
  const b = entryOf(params, `b${index + 1}`);
  checkShape(`params.W${index + 1}`, W, outputDim, inputDim, 'float');
  checkShape(`params.b${index + 1}`, b, outputDim, 1, W);
  return { W, b };
}

function entryOf(dictionary: unknown, key: string, name = 'params'): Matrix {
  checkObject(name, dictionary);
  const value = dictionary[key];
  const matrix = matrixOf(`${name}.${key}`, value);
  if (matrix === undefined) throw argumentError('ERR_BLASNET_ARG_TYPE', `${name}.${key}`, 'a Matrix', value);
  return matrix;
}

// Refuses layers with options that the article's layers do not have.
function plainArchitecture(layers: readonly LayerOptions[]): Architecture {
  const completed = completeArchitecture(layers);
  for (const [index, layer] of completed.entries()) {
    const other = Object.keys(layer).find((name) => !['inputDim', 'outputDim', 'activation'].includes(name));
    if (other === undefined) continue;
    const rule = "left out, since these functions support only the article's layers (Network supports more)";
    const value = layer[other as keyof typeof layer];
    throw argumentError('ERR_BLASNET_ARG_VALUE', `layers[${index}].${other}`, rule, value);
  }
  return completed;
}

function checkActivation(activation: unknown): void {
  resolveActivation(activation, 'activation');
}

function checkPair(yHat: Matrix, Y: Matrix): void {
  checkShape('yHat', yHat, 'any', 'any', 'float');
  checkShape('Y', Y, yHat.rows, yHat.cols, yHat);
}

// Throws unless it is a matrix of this shape and of the dtype of `like`, whose memory native code can use.
function checkShape(
  name: string,
  matrix: Matrix,
  rows: number | 'any',
  cols: number | 'any',
  like: Matrix | 'float',
): void {
  if (matrixOf(name, matrix) === undefined)
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'a Matrix', matrix);
  checkBuffer(name, matrix.data);
  if (matrix.rows === 0 || matrix.cols === 0) {
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected ${name} not to be empty, got (${matrix.rows} x ${matrix.cols})`,
    );
  }
  if ((rows !== 'any' && matrix.rows !== rows) || (cols !== 'any' && matrix.cols !== cols)) {
    const expected = `(${rows === 'any' ? matrix.rows : rows} x ${cols === 'any' ? matrix.cols : cols})`;
    throw blasnetError(
      'ERR_BLASNET_SHAPE',
      `Expected ${name} to be ${expected}, got (${matrix.rows} x ${matrix.cols})`,
    );
  }
  if (like !== 'float' && dtypeOf(matrix.data) !== dtypeOf(like.data)) {
    throw argumentError(
      'ERR_BLASNET_DTYPE',
      name,
      `of dtype '${dtypeOf(like.data)}', like the other matrices`,
      matrix.data,
    );
  }
}

function checkData(X: Matrix, Y: Matrix): void {
  const bad = native.firstNonFinite(X.data);
  if (bad >= 0) throw elementError('X', X, bad, 'finite numbers');
  const label = native.firstOutside(Y.data, 0, 1);
  if (label >= 0) throw elementError('Y', Y, label, 'numbers from 0 to 1');
}
