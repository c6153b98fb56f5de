/**
 * The slow, plain reference that every kernel and layer is compared with: loops over numbers in float64,
 * written from the formulas and from nothing in lib/ or native/.
 *
 * Two orientations. The library's: rows are samples, X (m, in), W (out, in), b (out, 1) -> Z (m, out), and
 * the gradient of the loss carries its 1/m from the start. The article's: columns are samples, X (in, m),
 * and the 1/m comes in at dW and db; its functions begin with `article`.
 */

/** What the oracle reads; a Matrix of the library is one. Row-major. */
export interface Dense {
  readonly data: ArrayLike<number>;
  readonly rows: number;
  readonly cols: number;
}

/** What the oracle returns. */
export interface Grid extends Dense {
  readonly data: number[];
}

/** Where the values of one sample lie: along a row, or along a column (the article). */
export type Samples = 'rows' | 'columns';

// Matrices

export function dense(data: ArrayLike<number>, rows: number, cols: number): Dense {
  if (data.length !== rows * cols) throw new Error(`${data.length} elements are not ${rows} * ${cols}`);
  return { data, rows, cols };
}

export function at(A: Dense, r: number, c: number): number {
  if (!(r < A.rows && c < A.cols)) throw new Error(`(${r}, ${c}) is outside ${A.rows} x ${A.cols}`);
  return A.data[r * A.cols + c] as number;
}

export function build(rows: number, cols: number, element: (r: number, c: number) => number): Grid {
  const data: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) data.push(element(r, c));
  }
  return { data, rows, cols };
}

export function transpose(A: Dense): Grid {
  return build(A.cols, A.rows, (r, c) => at(A, c, r));
}

/** op(A) op(B), where op transposes or not. */
export function matmul(A: Dense, B: Dense, transposeA = false, transposeB = false): Grid {
  const inner = transposeA ? A.rows : A.cols;
  if (inner !== (transposeB ? B.cols : B.rows)) throw new Error('matmul: the inner sizes differ');
  return build(transposeA ? A.cols : A.rows, transposeB ? B.rows : B.cols, (r, c) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += (transposeA ? at(A, k, r) : at(A, r, k)) * (transposeB ? at(B, c, k) : at(B, k, c));
    }
    return sum;
  });
}

export function zip(A: Dense, B: Dense, f: (a: number, b: number) => number): Grid {
  if (A.rows !== B.rows || A.cols !== B.cols) {
    throw new Error(`${A.rows} x ${A.cols} is not ${B.rows} x ${B.cols}`);
  }
  return build(A.rows, A.cols, (r, c) => f(at(A, r, c), at(B, r, c)));
}

export function map(A: Dense, f: (a: number) => number): Grid {
  return build(A.rows, A.cols, (r, c) => f(at(A, r, c)));
}

export function total(A: Dense): number {
  return Array.from(A.data).reduce((sum, value) => sum + value, 0);
}

// Activations: (Z) -> A, and (dA, Z) -> dZ

export type Activation = 'linear' | 'sigmoid' | 'relu' | 'tanh' | 'softmax';

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

const elementwise = {
  linear: { forward: (z: number) => z, backward: (dA: number) => dA },
  sigmoid: { forward: sigmoid, backward: (dA: number, z: number) => dA * sigmoid(z) * (1 - sigmoid(z)) },
  relu: { forward: (z: number) => Math.max(0, z), backward: (dA: number, z: number) => (z <= 0 ? 0 : dA) },
  tanh: { forward: Math.tanh, backward: (dA: number, z: number) => dA * (1 - Math.tanh(z) ** 2) },
};

export function activate(name: Activation, Z: Dense, samples: Samples = 'rows'): Grid {
  if (name !== 'softmax') return map(Z, elementwise[name].forward);
  return perSample(samples, [Z], ([z = []]) => softmax(z));
}

