/** The losses of oracle.ts: a value, and its gradient by the logits or outputs that it is computed from. */

import { logSoftmax, sigmoid, softmax } from './oracle-activations';
import { build, type Dense, type Grid, row, total, zip } from './oracle-matrices';

export interface LossFormula {
  value(A: Dense, Y: Dense): number;
  gradient(A: Dense, Y: Dense): Grid;
}

/** -1/m sum(Y log A + (1 - Y) log(1 - A)), over outputs and samples. From probabilities (m, out). */
export const binaryCrossEntropy: LossFormula = {
  value: (A, Y) => -total(zip(A, Y, (a, y) => y * Math.log(a) + (1 - y) * Math.log(1 - a))) / A.rows,
  gradient: (A, Y) => zip(A, Y, (a, y) => -(y / a - (1 - y) / (1 - a)) / A.rows),
};

/** -1/m sum(Y log A). From probabilities (m, classes). */
export const categoricalCrossEntropy: LossFormula = {
  value: (A, Y) => -total(zip(A, Y, (a, y) => (y === 0 ? 0 : y * Math.log(a)))) / A.rows,
  gradient: (A, Y) => zip(A, Y, (a, y) => -y / a / A.rows),
};

export interface LossOptions {
  /** Label smoothing of the cross-entropies. @default 0 */
  readonly smoothing?: number;
  /** The error up to which huber is quadratic. @default 1 */
  readonly delta?: number;
  /** The level of each output for quantile. @default all 0.5 */
  readonly levels?: readonly number[];
  /** Factors for the loss and the gradient of each sample. @default all 1 */
  readonly weights?: ArrayLike<number>;
}

interface Parameters {
  readonly smoothing: number;
  readonly delta: number;
  readonly levels: readonly number[];
}

/** One sample's loss, from its values a (logits for the cross-entropies) and labels y, with its gradient by a. */
type SampleLoss = (
  a: readonly number[],
  y: readonly number[],
  parameters: Parameters,
) => { value: number; gradient: number[] };

type Term = (a: number, y: number, parameters: Parameters) => number;

/** A sum over the outputs of terms that each look at one output. */
function sum(value: Term, slope: Term): SampleLoss {
  return (a, y, parameters) => ({
    value: a.reduce((all, aj, j) => all + value(aj, y[j] as number, parameters), 0),
    gradient: a.map((aj, j) => slope(aj, y[j] as number, parameters)),
  });
}

function mean(value: Term, slope: Term): SampleLoss {
  return (a, y, parameters) => {
    const { value: all, gradient } = sum(value, slope)(a, y, parameters);
    return { value: all / a.length, gradient: gradient.map((g) => g / a.length) };
  };
}

const categorical: SampleLoss = (z, y, { smoothing }) => {
  const targets = y.map((yj) => yj * (1 - smoothing) + smoothing / y.length);
  const mass = targets.reduce((all, target) => all + target, 0);
  const logs = logSoftmax(z);
  return {
    value: -targets.reduce((all, target, j) => all + target * (logs[j] as number), 0),
    gradient: softmax(z).map((share, j) => share * mass - (targets[j] as number)),
  };
};

const smoothed = (y: number, { smoothing }: Parameters) => y * (1 - smoothing) + smoothing / 2;
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

const sampleLosses = {
  // log(1 + e^z) - y z, finite for every finite logit
  binaryCrossEntropy: sum(
    (z, y, parameters) => softplus(z) - z * smoothed(y, parameters),
    (z, y, parameters) => sigmoid(z) - smoothed(y, parameters),
  ),
  categoricalCrossEntropy: categorical,
  sparseCategoricalCrossEntropy: (z, [label], parameters) =>
    categorical(
      z,
      z.map((_, j) => (j === label ? 1 : 0)),
      parameters,
    ),
  meanSquaredError: mean(
    (a, y) => (a - y) ** 2,
    (a, y) => 2 * (a - y),
  ),
  meanAbsoluteError: mean(
    (a, y) => Math.abs(a - y),
    (a, y) => Math.sign(a - y),
  ),
  huber: mean(
    (a, y, { delta }) => {
      const size = Math.abs(a - y);
      return size > delta ? delta * (size - delta / 2) : size ** 2 / 2;
    },
    (a, y, { delta }) => Math.max(-delta, Math.min(a - y, delta)),
  ),
  logCosh: mean(
    (a, y) => {
      const size = Math.abs(a - y);
      return size < 1
        ? Math.log1p(2 * Math.sinh(size / 2) ** 2)
        : size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
    },
    (a, y) => Math.tanh(a - y),
  ),
  poisson: mean(
    (a, y) => a - y * Math.log(a + 1e-7),
    (a, y) => 1 - y / (a + 1e-7),
  ),
  hinge: mean(
    (a, y) => Math.max(0, 1 - y * a),
    (a, y) => (1 - y * a > 0 ? -y : 0),
  ),
  klDivergence: sum(
    (a, y) => (y === 0 ? 0 : y * Math.log(y / Math.max(a, 2 ** -100))),
    (a, y) => -y / Math.max(a, 2 ** -100),
  ),
  quantile: (a, y, { levels }) => {
    const terms = a.map((aj, j) => {
      const [error, q] = [(y[j] as number) - aj, levels[j] ?? 0.5];
      return error > 0 ? [q * error, -q] : error < 0 ? [(q - 1) * error, 1 - q] : [0, 0];
    }) as [number, number][];
    return {
      value: terms.reduce((all, [value]) => all + value, 0) / a.length,
      gradient: terms.map(([, slope]) => slope / a.length),
    };
  },
} satisfies Record<string, SampleLoss>;

export type Loss = keyof typeof sampleLosses;

/** Whether a network's loss is computed from its last Z instead of its outputs. */
export function isFromLogits(loss: Loss): boolean {
  return loss.endsWith('CrossEntropy');
}

/**
 * A loss as a mean over the samples. The cross-entropies take the logits of the last layer, the others its outputs. Y
 * is (m, 1) for the sparse cross-entropy.
 */
export function lossFormula(loss: Loss, options: LossOptions = {}): LossFormula {
  const { smoothing = 0, delta = 1, levels = [], weights } = options;
  const weight = (r: number) => (weights?.[r] ?? 1) as number;
  const each = (A: Dense, Y: Dense) =>
    Array.from({ length: A.rows }, (_, r) =>
      sampleLosses[loss](row(A, r), row(Y, r), { smoothing, delta, levels }),
    );
  return {
    value: (A, Y) => each(A, Y).reduce((all, { value }, r) => all + weight(r) * value, 0) / A.rows,
    gradient: (A, Y) => {
      const gradients = each(A, Y).map(({ gradient }) => gradient);
      return build(A.rows, A.cols, (r, c) => (weight(r) * (gradients[r]?.[c] as number)) / A.rows);
    },
  };
}

export const binaryCrossEntropyFromLogits = lossFormula('binaryCrossEntropy');
export const categoricalCrossEntropyFromLogits = lossFormula('categoricalCrossEntropy');
export const meanSquaredError = lossFormula('meanSquaredError');
