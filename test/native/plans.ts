import { activationCodes } from '../../lib/activations';
import { type LossName, lossEntry } from '../../lib/losses';
import { allocate, type FloatArray } from '../../lib/matrix';
import { type Callback, type NativePlan, native } from '../../lib/native';
import { hyperparameterIndices, optimizerCodes } from '../../lib/native-optimizer';
import type { Outcome as LibraryOutcome } from '../../lib/plan';
import * as oracle from '../oracle';
import type { FloatType } from './helpers';

/** A native plan with what it was made from. */
export interface TestPlan {
  readonly plan: NativePlan;
  readonly type: FloatType;
  readonly architecture: readonly oracle.Layer[];
  /** W1, b1, W2, ... */
  readonly flat: FloatArray;
  outcome(): Outcome;
}

/** What an operation left behind, its status by name. */
export type Outcome = Omit<LibraryOutcome, 'status'> & { readonly status: string };

export interface TrainingRequest {
  readonly rows: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly order?: Uint32Array | null;
  readonly optimizer?: keyof typeof optimizerCodes;
  readonly learningRate?: number;
  /** What the optimiser keeps; left out: as for a first step. */
  readonly state?: FloatArray;
  /** Steps taken before. */
  readonly steps?: number;
  readonly check?: boolean;
}

export const hyperparameters = { momentum: 0.9, beta1: 0.9, beta2: 0.99, epsilon: 1e-6 };

/** Hyperparameters as native code takes them; those left out are 0. */
export function layOut(values: Readonly<Record<string, number | boolean | string>>): Float64Array {
  return Float64Array.from(Object.keys(hyperparameterIndices), (name) => Number(values[name] ?? 0));
}

/** Trains here or, with a callback, on another thread; returns the two histories, which it fills. */
export function train(
  { plan, type, flat }: TestPlan,
  { X, Y }: { X: FloatArray; Y: FloatArray },
  request: TrainingRequest,
  callback?: Callback,
): { loss: Float64Array; accuracy: Float64Array } {
  const {
    rows,
    epochs,
    batchSize,
    order = null,
    optimizer = 'gradientDescent',
    learningRate = 0.3,
  } = request;
  const { state = type.array(2 * flat.length), steps = 0, check = true } = request;
  const factors = layOut({ learningRate, ...hyperparameters });
  const loss = new Float64Array(epochs).fill(Number.NaN);
  const accuracy = new Float64Array(epochs).fill(Number.NaN);
  plan.train(
    ...([X, Y, rows, order, epochs, batchSize] as const),
    ...([optimizerCodes[optimizer], factors, state, steps, check, loss, accuracy, callback] as const),
  );
  return { loss, accuracy };
}

/** Runs an operation on another thread until it calls back. */
export function finished(start: (callback: Callback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** Layers from sizes and activations: network([2, 5, 1], ['relu', 'sigmoid']). */
export function network(sizes: number[], activations: readonly oracle.Activation[]): oracle.Layer[] {
  return activations.map((activation, l) => {
    return { inputDim: sizes[l] as number, outputDim: sizes[l + 1] as number, activation };
  });
}

export function parameterCount(architecture: readonly oracle.Layer[]): number {
  return architecture.reduce((sum, { inputDim, outputDim }) => sum + (inputDim + 1) * outputDim, 0);
}

export function makePlan(
  type: FloatType,
  architecture: readonly oracle.Layer[],
  loss: LossName,
  seed = 1,
): TestPlan {
  const flat = allocate(parameterCount(architecture) + 10, type.dtype).subarray(5, -5);
  flat.set(Object.values(oracle.randomParameters(architecture, seed)).flatMap(({ data }) => data));
  const fields = allocate(7, 'float64');
  const plan = new native.Plan(
    Int32Array.from([architecture[0]?.inputDim as number, ...architecture.map(({ outputDim }) => outputDim)]),
    Int32Array.from(architecture.map(({ activation }) => activationCodes[activation])),
    lossEntry(loss).code,
    flat,
    fields,
  );
  const statuses = Object.keys(native.codes.statuses);
  return {
    plan,
    type,
    architecture,
    flat,
    outcome: () => {
      const [status, index, epoch, batch, layer, loss, hits] = fields as unknown as number[];
      return { status: statuses[status as number], index, epoch, batch, layer, loss, hits } as Outcome;
    },
  };
}

/** W1, b1, ... (or, with the prefix d, dW1, db1, ...) as the oracle takes them; views, not copies. */
export function named(
  architecture: readonly oracle.Layer[],
  flat: FloatArray,
  prefix: '' | 'd' = '',
): Record<string, oracle.Dense> {
  const tensors: Record<string, oracle.Dense> = {};
  let offset = 0;
  const take = (rows: number, cols: number) => {
    offset += rows * cols;
    return oracle.dense(flat.subarray(offset - rows * cols, offset), rows, cols);
  };
  architecture.forEach(({ inputDim, outputDim }, index) => {
    tensors[`${prefix}W${index + 1}`] = take(outputDim, inputDim);
    tensors[`${prefix}b${index + 1}`] = take(outputDim, 1);
  });
  return tensors;
}

/** Samples for a network and a loss: X, and labels that the loss takes. */
export function samplesFor({ type, architecture }: TestPlan, loss: LossName, rows: number, seed = 100) {
  const inputs = architecture[0]?.inputDim as number;
  const outputs = architecture.at(-1)?.outputDim as number;
  const X = type.array(oracle.randomArray(rows * inputs, seed, -2, 2));
  const raw = oracle.randomDense(rows, outputs, seed + 1, 0, 1);
  const labels = {
    binaryCrossEntropy: () => oracle.map(raw, (y) => (y > 0.5 ? 1 : 0)),
    categoricalCrossEntropy: () =>
      oracle.build(rows, outputs, (r, c) => (c === Math.floor(oracle.at(raw, r, 0) * outputs) ? 1 : 0)),
  } as Partial<Record<LossName, () => oracle.Grid>>;
  const Y = type.array((labels[loss] ?? (() => raw))().data);
  return {
    X,
    Y,
    rows,
    denseX: oracle.dense(X, rows, inputs),
    denseY: oracle.dense(Y, rows, outputs),
    outputs,
  };
}

/** Some rows of a matrix, as they come in `order`. */
export function pick({ data, cols }: oracle.Dense, order: readonly number[]): oracle.Grid {
  return oracle.build(order.length, cols, (r, c) => data[(order[r] as number) * cols + c] as number);
}

/** The rows for which no relu stands within 0.001 of its kink. */
export function awayFromKinks(
  architecture: readonly oracle.Layer[],
  params: oracle.Tensors,
  X: oracle.Dense,
): number[] {
  const { Z } = oracle.forward(architecture, params, X);
  const kinked = Z.filter((_, l) => architecture[l - 1]?.activation === 'relu');
  return Array.from({ length: X.rows }, (_, r) => r).filter((r) =>
    kinked.every((layer) =>
      Array.from({ length: layer.cols }, (_, c) => oracle.at(layer, r, c)).every((z) => Math.abs(z) > 1e-3),
    ),
  );
}

/** How many samples the loss takes for predicted right. */
export function hits(loss: LossName, yHat: oracle.Dense, Y: oracle.Dense): number {
  if (loss === 'meanSquaredError') return 0;
  const share = loss === 'binaryCrossEntropy' ? oracle.accuracy(yHat, Y) : oracle.argmaxAccuracy(yHat, Y);
  return Math.round(share * Y.rows);
}
