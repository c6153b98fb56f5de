import { type Callback, type NativePlan, native } from '../../lib/addon/binding';
import { packRecord, recordPlaces } from '../../lib/addon/records';
import type { LabelArray } from '../../lib/base/matrix';
import { allocateShared, type FloatArray } from '../../lib/base/matrix';
import { joined, type Outcome as LibraryOutcome } from '../../lib/engine/plan';
import { activationCodes } from '../../lib/layers/activations';
import { type LossName, lossEntry } from '../../lib/layers/losses';
import { normalizationCodes } from '../../lib/layers/normalization';
import { nativeOptions } from '../../lib/optimizers/make';
import * as oracle from '../support/oracle';
import { numericSizes } from '../support/oracle-numeric';
import type { StackLayer } from '../support/oracle-stack';
import type { FloatType } from './helpers';

/** A native plan, and the values that it was made from. */
export interface TestPlan {
  readonly plan: NativePlan;
  readonly type: FloatType;
  readonly architecture: readonly StackLayer[];
  /**
   * W1, b1, W2, ...; after the b of a normalised layer come its gamma and beta, then s and a. Tables (E1, ...) come first.
   */
  readonly flat: FloatArray;
  /** mean1, variance1, ... of layers with batch normalisation */
  readonly statistics: FloatArray;
  outcome(): Outcome;
}

export interface TestSamples {
  readonly X: FloatArray;
  readonly codes?: Int32Array | null;
  readonly Y: LabelArray;
  readonly weights?: FloatArray | undefined;
}

/** The result of an operation, with the name of its status. */
export type Outcome = Omit<LibraryOutcome, 'status'> & { readonly status: string };

export interface TrainingRequest {
  readonly rows: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly order?: Uint32Array | null;
  /** @default 'sgd', which is then without momentum */
  readonly optimizer?: 'sgd' | 'momentum' | 'adam' | 'lion';
  /** One per step, the last one for all further steps; or one number for all. */
  readonly learningRate?: number | readonly number[];
  /** Each epoch uses positions from .. to of its order. Default: all. */
  readonly from?: number;
  readonly to?: number;
  readonly accumulate?: number;
  readonly clipValue?: number;
  readonly clipNorm?: number;
  readonly key?: readonly [low: number, high: number];
  /** Batches used before. */
  readonly batches?: number;
  /** The optimiser's state. Default: the state before the first step. */
  readonly state?: FloatArray;
  /** Steps taken before. */
  readonly steps?: number;
  readonly check?: boolean;
}

export const hyperparameters = { momentum: 0.9, beta1: 0.9, beta2: 0.99, epsilon: 1e-6 };

const off = { weightDecay: 0, decoupled: 0, dampening: 0, nesterov: 0, amsgrad: 0, kerasEpsilon: 0 };
const optimizers = {
  sgd: () => nativeOptions('sgd', { ...off, momentum: 0 }),
  momentum: () => nativeOptions('sgd', { ...off, ...hyperparameters }),
  adam: () => nativeOptions('adam', { ...off, ...hyperparameters }),
  lion: () => nativeOptions('lion', { ...off, ...hyperparameters }),
};

/**
 * Trains on this thread or, with a callback, on another one. Returns two histories, which the training fills.
 */
export function train(
  { plan, type, flat }: TestPlan,
  { X, codes = null, Y, weights }: TestSamples,
  request: TrainingRequest,
  callback?: Callback,
): { loss: Float64Array; accuracy: Float64Array } {
  const { epochs, order = null, optimizer = 'sgd', learningRate = 0.3 } = request;
  const { state = type.array(2 * flat.length) } = request;
  const { code, options } = optimizers[optimizer]();
  const losses = new Float64Array(epochs).fill(Number.NaN);
  const hitShares = new Float64Array(epochs).fill(Number.NaN);
  plan.train(
    {
      X,
      codes,
      Y,
      weights: weights ?? null,
      order,
      numbers: trainNumbers(request, code),
      options,
      state,
      learningRates: Float64Array.from([learningRate].flat()),
      decayFactors: Float64Array.of(1),
      dropoutFactors: Float64Array.of(1),
      losses,
      hitShares,
    },
    callback,
  );
  return { loss: losses, accuracy: hitShares };
}

