/**
 * The slow, plain reference for every kernel and layer: loops over numbers in float64, written from the formulas. It
 * shares no code with lib/ or native/.
 *
 * Two orientations. The library's: rows are samples, X (m, in), W (out, in), b (out, 1) -> Z (m, out), and
 * the gradient of the loss carries its 1/m from the start. The article's: columns are samples, X (in, m),
 * and the 1/m comes in at dW and db; its functions begin with `article`.
 */

import { type Activation, activate, activateBackward } from './oracle-activations';
import { isFromLogits, type Loss, lossFormula } from './oracle-losses';
import type { Samples } from './oracle-matrices';
import {
  at,
  build,
  type Dense,
  type Grid,
  map,
  matmul,
  randomDense,
  row,
  total,
  transpose,
  zip,
} from './oracle-matrices';

export * from './oracle-activations';
export * from './oracle-losses';
export * from './oracle-matrices';

// Layers

/** Z = APrev W^T + b,  A = g(Z).  APrev (m, in)  W (out, in)  b (out, 1)  ->  Z, A (m, out) */
export function layerForward(APrev: Dense, W: Dense, b: Dense, activation: Activation) {
  const product = matmul(APrev, W, false, true);
  const Z = build(product.rows, product.cols, (r, c) => at(product, r, c) + at(b, c, 0));
  return { A: activate(activation, Z), Z };
}

/** dZ (m, out), with the loss's 1/m in it  ->  dW (out, in), db (out, 1), dAPrev (m, in) */
export function layerBackward(dZ: Dense, W: Dense, APrev: Dense) {
  return {
    dW: matmul(dZ, APrev, true, false),
    db: build(dZ.cols, 1, (c) => total(build(dZ.rows, 1, (r) => at(dZ, r, c)))),
    dAPrev: matmul(dZ, W),
  };
}

/** Z = W APrev + b,  A = g(Z).  APrev (in, m)  W (out, in)  b (out, 1)  ->  Z, A (out, m) */
export function articleLayerForward(APrev: Dense, W: Dense, b: Dense, activation: Activation) {
  const product = matmul(W, APrev);
  const Z = build(product.rows, product.cols, (r, c) => at(product, r, c) + at(b, r, 0));
  return { A: activate(activation, Z, 'columns'), Z };
}

/** dZ = g'(dA, Z),  dW = dZ APrev^T / m,  db = rowsum(dZ) / m,  dAPrev = W^T dZ.  dA, Z (out, m)  APrev (in, m) */
export function articleLayerBackward(dA: Dense, W: Dense, Z: Dense, APrev: Dense, activation: Activation) {
  const m = APrev.cols;
  const dZ = activateBackward(activation, dA, Z, 'columns');
  return {
    dAPrev: matmul(W, dZ, true, false),
    dW: map(matmul(dZ, APrev, false, true), (value) => value / m),
    db: build(dZ.rows, 1, (r) => row(dZ, r).reduce((sum, value) => sum + value, 0) / m),
  };
}

// Metrics

/** The article's accuracy: the share of samples whose outputs, 1 above 0.5 and else 0, all equal their labels. */
export function accuracy(A: Dense, Y: Dense, samples: Samples = 'rows'): number {
  if (samples === 'columns') return accuracy(transpose(A), transpose(Y));
  const equal = zip(A, Y, (a, y) => ((a > 0.5 ? 1 : 0) === y ? 1 : 0));
  const right = Array.from({ length: A.rows }, (_, r) => row(equal, r).every((one) => one === 1));
  return right.filter(Boolean).length / A.rows;
}

/** The share of samples whose largest output (the first of equal ones) is at the index of the largest label. */
export function argmaxAccuracy(A: Dense, Y: Dense): number {
  const argmax = (values: number[]) => values.indexOf(Math.max(...values));
  const right = Array.from({ length: A.rows }, (_, r) => argmax(row(A, r)) === argmax(row(Y, r)));
  return right.filter(Boolean).length / A.rows;
}

/** The share of samples whose outputs, 1 above 0 and else -1, all equal their labels. */
export function signAccuracy(A: Dense, Y: Dense): number {
  const halves = (M: Dense) => map(M, (value) => (value + 1) / 2);
  return accuracy(
    map(A, (a) => (a > 0 ? 1 : 0)),
    halves(Y),
  );
}

// A whole network, rows as samples

export interface Layer {
  readonly inputDim: number;
  readonly outputDim: number;
  readonly activation: Activation;
}
/** W1, b1, W2, ... or dW1, db1, ...; `net.parameters` of the library is one. */
export type Tensors = Readonly<Record<string, Dense>>;

/** A[0] is X; Z[l] and A[l] are layer l's, counted from 1. */
export function forward(architecture: readonly Layer[], params: Tensors, X: Dense) {
  const Z: Dense[] = [X];
  const A: Dense[] = [X];
  architecture.forEach(({ activation }, index) => {
    const layer = layerForward(A[index] as Dense, ...weights(params, index + 1), activation);
    Z.push(layer.Z);
    A.push(layer.A);
  });
  return { A, Z, yHat: A[architecture.length] as Dense };
}

/** The loss of a network; the cross-entropies need sigmoid, softmax or logSoftmax as output activation. */
export function networkLoss(architecture: readonly Layer[], params: Tensors, X: Dense, Y: Dense, loss: Loss) {
  const { A, Z } = forward(architecture, params, X);
  return lossFormula(loss).value((isFromLogits(loss) ? Z : A)[architecture.length] as Dense, Y);
}

/** { loss, grads: { dW1, db1, ... } } */
export function gradients(architecture: readonly Layer[], params: Tensors, X: Dense, Y: Dense, loss: Loss) {
  const { A, Z } = forward(architecture, params, X);
  const [formula, fromLogits] = [lossFormula(loss), isFromLogits(loss)];
  const outputs = (fromLogits ? Z : A)[architecture.length] as Dense;
  const grads: Record<string, Grid> = {};
  let delta = formula.gradient(outputs, Y);
  for (let l = architecture.length; l >= 1; l--) {
    const { activation } = architecture[l - 1] as Layer;
    const isLogitGradient = fromLogits && l === architecture.length;
    const dZ = isLogitGradient ? delta : activateBackward(activation, delta, Z[l] as Dense);
    const { dW, db, dAPrev } = layerBackward(dZ, weights(params, l)[0], A[l - 1] as Dense);
    grads[`dW${l}`] = dW;
    grads[`db${l}`] = db;
    delta = dAPrev;
  }
  return { loss: formula.value(outputs, Y), grads };
}

/** One step of gradient descent: returns new parameters, and keeps the old ones. */
export function descend(params: Tensors, grads: Tensors, learningRate: number): Record<string, Grid> {
  const entries = Object.entries(params).map(([key, value]) => {
    return [key, zip(value, grads[`d${key}`] as Dense, (p, g) => p - learningRate * g)] as const;
  });
  return Object.fromEntries(entries);
}

/** Weights and biases from -0.5 to 0.5, determined by the seed. */
export function randomParameters(architecture: readonly Layer[], seed: number): Record<string, Grid> {
  const params: Record<string, Grid> = {};
  architecture.forEach(({ inputDim, outputDim }, index) => {
    params[`W${index + 1}`] = randomDense(outputDim, inputDim, seed + 2 * index, -0.5, 0.5);
    params[`b${index + 1}`] = randomDense(outputDim, 1, seed + 2 * index + 1, -0.5, 0.5);
  });
  return params;
}

function weights(params: Tensors, l: number): [W: Dense, b: Dense] {
  return [params[`W${l}`] as Dense, params[`b${l}`] as Dense];
}
