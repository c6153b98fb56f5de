// Temperature scaling: the logits are divided by one number, so that probabilities agree with what comes true.

import { copyArrays } from '../addon/arrays';
import {
  type AsyncOptions,
  inSlices,
  pinnedWork,
  type Work,
  workAnywhere,
  workElsewhere,
} from '../addon/work';
import { type FloatArray, Matrix } from '../base/matrix';
import { newArray, newSharedArray } from '../base/memory';
import { membersOf } from '../layers/architecture';
import { arraysOf, type Comparison } from '../metrics/comparison';
import { sumsOf } from '../metrics/native';
import { logitsNetwork, scaleLogits } from '../network/logits';
import type { Network } from '../network/network';
import type { InputsLike } from '../samples/inputs';
import { columnsOf } from './answers';
import { outputFor, type TargetValues } from './labels';

/** The least and the largest temperature. A model that is worse than chance has the largest. */
const least = 1e-2;
const largest = 1e2;

/**
 * The temperature T that minimises the cross-entropy of softmax(logits / T), or of sigmoid(logits / T) with one column
 * (Guo et al. 2017). The labels count as if one more row were of every class alike (Platt 1999 does similarly): without it, rows
 * that are all predicted right would have the temperature 0.
 *
 * The cross-entropy is convex in 1 / T. Newton's method finds the root of its derivative, with bisection where it would
 * leave the interval.
 *
 * @param count how many rows there are, if the comparison has each several times
 */
export function* fitTemperature(comparison: Comparison, count = comparison.rows): Work<number> {
  const { indices } = comparison;
  const smoothing = 1 / (count + 1);
  let [low, high] = [1 / largest, 1 / least];
  let scale = 1;
  for (let step = 0; step < 100; step++) {
    const { sums } = yield* sumsOf(comparison, 'logitSlopes', { classes: indices, scale });
    const [mean, curvature, plain] = sums as unknown as [number, number, number];
    const slope = mean - smoothing * plain;
    if (slope === 0) break;
    if (slope > 0) high = scale;
    else low = scale;
    const newton = scale - slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - scale) <= 1e-12 * scale) break;
    scale = next;
  }
  return 1 / scale;
}

/** Rows with the logits of several members, whose probabilities are averaged. */
export interface MembersComparison extends Pick<Comparison, 'rows' | 'cols' | 'indices'> {
  readonly labels: Int32Array;
  /** Those of each member, (rows, cols). */
  readonly logits: readonly FloatArray[];
  readonly weights: FloatArray | null;
}

/**
 * The temperature by which the members' logits are divided before their probabilities are averaged, for the least
 * cross-entropy of this mean. By expectation and maximisation (Dempster et al. 1977): each member of a row weighs as much as
 * its share of the label's probability; one temperature for rows of these weights follows; and so on.
 */
export function* fitMembersTemperature(given: MembersComparison): Work<number> {
  const { rows, cols, indices, labels, logits, weights } = given;
  const [first] = logits as [FloatArray];
  const one: Comparison = { rows, cols, indices, labels, predictions: first, weights };
  if (logits.length === 1) return yield* fitTemperature(one);
  const members = logits.length;
  const predictions = newArray(first.constructor as Float64ArrayConstructor, members * rows * cols);
  const repeated = newArray(Int32Array, members * rows);
  const shares = newArray(Float64Array, members * rows);
  const parts = (all: FloatArray | Int32Array, size: number) =>
    logits.map((_, member) => all.subarray(member * size, (member + 1) * size));
  yield* copyArrays(logits, parts(predictions, rows * cols));
  yield* copyArrays(new Array(members).fill(labels), parts(repeated, rows));
  const all = { rows: members * rows, cols, indices, labels: repeated, predictions, weights: shares };
  let temperature = 1;
  for (let step = 0; step < 100; step++) {
    yield* weigh(given, 1 / temperature, shares);
    const next = yield* fitTemperature(all, rows);
    const settled = Math.abs(next - temperature) <= 1e-9 * temperature;
    temperature = next;
    if (settled) break;
  }
  return temperature;
}

/** Writes each member's share of the probability of each row's label, times the row's weight. */
function* weigh(given: MembersComparison, scale: number, shares: Float64Array): Work<void> {
  const { rows, cols, logits, weights } = given;
  const own = new Float64Array(logits.length);
  yield* inSlices(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) {
        const all = labelLogs(given, row, scale, own);
        const weight = weights?.[row] ?? 1;
        for (const [member, value] of own.entries())
          shares[member * rows + row] = weight * Math.exp(value - all);
      }
    },
    logits.length * cols,
  );
}

/** Writes the log of the probability that each member gives to a row's label into `own`. @returns the log of their sum */
function labelLogs(
  { cols, labels, logits }: MembersComparison,
  row: number,
  scale: number,
  own: Float64Array,
): number {
  for (const [member, z] of logits.entries())
    own[member] = logProbability(z, row * cols, cols, labels[row] as number, scale);
  const top = Math.max(...own);
  let sum = 0;
  for (const value of own) sum += Math.exp(value - top);
  return top + Math.log(sum);
}

/** log(softmax(scale * z)) of the label; with one column, of the logits 0 and z. */
function logProbability(z: FloatArray, start: number, cols: number, label: number, scale: number): number {
  if (cols === 1) {
    const distance = scale * (z[start] as number) * (label === 1 ? -1 : 1);
    return -Math.max(distance, 0) - Math.log1p(Math.exp(-Math.abs(distance)));
  }
  let top = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < cols; c++) top = Math.max(top, z[start + c] as number);
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += Math.exp(scale * ((z[start + c] as number) - top));
  return scale * ((z[start + label] as number) - top) - Math.log(sum);
}