export function activateBackward(name: Activation, dA: Dense, Z: Dense, samples: Samples = 'rows'): Grid {
  if (name !== 'softmax') return zip(dA, Z, elementwise[name].backward);
  return perSample(samples, [dA, Z], ([da = [], z = []]) => {
    const s = softmax(z);
    const mean = s.reduce((sum, sj, j) => sum + sj * (da[j] as number), 0);
    return s.map((sj, j) => sj * ((da[j] as number) - mean));
  });
}

function softmax(z: readonly number[]): number[] {
  const largest = Math.max(...z);
  const powers = z.map((zj) => Math.exp(zj - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

function perSample(samples: Samples, inputs: Dense[], f: (values: number[][]) => number[]): Grid {
  if (samples === 'columns') return transpose(perSample('rows', inputs.map(transpose), f));
  const [{ rows, cols }] = inputs as [Dense];
  const results = Array.from({ length: rows }, (_, r) => f(inputs.map((A) => row(A, r))));
  return { data: results.flat(), rows, cols };
}

function row(A: Dense, r: number): number[] {
  return Array.from({ length: A.cols }, (_, c) => at(A, r, c));
}

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

// Losses: a value, and its gradient with respect to what the value is computed from

export type Loss = 'binaryCrossEntropy' | 'categoricalCrossEntropy' | 'meanSquaredError';
export interface LossFormula {
  value(A: Dense, Y: Dense): number;
  gradient(A: Dense, Y: Dense): Grid;
}

/** -1/m sum(Y log A + (1 - Y) log(1 - A)), over outputs and samples. From probabilities (m, out). */
export const binaryCrossEntropy: LossFormula = {
  value: (A, Y) => -total(zip(A, Y, (a, y) => y * Math.log(a) + (1 - y) * Math.log(1 - a))) / A.rows,
  gradient: (A, Y) => zip(A, Y, (a, y) => -(y / a - (1 - y) / (1 - a)) / A.rows),
};

/** The same from logits, finite for every finite logit: log(1 + e^z) - y z. */
export const binaryCrossEntropyFromLogits: LossFormula = {
  value: (Z, Y) =>
    total(zip(Z, Y, (z, y) => Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))))) / Z.rows,
  gradient: (Z, Y) => zip(Z, Y, (z, y) => (sigmoid(z) - y) / Z.rows),
};

/** -1/m sum(Y log A). From probabilities (m, classes). */
export const categoricalCrossEntropy: LossFormula = {
  value: (A, Y) => -total(zip(A, Y, (a, y) => (y === 0 ? 0 : y * Math.log(a)))) / A.rows,
  gradient: (A, Y) => zip(A, Y, (a, y) => -y / a / A.rows),
};

/** The same from logits: sum over samples of sum_j y_j (log sum_k e^z_k - z_j), by m. */
export const categoricalCrossEntropyFromLogits: LossFormula = {
  value: (Z, Y) =>
    total(
      perSample('rows', [Z, Y], ([z = [], y = []]) => {
        const largest = Math.max(...z);
        const logSum = largest + Math.log(z.reduce((sum, zj) => sum + Math.exp(zj - largest), 0));
        return y.map((yj, j) => yj * (logSum - (z[j] as number)));
      }),
    ) / Z.rows,
  gradient: (Z, Y) =>
    perSample('rows', [Z, Y], ([z = [], y = []]) => {
      const mass = y.reduce((a, b) => a + b, 0);
      return softmax(z).map((sj, j) => (sj * mass - (y[j] as number)) / Z.rows);
    }),
};

/** The mean of (A - Y)^2 over samples and outputs. */
export const meanSquaredError: LossFormula = {
  value: (A, Y) => total(zip(A, Y, (a, y) => (a - y) ** 2)) / (A.rows * A.cols),
  gradient: (A, Y) => zip(A, Y, (a, y) => (2 * (a - y)) / (A.rows * A.cols)),
};