export function trainNumbers(request: TrainingRequest, optimizer: number): Float64Array {
  const { rows, epochs, batchSize, from = 0, to = rows, accumulate = 1, steps = 0, batches = 0 } = request;
  const { clipValue = 0, clipNorm = 0, key = [0, 0], check = true } = request;
  return packRecord('train', {
    rows,
    epochs,
    from,
    to,
    batchSize,
    accumulate,
    optimizer,
    steps,
    batches,
    clipValue,
    clipNorm,
    keyLow: key[0],
    keyHigh: key[1],
    check,
    lossBefore: 0,
    hitsBefore: 0,
    ranks: 0,
  });
}

/** Runs an operation on another thread and waits for its callback. */
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

/** The names and sizes of all arrays, in order: E1, E2, ..., W1, b1, ... */
function tensorSizes(
  architecture: readonly StackLayer[],
): (readonly [name: string, rows: number, cols: number])[] {
  const tables = tablesOf(architecture).map(
    ({ categories, outputs }, e) => [`E${e + 1}`, categories + 1, outputs] as const,
  );
  const layers = architecture.flatMap((layer, index) => {
    const { inputDim, outputDim, normalization } = layer;
    const l = index + 1;
    const heads = l === architecture.length ? membersOf(architecture) : 1;
    const factors = [[`gamma${l}`, outputDim, 1] as const, [`beta${l}`, outputDim, 1] as const];
    return [
      [`W${l}`, heads * outputDim, inputDim] as const,
      [`b${l}`, heads * outputDim, 1] as const,
      ...(normalization === undefined ? [] : factors),
      ...(layer.inputScale === true ? [[`s${l}`, inputDim, 1] as const] : []),
      ...(layer.activationMix === true ? [[`a${l}`, outputDim, 1] as const] : []),
    ];
  });
  const { members, inputDim } = architecture[0] as StackLayer;
  const factors = members === undefined ? [] : [['R1', members, inputDim] as const];
  return [...tables, ...numericSizes(architecture[0] as StackLayer), ...factors, ...layers];
}

function membersOf([first]: readonly StackLayer[]): number {
  return first?.members ?? 1;
}

function tablesOf(architecture: readonly StackLayer[]) {
  return architecture[0]?.embeddings ?? [];
}

/** The number of columns of X: inputs without those that come from tables. */
function numbersOf(architecture: readonly StackLayer[]): number {
  const inputDim = architecture[0]?.inputDim as number;
  const numeric = architecture[0]?.numeric;
  const numbers = numeric === undefined ? inputDim : inputDim - numeric.columns * (numeric.outputs - 1);
  return tablesOf(architecture).reduce((left, { outputs }) => left - outputs, numbers);
}

export function parameterCount(architecture: readonly StackLayer[]): number {
  return tensorSizes(architecture).reduce((sum, [, rows, cols]) => sum + rows * cols, 0);
}

function layerRecord(layer: StackLayer): Float64Array {
  const { activation, alpha = 0, normalization = 'none', epsilon = 1e-5, momentum = 0.1 } = layer;
  const { dropout = 0, noise = 0, skip = 0, trainable = true, l1 = 0, l2 = 0, maxNorm = 0 } = layer;
  return packRecord('layer', {
    outputs: layer.outputDim,
    activation: activationCodes[activation],
    alpha,
    normalization: normalizationCodes[normalization],
    epsilon,
    momentum,
    dropout,
    noise,
    scalesInputs: layer.inputScale === true,
    mixes: layer.activationMix === true,
    skip,
    trainable,
    l1,
    l2,
    maxNorm,
  });
}

function numericOf([first]: readonly StackLayer[]): Float64Array {
  const { numeric } = first as StackLayer;
  if (numeric === undefined) return new Float64Array(0);
  return packRecord('numeric', {
    kind: numeric.kind === 'pbld' ? 0 : 1,
    columns: numeric.columns,
    frequencies: numeric.frequencies,
    outputs: numeric.outputs,
  });
}