/** The logits of each member; those of the network, if it has no members. */
export async function logitsOf(network: Network, X: InputsLike, options: AsyncOptions): Promise<Matrix[]> {
  const members = membersOf(network.architecture);
  if (members === 1) return [await logitsNetwork(network).predict(X, options)];
  const all: Matrix[] = [];
  for (let member = 0; member < members; member++) {
    const lone = logitsNetwork(network.keepMembers([member]));
    try {
      all.push(await lone.predict(X, options));
    } finally {
      lone[Symbol.dispose]();
    }
  }
  return all;
}

/** Logits of rows that the training did not learn from, with what these rows are. */
export interface HeldLogits {
  /** Those of each member, (rows, outputs). */
  readonly logits: readonly Matrix[];
  readonly values: Exclude<TargetValues, { kind: 'numbers' }>;
  readonly weights: Float64Array | undefined;
}

/** Puts the rows of several networks with the same targets one below the other. */
export function* pooled(parts: readonly HeldLogits[]): Work<HeldLogits> {
  const [first] = parts as [HeldLogits];
  if (parts.length === 1) return first;
  const rowsOf = ({ logits }: HeldLogits) => (logits[0] as Matrix).rows;
  const rows = parts.reduce((sum, part) => sum + rowsOf(part), 0);
  const logits = first.logits.map(({ cols, dtype }) => Matrix.zeros(rows, cols, dtype));
  const weights = first.weights && newArray(Float64Array, rows);
  const numbers = numbersOf(first.values).map(() => newSharedArray(Int32Array, rows));
  let start = 0;
  for (const part of parts) {
    const end = start + rowsOf(part);
    yield* copyArrays(
      part.logits.map(({ data }) => data),
      logits.map(({ data, cols }) => data.subarray(start * cols, end * cols)),
    );
    yield* copyArrays(
      numbersOf(part.values),
      numbers.map((column) => column.subarray(start, end)),
    );
    if (weights) yield* copyArrays([part.weights as Float64Array], [weights.subarray(start, end)]);
    start = end;
  }
  const { values } = first;
  return {
    ...{ logits, weights },
    values:
      values.kind === 'classes' ? { ...values, numbers: numbers[0] as Int32Array } : { ...values, numbers },
  };
}

function numbersOf(values: HeldLogits['values']): readonly Int32Array[] {
  return values.kind === 'classes' ? [values.numbers] : values.numbers;
}

/** Fits a temperature, one for each of several labels. */
export async function temperaturesOf(held: HeldLogits, how: AsyncOptions): Promise<readonly number[]> {
  const temperatures: number[] = [];
  for (const each of await workAnywhere(comparisonsOf(held), how)) {
    const arrays = each.logits.flatMap((predictions) => arraysOf({ ...each, predictions }));
    temperatures.push(await pinnedWork(fitMembersTemperature(each), arrays, how));
  }
  return temperatures;
}

/** One comparison of logits with class numbers, or one for each label. */
function* comparisonsOf({ logits, values, weights: given }: HeldLogits): Work<MembersComparison[]> {
  const weights = given ?? null;
  const { rows, cols } = logits[0] as Matrix;
  if (values.kind === 'classes') {
    const all = logits.map(({ data }) => data);
    return [{ rows, cols, indices: cols > 1, labels: values.numbers, logits: all, weights }];
  }
  const columns: Float64Array[][] = [];
  for (const each of logits) columns.push(yield* columnsOf(each));
  return values.numbers.map((labels, i) => ({
    ...{ rows, cols: 1, indices: false, labels, weights },
    logits: columns.map((own) => own[i] as Float64Array),
  }));
}

/** The mean log loss at these temperatures; of several labels, the mean over the labels. */
export async function calibratedLoss(
  held: HeldLogits,
  temperatures: readonly number[],
  how: AsyncOptions,
): Promise<number> {
  const comparisons = await workAnywhere(comparisonsOf(held), how);
  let sum = 0;
  for (const [i, comparison] of comparisons.entries()) {
    sum += await workElsewhere(logLossOf(comparison, 1 / (temperatures[i] as number)), how);
  }
  return sum / comparisons.length;
}

function* logLossOf(given: MembersComparison, scale: number): Work<number> {
  const { rows, cols, weights } = given;
  const members = given.logits.length;
  const own = new Float64Array(members);
  let loss = 0;
  let whole = 0;
  yield* inSlices(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) {
        const weight = weights?.[row] ?? 1;
        loss -= weight * (labelLogs(given, row, scale, own) - Math.log(members));
        whole += weight;
      }
    },
    members * cols,
  );
  return loss / whole;
}

/** Divides the logits of the network's output layer by the temperatures. */
export function applyTemperatures(
  network: Network,
  values: TargetValues,
  temperatures: readonly number[],
): TargetValues {
  if (values.kind === 'numbers') return values;
  if (values.kind === 'classes') {
    const [temperature] = temperatures as [number];
    scaleLogits(network, new Array(outputFor(values).outputDim).fill(1 / temperature));
    return { ...values, target: { ...values.target, temperature } };
  }
  scaleLogits(
    network,
    temperatures.map((temperature) => 1 / temperature),
  );
  const targets = values.targets.map((target, i) => ({ ...target, temperature: temperatures[i] as number }));
  return { ...values, targets };
}