// What a network's loss is computed from: the logits of its sigmoid or softmax, or any outputs.
const losses: Record<Loss, { formula: LossFormula; fromLogits: boolean }> = {
  binaryCrossEntropy: { formula: binaryCrossEntropyFromLogits, fromLogits: true },
  categoricalCrossEntropy: { formula: categoricalCrossEntropyFromLogits, fromLogits: true },
  meanSquaredError: { formula: meanSquaredError, fromLogits: false },
};

// Metrics

/** The article's: the share of samples whose outputs, 1 above 0.5 and else 0, all equal their labels. */
export function accuracy(A: Dense, Y: Dense, samples: Samples = 'rows'): number {
  if (samples === 'columns') return accuracy(transpose(A), transpose(Y));
  const equal = zip(A, Y, (a, y) => ((a > 0.5 ? 1 : 0) === y ? 1 : 0));
  const right = Array.from({ length: A.rows }, (_, r) => row(equal, r).every((one) => one === 1));
  return right.filter(Boolean).length / A.rows;
}

/** The share of samples whose largest output (the first of equals) stands where the largest label does. */
export function argmaxAccuracy(A: Dense, Y: Dense): number {
  const argmax = (values: number[]) => values.indexOf(Math.max(...values));
  const right = Array.from({ length: A.rows }, (_, r) => argmax(row(A, r)) === argmax(row(Y, r)));
  return right.filter(Boolean).length / A.rows;
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

/** The loss of a network; its output activation has to be sigmoid or softmax for the two cross-entropies. */
export function networkLoss(architecture: readonly Layer[], params: Tensors, X: Dense, Y: Dense, loss: Loss) {
  const { A, Z } = forward(architecture, params, X);
  const { formula, fromLogits } = losses[loss];
  return formula.value((fromLogits ? Z : A)[architecture.length] as Dense, Y);
}

/** { loss, grads: { dW1, db1, ... } } */
export function gradients(architecture: readonly Layer[], params: Tensors, X: Dense, Y: Dense, loss: Loss) {
  const { A, Z } = forward(architecture, params, X);
  const { formula, fromLogits } = losses[loss];
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

/** One step of gradient descent: new parameters, the old ones untouched. */
export function descend(params: Tensors, grads: Tensors, learningRate: number): Record<string, Grid> {
  const entries = Object.entries(params).map(([key, value]) => {
    return [key, zip(value, grads[`d${key}`] as Dense, (p, g) => p - learningRate * g)] as const;
  });
  return Object.fromEntries(entries);
}

/** Weights and biases from -0.5 to 0.5, the same for the same seed. */
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

// Comparison

/** df/dparams by (f(p + h) - f(p - h)) / 2h; f reads `params`, which is changed and restored in place. */
export function centralDifferences(f: () => number, params: number[] | Float64Array, h = 1e-5): number[] {
  return Array.from(params, (value, i) => {
    params[i] = value + h;
    const above = f();
    params[i] = value - h;
    const below = f();
    params[i] = value;
    return (above - below) / (2 * h);
  });
}

/** |a - b| / max(|a|, |b|, floor): below the floor the difference counts as absolute. NaN equals NaN. */
export function relativeDifference(a: number, b: number, floor = 1e-12): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const difference = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), floor);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

export function maxRelativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor?: number,
): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} elements, not ${expected.length}`);
  return Array.from(actual).reduce(
    (worst, value, i) => Math.max(worst, relativeDifference(value, expected[i] as number, floor)),
    0,
  );
}

/** The values as float32 holds them. */
export function toFloat32(values: ArrayLike<number>): number[] {
  return Array.from(values, Math.fround);
}

// Deterministic test data

/** Numbers spread evenly over [low, high), the same for the same seed (mulberry32). */
export function randomArray(length: number, seed: number, low = -1, high = 1): number[] {
  let state = seed >>> 0;
  return Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return low + (((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * (high - low);
  });
}

export function randomDense(rows: number, cols: number, seed: number, low?: number, high?: number): Grid {
  return { data: randomArray(rows * cols, seed, low, high), rows, cols };
}