/** An array in the middle of a SharedArrayBuffer. */
function inside(type: FloatType, values: readonly number[]): FloatArray {
  const array = allocateShared(values.length + 10, type.dtype).subarray(5, -5);
  array.set(values);
  return array;
}

export function makePlan(
  type: FloatType,
  architecture: readonly StackLayer[],
  loss: LossName,
  seed = 1,
  { smoothing = 0, delta = 1 }: oracle.LossOptions = {},
): TestPlan {
  const random: Record<string, oracle.Grid> = oracle.randomParameters(architecture, seed);
  const units = architecture.map(({ inputDim, outputDim }, l) => ({
    s: oracle.randomDense(inputDim, 1, seed + 6000 + l, 0.5, 1.5),
    a: oracle.randomDense(outputDim, 1, seed + 7000 + l, 0.25, 1.25),
    gamma: oracle.randomDense(outputDim, 1, seed + 1000 + l, 0.5, 1.5),
    beta: oracle.randomDense(outputDim, 1, seed + 2000 + l, -0.5, 0.5),
    mean: oracle.randomArray(outputDim, seed + 3000 + l, -0.5, 0.5),
    variance: oracle.randomArray(outputDim, seed + 4000 + l, 0.5, 1.5),
  }));
  units.forEach(({ gamma, beta, s, a }, l) => {
    const n = l + 1;
    Object.assign(random, { [`gamma${n}`]: gamma, [`beta${n}`]: beta, [`s${n}`]: s, [`a${n}`]: a });
  });
  tablesOf(architecture).forEach(({ categories, outputs }, e) => {
    random[`E${e + 1}`] = oracle.randomDense(categories + 1, outputs, seed + 5000 + e, -0.5, 0.5);
  });
  for (const [name, rows, cols] of numericSizes(architecture[0] as StackLayer))
    random[name] = oracle.randomDense(rows, cols, seed + 8000 + name.charCodeAt(0), -0.5, 0.5);
  const { members, inputDim } = architecture[0] as StackLayer;
  if (members !== undefined) {
    const [last, { outputDim, inputDim: width }] = [architecture.length, architecture.at(-1) as StackLayer];
    random.R1 = oracle.randomDense(members, inputDim, seed + 9000, -1.5, 1.5);
    random[`W${last}`] = oracle.randomDense(members * outputDim, width, seed + 9001, -0.5, 0.5);
    random[`b${last}`] = oracle.randomDense(members * outputDim, 1, seed + 9002, -0.5, 0.5);
  }
  const flat = inside(
    type,
    tensorSizes(architecture).flatMap(([name]) => random[name]?.data as number[]),
  );
  const statistics = inside(
    type,
    architecture.flatMap(({ normalization }, l) => {
      const { mean, variance } = units[l] as (typeof units)[number];
      return normalization === 'batch' ? [...mean, ...variance] : [];
    }),
  );
  const places = recordPlaces('outcome');
  const outcome = allocateShared(Object.keys(places).length, 'float64');
  const plan = new native.Plan({
    inputs: numbersOf(architecture),
    numeric: numericOf(architecture),
    embeddings: joined(tablesOf(architecture).map((table) => packRecord('embedding', table))),
    layers: joined(architecture.map(layerRecord)),
    members: architecture[0]?.members ?? 0,
    factors: new Float64Array(0),
    loss: lossEntry(loss).code,
    lossOptions: packRecord('lossOptions', { labelSmoothing: smoothing, delta }),
    lossLevels: new Float64Array(0),
    parameters: flat,
    statistics,
    versions: null,
    outcome,
  });
  const statuses = Object.keys(native.statuses);
  return {
    plan,
    type,
    architecture,
    flat,
    statistics,
    outcome: () => {
      const fields = Object.entries(places).map(
        ([field, place]) => [field, outcome[place] as number] as const,
      );
      const { status, ...numbers } = Object.fromEntries(fields) as unknown as LibraryOutcome;
      return { ...numbers, status: statuses[status] as string };
    },
  };
}

/** W1, b1, ... (with prefix d: dW1, db1, ...) in the oracle's form; views, not copies. */
export function named(
  architecture: readonly StackLayer[],
  flat: FloatArray,
  prefix: '' | 'd' = '',
): Record<string, oracle.Dense> {
  const tensors: Record<string, oracle.Dense> = {};
  let offset = 0;
  for (const [name, rows, cols] of tensorSizes(architecture)) {
    offset += rows * cols;
    tensors[prefix + name] = oracle.dense(flat.subarray(offset - rows * cols, offset), rows, cols);
  }
  return tensors;
}

/** mean1, variance1, ... in the oracle's form; views, not copies. */
export function namedStatistics({ architecture, statistics }: TestPlan): Record<string, oracle.Dense> {
  const tensors: Record<string, oracle.Dense> = {};
  let offset = 0;
  architecture.forEach(({ outputDim, normalization }, index) => {
    if (normalization !== 'batch') return;
    for (const name of ['mean', 'variance']) {
      offset += outputDim;
      const view = statistics.subarray(offset - outputDim, offset);
      tensors[`${name}${index + 1}`] = oracle.dense(view, outputDim, 1);
    }
  });
  return tensors;
}

/** Samples for a network and a loss: X, and labels that the loss accepts. */
export function samplesFor({ type, architecture }: TestPlan, loss: LossName, rows: number, seed = 100) {
  const inputs = numbersOf(architecture);
  const outputs = architecture.at(-1)?.outputDim as number;
  const X = type.array(oracle.randomArray(rows * inputs, seed, -2, 2));
  const raw = oracle.randomDense(rows, outputs, seed + 1, 0, 1);
  const classOf = (r: number) => Math.floor(oracle.at(raw, r, 0) * outputs);
  const labels = {
    binaryCrossEntropy: () => oracle.map(raw, (y) => (y > 0.5 ? 1 : 0)),
    categoricalCrossEntropy: () => oracle.build(rows, outputs, (r, c) => (c === classOf(r) ? 1 : 0)),
    hinge: () => oracle.map(raw, (y) => (y > 0.5 ? 1 : -1)),
  } as Partial<Record<LossName, () => oracle.Grid>>;
  const Y = type.array((labels[loss] ?? (() => raw))().data);
  const tables = tablesOf(architecture);
  // Some codes are unknown, and some categories have no sample.
  const codes = Int32Array.from({ length: rows * tables.length }, (_, i) => {
    const { categories } = tables[i % tables.length] as (typeof tables)[number];
    return ((7 * i + (i % 5)) % (Math.ceil(categories / 2) + 1)) - 1;
  });
  return {
    X,
    codes: tables.length === 0 ? null : codes,
    denseCodes: oracle.dense(codes, rows, tables.length),
    Y,
    rows,
    denseX: oracle.dense(X, rows, inputs),
    denseY: oracle.dense(Y, rows, outputs),
    /** for sparseCategoricalCrossEntropy */
    classes: Int32Array.from({ length: rows }, (_, r) => classOf(r)),
    /** one per sample */
    sampleWeights: type.array(oracle.randomArray(rows, seed + 2, 0, 2)),
    outputs,
  };
}

/** The rows of a matrix that `order` lists. */
export function pick({ data, cols }: oracle.Dense, order: readonly number[]): oracle.Grid {
  return oracle.build(order.length, cols, (r, c) => data[(order[r] as number) * cols + c] as number);
}

/** The rows for which no input of a relu is within 0.001 of its kink. */
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

/** The number of samples that the loss counts as predicted right. */
export function hits(loss: LossName, yHat: oracle.Dense, Y: oracle.Dense): number {
  if (loss === 'meanSquaredError') return 0;
  const share = loss === 'binaryCrossEntropy' ? oracle.accuracy(yHat, Y) : oracle.argmaxAccuracy(yHat, Y);
  return Math.round(share * Y.rows);
}
